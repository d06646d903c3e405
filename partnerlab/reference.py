"""
The reference pages, made from the registries: `python -m partnerlab.reference` writes them to docs/reference.

A test compares what stands there with what this makes, so a page cannot say what the code does not.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from partnerlab import cli
from partnerlab.client.datapump.states import render_diagram
from partnerlab.contracts import catalogue, settings
from partnerlab.contracts.capabilities import capabilities, integrations
from partnerlab.contracts.data import control_apis, read_toml, read_yaml
from partnerlab.contracts.files import load_layout
from partnerlab.contracts.files.csv import load_table
from partnerlab.contracts.verification.consumer.roles import ROLES, role
from partnerlab.contracts.verification.grading import Suite
from partnerlab.verifying.subjects import PROVIDERS

__all__ = ["PAGES", "render"]

MADE = "<!-- Made by `make reference`; change the data it is made from. -->"
EXIT_CODES = (
    ("0", "all", "done: nothing failed, nothing to mend"),
    (
        "1",
        "all",
        "failed: a step or a requirement, a file with problems, a payment that is not taken, a server's refusal",
    ),
    ("1", "`audit`, `reconcile`, `soak`", "something in the books to mend"),
    ("1", "`journal --invalid`", "an entry breaks the contract"),
    (
        "2",
        "all",
        "misused: an option, a file, a lane, a door or an operation that does not exist, a value that cannot be",
    ),
    ("2", "`report compare`", "the two cannot be compared"),
    ("3", "`verify provider`, `verify consumer`", "set up wrongly; nothing is graded"),
    ("3", "`report compare`", "something got worse"),
    ("3", "`audit`, `reconcile`", "the sandbox cannot be reached"),
    ("4", "`verify provider`, `verify consumer`", "nothing was verified"),
)
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"


def requirements() -> Iterable[str]:
    """Every rule of the source documents that is built, by id."""
    yield "# Requirements"
    yield (
        "One sentence for each rule of a source document. Tests, the demo and reports name them by id."
        " A rule must hold unless it says that it should or may."
    )
    for source, rows in _grouped(catalogue.requirements().values()):
        yield f"## {source}"
        yield _table(
            ("Id", "Rule", "Row of the source"),
            ((r.id, r.text + _level(r.level), _assumed(r.row, r.assumption)) for r in rows),
        )


def faults() -> Iterable[str]:
    """What a lane can be made to do wrong."""
    yield "# Faults"
    yield (
        "Give a lane one with `POST /_sandbox/faults`, or a request with the header `X-Sandbox-Fault: <name>`."
        " Committed means that the state changes although the caller gets no good answer."
    )
    rows = ((f"`{f.name}`", f.layer, f.effect, "yes" if f.committed else "") for f in catalogue.faults().values())
    yield _table(("Name", "Layer", "What the caller sees", "Committed"), rows)


def damages() -> Iterable[str]:
    """How a file can be broken, and the error that follows."""
    yield "# Damages"
    yield (
        "`partnerlab generate bif` and `partnerlab generate csv` break a file so with `--damage <name>`; a reader must"
        " give the error beside it."
    )
    rows = (
        (f"`{d.name}`", d.text, f"`{d.error}`", d.scope, ", ".join(d.partners)) for d in catalogue.damages().values()
    )
    yield _table(("Name", "What is done", "Error", "What is lost", "Only in files of"), rows)


def values() -> Iterable[str]:
    """Test values that decide an outcome."""
    yield "# Test values"
    yield "Any other card or bank account number is refused; no number is kept beyond its last four digits [A-19]."
    rows = ((f"`{m.value}`", m.kind.replace("_", " "), m.brand, m.text) for m in catalogue.magic_values())
    yield _table(("Value", "Kind", "Brand", "Outcome"), rows)


def advanced_settings() -> Iterable[str]:
    """The advanced settings of a biller."""
    yield "# Advanced settings"
    rows = (
        (f"`{s.id}`", s.meaning, s.kind, f"`{s.default}`" if s.default else "", ", ".join(s.partners), s.source)
        for s in settings.settings().values()
    )
    yield _table(("Setting", "Meaning", "Kind", "Default", "Partners", "Source"), rows)


def bill_file(partner: str) -> Iterable[str]:
    """The field table of a partner's bill file."""
    layout = load_layout(partner)
    yield f"# {layout.title}"
    yield (
        "Pipe-delimited, one record a line, no quoting: FH once, then IH, CR and one or more ID for each invoice. The"
        " columns of a record are its fields in this order [A-14]."
    )
    for record in layout.records:
        yield f"## {record.code}: {record.name}, {record.occurs}"
        rows = (
            (str(f.spec_id), f.name, f.shape or f.kind, "yes" if f.required else "", f.constant, f.term, f.description)
            for f in record.fields
        )
        yield _table(("FileSpecID", "Field", "Kind", "Required", "Always", "Inside", "The source says"), rows)


def csv_files() -> Iterable[str]:
    """The columns of WaterSmart's CSV files."""
    yield "# WaterSmart's CSV files"
    yield "Comma-delimited, no header line. Invoice Cloud reads the first two and writes the others [A-86], [A-90]."
    for name in ("invoices", "balances", "payments", "changes", "rejects"):
        table = load_table(f"watersmart_{name}")
        yield f"## {table.title}"
        rows = (
            (str(c.position), c.name, c.kind, "yes" if c.required else "", str(c.most or ""), c.term, c.description)
            for c in table.columns
        )
        yield _table(("Position", "Column", "Kind", "Required", "Most", "Inside", "The source says"), rows)


