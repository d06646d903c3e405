"""
Real-time data retrieval: a partner's balance answer, and what it changes on Invoice Cloud's side.

It never fails the payer: whatever the partner or the network does, `refresh` returns, and an update that carries a
problem changes nothing. A partner is one row of `ENQUIRIES`, by which the data pump asks, too.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from partnerlab.client import inhance, tccs
from partnerlab.client.errors import ClientError, RequestInvalid, redact
from partnerlab.client.http import AsyncSend, HttpRequest, HttpResponse, Send
from partnerlab.client.inhance import operations as inhance_operations
from partnerlab.client.settings import Biller
from partnerlab.client.tccs import operations as tccs_operations
from partnerlab.client.tccs.answer import TCCS_SHAPES
from partnerlab.client.wire.fields import AnswerShapes

__all__ = ["ENQUIRIES", "BalanceUpdate", "Enquiry", "Owed", "refresh", "refresh_async"]

log = logging.getLogger("partnerlab.client")

_EMAIL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+")


@dataclass(frozen=True, slots=True)
class BalanceUpdate:
    """
    What to change: `None` leaves a value as it is. Amounts are US dollars with two decimals.

    With a `problem` (for the record, not for the payer) all three are `None`.
    """

    balance_due: Decimal | None = None
    total_amount_due: Decimal | None = None
    email_address: str | None = None
    problem: str | None = None


class Owed(NamedTuple):
    """What a partner says is owed now, in US dollars: what is due, and everything; with an e-mail address or none."""

    balance: Decimal
    future_balance: Decimal
    email: str = ""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """
    A balance check ready to send, and how its answer is read.

    Where it is not `whole`, only what is due now is taken over of it.
    """

    request: HttpRequest
    read: Callable[[HttpResponse], Owed]
    whole: bool = True


def refresh(biller: Biller, account_number: str, invoice_number: str, *, send: Send) -> BalanceUpdate:
    """
    Ask the biller's partner for an account's balance, with `send` of a `Transport` (timed for a waiting payer).

    Never raises for anything the biller's set-up, the partner or the network does.
    """
    try:
        enquiry = _enquiry(biller, account_number, invoice_number)
        return _update(biller, enquiry, enquiry.read(send(enquiry.request)))
    except Exception as error:  # noqa: BLE001  whatever it is, the payer sees the old balances
        return _failed(biller, error)


async def refresh_async(biller: Biller, account_number: str, invoice_number: str, *, send: AsyncSend) -> BalanceUpdate:
    """`refresh` with `send` of an `AsyncTransport`."""
    try:
        enquiry = _enquiry(biller, account_number, invoice_number)
        return _update(biller, enquiry, enquiry.read(await send(enquiry.request)))
    except Exception as error:  # noqa: BLE001  whatever it is, the payer sees the old balances
        return _failed(biller, error)


def _enquiry(biller: Biller, account_number: str, invoice_number: str) -> Enquiry:
    try:
        ask = ENQUIRIES[biller.partner]
    except KeyError:
        raise RequestInvalid("partner", biller.partner, f"must be one of {', '.join(sorted(ENQUIRIES))}") from None
    return ask(biller, account_number, invoice_number)


def _update(biller: Biller, enquiry: Enquiry, owed: Owed) -> BalanceUpdate:
    return BalanceUpdate(
        balance_due=owed.balance,
        total_amount_due=owed.future_balance if enquiry.whole else None,
        email_address=owed.email if _takes_email(biller) and _EMAIL.fullmatch(owed.email) else None,
    )


def _inhance(biller: Biller, account_number: str, invoice_number: str) -> Enquiry:
    """
    Harris inHance v2: BalanceCheck. Phone is ignored; FutureBalance counts in version 2 only.

    Settings 8 (URL), 10 else 13 (key, assumed [A-6]), soap_namespace [A-2], rtdr_version else 35 (service version).
    Source: Details, RTDR: Balance Updates; INT-8748; ITG-3485.
    """
    version = biller.settings.get("rtdr_version") or biller.settings.get("35") or biller.get("rtdr_version")
    if version not in ("1", "2"):
        raise RequestInvalid("setting rtdr_version", version, "must be 1 or 2")
    endpoint = inhance.Endpoint(
        biller.require("8"),
        biller.get("10") or biller.require("13"),
        biller.get("soap_namespace"),
        shapes=AnswerShapes.of(biller.configuration),
    )
    last_invoice_number = inhance.last_invoice_number(invoice_number)

    def read(response: HttpResponse) -> Owed:
        balance = inhance_operations.balance_check.read(endpoint, response)
        return Owed(balance.balance, balance.future_balance, balance.email)

    asked = inhance_operations.balance_check(endpoint, account_number, last_invoice_number)
    return Enquiry(asked.request, read, whole=version == "2")


def _tccs(biller: Biller, account_number: str, invoice_number: str) -> Enquiry:  # noqa: ARG001  the shape of an enquiry
    """
    TCCS: ARState_Output, by the invoice alone. Record bal is the balance due, Total Balance the total.

    Settings 8 (URL), 9 (consumerGUID), 10 (entryKey). Source: Details, RTDR: Balance Update.
    """
    shapes = AnswerShapes.of(biller.configuration, TCCS_SHAPES)
    endpoint = tccs.Endpoint(biller.require("8"), biller.require("9"), biller.require("10"), shapes)

    def read(response: HttpResponse) -> Owed:
        balance = tccs_operations.balance.read(endpoint, response)
        return Owed(balance.record_balance, balance.total_balance)

    return Enquiry(tccs_operations.balance(endpoint, invoice_number).request, read)


ENQUIRIES: Mapping[str, Callable[[Biller, str, str], Enquiry]] = {"inhance_v2": _inhance, "tccs": _tccs}
"""How each partner is asked, by `Biller.partner`."""


def _takes_email(biller: Biller) -> bool:
    """Whether the JSON configuration lets an answer change the e-mail address (INT-8748, assumed [A-22])."""
    rtdr = biller.configuration.get("RTDR")
    return isinstance(rtdr, Mapping) and rtdr.get("UpdateEmail") is True


def _failed(biller: Biller, error: Exception) -> BalanceUpdate:
    """The update that changes nothing."""
    if isinstance(error, ClientError):
        log.warning("balance check of biller %s: %s", biller.guid, error)
        return BalanceUpdate(problem=str(error))
    # A bug of ours or of `send`: its text might hold anything.
    trace = redact("".join(traceback.format_exception(error)), biller.secrets)
    log.error("balance check of biller %s failed\n%s", biller.guid, trace)
    return BalanceUpdate(problem=f"the balance check failed: {type(error).__name__}")
