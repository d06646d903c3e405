"""
`plan.toml`: everything that a run needs, in one file that can be shared.

    subject = "tccs"
    url = "https://insurer.example/invoicecloudapi"

    [settings]
    consumer_guid = "IC-SANDBOX"
    entry_key = "env:TCCS_ENTRY_KEY"     # a secret stands in the environment, never here
    invoice = "454100010-06/16/2020"

    [run]
    allow_writes = true
    rate = "5/s"

    [excluded]
    "TCCS-PDF-1" = "our bills are presented by template"

What the command line says goes before what the plan says. A plan for a consumer has what its command has as options in
`[settings]` and `[run]`, and in `[names]` what its turns name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from partnerlab.contracts import catalogue

__all__ = ["NOTHING", "Plan", "read_plan"]

RUN = {"allow_writes": bool, "allow_http": bool, "strict": bool, "rate": str, "budget": int, "only": list}
ENV = "env:"


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What a plan says: `settings` with the url, texts as the command line would have them, and the run's options.

    `names` are what the turns of a consumer name.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


NOTHING = Plan()


def read_plan(
    path: Path,
    subject: str,
    settings: Collection[str],
    secrets: Collection[str] = (),
    run_options: Mapping[str, type] = RUN,
    names: Collection[str] = (),
) -> Plan:
    """
    The plan in a file, for that subject, which has these settings; *secrets* are those that it must not hold, *names*
    what its table `[names]` may have.

    Raises `click.BadParameter` where it is none, or says what cannot be said.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad(path, str(error)) from None
    tables = ["settings", "run", "excluded", *(["names"] if names else [])]
    unknown = sorted(document.keys() - {"subject", "url", *tables})
    if unknown:
        raise _bad(path, f"{unknown[0]}: a plan has subject, url, {', '.join(f'[{one}]' for one in tables)}")
    if document.get("subject") != subject:
        raise _bad(path, f"subject: it is a plan for {document.get('subject')!r}, and this is {subject!r}")
    found = _table(path, document, "settings")
    if "url" in document:
        found = {"url": document["url"], **found}
    for name, value in found.items():
        if name not in settings:
            raise _bad(path, f"settings.{name}: there is no such setting; there are {', '.join(sorted(settings))}")
        if name in secrets and not str(value).startswith(ENV):
            raise _bad(path, f'settings.{name}: a secret stands in the environment: "{ENV}NAME"')
    run = _table(path, document, "run")
    for name, value in run.items():
        if name not in run_options or type(value) is not run_options[name]:
            known = ", ".join(f"{one} ({kind.__name__})" for one, kind in run_options.items())
            raise _bad(path, f"run.{name}: there are {known}")
    excluded = _table(path, document, "excluded")
    for id, reason in excluded.items():
        if id not in catalogue.requirements():
            raise _bad(path, f"excluded.{id}: there is no such requirement")
        if not isinstance(reason, str) or not reason.strip():
            raise _bad(path, f"excluded.{id}: say why it is left out")
    called = {name: str(value) for name, value in _table(path, document, "names").items()}
    if strange := sorted(called.keys() - set(names)):
        raise _bad(path, f"names.{strange[0]}: there are {', '.join(sorted(names))}")
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()}
    return Plan(texts, run, excluded, called)


def _table(path: Path, document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise _bad(path, f"{name}: must be a table")
    return found


def _bad(path: Path, text: str) -> click.BadParameter:
    return click.BadParameter(f"{path}: {text}", param_hint="--plan")
