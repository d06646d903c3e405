"""kill -9 of the Payment job of inHance v1 at random steps: each payment is entered once. INH1-PAY-5"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from partnerlab.simulators.kit.world.store import Store
from tests.partnerlab.jobs.test_payments_once import problems
from tests.partnerlab.jobs.utility import UtilityWorld

pytestmark = pytest.mark.durability

KILLS = int(os.environ.get("PARTNERLAB_KILLS", "3"))
"""More of them where somebody wants to know: `PARTNERLAB_KILLS=200`."""


def fork_and_kill(*arguments: object) -> dict[str, Any]:
    """What `tests.durability.forker` did."""
    command = [sys.executable, "-m", "tests.durability.forker", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + 5 * KILLS, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_each_payment_is_entered_once_when_the_job_is_killed(tmp_path: Path) -> None:
    database = tmp_path / "utility.db"
    world = UtilityWorld(Store(f"sqlite:///{database}"))
    world.inhance.world.downloads.choose(world.lane, "live")
    world.close()
    told = fork_and_kill("payments", database, KILLS)
    world = UtilityWorld(Store(f"sqlite:///{database}"))
    assert (problems(world, told["paid"]), told["killed"]) == ([], KILLS)
    world.close()
    sys.stdout.write(f"{told['killed']} of {told['runs']} jobs killed, {len(told['paid'])} payments\n")
