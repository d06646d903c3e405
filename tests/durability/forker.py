"""
Runs something again and again in a process of its own, until so many runs were killed with SIGKILL at a random step.

    python -m tests.durability.forker export URL FOLDER KILLS        `partnerlab export payments` against a sandbox
    python -m tests.durability.forker payments DATABASE KILLS        the Payment job of inHance v1

A child is forked from a process that has imported everything, and dies at the n-th call of a function, Python's or C's:
before or after each of its system calls, however busy the machine is. Payments come between the runs; the last run is
left alone. What happened is printed as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import httpx

from partnerlab.cli import main
from partnerlab.client.jobs import payments as payment_job
from partnerlab.simulators.kit.world.store import Store
from tests.partnerlab.jobs.test_payments_once import ACCOUNT
from tests.partnerlab.jobs.utility import UtilityWorld

SEED = 20261127
Pay = Callable[[int], list[str]]
Prepare = Callable[[], Callable[[], object]]


class Counted:
    """Calls of functions and returns from them; at the one that is *last* the process dies."""

    def __init__(self, last: int) -> None:
        self.steps, self.last = 0, last

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        self.steps += 1
        if self.steps == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def forked(prepare: Prepare, last: int = 0) -> int:
    """Do in a child what *prepare* gives; it dies at its step *last*. How many steps it had; 0 where it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
            work, counted = prepare(), Counted(last)
            sys.setprofile(counted)
            work()
            sys.setprofile(None)
            os.write(writer, str(counted.steps).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with open(reader) as told:
        steps = int(told.read() or "0")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return 0
    assert os.WEXITSTATUS(status) == 0, "a run that was left alone failed"
    return steps


def many(prepare: Prepare, pay: Pay, kills: int) -> dict[str, object]:
    """Pay, run, kill. A run that has less to do than another may end before its step comes: it is no kill."""
    dice, paid, killed, runs = random.Random(SEED), pay(5), 0, 0
    whole = forked(prepare)
    while killed < kills and runs < 5 * kills:
        paid += pay(dice.choice((0, 1, 1, 2, 12)))
        steps = forked(prepare, dice.randrange(1, whole))
        whole, killed, runs = max(whole, steps), killed + (not steps), runs + 1
    forked(prepare)
    return {"runs": runs, "killed": killed, "paid": paid}


def exporting(url: str, folder: str, kills: int) -> dict[str, object]:
    biller = httpx.get(f"{url}/_sandbox/ic/billers").json()["billers"]
    guid = next(one["guid"] for one in biller if one["partner"] == "watersmart")
    order = {
        "account_number": "20000202",
        "amount": "0.01",
        "tender": "credit_card",
        "card_number": "4111111111111111",
        "donation": "standalone",
        "biller_guid": guid,
    }

    def pay(number: int) -> list[str]:
        with httpx.Client(timeout=60) as client:
            return [
                client.post(f"{url}/_sandbox/ic/payments", json=order).json()["payment_guid"] for _ in range(number)
            ]

    arguments = ["export", "payments", "--biller", "watersmart", "--out", folder, "--url", url]
    return many(lambda: partial(main, arguments, standalone_mode=False), pay, kills)


def downloading(database: str, kills: int) -> dict[str, object]:
    payment_job.PAGE = 5
    cents = iter(range(1, 10**6))

    def pay(number: int) -> list[str]:
        world = UtilityWorld(Store(f"sqlite:///{database}"))
        paid = [world.pay(ACCOUNT, next(cents), donation="standalone") for _ in range(number)]
        world.close()
        return paid

    def prepare() -> Callable[[], object]:
        world = UtilityWorld(Store(f"sqlite:///{database}"))
        return lambda: world.run("payments")

    return many(prepare, pay, kills)


if __name__ == "__main__":
    what, where, *folder, kills = sys.argv[1:]
    told = exporting(where, folder[0], int(kills)) if what == "export" else downloading(where, int(kills))
    sys.stdout.write(json.dumps(told))
