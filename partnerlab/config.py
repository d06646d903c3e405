"""
Configuration: defaults, overridden by a TOML file, overridden by `PARTNERLAB_<SECTION>_<FIELD>` in the environment.

A section is a frozen dataclass of strings, numbers, flags, choices and lists of strings (in the environment with commas
between them); its fields are the only names allowed in it. What must hold of a value beyond its type, the section's
`problems()` says, so that every setting is checked before anything starts.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from partnerlab.contracts.doors import meant
from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.masking import MASK, is_secret

__all__ = ["ConfigurationInvalid", "configure", "read_configuration"]

Section = TypeVar("Section")


_NUMBER = {int: pattern(r"[0-9]{1,15}"), float: pattern(r"[0-9]{1,15}(\.[0-9]{1,9})?")}


class ConfigurationInvalid(ValueError):
    """A configuration value that cannot be: names the place, the value if there is one, and the rule."""

    def __init__(self, place: str, rule: str, value: object = None) -> None:
        super().__init__(f"{place}: {rule}" if value is None else f"{place}: {value!r} {rule}")


def read_configuration(path: Path | None, sections: Collection[str]) -> dict[str, dict[str, Any]]:
    """The TOML file's sections, or none. Raises `ConfigurationInvalid`, also for one that is not among *sections*."""
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationInvalid(str(path), error.strerror or str(error)) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationInvalid(str(path), f"is not TOML: {error}") from error
    for name, section in document.items():
        if not isinstance(section, dict):
            raise ConfigurationInvalid(f"{path}: {name}", "is not a [section]", section)
        if name not in sections:
            raise ConfigurationInvalid(str(path), f"is no section; there are {', '.join(sections)}", f"[{name}]")
    return document


def configure(
    kind: type[Section],
    name: str,
    document: Mapping[str, Mapping[str, Any]],
    environ: Mapping[str, str] | None = None,
) -> Section:
    """
    An instance of the dataclass *kind* from section *name*.

    Raises `ConfigurationInvalid` for a name that is no field (of the environment's only those that are like one: others
    may be somebody else's), a value of the wrong type, or one that breaks the rule of
    *kind*: its `problems()`, where it has that method, gives a text for each field whose value cannot be.
    """
    environ = os.environ if environ is None else environ
    section = document.get(name, {})
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass, by contract
    for key in section:
        if key not in known:
            raise ConfigurationInvalid(
                f"{name}.{key}", f"is no setting; there are {', '.join(known)}{meant(key, known)}"
            )
    prefix = f"PARTNERLAB_{name}_".upper()
    for variable in sorted(environ):
        key = variable.removeprefix(prefix).lower()
        if variable.startswith(prefix) and key not in known and (hint := meant(key, known)):
            raise ConfigurationInvalid(variable, f"is no setting{hint}")
    types = get_type_hints(kind)
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for key in known:
        variable = f"PARTNERLAB_{name}_{key}".upper()
        if variable in environ:
            places[key], values[key] = variable, _typed(variable, environ[variable], types[key])
        elif key in section:
            places[key], values[key] = f"{name}.{key}", _typed(f"{name}.{key}", section[key], types[key])
    made = kind(**values)
    # What was set is named before what it contradicts.
    for key, rule in sorted(getattr(made, "problems", dict)().items(), key=lambda problem: problem[0] not in places):
        shown = MASK if key in values and is_secret(key) else values.get(key)
        raise ConfigurationInvalid(places.get(key, f"{name}.{key}"), rule, shown)
    return made


def _typed(place: str, value: Any, kind: Any) -> Any:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ConfigurationInvalid(place, f"is none of {', '.join(get_args(kind))}", value)
        return value
    if kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("1", "true", "yes", "on"):
            return True
        if str(value).lower() in ("0", "false", "no", "off"):
            return False
        raise ConfigurationInvalid(place, "is not true or false", value)
    if kind in (int, float):
        # By way of text, as the environment has it: a flag or 8700.5 is no port, and neither is 1_000 or ٣.
        if not _NUMBER[kind].fullmatch(str(value)):
            raise ConfigurationInvalid(place, f"is not a {'whole ' if kind is int else ''}number", value)
        return kind(str(value))
    if kind == tuple[str, ...]:
        texts = [text.strip() for text in value.split(",")] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ConfigurationInvalid(place, "is not a list of texts", value)
        return tuple(texts)
    if not isinstance(value, str):
        raise ConfigurationInvalid(place, "is not text", value)
    return value
