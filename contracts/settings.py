"""The advanced settings as data: what each number means, for which partner, with which default."""

from __future__ import annotations

from functools import cache

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.records import dataclass

__all__ = ["Setting", "setting", "settings"]


@dataclass(frozen=True, slots=True)
class Setting:
    """
    One advanced setting.

    `id` is the source's number as text (`"116"`), or a name where it gives none; `kind` is `url`, `text`,
    `secret`, `flag` or `version`; `default` is empty where there is none.
    """

    id: str
    name: str
    meaning: str
    kind: str
    partners: tuple[str, ...]
    source: str
    default: str = ""

    @property
    def secret(self) -> bool:
        """Whether the value is masked wherever it is shown."""
        return self.kind == "secret"

    def rule(self, value: str) -> str:
        """What a value breaks, empty where it is one of this kind. An address may be a path of the sandbox."""
        if self.kind == "flag" and value not in ("0", "1"):
            return "must be 0 or 1"
        if self.kind == "version" and value not in ("1", "2"):
            return "must be 1 or 2"
        if self.kind == "url" and not value.startswith(("/", "http://", "https://")):
            return "must be an address that begins with http:// or https://, or a path of this sandbox"
        return ""


@cache
def settings() -> dict[str, Setting]:
    """Every setting by id, in the order of the file."""
    rows = read_toml("settings.toml")["setting"]
    return {row["id"]: Setting(**{**row, "partners": tuple(row["partners"])}) for row in rows}


def setting(id: str) -> Setting:
    """The setting of that id. Raises `KeyError` for an unknown one."""
    return settings()[id]
