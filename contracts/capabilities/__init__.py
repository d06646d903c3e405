"""What each integration supports, as data: features, BIF customisations, modifications."""

from __future__ import annotations

from functools import cache

from partnerlab.contracts.data import FOLDER, read_toml
from partnerlab.contracts.records import dataclass

__all__ = [
    "BifCustomization",
    "Capabilities",
    "Feature",
    "Modification",
    "NotSupported",
    "capabilities",
    "check_supported",
    "integrations",
]


@dataclass(frozen=True, slots=True)
class Feature:
    """
    Something the integration does, or by the source does not do.

    `row` is the place in the source; `table` names the table it is in where the source has several, as in `Products`.
    """

    name: str
    supported: bool
    text: str
    row: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class BifCustomization:
    """
    A row of the source's table of BIF customisations.

    `given` says where the value comes from, any of `bif` and `questionnaire`; empty means not applicable. `text` is
    the source's cell, `note` ours.
    """

    feature: str
    given: tuple[str, ...]
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Modification:
    """A later change of the integration: `state` is `released`, `planned` or `cancelled`."""

    id: str
    released: str
    before: str
    after: str
    state: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """All of one integration; `code` is what ids of its requirements have of it, as in `CAP-INH1-VOID`."""

    name: str
    code: str
    title: str
    source: str
    features: tuple[Feature, ...]
    bif_customizations: tuple[BifCustomization, ...]
    modifications: tuple[Modification, ...]

    def feature(self, name: str) -> Feature:
        """The feature of that name. Raises `KeyError`."""
        for feature in self.features:
            if feature.name == name:
                return feature
        raise KeyError(f"{self.name} says nothing of {name!r}")


class NotSupported(ValueError):
    """An integration does not do what was asked of it; `feature` is the row that says so."""

    def __init__(self, integration: Capabilities, feature: Feature) -> None:
        self.integration, self.feature = integration, feature
        table = f"{feature.table}, " if feature.table and feature.table != feature.row else ""
        place = f"{integration.source}, {table}{feature.row}"
        super().__init__(f"{integration.title} does not support {feature.name}: {feature.text} ({place})")


def check_supported(integration: str, feature: str) -> None:
    """
    Refuse what an integration does not support.

    Raises:
        NotSupported: The source says that it does not, and in which row.
        KeyError: The integration is unknown, or its source says nothing of that feature.
    """
    row = _row(integration, feature)
    if not row.supported:
        raise NotSupported(capabilities(integration), row)


@cache
def _row(integration: str, feature: str) -> Feature:
    return capabilities(integration).feature(feature)


def integrations() -> tuple[str, ...]:
    """The integrations whose capabilities are known."""
    names = (entry.name for entry in FOLDER.joinpath("capabilities").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def capabilities(integration: str) -> Capabilities:
    """What *integration* supports. Raises `KeyError` for an unknown one."""
    if integration not in integrations():
        raise KeyError(f"there is no integration {integration!r}; there are {', '.join(integrations())}")
    document = read_toml(f"capabilities/{integration}.toml")
    return Capabilities(
        name=document["name"],
        code=document["code"],
        title=document["title"],
        source=document["source"],
        features=tuple(Feature(**row) for row in document.get("feature", ())),
        bif_customizations=tuple(
            BifCustomization(**{**row, "given": tuple(row["given"])}) for row in document.get("bif_customization", ())
        ),
        modifications=tuple(Modification(**row) for row in document.get("modification", ())),
    )
