"""
A bill file checked in parts, wherever it is cut, against one reading of it; and in two processes, also where one dies.

The report must be the same to the byte: counts, sums, problems with their lines, quarantine, notes.
"""

from __future__ import annotations

import errno
import io
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import IO

import pytest

from partnerlab.contracts.files import (
    Layout,
    PartLost,
    Quarantined,
    Report,
    apart,
    check,
    checking,
    load_layout,
    with_columns,
)
from partnerlab.contracts.files.parts import next_invoice, part_of, serve, together
from partnerlab.contracts.files.reader import Reading
from partnerlab.generators.damage import damage, damages_of
from tests.contracts.files.broken import LAYOUTS, broken_files, good_file


def in_parts(path: Path, layout: Layout, cuts: list[int], *, strict: bool = False) -> Report | None:
    """The report on a file cut at these bytes, all parts read in this process."""
    ends = [*cuts[1:], path.stat().st_size]
    with path.open("rb") as stream:
        head = stream.read(cuts[0])
    first = Reading(head, layout, strict=strict, values=False).tally()
    return together(first, [part_of(path, *ends_of, first.layout) for ends_of in zip(cuts, ends, strict=True)])


def all_cuts(path: Path) -> list[int]:
    """Every place where a part may begin."""
    cuts, at = [], 0
    while (at := next_invoice(path, at) or 0) > 0:
        cuts.append(at)
    return cuts


def assert_same(path: Path, layout: Layout, *, strict: bool = False) -> int:
    """How many ways of cutting gave a report."""
    expected = check(path, layout, strict=strict, processes=1)
    cuts = all_cuts(path)
    told = 0
    for chosen in [[cut] for cut in cuts] + ([cuts, cuts[::3]] if cuts else []):
        report = in_parts(path, layout, chosen, strict=strict)
        if report is not None:
            told += 1
            assert report == expected
            assert report.as_dict() == expected.as_dict()
    return told


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_good_file_cut_anywhere(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file(name))
    assert len(all_cuts(path)) == 29
    assert assert_same(path, load_layout(name)) == 31


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("strict", [False, True])
def test_named_damages(name: str, strict: bool, tmp_path: Path) -> None:
    layout, path = load_layout(name), tmp_path / "bills.bif"
    told = 0
    for one in sorted(damages_of(name)):
        path.write_bytes(damage(good_file(name), one, at=5, layout=layout))
        told += assert_same(path, layout, strict=strict)
    assert told > (20 if strict else 200)


@pytest.mark.parametrize("name", LAYOUTS)
def test_random_damage(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bills.bif"
    told = 0
    for data in broken_files(name, Random(f"{name} in parts"), 60):
        path.write_bytes(data)
        told += assert_same(path, load_layout(name))
    assert told > 400


def test_columns_by_id(tmp_path: Path) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file("inhance_v2", with_columns(load_layout("inhance_v2"), "by_file_spec_id")))
    assert assert_same(path, load_layout("inhance_v2")) == 31


def test_a_number_in_two_parts_is_left_to_one_reading(tmp_path: Path) -> None:
    path, layout = tmp_path / "bills.bif", load_layout("inhance_v2")
    path.write_bytes(damage(good_file("inhance_v2"), "duplicate-invoice", at=5, layout=layout))
    assert sum(in_parts(path, layout, [cut]) is None for cut in all_cuts(path)) == 1


def test_no_part_begins_where_rows_before_may_belong_to_it(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"FH|\nIH|1\nCR|\nIH|2\nCR|\nID|\nCR|\nIH|3\nID|\nIH|4\n")
    assert all_cuts(path) == [path.read_bytes().index(b"IH|4")]


def test_two_processes(tmp_path: Path) -> None:
    path, layout = tmp_path / "bills.bif", load_layout("inhance_v2")
    data = good_file("inhance_v2").replace(b"|Water|", b"|Water|x", 4)
    path.write_bytes(data)
    one: list[Quarantined] = []
    two: list[Quarantined] = []
    done: list[int] = []
    report = check(path, layout, on_quarantine=one.append, processes=1)
    assert check(path, layout, on_quarantine=two.append, progress=done.append, processes=2) == report
    assert check(str(path), layout, processes=3) == report
    assert one == two != []
    assert done == sorted(done)
    assert done[-1] == len(data)
    path.write_bytes(data + data[data.index(b"IH|") :])  # every number twice
    assert check(path, layout, processes=2) == check(path, layout, processes=1)
    path.write_bytes(b"")
    assert check(path, layout, processes=2).problems[0].rule == "empty-file"


