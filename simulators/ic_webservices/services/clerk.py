"""
What a biller's clerk enters in the biller portal: payments taken over the counter, and ways to pay that are blocked.

Source: WaterSmart, Payment/Lockbox File, BillerReference, Offline and CheckNumber; inHance v1, Features, Block Payment.
"""

from __future__ import annotations

from dataclasses import replace

from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.payments import OFFLINE_TENDERS, Order, Payment
from partnerlab.simulators.ic_webservices.services.cards import refuse_card_number
from partnerlab.simulators.ic_webservices.services.cashier import Cashier
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, customer_of
from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store

__all__ = ["Clerk"]


class Clerk:
    """Clerks of every biller."""

    def __init__(self, store: Store, cashier: Cashier) -> None:
        self.store, self.cashier = store, cashier

    def enter(
        self, lane: Lane, biller_guid: str, order: Order, *, payment_guid: str = "", cause: str
    ) -> tuple[Payment, bool]:
        """
        Enter a payment by check or in cash, any part of what is owed: it lowers the balance and moves no money.

        It stands in the payment file with Offline `True` and is no event of the data pump (assumed [A-101]). Returns
        the payment and whether it is new; the same *payment_guid* again gives the one that stands.

        Raises:
            NotFound: The biller, the account or the invoice.
            ValueRefused: It is paid with something else, or a card number stands in a text.
            PaymentRefused: Nothing, or less, is owed.
            Conflict: A payment of that GUID stands and differs.
        """
        if not order.offline:
            raise ValueRefused("tender", order.tender, f"is one of {', '.join(OFFLINE_TENDERS)}")
        for name in ("biller_reference", "check_number", "location_reference"):
            refuse_card_number(name, getattr(order, name))
        return self.cashier.pay(lane, biller_guid, order, payment_guid=payment_guid, cause=cause)

    def block(
        self, lane: Lane, biller_guid: str, account_number: str, *, cards: bool | None, bank: bool | None
    ) -> Customer:
        """
        Block payments by card or from a bank account, or allow them again; None leaves it.

        Where the partner's invoice file has the two flags, its next one decides again. Raises `NotFound`.
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            customer = customer_of(tx, lane, biller, account_number)
            customer = replace(
                customer,
                block_payments_cc=customer.block_payments_cc if cards is None else cards,
                block_payments_eft=customer.block_payments_eft if bank is None else bank,
            )
            CUSTOMERS.put(tx, lane.name, customer)
            return customer
