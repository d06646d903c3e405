"""
Runs something again and again in a process of its own, most of them killed with SIGKILL at a random moment.

    python -m tests.durability.forker export URL FOLDER RUNS        `partnerlab export payments` against a sandbox
    python -m tests.durability.forker payments DATABASE RUNS        the Payment job of inHance v1

A child is forked from a process that has imported everything, so that the kill falls into the work and not into the
start. Payments come between the runs; the last run is left alone. What happened is printed as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable

import httpx

from partnerlab.cli import main
from partnerlab.client.jobs import payments as payment_job
from partnerlab.simulators.kit.world.store import Store
from tests.partnerlab.jobs.test_payments_once import ACCOUNT
from tests.partnerlab.jobs.utility import UtilityWorld

SEED = 20261127
Pay = Callable[[int], list[str]]


def forked(work: Callable[[], object], after_s: float | None) -> bool:
    """Do it in a child and kill that after so long; whether it was killed before it was done."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
            work()
            code = 0
        finally:
            os._exit(code)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "a run that was left alone failed"
    return False


def many(work: Callable[[], object], pay: Pay, runs: int) -> dict[str, object]:
    """Pay, run, kill."""
    dice, paid, killed = random.Random(SEED), pay(5), 0
    started = time.monotonic()
    forked(work, None)
    whole_s = time.monotonic() - started
    for _ in range(runs):
        paid += pay(dice.choice((0, 1, 1, 2, 12)))
        killed += forked(work, dice.uniform(0, 1.3 * whole_s))
    forked(work, None)
    return {"runs": runs, "killed": killed, "paid": paid}


def exporting(url: str, folder: str, runs: int) -> dict[str, object]:
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
    return many(lambda: main(arguments, standalone_mode=False), pay, runs)


def downloading(database: str, runs: int) -> dict[str, object]:
    payment_job.PAGE = 5
    cents = iter(range(1, 10**6))

    def pay(number: int) -> list[str]:
        world = UtilityWorld(Store(f"sqlite:///{database}"))
        paid = [world.pay(ACCOUNT, next(cents), donation="standalone") for _ in range(number)]
        world.close()
        return paid

    def work() -> None:
        world = UtilityWorld(Store(f"sqlite:///{database}"))
        world.run("payments")
        world.close()

    return many(work, pay, runs)


if __name__ == "__main__":
    what, where, *folder, many_runs = sys.argv[1:]
    told = exporting(where, folder[0], int(many_runs)) if what == "export" else downloading(where, int(many_runs))
    sys.stdout.write(json.dumps(told))