def test_a_small_file_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, layout = tmp_path / "bills.bif", load_layout("inhance_v2")
    path.write_bytes(good_file("inhance_v2"))
    started: list[object] = []
    monkeypatch.setattr(apart, "check_in_parts", lambda *given, **_: started.append(given))
    report = check(path, layout)
    assert not started
    monkeypatch.setattr(checking, "LEAST", 1_000)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert check(path, layout) == report
    assert len(started) == 1
    assert check(path, layout, processes=1) == report
    assert check(path.read_bytes(), layout, processes=2) == report
    monkeypatch.setattr(sys, "executable", "/opt/app/reader")  # a program that Python is built into
    assert check(path, layout) == report
    assert len(started) == 1


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", f"ended with {-signal.SIGKILL}"),
        ("import sys; sys.stdout.write('r'); sys.exit(3)", "ended with 3"),
        ("import sys; sys.stdout.buffer.write(b'p'); sys.exit(0)", "ended with 0"),
        ("print('read me')", "ended with 0"),
        ("import sys; sys.path[:] = []; import partnerlab.contracts", "ended with 1"),
    ],
)
def test_a_process_that_ends_early(start: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file("inhance_v2"))
    monkeypatch.setattr(apart, "START", start)
    aside: list[Quarantined] = []
    with pytest.raises(PartLost, match=why):
        check(path, load_layout("inhance_v2"), on_quarantine=aside.append, processes=2)
    assert not aside


def test_whoever_stops_the_check_ends_the_other_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file("inhance_v2"))
    monkeypatch.setattr(apart, "START", "import time; time.sleep(600)")
    started: list[subprocess.Popen[bytes]] = []
    kept = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *given, **named: started.append(kept(*given, **named)) or started[0]
    )

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(path, load_layout("inhance_v2"), progress=stop, processes=2)
    assert started[0].poll() == -signal.SIGKILL


def test_what_goes_wrong_in_a_part_is_told(tmp_path: Path) -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(pickle.dumps((str(tmp_path / "none"), 0, 9, load_layout("tccs")))), answers)
    assert answers.getvalue()[:1] == b"e"
    assert "FileNotFoundError" in pickle.loads(answers.getvalue()[1:])


def test_a_program_without_a_main_module_checks_in_two_processes(tmp_path: Path) -> None:
    """As an embedded Python, from standard input: nothing of the caller's is run again."""
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file("inhance_v2"))
    code = (
        "from partnerlab.contracts.files import check, load_layout\n"
        f"print(check({str(path)!r}, load_layout('inhance_v2'), processes=2).good, 'once')\n"
    )
    done = subprocess.run([sys.executable, "-"], input=code, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("30 once\n", "")


def run_check(
    path: str | Path, *flags: str, before: str = "", cwd: Path | None = None, stdin: IO[bytes] | None = None
) -> subprocess.CompletedProcess[str]:
    """A program that checks a file in two processes and prints what is good."""
    code = f"import sys; from partnerlab.contracts.files import check, load_layout; {before}\n"
    code += f"print(check({str(path)!r}, load_layout('inhance_v2'), processes=2).good)"
    called = [sys.executable, *flags, "-P", "-c", code]
    return subprocess.run(called, capture_output=True, text=True, check=False, cwd=cwd, stdin=stdin)


@pytest.mark.parametrize("flags", [(), ("-I",)])
def test_the_other_process_imports_nothing_of_the_folder_it_is_started_in(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file("inhance_v2"))
    (tmp_path / "json.py").write_text("raise SystemExit(7)")
    done = run_check(path, *flags, before="from pathlib import Path; sys.path.append(Path('no text'))", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("30\n", "")


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="paths that mean a file of this process alone")
def test_a_path_that_means_another_file_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file("inhance_v2"))
    with path.open("rb") as stream:
        done = run_check("/dev/stdin", stdin=stream)
        assert (done.stdout, done.stderr) == ("30\n", "")
        path.unlink()
        done = run_check("/dev/stdin", stdin=stream)
        assert (done.stdout, done.stderr) == ("30\n", "")


def test_where_no_process_can_be_started_one_checks_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, layout = tmp_path / "bills.bif", load_layout("inhance_v2")
    path.write_bytes(good_file("inhance_v2"))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(subprocess, "Popen", full)
    assert check(path, layout, processes=2) == check(path, layout, processes=1)


def test_a_file_that_another_takes_the_place_of_is_read_again_as_one(tmp_path: Path) -> None:
    """Else the header of one would be counted with the invoices of the other."""
    path, other, layout = tmp_path / "bills.bif", tmp_path / "new.bif", load_layout("inhance_v2")
    path.write_bytes(good_file("inhance_v2"))
    other.write_bytes(good_file("inhance_v2").replace(b"|163.28|", b"|163,28|", 1))
    expected = check(other, layout)
    assert expected.quarantined == 1

    def replaced(_: int) -> None:
        if other.exists():
            other.replace(path)

    assert check(path, layout, progress=replaced, processes=2) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_ctrl_c_is_heard_by_whoever_checks_and_not_by_the_other_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file("inhance_v2"))
    monkeypatch.setattr(apart, "START", f"import os; open({str(tmp_path / 'group')!r}, 'w').write(str(os.getpgid(0)))")
    with pytest.raises(PartLost):
        check(path, load_layout("inhance_v2"), processes=2)
    assert int((tmp_path / "group").read_text()) != os.getpgid(0)


def test_a_process_whose_starter_is_gone_ends_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(good_file("inhance_v2"))
    process = subprocess.Popen(
        [sys.executable, "-c", "from partnerlab.contracts.files.parts import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, complaint = process.communicate(pickle.dumps((str(path), 0, 9, load_layout("tccs"))))
    assert complaint == b""


def test_what_starts_processes_is_loaded_where_it_is_needed() -> None:
    """A process that reads one small file, or none, does not wait for it."""
    code = "import sys, partnerlab.contracts.files; print({'subprocess', 'pickle'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
