"""Joins settings, store, clock and wire to a simulator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from partnerlab.contracts.data import read_bytes
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.ledger import Ledger
from partnerlab.simulators.inhance_soap.seeds import seed_accounts
from partnerlab.simulators.inhance_soap.store import Cause
from partnerlab.simulators.inhance_soap.wire.operations import declare
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Due, Simulator
from partnerlab.simulators.kit.world.store import Store, Tx

if TYPE_CHECKING:
    from flask import Blueprint

__all__ = ["Settings", "create_simulator"]

WSDL_NAMESPACE = "http://tempuri.org/"


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """
    What can be set of the utility.

    `namespace` is the target namespace of its service [A-2]; `duplicates` says whether a payment reference posted
    twice is flagged (as a partner without a check would post it) or refused.
    """

    path: str = "/iCloud/iCloud.asmx"
    key: str = "11111111-1111-4111-8111-111111111111"
    namespace: str = WSDL_NAMESPACE
    duplicates: Literal["flag", "refuse"] = "flag"

    def __repr__(self) -> str:
        return f"Settings(path={self.path!r}, namespace={self.namespace!r}, duplicates={self.duplicates!r})"


def create_simulator(settings: Settings, store: Store, lanes: Lanes) -> Simulator:  # noqa: ARG001 - each simulator's form
    """The utility over *store*; nothing is shared with another one over another store."""
    ledger = Ledger(store, duplicates=settings.duplicates)
    wsdl = read_bytes("inhance_soap/iCloud.wsdl")
    if settings.namespace != WSDL_NAMESPACE:
        wsdl = wsdl.replace(WSDL_NAMESPACE.encode(), settings.namespace.encode())
    door = AsmxService(
        name="inhance",
        service=declare(ledger, settings.key),
        namespace=settings.namespace,
        wsdl=wsdl,
        inline=store.sqlite,  # a call is microseconds there; a database server may keep the event loop waiting
    )

    def seed(tx: Tx, lane: Lane) -> None:
        now = lane.now()
        ledger.seed(tx, lane, seed_accounts(now.date()), Cause("seed", now))

    def control() -> Blueprint:
        from partnerlab.simulators.inhance_soap.control import make_blueprint

        return make_blueprint(ledger)

    def due(lane: Lane, until: datetime) -> Iterable[Due]:
        for account_number, bill in ledger.unbilled(lane, until):
            yield _due(ledger, lane, account_number, bill)

    return Simulator(
        name="inhance",
        doors={settings.path: door},
        seed=seed,
        control=control,
        control_contract="inhance_soap/control.yaml",
        due=due,
    )


def _due(ledger: Ledger, lane: Lane, account_number: str, bill: Bill) -> Due:
    at = datetime.combine(bill.billed_on, datetime.min.time(), lane.now().tzinfo)
    return Due(
        at,
        f"inHance bills invoice {bill.invoice_number}",
        lambda: ledger.bill_due(lane, Cause("clock", at), account_number, bill),
    )
