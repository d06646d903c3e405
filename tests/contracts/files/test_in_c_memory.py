"""What the compiled module does to memory: nothing is left behind, no byte outside is read; and which one is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hatch_build
from partnerlab.contracts.files import in_c

ROOT = Path(__file__).resolve().parents[3]


def _run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=280, check=False, cwd=ROOT,
        env={**os.environ, **environment},
    )  # fmt: skip


USE = """
import gc, importlib.util, re, resource, sys
from pathlib import Path
from random import Random
from partnerlab.contracts.files import check, in_c, load_layout, read_bif
from tests.contracts.files.broken import broken_files, good_file
spec = importlib.util.spec_from_file_location("partnerlab.contracts.files._invoices", sys.argv[1])
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
in_c._built = lambda: made
"""


def _use(path: str, program: str, **environment: str) -> str:
    done = _run(USE.replace("sys.argv[1]", repr(path)) + program, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-3000:]
    return done.stdout


LEAKS = """
layout, data = load_layout("inhance_v2"), good_file("inhance_v2")
broken = list(broken_files("inhance_v2", Random(1), 20))
at, end = data.index(b"IH|"), data.index(b"\\nCR|")
refused = [data[:end] + b"x" + data[end:], data[:end].replace(b"/2026|", b"/202x|") + data[end:], data[: end + 9]]
def use(times):
    for _ in range(times):
        assert check(data, layout).good == 30
        for one in broken[:2]:
            check(one, layout)
        read = in_c.invoice_reader(layout)
        for _ in range(50):
            assert [read(one, at) for one in refused] == [None] * 3
        in_c._made.cache_clear()
def peak_kb():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
use(50)
gc.collect()
objects, before = len(gc.get_objects()), peak_kb()
use(TIMES)
gc.collect()
print(len(gc.get_objects()) - objects, peak_kb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the memory of a process")
def test_fifty_thousand_rows_leave_nothing_behind(module: Any) -> None:
    objects, kb = map(int, _use(module.__file__, LEAKS.replace("TIMES", "400")).split())
    assert objects < 50
    assert kb < 1_500  # one lost value of each row would be ten times that


SANITIZED = """
for name in ("inhance_v2", "tccs"):
    layout, data = load_layout(name), good_file(name)
    small = data[: data.index(b"IH|", 3_000)]
    rng = Random(name)
    for at in range(0, len(small)):
        wrong = bytearray(small)
        wrong[at] = rng.choice((*b"|\\n;.-\\x00\\x80\\xff", rng.randrange(256)))
        read = in_c.invoice_reader(layout)
        for place in (small.index(b"IH|"), rng.randrange(len(small) + 1)):
            read(bytes(wrong), place)
            read(bytes(wrong[:at]), min(place, at))
    for one in broken_files(name, rng, 20):
        check(one, layout)
print("read")
"""


@pytest.mark.usefixtures("module")  # which says where there is no compiler
def test_no_byte_outside_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under AddressSanitizer, which comes with gcc, and with Python's own pools off, so that it sees every object."""
    monkeypatch.setenv("CC", "cc -fsanitize=address,undefined -fno-sanitize-recover=all -g")
    (path,) = hatch_build.compile_modules(tmp_path)
    library = subprocess.run(
        ["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()  # fmt: skip
    if not Path(library).is_absolute():
        pytest.skip("this compiler has no AddressSanitizer to load first")
    printed = _use(path, SANITIZED, LD_PRELOAD=library, PYTHONMALLOC="malloc", ASAN_OPTIONS="detect_leaks=0")
    assert printed == "read\n"


@pytest.mark.usefixtures("module")
def test_two_at_once_compile_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second found nothing where it had put its file: the first had taken that for its own, half of it written."""
    run = subprocess.run

    def meanwhile(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(subprocess, "run", run)
        done = run(*args, **options)
        hatch_build.compile_modules(tmp_path)
        return done

    monkeypatch.setattr(subprocess, "run", meanwhile)
    (path,) = hatch_build.compile_modules(tmp_path)
    assert [*tmp_path.iterdir()] == [Path(path)]
    with pytest.raises(hatch_build.NotCompiled, match="nowhere: No such file or directory"):
        hatch_build.compile_modules(tmp_path / "nowhere")


def test_a_module_of_other_sources_is_not_used(module: Any) -> None:
    assert module.INTERFACE == in_c.INTERFACE
    done = _run(
        "import sys, types\n"
        "old = types.ModuleType('partnerlab.contracts.files._invoices'); old.INTERFACE = 0\n"
        "sys.modules[old.__name__] = old\n"
        "from partnerlab.contracts.files import in_c\n"
        "print(in_c.way())"
    )
    assert done.stdout == "bill files are read in pure Python\n", done.stderr
