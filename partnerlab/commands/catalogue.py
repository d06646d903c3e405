"""`partnerlab catalogue`: everything that has a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

import click

from partnerlab.contracts import catalogue, settings
from partnerlab.remote import json_option, print_json

SECTIONS: dict[str, Callable[[], Mapping[str, Any]]] = {
    "requirements": catalogue.requirements,
    "faults": catalogue.faults,
    "damages": catalogue.damages,
    "magic": lambda: {row.value: row for row in catalogue.magic_values()},
    "settings": settings.settings,
}


@click.command()
@click.argument("section", type=click.Choice(list(SECTIONS)), required=False)
@click.argument("text", required=False, default="")
@json_option
def command(section: str | None, text: str, *, as_json: bool) -> None:
    """List SECTION of the catalogue, or all of it; of a section only what has TEXT in a name or sentence.

    \b
    Example:
        partnerlab catalogue faults
        partnerlab catalogue requirements ICWS-READ-1
    """
    shown = [section] if section else list(SECTIONS)
    rows = {name: [asdict(row) for row in SECTIONS[name]().values()] for name in shown}
    if text:
        rows = {name: [row for row in found if _has(row, text)] for name, found in rows.items()}
        if not any(rows.values()):
            raise click.ClickException(f"nothing of the {section} has {text!r} in a name or sentence")
    if as_json:
        print_json(rows)
        return
    for name in shown:
        if len(shown) > 1:
            click.secho(f"\n{name}", bold=True)
        for row in rows[name]:
            click.echo("\n".join(_lines(row)))


def _has(row: Mapping[str, Any], text: str) -> bool:
    return any(text.lower() in value.lower() for value in row.values() if isinstance(value, str))


def _lines(row: dict[str, Any]) -> Iterable[str]:
    head = next(str(row[key]) for key in ("id", "name", "value") if key in row)
    text = next(str(row[key]) for key in ("text", "effect", "meaning") if key in row)
    yield f"{click.style(head, bold=True):<14}  {text}"
    rest = {k: v for k, v in row.items() if str(v) not in (head, text, "", "()") and v is not False}
    yield "    " + "  ".join(f"{k}={' '.join(v) if isinstance(v, tuple) else v}" for k, v in rest.items())
