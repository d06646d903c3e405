"""
The operations of Harris inHance v2's `iCloud.asmx`, each declared once.

Names and casing are the source's own and differ between operations (`WebServiceKey` here, `WebserviceKey` there).
Called, an operation raises `RequestInvalid`; its answer, read, raises `PartnerFault` where the partner refuses,
`TransportError` where a server or gateway gave no answer, `ProtocolError` where the answer breaks the contract.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ParamSpec, TypeVar

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http.request import HttpRequest, HttpResponse
from partnerlab.client.inhance.models import Acknowledgement, Balance
from partnerlab.client.inhance.rules import KNOWN, Conventions
from partnerlab.client.wire.fields import KNOWN_SHAPES, AnswerShapes, Fields
from partnerlab.client.wire.kinds import Amount, DateTime, Integer, OnOff, Text
from partnerlab.client.wire.operation import Operation, Sent, model_reader
from partnerlab.client.wire.soap import Service, SoapVersion, build
from partnerlab.client.wire.soap_answer import read
from partnerlab.client.wire.values import MAX_TEXT
from partnerlab.contracts.masking import MASK, mask
from partnerlab.contracts.records import dataclass

__all__ = [
    "NAMESPACE",
    "OPERATIONS",
    "Endpoint",
    "balance_check",
    "make_payment",
    "set_autopay",
    "set_email",
    "set_paperless",
]

P = ParamSpec("P")
T = TypeVar("T")

NAMESPACE = "http://tempuri.org/"
"""The default of ASMX (assumed [A-2]); a biller's own stands in its setting `soap_namespace`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    A biller's `iCloud.asmx`: its address, the web service key, the namespace, and `soap` `1.1` or `1.2`.

    `shapes` are what its answers may look like beside the known shape, `conventions` what marks a conveyed account.
    """

    url: str
    key: str = field(repr=False)
    namespace: str = NAMESPACE
    soap: SoapVersion = "1.1"
    shapes: AnswerShapes = field(default=KNOWN_SHAPES, repr=False, compare=False)
    conventions: Conventions = field(default=KNOWN, repr=False, compare=False)
    service: Service = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.key.strip() or len(self.key) > MAX_TEXT:
            raise RequestInvalid("WebServiceKey", MASK, f"must have 1 to {MAX_TEXT} characters")
        object.__setattr__(self, "service", Service(self.url, self.namespace, self.soap))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may show."""
        return (self.key,)

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r}, key={mask(self.key)!r}, namespace={self.namespace!r}, soap={self.soap!r})"


@dataclass(frozen=True, slots=True)
class _Door:
    """`iCloud.asmx`: the key is the last parameter of every operation. `plain` drops the mark of a conveyed account."""

    key: str
    plain: bool = False

    def request(self, endpoint: Endpoint, name: str, values: dict[str, Sent], secrets: tuple[str, ...]) -> HttpRequest:
        if self.plain:
            values["Accountnumber"] = endpoint.conventions.plain(str(values["Accountnumber"]))
        values[self.key] = endpoint.key
        return build(endpoint.service, name, values, secrets=(endpoint.key, *secrets))

    def fields(self, endpoint: Endpoint, name: str, response: HttpResponse, secrets: tuple[str, ...]) -> Fields:
        return read(endpoint.service, name, response, secrets=secrets, shapes=endpoint.shapes)


def _operation(
    name: str, reads: Callable[[Fields], T], *, key: str = "WebserviceKey", plain: bool = False
) -> Callable[[Callable[P, None]], Operation[P, T]]:
    return lambda declared: Operation(declared, name, _Door(key, plain), reads)


ACKNOWLEDGED = model_reader(Acknowledgement)


@_operation("BalanceCheck", model_reader(Balance), key="WebServiceKey")
def balance_check(
    endpoint: Endpoint,
    account_number: Annotated[str, Text("AccountNumber")],
    last_invoice_number: Annotated[int, Integer("LastInvoiceNumber")],
) -> None:
    """
    The account's balances. *last_invoice_number* as `rules.last_invoice_number` gives it.

    Source: Details, RTDR: Balance Updates.
    """


@_operation("MakePaymentExtended", ACKNOWLEDGED)
def make_payment(
    endpoint: Endpoint,
    *,
    account_number: Annotated[str, Text("AccountNumber")],
    payment_date: Annotated[datetime, DateTime("PaymentDate")],
    payment_reference: Annotated[str, Text("PaymentReference")],
    document_number: Annotated[str, Text("DocumentNumber", required=False)],
    payment_type_desc: Annotated[str, Text("PaymentTypeDesc")],
    amount: Annotated[Decimal, Amount("PaymentAmount")],
    convenience_fee: Annotated[Decimal, Amount("ConvenienceFee", zero=True)] = Decimal(0),
) -> None:
    """
    Post a payment of an invoice or a donation; that it is posted (the answer's shape is assumed [A-1]).

    Args:
        account_number: As it stands, a conveyed account's too.
        payment_date: In the biller's zone; see `values.render_date_time`.
        payment_reference: What tells the payment; the partner reports one it has seen before.
        document_number: May be empty.
        payment_type_desc: As `rules.payment_type_desc` gives it.
        amount: US dollars in whole cents, above zero, without the fee.
        convenience_fee: US dollars in whole cents, not negative.
    Source: Details, Data Pump: Payments.
    """


@_operation("SetPaperless", ACKNOWLEDGED, plain=True)
def set_paperless(
    endpoint: Endpoint,
    account_number: Annotated[str, Text("Accountnumber")],
    on: Annotated[bool, OnOff("PaperlessOnOff")],
) -> None:
    """Paperless on or off; a conveyed account goes by its plain number. Source: Data Pump: Paperless Enrollment."""


@_operation("SetAutopay", ACKNOWLEDGED, plain=True)
def set_autopay(
    endpoint: Endpoint,
    account_number: Annotated[str, Text("Accountnumber")],
    on: Annotated[bool, OnOff("AutoPayOnOff")],
) -> None:
    """AutoPay on or off; a conveyed account goes by its plain number. Source: Data Pump: AutoPay Enrollment."""


@_operation("SetEmail", ACKNOWLEDGED)
def set_email(
    endpoint: Endpoint,
    account_number: Annotated[str, Text("Accountnumber")],
    new_email: Annotated[str, Text("NewEmail")],
) -> None:
    """Tell a changed e-mail address, the account number as it stands. Source: Details, Data Pump: Set Email."""


OPERATIONS = (balance_check, make_payment, set_paperless, set_autopay, set_email)
