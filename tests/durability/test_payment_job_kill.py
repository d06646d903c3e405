"""kill -9 of the Payment job of inHance v1, a few times: each payment is entered once. INH1-PAY-5"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from partnerlab.simulators.kit.world.store import Store
from tests.partnerlab.jobs.test_payments_once import ACCOUNT, problems
from tests.partnerlab.jobs.utility import UtilityWorld

pytestmark = [pytest.mark.durability, pytest.mark.xdist_group("durability")]

PAYMENTS, KILLS = 300, 3


def start(database: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.durability.payment_job", str(database)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "begins\n"
    return child


def test_each_payment_is_entered_once_when_the_job_is_killed(tmp_path: Path) -> None:
    dice, database = random.Random(20261127), tmp_path / "utility.db"
    world = UtilityWorld(Store(f"sqlite:///{database}"))
    world.inhance.world.downloads.choose(world.lane, "live")
    paid = [world.pay(ACCOUNT, 1 + number, donation="standalone") for number in range(PAYMENTS)]
    world.close()
    for _ in range(KILLS):
        child = start(database)
        time.sleep(dice.uniform(0.02, 0.4))  # where it dies, not whether the books are right after it
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    last = start(database)
    said, _ = last.communicate(timeout=60)
    assert said == "nothing new" or said.endswith("downloaded")
    world = UtilityWorld(Store(f"sqlite:///{database}"))
    assert problems(world, paid) == []
    world.close()
