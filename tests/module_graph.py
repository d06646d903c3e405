"""Which module of this project imports which, read from the sources."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The top-level folders, each a room; what is imported as `partnerlab.client` stands in `client/`.
ROOMS = ("contracts", "client", "simulators", "generators", "partnerlab")


def modules(room: str) -> list[Path]:
    """The files of a room, or of a folder in it (`simulators/kit`); `partnerlab` without the links to other rooms."""
    return sorted(path for path in ROOT.joinpath(room).rglob("*.py") if not _linked(path))


def _linked(path: Path) -> bool:
    return any(parent.is_symlink() for parent in path.parents if parent != ROOT and ROOT in parent.parents)


def name_of(path: Path) -> str:
    """The full name under which a file is imported: `client/errors.py` is `partnerlab.client.errors`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts if parts[0] == "partnerlab" else ("partnerlab", *parts))


def parsed(path: Path) -> ast.Module:
    """
    The syntax tree of a module.

    Made without the collector: what that ends may write a traceback, for which Python reads a line of source, and two
    trees at once are one too many for Python before 3.11.9 ("AST constructor recursion depth mismatch").
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text("utf-8"))
    finally:
        if collected:
            gc.enable()


@cache
def imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """
    Full names of what a module imports, and whether it does so when it is loaded.

    `from package import name` is given as the package, and as `package.name` where that is a module of this project.
    """
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    tree = parsed(path)
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
            package = node.module or ""
            inner = [f"{package}.{alias.name}" for alias in node.names]
            found = [name for name in inner if name in _names()]
            yield from ((name, at_load) for name in found)
            if len(found) < len(inner):
                yield package, at_load


@cache
def _names() -> Mapping[str, Path]:
    return {name_of(path): path for room in ROOMS for path in modules(room)}


def import_graph() -> dict[str, set[str]]:
    """
    By module, the modules of this project that it imports: when it is loaded, later, or for type checkers only.

    That importing `a.b` also loads `a` is left out: packages that re-export would be a circle with all they hold.
    """
    names = _names()
    return {
        name: {other for other, _ in imports(path) if other in names and other != name} for name, path in names.items()
    }


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module, by Tarjan's algorithm."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            component = []
            while not component or component[-1] != name:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for name in graph:
        if name not in index:
            visit(name)
    return sorted(found)
