"""
The rules between the rooms, kept by looking at what each module imports.

The rooms stand at the top of the checkout and are imported below one name: `client/errors.py` is
`partnerlab.client.errors` (docs/adr/0006-one-installed-name.md).
"""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from tests.module_graph import ROOT, imports, modules, parsed

# What a room may import of this project.
ALLOWED = {
    "contracts": {"contracts"},
    "client": {"client", "contracts"},
    "simulators": {"simulators", "contracts"},
    "generators": {"generators", "contracts"},
    "partnerlab": {"partnerlab", "client", "simulators", "generators", "contracts"},
}
# What the installation without extras brings.
CORE = {"click", "httpcore", "httpx", "lxml"}
MOST_LINES = 400
# Rooms within rooms that need an extra, and so may import more.
NEED_AN_EXTRA = (
    "client/datapump",
    "client/jobs/engine",
    "contracts/verification",
    "simulators",
    "generators",
    "partnerlab",
)


def room_of(name: str) -> str:
    """The room of a module's full name; empty for a module that is not this project's."""
    package, _, rest = name.partition(".")
    part = rest.partition(".")[0]
    if package != "partnerlab":
        return package if package in {"tests", "benchmarks"} else ""
    return part if part in ALLOWED else "partnerlab"


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    for path in modules(room):
        for name, _ in imports(path):
            assert room_of(name) in {"", *ALLOWED[room]}, f"{path.relative_to(ROOT)} imports {name}"


def test_a_room_is_imported_below_the_projects_name_only() -> None:
    """Imported by its folder's name, a module would be loaded a second time where the checkout is on the path."""
    for room in (*ALLOWED, "tests", "benchmarks"):
        for path in modules(room):
            for name, _ in imports(path):
                assert name.partition(".")[0] not in set(ALLOWED) - {"partnerlab"}, f"{path.relative_to(ROOT)}: {name}"


PLAIN = ("partnerlab.contracts.numbers", "partnerlab.contracts.one_line", "partnerlab.contracts.records")
"""An order of texts, which statements have too, what a line holds, and a faster `dataclass`."""


def test_domains_import_only_the_standard_library() -> None:
    import sys

    found = [path for path in modules("simulators") if "domain" in path.parts]
    assert found
    for path in found:
        own = ".".join(("partnerlab", *path.relative_to(ROOT).parts[:2]))
        for name, _ in imports(path):
            top = name.partition(".")[0]
            allowed = name.startswith((f"{own}.domain", *PLAIN))
            assert top in sys.stdlib_module_names or allowed, f"{path} imports {name}"


def test_the_kit_knows_no_simulator() -> None:
    for path in modules("simulators/kit"):
        for name, _ in imports(path):
            assert not name.startswith("simulators.") or name.startswith("partnerlab.simulators.kit"), (
                f"{path} imports {name}"
            )


def test_the_core_imports_only_what_it_installs() -> None:
    import sys

    for room in ("contracts", "client"):
        for path in modules(room):
            if path.relative_to(ROOT).as_posix().startswith(NEED_AN_EXTRA):
                continue
            for name, at_load in imports(path):
                top = name.partition(".")[0]
                assert not at_load or top in sys.stdlib_module_names | CORE | {"partnerlab"}, f"{path} imports {name}"


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_resolves_to_its_folder_in_this_checkout(room: str) -> None:
    name = room if room == "partnerlab" else f"partnerlab.{room}"
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == ROOT / room / "__init__.py"


def test_no_file_is_too_long() -> None:
    """A longer one holds two ideas: cut it at the seam."""
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for room in (*ALLOWED, "tests", "benchmarks")
        for path in modules(room)
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_names_are_put_into_paths_in_one_way() -> None:
    """By `contracts.paths.at`, which encodes them: in an f-string, a name with slashes in it leads elsewhere."""
    for room in ALLOWED:
        for path in modules(room):
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.JoinedStr) and isinstance(begins := node.values[0], ast.Constant):
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    assert not str(begins.value).startswith(("/_sandbox", "/_pump", "/deliveries")), where
