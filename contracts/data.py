"""Reading the data files that stand beside the code of this room."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
"""`contracts/`. Packages are installed as files, so that `importlib.resources`, which reads zips too, is not needed."""


@cache
def read_toml(path: str) -> dict[str, Any]:
    """A TOML file below `contracts/`, parsed once; *path* is relative, as in `catalogue/faults.toml`."""
    return tomllib.loads(read_bytes(path).decode("utf-8"))


def read_yaml(path: str) -> dict[str, Any]:
    """A YAML file below `contracts/`, as in `tccs_rest/openapi.yaml`; the caller's own. Needs PyYAML."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
    document: dict[str, Any] = yaml.load(read_bytes(path), Loader=loader)  # noqa: S506 - both are safe loaders
    return document


def control_apis() -> tuple[str, ...]:
    """The folders with a `control.yaml`: the sandbox's own, then those of the systems by name."""
    names = (path.parent.name for path in FOLDER.glob("*/control.yaml"))
    return tuple(sorted(names, key=lambda name: (name != "sandbox", name)))


@cache
def read_bytes(path: str) -> bytes:
    """The bytes of a file below `contracts/`, as in `inhance_soap/iCloud.wsdl`."""
    return FOLDER.joinpath(path).read_bytes()
