"""What goes wrong in a soak: faults on the wire, around the commit and in files, receivers that are down, and kills."""

from __future__ import annotations

from partnerlab.simulators.kit.faults.effects import FAULTS
from partnerlab.soak.wire import AFTER, BEFORE, NEVER
from partnerlab.soak.world import LANE, World

__all__ = ["Trouble"]

OPERATIONS = (
    *("MakePaymentExtended", "BalanceCheck", "SetPaperless", "SetAutopay"),
    *("Pay_Input", "ARState_Output", "Insufficient_Pay_Report", "Paperless_Bill", "Recurring_Pay"),
    *("UploadInvoiceFile", "SetInvoiceBalance", "ExportPayments", "ExportCustomerChanges"),
)
DOUBLES = ("MakePaymentExtended", "Insufficient_Pay_Report")
"""Operations that nothing marks as the same: handled twice by a proxy, they are two, whatever a client does."""
FILE_OPERATIONS, HARMLESS_IN_FILES = ("ICPayments", "ICRejects", "ICChangeLog"), ("line-twice", "batch-twice")
"""A hole in a file loses money whatever a client does; what comes twice must not count twice."""


class Trouble:
    """Makes trouble by the world's dice."""

    def __init__(self, world: World) -> None:
        self.world = world

    def strike(self) -> None:
        """One thing more that will go wrong."""
        dice = self.world.dice
        kind = dice.choices(("fault", "file", "kill", "offer", "receiver"), (55, 10, 20, 10, 5))[0]
        if kind == "offer":
            self.world.dies_offering = dice.choice((BEFORE, AFTER))
            said = self.world.dies_offering.replace("the call", "it offers its next event")
            self.world.log(f"Invoice Cloud will be killed {said}")
        elif kind == "kill":
            self.world.wire.dies = dice.choice((BEFORE, AFTER))
            self.world.log(f"the next caller will be killed {self.world.wire.dies}")
        elif kind == "receiver":
            self.world.receiver_is_down += dice.randint(1, 3)
            self.world.log("the receiver of postbacks is down")
        elif kind == "file":
            self._fault(dice.choice(HARMLESS_IN_FILES), dice.choice(FILE_OPERATIONS))
        else:
            operation = dice.choice(OPERATIONS)
            names = [name for name in FAULTS if name != "answer-twice" or operation not in DOUBLES]
            self._fault(dice.choice(names), operation)

    def end(self) -> None:
        """No more of it."""
        self.world.sandbox.faults.clear(LANE)
        self.world.wire.dies, self.world.dies_offering, self.world.receiver_is_down = NEVER, NEVER, 0
        self.world.log("the trouble is over")

    def _fault(self, name: str, operation: str) -> None:
        count = self.world.dice.randint(1, 2)
        self.world.sandbox.faults.add(LANE, name, operation=operation, count=count)
        self.world.log(f"fault {name} on {operation}, {count} times")
