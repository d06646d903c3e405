"""What is made at its first use: patterns are what `re.compile` makes, and one thread at a time imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any, cast

import pytest

from partnerlab.contracts.first_use import pattern
from tests.module_graph import ROOMS, ROOT, modules, name_of, parsed

# Whoever runs these has one thread yet.
MAIN_THREADS = ("partnerlab/commands/", "partnerlab/verifying/", "partnerlab/programs/", "partnerlab/generated.py")
MAIN_THREADS += ("partnerlab/__main__.py", "partnerlab/cli.py", "partnerlab/pytest_plugin.py")


def test_it_behaves_as_a_compiled_pattern() -> None:
    made = pattern("a(.)", re.IGNORECASE)
    assert "search" not in vars(made), "nothing is compiled yet"
    found = made.search("xAb")
    assert found is not None
    assert found[1] == "b"
    assert made.sub("-", "ab ac") == "- -"
    assert made.pattern == "a(.)"
    assert made.flags & re.IGNORECASE


def test_what_is_no_pattern_is_refused_when_it_is_used() -> None:
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.search("")


def test_every_one_of_the_product_compiles() -> None:
    imported = re.compile(r"first_use import (importing, )?pattern")
    paths = [path for path in ROOT.rglob("*.py") if imported.search(path.read_text("utf-8"))]
    users = {name_of(path) for path in paths if path.parts[len(ROOT.parts)] not in ("tests", ".venv", "build")}
    made = [one for name in users for value in vars(import_module(name)).values() for one in _patterns(value)]
    assert len(made) > 80
    assert all(isinstance(one.pattern, str | bytes) for one in made)


def test_an_import_in_a_function_is_of_one_thread_at_a_time() -> None:
    """
    After a kill, a sandbox whose jobs fell due met its first caller with a 500: both threads imported, each waited for
    a module of the other's, and Python gave one that was not whole.
    """
    bare = [
        f"{path.relative_to(ROOT)}:{line}"
        for room in ROOMS
        for path in modules(room)
        if not path.relative_to(ROOT).as_posix().startswith(MAIN_THREADS)
        for line in _bare(parsed(path))
    ]
    assert bare == []


def test_no_module_waits_for_the_others_thread_while_it_is_imported() -> None:
    """Else it would wait for who imports one thing after another, and that one for it: no import of this is seen."""
    apart = (*MAIN_THREADS, "contracts/verification/provider/", "client/datapump/migrations", "simulators/migrations")
    paths = [path for room in ROOMS for path in modules(room)]
    names = [name_of(path) for path in paths if not path.relative_to(ROOT).as_posix().startswith(apart)]
    script = f"""
import sys, threading
from importlib import import_module
from partnerlab.contracts import first_use

class Watched:
    entered = []
    def __enter__(self): self.entered.append(sys._getframe(1).f_code.co_filename)
    def __exit__(self, *_): pass

first_use.importing = Watched()
for name in {names!r}:
    import_module(name)
print(Watched.entered)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def _bare(tree: ast.AST, *, within: bool = False, held: bool = False) -> Iterator[int]:
    """The lines of imports of this project *within* a function that do not stand `with importing`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom):
            if within and not held and (node.module or "").startswith("partnerlab"):
                yield node.lineno
            continue
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        holds = isinstance(node, ast.With) and any(_is_importing(item.context_expr) for item in node.items)
        yield from _bare(node, within=within or is_function, held=(held and not is_function) or holds)


def _is_importing(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "importing"


def _patterns(value: object) -> Iterator[Any]:
    """The patterns in a module's value."""
    if type(value) is cast(type, pattern):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _patterns(one)
    elif isinstance(value, dict):
        yield from _patterns([*value, *value.values()])
