"""The public surface: what a package says it exports is sorted, exists, and is all that its users may need."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import partnerlab.client as client

PACKAGES = ["partnerlab.client.inhance", "partnerlab.client.invoice_cloud"]
MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(client.__path__, "partnerlab.client.")
    if not name.startswith(("partnerlab.client.datapump", "partnerlab.client.intake"))
]


def test_the_modules_are_found() -> None:
    assert {
        *PACKAGES,
        "partnerlab.client.errors",
        "partnerlab.client.rtdr",
        "partnerlab.client.wire.soap",
        "partnerlab.client.http",
    } <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_all_is_sorted_and_true(name: str) -> None:
    module = importlib.import_module(name)
    # Constants, then classes, then functions, each in order: as ruff's RUF022 sorts.
    kinds = [(n.isupper() and 0) or (1 if n[0].isupper() else 2) for n in module.__all__]
    assert kinds == sorted(kinds) or module.__all__ == sorted(module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)
    for exported in module.__all__:
        assert hasattr(module, exported), exported


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_defined_in_a_module_is_exported(name: str) -> None:
    module = importlib.import_module(name)
    own = {
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name and callable(value)
    }
    assert own <= set(module.__all__), own - set(module.__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_exports_its_clients_and_every_model(package: str) -> None:
    module = importlib.import_module(package)
    for part in ("client", "models"):
        assert set(importlib.import_module(f"{package}.{part}").__all__) <= set(module.__all__)
