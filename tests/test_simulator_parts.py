"""
Every simulator has the same parts under the same names, and calls go one way only:

    app -> control, pages, wire -> services -> store, domain

`world` is what `app` joins and what the doors are given; `domain` knows the standard library alone (test_rooms.py).
"""

from __future__ import annotations

import pytest

from tests.module_graph import ROOT, circles, import_graph, imports, modules, name_of

SIMULATORS = sorted(path.name for path in (ROOT / "simulators").iterdir() if (path / "app.py").exists())
PARTS = {"app", "world", "settings", "seeds", "control", "services", "store", "tables", "domain"}
MAY_HAVE = {"wire", "pages"}
"""`wire` where it serves an interface, `pages` where payers see some."""

# What each part may import of its own simulator, itself aside.
MAY_IMPORT = {
    "__init__": {"app", "settings", "world", "services"},
    "app": {"world", "settings", "seeds", "wire", "control", "pages", "services", "domain"},
    "control": {"world", "settings", "services", "domain"},
    "pages": {"world", "settings", "services", "domain"},
    "wire": {"world", "settings", "services", "domain"},
    "world": {"settings", "services", "domain", "tables"},  # it declares its tables to the store
    "seeds": {"settings", "services", "domain"},
    "services": {"settings", "store", "domain"},
    "store": {"tables", "domain"},
    "tables": set[str](),
    "settings": set[str](),
    "domain": set[str](),
}


def part_of(simulator: str, name: str) -> str | None:
    """The part of a simulator in which a module stands; None for a module that is none of its."""
    package = f"partnerlab.simulators.{simulator}"
    if name != package and not name.startswith(package + "."):
        return None
    return name.removeprefix(package).strip(".").partition(".")[0] or "__init__"


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_a_simulator_has_these_parts_and_no_others(simulator: str) -> None:
    folder = ROOT / "simulators" / simulator
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - MAY_HAVE == {"__init__"} | PARTS


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_calls_go_from_the_doors_to_the_services_to_the_store(simulator: str) -> None:
    for path in modules(f"simulators/{simulator}"):
        part = part_of(simulator, name_of(path))
        assert part is not None
        for name, _ in imports(path):
            other = part_of(simulator, name)
            assert other in {None, part} | MAY_IMPORT[part], f"{path.relative_to(ROOT)} imports {name}"


def test_nobody_imports_the_app_of_a_simulator() -> None:
    apps = {f"partnerlab.simulators.{simulator}.app": simulator for simulator in SIMULATORS}
    for room in ("simulators", "partnerlab", "client", "contracts", "generators", "tests", "benchmarks"):
        for path in modules(room):
            for name, _ in imports(path):
                if name in apps:
                    assert path == ROOT / "simulators" / apps[name] / "__init__.py", f"{path} imports {name}"


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(import_graph()) == []


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set[str](), "e": {"a"}}
    assert circles(graph) == [["b", "c"]]
