"""`python -m tests.pacts`: write the pacts anew, verify the simulators with them, and record that in the matrix."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from partnerlab.contracts.verification.pact.matrix import Row, digest, pact_files, record

HERE = Path(__file__).parent


def main() -> int:
    """The exit code of the first step that failed."""
    os.environ["PARTNERLAB_WRITE_PACTS"] = "1"
    for step in ("test_consumers.py", "test_providers.py"):
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", str(HERE / step)])
        if done.returncode:
            return done.returncode
    today = datetime.now(UTC).date().isoformat()
    for path in pact_files():
        content = path.read_bytes()
        pact = json.loads(content)
        names = (pact["consumer"]["name"], pact["provider"]["name"])
        record(Row(*names, digest(content), version("partnerlab"), holds=True, verified_on=today))
    return 0


sys.exit(main())
