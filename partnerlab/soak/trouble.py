"""What goes wrong in a soak: faults on the wire, around the commit and in files, receivers that are down, and kills."""

from __future__ import annotations

from partnerlab.simulators.kit.faults.effects import FAULTS
from partnerlab.soak.world import World

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
        kind = dice.choices(("fault", "file", "kill", "receiver"), (55, 10, 30, 5))[0]
        if kind == "kill":
            self.world.kill()
        elif kind == "receiver":
            self.world.refuse_postbacks(dice.randint(1, 3))
            self.world.log("the receiver of postbacks is down")
        elif kind == "file":
            self._fault(dice.choice(HARMLESS_IN_FILES), dice.choice(FILE_OPERATIONS))
        else:
            operation = dice.choice(OPERATIONS)
            names = [name for name in FAULTS if name != "answer-twice" or operation not in DOUBLES]
            self._fault(dice.choice(names), operation)

    def end(self) -> None:
        """No more of it."""
        self.world.calm()
        self.world.log("the trouble is over")

    def _fault(self, name: str, operation: str) -> None:
        count = self.world.dice.randint(1, 2)
        self.world.fault(name, operation, count)
        self.world.log(f"fault {name} on {operation}, {count} times")
