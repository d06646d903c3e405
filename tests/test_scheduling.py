"""Tests that share something dear are run by one worker."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from tests.module_graph import ROOT
from tests.scheduling import FILES, FOLDERS, Pieces, piece_of


def test_a_file_a_folder_or_a_test_is_a_piece() -> None:
    assert piece_of("tests/e2e/test_demo.py::test_it[a::b]") == "tests/e2e/test_demo.py"
    assert piece_of("tests/interop/test_soap_clients.py::test_it") == "tests/interop/"
    assert piece_of("tests/client/test_rtdr.py::test_it[1]") == "tests/client/test_rtdr.py::test_it[1]"


def test_each_start_is_that_of_some_tests() -> None:
    found = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    assert [start for start in (*FILES, *FOLDERS) if not any(path.startswith(start) for path in found)] == []


def test_xdist_asks_for_the_piece() -> None:
    assert "_split_scope" in vars(LoadScopeScheduling)
    assert "_split_scope" in vars(Pieces)
