"""A process that runs the Payment job of inHance v1 once over a database file, five payments to a transaction."""

from __future__ import annotations

import sys

from partnerlab.client.jobs import payments
from partnerlab.simulators.kit.world.store import Store
from tests.partnerlab.jobs.utility import UtilityWorld

if __name__ == "__main__":
    payments.PAGE = 5
    world = UtilityWorld(Store(f"sqlite:///{sys.argv[1]}"))
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    sys.stdout.write(world.run("payments"))
    world.close()
