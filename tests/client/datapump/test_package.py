"""The package: its public names, and what importing it imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_importing_the_pump_imports_nothing_heavy() -> None:
    code = (
        "import partnerlab.client.datapump, sys\n"
        "print([m for m in ('dbos', 'sqlalchemy', 'flask', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    code = "import partnerlab.client.datapump as d; d.DataPump; import sys; print('dbos' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_public_name_is_there() -> None:
    import partnerlab.client.datapump as package

    assert sorted(package.__all__) == package.__all__
    assert set(package._HOMES) == set(package.__all__)
    for name in package.__all__:
        assert getattr(package, name)
    with pytest.raises(AttributeError):
        getattr(package, "nothing")  # noqa: B009  the lookup is the test


def test_only_the_durable_engine_and_what_checks_it_import_dbos() -> None:
    import partnerlab.client.datapump

    [folder] = partnerlab.client.datapump.__path__
    users = [
        path.name for path in Path(folder).rglob("*.py") if "import dbos" in (t := path.read_text()) or "from dbos" in t
    ]
    assert sorted(users) == ["durable.py", "installed.py"]
