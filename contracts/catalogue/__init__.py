"""
The catalogue: one registry of everything that has a name.

Requirements, faults, damages and magic values are rows of the TOML files beside this module. Simulators, command
line, docs pages and tests all read them here, so a name cannot exist in one of them only.
"""

from __future__ import annotations

from functools import cache

from partnerlab.contracts.catalogue.generated import generated
from partnerlab.contracts.catalogue.requirement import Requirement
from partnerlab.contracts.data import FOLDER, read_toml
from partnerlab.contracts.records import dataclass

__all__ = [
    "Damage",
    "FaultKind",
    "MagicValue",
    "Requirement",
    "damages",
    "faults",
    "magic_values",
    "requirement",
    "requirements",
]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """
    A fault a lane can be given.

    `layer` is `socket`, `protocol`, `commit` or `file`; `effect` says what the caller sees; `committed` whether the
    state changes although the caller gets no good answer.
    """

    name: str
    layer: str
    effect: str
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """
    A way to break a file and the error it must cause.

    `error` is the `rule` of the reader's problem; `scope` is `file` (the whole file is rejected) or `invoice`
    (one group is quarantined, the rest loads). `partners` are those in whose files it can be done; empty means all.
    """

    name: str
    format: str
    text: str
    error: str
    scope: str
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MagicValue:
    """
    A value that decides an outcome in the sandbox.

    `kind` is where it goes (`card`, `bank_account`, `account`, …); `effect` is the outcome's name; `brand` is the
    card brand where there is one.
    """

    kind: str
    value: str
    effect: str
    text: str
    brand: str = ""


@cache
def requirements() -> dict[str, Requirement]:
    """Every requirement by id, in the order of the files' names."""
    found: dict[str, Requirement] = {}
    for name in sorted(path.stem for path in FOLDER.joinpath("catalogue", "requirements").iterdir()):
        document = read_toml(f"catalogue/requirements/{name}.toml")
        for row in document["requirement"]:
            shared = {name: document[name] for name in ("source", "assumption") if name in document}
            requirement = Requirement(**{**shared, **row})
            if requirement.id in found:
                raise ValueError(f"{name}.toml: {requirement.id} stands twice")
            found[requirement.id] = requirement
    for requirement in generated():
        if requirement.id in found:
            raise ValueError(f"{requirement.id} of a table stands twice")
        found[requirement.id] = requirement
    return found


def requirement(id: str) -> Requirement:
    """The requirement of that id. Raises `KeyError` for an unknown one."""
    return requirements()[id]


@cache
def faults() -> dict[str, FaultKind]:
    """Every fault by name."""
    return {row["name"]: FaultKind(**row) for row in read_toml("catalogue/faults.toml")["fault"]}


@cache
def damages() -> dict[str, Damage]:
    """Every file damage by name."""
    rows = read_toml("catalogue/damages.toml")["damage"]
    return {row["name"]: Damage(**{**row, "partners": tuple(row.get("partners", ()))}) for row in rows}


@cache
def magic_values(kind: str = "") -> tuple[MagicValue, ...]:
    """The magic values, those of one *kind* where given."""
    rows = (MagicValue(**row) for row in read_toml("catalogue/magic_values.toml")["magic"])
    return tuple(row for row in rows if not kind or row.kind == kind)