def supported() -> Iterable[str]:
    """What each integration supports."""
    yield "# What each integration supports"
    yield "In the words of its source. `partnerlab capabilities` shows it side by side."
    for name in integrations():
        found = capabilities(name)
        yield f"## {found.title}"
        rows = (
            (one.name, "yes" if one.supported else "no", one.text, ", ".join(filter(None, (one.table, one.row))))
            for one in found.features
        )
        yield _table(("Feature", "Supported", "The source says", "Row"), rows)
        if found.bif_customizations:
            yield "Where a bill's value comes from:"
            yield _table(("Value", "The source says"), ((one.feature, one.text) for one in found.bif_customizations))


def delivery_states() -> Iterable[str]:
    """The life of a delivery of the data pump."""
    yield "# States of a delivery"
    yield f"```mermaid\n{render_diagram()}```"


def checks() -> Iterable[str]:
    """What verification holds a provider and a consumer to, check by check."""
    yield "# Checks of a provider and of a consumer"
    yield (
        "What `partnerlab verify provider` does, and which requirements each grades. One that writes is run with"
        " `--allow-writes` only."
    )
    for provider in PROVIDERS.values():
        yield from _checks("provider", provider.suite())
    yield (
        "What `partnerlab verify consumer` looks for in a lane's journal. One that writes is run where the partner can"
        " be asked what it holds."
    )
    for name in ROLES:
        yield from _checks("consumer", role(name).suite)


def _checks(side: str, suite: Suite[Any]) -> Iterable[str]:
    yield f"## {suite.subject}"
    rows = (
        (f"`{one.id}`", one.sentence, "yes" if one.writes else "", ", ".join(one.requirements))
        for one in suite.checks.values()
    )
    yield _table(("Check", "What holds", "Writes", "Grades"), rows)
    yield "Not graded, and why:"
    reasons = read_toml(f"verification/{side}/untestable.toml")[suite.subject]
    yield _table(("Requirement", "Reason"), reasons.items())


def commands() -> Iterable[str]:
    """Every command with its arguments and options."""
    yield "# Commands"
    yield (
        "`partnerlab COMMAND --help` says more, with an example. Those that ask a sandbox take `--url`"
        " (`PARTNERLAB_URL`), those that ask the data pump `--pump` (`PARTNERLAB_PUMP`)."
    )
    yield "## Exit codes"
    yield _table(("Code", "Commands", "Meaning"), EXIT_CODES)
    yield from _command(("partnerlab",), cli.main)


def control_api() -> Iterable[str]:
    """Every route of the sandbox's control API."""
    yield "# Control API"
    yield (
        "In the lane that the header `X-Sandbox-Lane` or the path `/lane/<name>` before them names. The whole contract,"
        " with the shape of each body, is `/_sandbox/openapi.json`."
    )
    for part in control_apis():
        document = read_yaml(f"{part}/control.yaml")
        yield f"## {document['info']['title']}"
        rows = (
            (f"`{method.upper()} {path}`", operation.get("summary", ""))
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in ("get", "put", "post", "patch", "delete")
        )
        yield _table(("Route", "What it does"), rows)


PAGES: Mapping[str, Callable[[], Iterable[str]]] = {
    "requirements.md": requirements,
    "faults.md": faults,
    "damages.md": damages,
    "test-values.md": values,
    "settings.md": advanced_settings,
    "inhance-bill-file.md": partial(bill_file, "inhance_v2"),
    "tccs-bill-file.md": partial(bill_file, "tccs"),
    "watersmart-files.md": csv_files,
    "watersmart-records.md": partial(bill_file, "watersmart"),
    "capabilities.md": supported,
    "delivery-states.md": delivery_states,
    "checks.md": checks,
    "commands.md": commands,
    "control-api.md": control_api,
}


def render(name: str) -> str:
    """A page's text."""
    return "\n\n".join([MADE, *PAGES[name]()]) + "\n"


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(render(name), "utf-8")


def _command(path: tuple[str, ...], command: click.Command) -> Iterable[str]:
    """A command with what may be given to it, and those below it."""
    context = click.Context(command)
    if not isinstance(command, click.Group) or command.invoke_without_command:
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
        yield f"## {' '.join(path)}"
        yield "`" + " ".join([*path, *(one.make_metavar(context) for one in arguments), "[OPTIONS]"]) + "`"
        yield " ".join(inspect.cleandoc(command.help or "").partition("\n\n")[0].split())
        if options:
            yield _table(("Option", "What it does", "Default"), (_option(context, one) for one in options))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from _command((*path, name), found)


def _option(context: click.Context, option: click.Option) -> tuple[str, str, str]:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if isinstance(option.type, click.Choice) and option.metavar is None:
        names += f" {option.make_metavar(context).strip('[]')}"
    text, _, said = (option.help or "").partition("  [default: ")
    shown = option.show_default and not option.is_flag and isinstance(option.default, str | int | float)
    variable = f" (`{option.envvar}`)" if option.envvar else ""
    return names, text + variable, f"`{option.default}`" if shown else said.removesuffix("]")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _grouped(
    rows: Iterable[catalogue.Requirement],
) -> Iterable[tuple[str, list[catalogue.Requirement]]]:
    found: dict[str, list[catalogue.Requirement]] = {}
    for row in rows:
        found.setdefault(row.source, []).append(row)
    return found.items()


def _level(level: str) -> str:
    return "" if level == "must" else f" ({level})"


def _assumed(row: str, assumption: str) -> str:
    return f"{row} [{assumption}]" if assumption else row


if __name__ == "__main__":
    main()
