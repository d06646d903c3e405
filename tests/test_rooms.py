"""The rules between the rooms, kept by looking at what each module imports."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What a room may import of this project.
ALLOWED = {
    "contracts": {"contracts"},
    "client": {"client", "contracts"},
    "simulators": {"simulators", "contracts"},
    "generators": {"generators", "contracts"},
    "partnerlab": {"partnerlab", "client", "simulators", "generators", "contracts"},
}
# What the installation without extras brings.
CORE = {"click", "httpx", "lxml"}
# Rooms within rooms that need an extra, and so may import more.
NEED_AN_EXTRA = ("client/datapump", "contracts/verification", "simulators", "generators", "partnerlab")


def modules(room: str) -> list[Path]:
    return sorted(ROOT.joinpath(room).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Full names of what a module imports, and whether it does so when it is loaded."""
    tree = ast.parse(path.read_text("utf-8"))
    deferred = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.dump(outer.test))
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        at_load = id(node) not in deferred
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, at_load
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or "", at_load


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    for path in modules(room):
        for name, _ in imports(path):
            top = name.partition(".")[0]
            if top in ALLOWED or top in {"tests", "benchmarks"}:
                assert top in ALLOWED[room], f"{path.relative_to(ROOT)} imports {name}"


def test_domains_import_only_the_standard_library() -> None:
    import sys

    found = [path for path in modules("simulators") if "domain" in path.parts]
    assert found
    for path in found:
        own = ".".join(path.relative_to(ROOT).parts[:2])
        for name, _ in imports(path):
            top = name.partition(".")[0]
            assert top in sys.stdlib_module_names or name.startswith(f"{own}.domain"), f"{path} imports {name}"


def test_the_kit_knows_no_simulator() -> None:
    for path in modules("simulators/kit"):
        for name, _ in imports(path):
            assert not name.startswith("simulators.") or name.startswith("simulators.kit"), f"{path} imports {name}"


def test_the_core_imports_only_what_it_installs() -> None:
    import sys

    for room in ("contracts", "client"):
        for path in modules(room):
            if path.relative_to(ROOT).as_posix().startswith(NEED_AN_EXTRA):
                continue
            for name, at_load in imports(path):
                top = name.partition(".")[0]
                assert not at_load or top in sys.stdlib_module_names | CORE | set(ALLOWED), f"{path} imports {name}"


@pytest.mark.parametrize("name", [*ALLOWED, "tests"])
def test_the_given_names_resolve_to_this_project(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
    assert all(place and Path(place).resolve().is_relative_to(ROOT / name) for place in places), places
