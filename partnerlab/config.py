"""
Configuration: defaults, overridden by a TOML file, overridden by `PARTNERLAB_<SECTION>_<FIELD>` in the environment.

A section is a frozen dataclass of strings, numbers, flags and lists of strings (in the environment with commas between
them); its fields are the only names allowed in it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["ConfigurationInvalid", "configure", "read_configuration"]

Section = TypeVar("Section")


class ConfigurationInvalid(ValueError):
    """A configuration value that cannot be: names the place, the value and the rule."""

    def __init__(self, place: str, value: object, rule: str) -> None:
        super().__init__(f"{place}: {value!r}: {rule}")


def read_configuration(path: Path | None, sections: Collection[str]) -> dict[str, dict[str, Any]]:
    """The TOML file's sections, or none. Raises `ConfigurationInvalid`, also for one that is not among *sections*."""
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationInvalid(str(path), "", str(error)) from error
    for name, section in document.items():
        if not isinstance(section, dict):
            raise ConfigurationInvalid(f"{path}: {name}", section, "is not a [section]")
        if name not in sections:
            raise ConfigurationInvalid(str(path), f"[{name}]", f"is no section; there are: {', '.join(sections)}")
    return document


def configure(
    kind: type[Section],
    name: str,
    document: Mapping[str, Mapping[str, Any]],
    environ: Mapping[str, str] | None = None,
) -> Section:
    """
    An instance of the dataclass *kind* from section *name*.

    Raises `ConfigurationInvalid` for a name that is no field, or a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    section = document.get(name, {})
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass, by contract
    for key in section:
        if key not in known:
            raise ConfigurationInvalid(f"{name}.{key}", section[key], f"is no setting; there are: {', '.join(known)}")
    values: dict[str, Any] = {}
    for key, field in known.items():
        variable = f"PARTNERLAB_{name}_{key}".upper()
        if variable in environ:
            values[key] = _typed(variable, environ[variable], str(field.type))
        elif key in section:
            values[key] = _typed(f"{name}.{key}", section[key], str(field.type))
    return kind(**values)


def _typed(place: str, value: Any, type_name: str) -> Any:
    if type_name == "bool":
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("1", "true", "yes", "on"):
            return True
        if str(value).lower() in ("0", "false", "no", "off"):
            return False
        raise ConfigurationInvalid(place, value, "is not true or false")
    if type_name in ("int", "float"):
        try:
            # By way of text, as the environment has it: a flag or 8700.5 is no port.
            return {"int": int, "float": float}[type_name](str(value))
        except ValueError:
            raise ConfigurationInvalid(place, value, f"is not a number ({type_name})") from None
    if type_name == "tuple[str, ...]":
        texts = [text.strip() for text in value.split(",")] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ConfigurationInvalid(place, value, "is not a list of texts")
        return tuple(texts)
    if not isinstance(value, str):
        raise ConfigurationInvalid(place, value, "is not text")
    return value
