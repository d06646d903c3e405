"""Spyne behind its door: it imports quietly on every supported Python, keeps silent, and is imported nowhere else."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def test_it_imports_without_a_warning() -> None:
    code = "import partnerlab.simulators.kit.asmx.spyne_compat as s; assert s.ServiceBase and s.Wsdl11"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_its_loggers_which_would_write_payloads_are_silent() -> None:
    import partnerlab.simulators.kit.asmx.spyne_compat

    assert partnerlab.simulators.kit.asmx.spyne_compat.ServiceBase
    for name in ("spyne", "spyne.protocol.xml", "spyne.application.server"):
        assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL)


def test_nobody_else_imports_it() -> None:
    imports = re.compile(r"^\s*(?:from|import) spyne\b", re.MULTILINE)
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ("client", "contracts", "generators", "partnerlab", "simulators")
        for path in (ROOT / room).rglob("*.py")
        if imports.search(path.read_text("utf-8"))
    }
    assert found == {"simulators/kit/asmx/spyne_compat.py"}
