"""Every file, module, command and option that the documentation or a docstring names in backticks is there."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from partnerlab.cli import main
from tests.test_docs import PROSE, ROOT, commands

ROOMS = ("benchmarks", "client", "contracts", "docs", "generators", "partnerlab", "simulators", "tests")
TODAY = [page for page in PROSE if page.name not in ("CHANGELOG.md", "checks.md")]
"""What is true now; the changelog also tells of what was, and the page of checks is made from their names."""
USERS_OWN = {"billers.toml", "plan.toml", "test_payment.py"}
"""Files that a reader makes."""
OPTIONS_OF_OTHERS = {"--help", "--scale"}
"""Of every command; of `benchmarks`."""

CODE = re.compile(r"`([^`]+)`")
BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"(?<![\w/.<>{}*-])((?:[a-z_0-9]+/)*[a-z_0-9]+\.(?:py|toml|yaml))(?!\w)")
WAY = re.compile(r"[a-z][a-z_0-9]*(?:/[a-z][a-z_0-9]*)+/?")
"""Alone between backticks: a module without its ending, or a folder, as `kit/world/store`."""
NO_WAYS = ("application/", "text/", "exchange/", "inhance/", "tccs/")
"""Media types, a folder of the reader's, names of checks."""
FOLDER = re.compile(rf"(?<![\w/.<>-])((?:{'|'.join(ROOMS)})(?:/[a-z_0-9]+)*)/(?![\w<{{*])")
MODULE = re.compile(r"(?<![\w./-])partnerlab(?:\.[A-Za-z_]\w*)+(?![\w*])")


def named(text: str) -> Iterator[str]:
    """What stands between backticks, lines joined; no blocks of code."""
    for found in CODE.finditer(BLOCK.sub("", text)):
        yield " ".join(found[1].split())


def missing_paths(text: str, there: set[str]) -> list[str]:
    """Files and folders that a text names and that are not there, by any end of a path."""
    names = [name for code in named(text) for name in (*FILE.findall(code), *FOLDER.findall(code))]
    ways = [code.rstrip("/") for code in named(text) if WAY.fullmatch(code) and not code.startswith(NO_WAYS)]
    gone = [name for name in names if name not in there | USERS_OWN]
    return sorted({*gone, *(way for way in ways if not {way, f"{way}.py"} & there)})


def missing_modules(text: str) -> list[str]:
    """Dotted names of ours that cannot be imported."""
    return [name for code in named(text) for name in MODULE.findall(code) if not _is_there(name)]


def wrong_commands(text: str) -> list[str]:
    """Commands and options of `partnerlab` that there are not."""
    of_main = dict(commands(main))
    every = {option for one in of_main.values() for option in _options(one)} | OPTIONS_OF_OTHERS
    wrong = []
    for code in named(text):
        words = code.removeprefix(".venv/bin/").split(" ")
        if words[0] == "partnerlab" and words[1:]:
            path: tuple[str, ...] = ()
            for word in words[1:]:
                if (*path, word) not in of_main:
                    break
                path = (*path, word)
            after = words[1 + len(path) :]
            known = {option for end in range(len(path) + 1) for option in _options(of_main[path[:end]])} | {"--help"}
            if after and isinstance(of_main[path], click.Group) and re.fullmatch(r"[a-z][a-z-]*", after[0]):
                wrong.append(code)
            wrong += [f"{code}: {one}" for one in re.findall(r"(?<!\S)--[a-z][a-z-]*", code) if one not in known]
        elif (option := re.match(r"--[a-z][a-z-]*", code)) and option[0] not in every:
            wrong.append(code)
    return wrong


def _options(command: click.Command) -> Iterator[str]:
    for one in command.params:
        yield from (*one.opts, *one.secondary_opts)


def _is_there(name: str) -> bool:
    first, _, rest = name.partition(".")
    found = importlib.import_module(first)
    for part in rest.split("."):
        if not hasattr(found, part):
            try:
                importlib.import_module(f"{found.__name__}.{part}")
            except (ImportError, AttributeError):
                return False
        found = getattr(found, part)
    return True


@pytest.fixture(scope="module")
def there() -> set[str]:
    """Every end of the path of every file and folder: `wire/operations.py` is there in several simulators."""
    files = [*ROOT.glob("*.*"), *(path for room in ROOMS for path in (ROOT / room, *(ROOT / room).rglob("*")))]
    ways = [path.relative_to(ROOT).parts for path in files if "__pycache__" not in path.parts]
    return {"/".join(way[at:]) for way in ways for at in range(len(way))}


@pytest.mark.parametrize("page", TODAY, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path, there: set[str]) -> None:
    text = page.read_text("utf-8")
    assert missing_paths(text, there) == []
    assert missing_modules(text) == []
    assert wrong_commands(text) == []


def test_what_a_docstring_names_is_there(there: set[str]) -> None:
    wrong = []
    for room in ("client", "contracts", "generators", "partnerlab", "simulators"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text("utf-8")
            found = [*missing_paths(text, there), *missing_modules(text)]
            wrong += [f"{path.relative_to(ROOT)}: {name}" for name in found]
    assert wrong == []


def test_a_name_that_is_gone_is_noticed(there: set[str]) -> None:
    text = (
        "`simulators/gone/` and `wire/gone.py`, `partnerlab.gone.Thing`, but `wire/operations.py` and `docs/adr/` are"
    )
    assert sorted(missing_paths(text, there)) == ["simulators/gone", "wire/gone.py"]
    assert missing_modules(f"{text} `partnerlab.sandbox.Sandbox`") == ["partnerlab.gone.Thing"]
    text = (
        "`partnerlab verify gone`, `partnerlab journal --gone`, `--gone 3`, `partnerlab verify consumer tccs --lane x`"
    )
    assert wrong_commands(text) == ["partnerlab verify gone", "partnerlab journal --gone: --gone", "--gone 3"]
