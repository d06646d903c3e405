"""From the rows of a bill file to invoices and customers; partners' files differ in which of the fields they have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from partnerlab.contracts.files import InvoiceGroup, Layout, Row
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.invoices import OPEN, PAID, Invoice, Line
from partnerlab.simulators.ic_webservices.domain.money import cents

__all__ = ["customer_fields", "customer_of_row", "invoice_of_group"]

_CUSTOMER_FIELDS = {
    "CustomerName": "customer_name",
    "Address1": "address1",
    "Address2": "address2",
    "City": "city",
    "State": "state",
    "Zip": "zip",
    "Phone": "phone",
    "EmailAddress": "email_address",
    "RegistrationValue": "registration_value",
    "DisplayAccountNumber": "display_account_number",
}
_CUSTOMER_FLAGS = {"BlockPaymentsCC": "block_payments_cc", "BlockPaymentsEFT": "block_payments_eft"}
_INVOICE_FIELDS = frozenset(
    (
        "RowType",
        "RecordType",
        "InvoiceFormatGuid",
        "InvoiceNumber",
        "InvoiceDate",
        "InvoiceDueDate",
        "TotalAmountDue",
        "AllowPartialPayments",
        "MinimumAmountDue",
        "BalanceDue",
        "BalanceForward",
        "InvoiceTypeID",
        "AutoPayCollectionDate",
        "FirstNotifyRequestedDate",
        "SecondNotifyRequestedDate",
        "ThirdNotifyRequestedDate",
        "LateFeeAmount",
        "LateFeeDate",
        "ApplyLateFeeIfNoPaymentsOnly",
        "PaymentExpirationDate",
        "PaymentExpirationMessage",
    )
)


NO_LINE = Line("", None)
"""What an ID record says that holds its row type only, as WaterSmart's do."""


def customer_of_row(biller: Biller, row: Row) -> Customer:
    """The customer in a CR row, without a number of ours."""
    values: dict[str, Any] = {own: getattr(row, name, "") or "" for name, own in _CUSTOMER_FIELDS.items()}
    values |= {own: bool(getattr(row, name, False)) for name, own in _CUSTOMER_FLAGS.items()}
    return Customer(biller.guid, row.AccountNumber, customer_id="", **values)


def customer_fields(layout: Layout) -> frozenset[str]:
    """Which fields of a customer the bill files of that layout have, by their names here."""
    own = {**_CUSTOMER_FIELDS, **_CUSTOMER_FLAGS}
    return frozenset(own[field.name] for field in layout.record("CR").named if field.name in own)


def invoice_of_group(biller: Biller, group: InvoiceGroup) -> Invoice:
    """
    The invoice in an IH row and its ID rows.

    Of a layout without BalanceDue the MinimumAmountDue is due, which for TCCS is the billed part, as `Record bal` is
    (assumed [A-75]), but not more than TotalAmountDue: a term with a credit has a minimum of zero. Where the field is
    empty, the whole TotalAmountDue is due (assumed [A-36]).

    What has no place of its own stays in `fields`, as text.
    """
    row = group.invoice
    total = cents(row.TotalAmountDue, "TotalAmountDue")
    minimum = getattr(row, "MinimumAmountDue", None)
    name = "BalanceDue" if hasattr(row, "BalanceDue") else "MinimumAmountDue"
    stated = getattr(row, name, None)
    due = total if stated is None else cents(stated, name)
    if name == "MinimumAmountDue":
        due = min(due, total)
    late_fee = getattr(row, "LateFeeAmount", None)
    return Invoice(
        biller_guid=biller.guid,
        invoice_number=row.InvoiceNumber,
        account_number=group.customer.AccountNumber,
        invoice_date=row.InvoiceDate,
        invoice_due_date=row.InvoiceDueDate,
        total_amount_due_cents=total,
        balance_due_cents=due,
        minimum_amount_due_cents=0 if minimum is None else cents(minimum, "MinimumAmountDue"),
        allow_partial_payments=bool(getattr(row, "AllowPartialPayments", False)),
        balance_forward=bool(getattr(row, "BalanceForward", False)),
        autopay_collection_date=getattr(row, "AutoPayCollectionDate", None),
        first_notify_requested_date=getattr(row, "FirstNotifyRequestedDate", None),
        second_notify_requested_date=getattr(row, "SecondNotifyRequestedDate", None),
        third_notify_requested_date=getattr(row, "ThirdNotifyRequestedDate", None),
        invoice_type_id=str(row.InvoiceTypeID),
        invoice_format_guid=row.InvoiceFormatGuid,
        status=OPEN if due > 0 else PAID,
        late_fee_cents=0 if late_fee is None else cents(late_fee, "LateFeeAmount"),
        late_fee_if_unpaid=bool(getattr(row, "ApplyLateFeeIfNoPaymentsOnly", False)),
        late_fee_on=getattr(row, "LateFeeDate", None),
        payment_expires_on=getattr(row, "PaymentExpirationDate", None),
        payment_expiration_message=getattr(row, "PaymentExpirationMessage", "") or "",
        fields=_texts(row, _INVOICE_FIELDS),
        lines=tuple(line for line in map(_line, group.details) if line != NO_LINE),
    )


def _line(row: Row) -> Line:
    taken = frozenset(("RowType", "Description", "LineItemTotal"))
    return Line(getattr(row, "Description", "") or "", getattr(row, "LineItemTotal", None), _texts(row, taken))


def _texts(row: Row, but: frozenset[str]) -> Mapping[str, str]:
    """The row's other fields that are not empty, as text."""
    return {
        name: _text(value) for name, value in row._asdict().items() if name not in but and value not in ("", None, ())
    }


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ";".join("" if one is None else _text(one) for one in value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.isoformat() if isinstance(value, date) else str(value)
