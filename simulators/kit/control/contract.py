"""The OpenAPI document of the whole control API: the kit's own, and what each simulator adds."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from typing import Any

from partnerlab.contracts.data import read_yaml
from partnerlab.simulators.kit.world.simulator import Simulator

__all__ = ["KIT_CONTRACT", "merged", "read_contract"]

KIT_CONTRACT = "sandbox/control.yaml"


def merged(simulators: Iterable[Simulator] = ()) -> dict[str, Any]:
    """
    One document. Components and tags of a simulator are renamed `<simulator>.<name>`, so that two may use one name.

    Raises `ValueError` where a path or an operation id stands in two documents.
    """
    document = deepcopy(read_contract(KIT_CONTRACT))
    document.setdefault("tags", [])
    for simulator in simulators:
        part = _renamed(read_contract(simulator.control_contract), f"{simulator.name}.")
        for path, item in part.get("paths", {}).items():
            if path in document["paths"]:
                raise ValueError(f"{simulator.control_contract}: {path} stands in another document too")
            document["paths"][path] = item
            for operation in item.values():
                if isinstance(operation, dict) and "tags" in operation:
                    operation["tags"] = [f"{simulator.name}.{tag}" for tag in operation["tags"]]
        for kind, components in part.get("components", {}).items():
            renamed = {f"{simulator.name}.{name}": component for name, component in components.items()}
            document["components"].setdefault(kind, {}).update(renamed)
        document["tags"] += [{**tag, "name": f"{simulator.name}.{tag['name']}"} for tag in part.get("tags", [])]
    _check_operation_ids(document)
    return document


@cache
def read_contract(path: str) -> dict[str, Any]:
    """A contract, read once a process; whoever changes it changes a copy."""
    return read_yaml(path)


def _renamed(node: Any, prefix: str) -> Any:
    """A copy in which each reference to a component has the prefix."""
    if isinstance(node, dict):
        return {
            key: _reference(value, prefix) if key == "$ref" else _renamed(value, prefix) for key, value in node.items()
        }
    if isinstance(node, list):
        return [_renamed(item, prefix) for item in node]
    return node


def _reference(target: Any, prefix: str) -> Any:
    if not (isinstance(target, str) and target.startswith("#/components/")):
        return _renamed(target, prefix)  # a property that is called `$ref`
    head, _, name = target.rpartition("/")
    return f"{head}/{prefix}{name}"


def _check_operation_ids(document: dict[str, Any]) -> None:
    seen: dict[str, str] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation:
                id, where = operation["operationId"], f"{method.upper()} {path}"
                if id in seen:
                    raise ValueError(f"operation id {id} is used by {seen[id]} and {where}")
                seen[id] = where
