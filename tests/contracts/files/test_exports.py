"""What the packages of this part say they export is sorted and there."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import partnerlab.client.intake
import partnerlab.contracts.capabilities
import partnerlab.contracts.files
import partnerlab.generators as generators

MODULES = [
    name
    for package in (partnerlab.client.intake, partnerlab.contracts.files, partnerlab.contracts.capabilities, generators)
    for name in (
        package.__name__,
        *(module.name for module in pkgutil.iter_modules(package.__path__, package.__name__ + ".")),
    )
    if name != "partnerlab.generators" and "._" not in name
]


@pytest.mark.parametrize("name", MODULES)
def test_all_is_sorted_and_true(name: str) -> None:
    exported = importlib.import_module(name).__all__
    kinds = [0 if word.isupper() else 1 if word[0].isupper() else 2 for word in exported]
    assert [*zip(kinds, exported, strict=True)] == sorted(zip(kinds, exported, strict=True))
    assert len(set(exported)) == len(exported)
    for word in exported:
        assert hasattr(importlib.import_module(name), word)


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("partnerlab.client.intake.")])
def test_a_package_exports_what_its_modules_do(name: str) -> None:
    assert set(importlib.import_module(name).__all__) <= set(partnerlab.client.intake.__all__)
