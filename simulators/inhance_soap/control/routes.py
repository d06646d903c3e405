"""What `contracts/inhance_soap/control.yaml` describes, an operation a method; values come as the contract has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from partnerlab.contracts.files import InvoiceGroup, load_layout, read_bif
from partnerlab.simulators.inhance_soap.control.views import (
    account_detail,
    account_summary,
    listed_bill_view,
    payment_view,
)
from partnerlab.simulators.inhance_soap.domain.accounts import Account, read_account_number
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.money import read_cents
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.control.controls import loaded
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["UtilityRoutes"]

Json = dict[str, Any]

DUE_AFTER = timedelta(days=30)


class UtilityRoutes:
    """Accounts seen, opened, changed, billed and loaded from an invoice file; payments listed."""

    def __init__(self, world: World) -> None:
        self._ledger, self._world = world.ledger, world

    def list_utility_accounts(
        self, request: Request, limit: int, after: str, text: str, account_number: str = "", integration: str = ""
    ) -> Json:
        found = self._ledger.accounts(
            request.lane, account_number=account_number, integration=integration, text=text, after=after, limit=limit
        )
        last = found[-1][0].number if len(found) == limit else None
        return {"accounts": [account_summary(account, balances) for account, balances in found], "next": last}

    def get_utility_account(self, request: Request, account_number: str) -> Json:
        return account_detail(self._ledger.view(request.lane, account_number))

    def put_utility_account(self, request: Request, account_number: str, **changes: Any) -> tuple[Json, int]:
        def change(account: Account) -> Account:
            return replace(account, **changes)

        if "phone" in changes:
            changes["phone"] = changes["phone"] or None
        view, is_new = self._ledger.put_account(request.lane, self._cause(request), account_number, change)
        return account_detail(view), 201 if is_new else 200

    def bill_utility_account(
        self,
        request: Request,
        account_number: str,
        invoice_number: str,
        amount: int,
        billed_on: date | None = None,
        due_on: date | None = None,
    ) -> Json:
        billed_on = billed_on or self._world.days.of(request.lane.now())
        bill = Bill(invoice_number, billed_on, due_on or billed_on + DUE_AFTER, amount, amount)
        return account_detail(self._ledger.bill(request.lane, self._cause(request), account_number, bill))

    def return_utility_payment(self, request: Request, account_number: str, number: int, clerk: str) -> Json:
        return account_detail(
            self._ledger.return_payment(request.lane, self._cause(request), account_number, number, clerk=clerk)
        )

    def list_utility_bills(self, request: Request, after: str, limit: int) -> Json:
        found, last = self._ledger.bills(request.lane, after=after, limit=limit)
        return {"bills": [listed_bill_view(one) for one in found], "next": last}

    def list_utility_payments(
        self,
        request: Request,
        duplicates: bool,
        limit: int,
        offset: int,
        account_number: str | None = None,
        reference: str | None = None,
    ) -> Json:
        found = self._ledger.payments(
            request.lane,
            account_number=account_number,
            reference=reference,
            duplicates_only=duplicates,
            limit=limit,
            offset=offset,
        )
        return {"payments": [payment_view(one) for one in found]}

    def load_utility_accounts(self, request: Request, strict: bool, body: bytes) -> Json:
        reading = read_bif(body, load_layout("inhance_v2"), strict=strict)
        count = self._ledger.load(request.lane, self._cause(request), (_invoice(group) for group in reading))
        return loaded(count, reading.report)

    def _cause(self, request: Request) -> Cause:
        return self._world.cause(request.id, request.lane)


def _invoice(group: InvoiceGroup) -> tuple[Account, Bill]:
    """An invoice group of the file; BalanceDue is what is open, TotalAmountDue where it is not given."""
    invoice, customer = group.invoice, group.customer
    amount = invoice.TotalAmountDue if invoice.BalanceDue is None else invoice.BalanceDue
    cents = read_cents("BalanceDue", amount)
    return (
        Account(
            number=read_account_number("AccountNumber", customer.AccountNumber),
            customer_name=customer.CustomerName,
            email=customer.EmailAddress or None,
            phone=customer.Phone or None,
            autopay=bool(invoice.Custom5),
            address1=customer.Address1,
            address2=customer.Address2,
            city=customer.City,
            state=customer.State,
            zip=customer.Zip,
        ),
        Bill(invoice.InvoiceNumber, invoice.InvoiceDate, invoice.InvoiceDueDate, cents, cents),
    )
