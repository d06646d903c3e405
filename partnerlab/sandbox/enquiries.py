"""What Invoice Cloud asks a partner for while a payer waits: balances, and bills as PDF, by the production client."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from partnerlab.client.settings import Biller, BillerUnknown
from partnerlab.contracts.first_use import importing
from partnerlab.sandbox.outgoing import Outgoing

if TYPE_CHECKING:
    from partnerlab.client.http import Transport

__all__ = ["Enquiries"]


class Enquiries:
    """
    The ports `Balances` and `ImagePort` of the Invoice Cloud simulator.

    *biller* is the data pump's directory, *check_egress* raises `RequestInvalid` where a call may not go to an address;
    *outgoing* notes each. Calls go by *transport*, else over connections made with *trust* at the first.
    """

    def __init__(
        self,
        biller: Callable[[str, str], Biller],
        check_egress: Callable[[Biller, str], None],
        outgoing: Callable[[], Outgoing],
        *,
        trust: ssl.SSLContext | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._biller, self._check_egress, self._outgoing = biller, check_egress, outgoing
        self._trust, self._transport = trust, transport
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            self._transport.close()

    def balances(self, lane: str, guid: str, account_number: str, invoice_number: str) -> dict[str, Any]:
        """What the partner says of an account's balance, or the problem."""
        try:
            biller = self._biller(lane, guid)
        except BillerUnknown as error:
            return {"problem": str(error)}
        with importing:
            from partnerlab.client import rtdr  # at the first request: the partners' protocols are a tenth of the start

        transport = self._watched(lane, "balance request", biller)
        update = rtdr.refresh(biller, account_number, invoice_number, send=transport.send)
        return {
            "balance_due": None if update.balance_due is None else f"{update.balance_due:.2f}",
            "total_amount_due": None if update.total_amount_due is None else f"{update.total_amount_due:.2f}",
            "email_address": update.email_address,
            "problem": update.problem,
        }

    def bill_image(self, lane: str, guid: str, invoice_number: str) -> dict[str, Any]:
        """The partner's bill as a PDF, or the problem."""
        try:
            biller = self._biller(lane, guid)
        except BillerUnknown as error:
            return {"problem": str(error)}
        with importing:
            from partnerlab.client import bill_images

        transport = self._watched(lane, "bill image request", biller)
        found = bill_images.fetch(biller, invoice_number, transport=transport)
        return {"content": found.content, "problem": found.problem}

    def _watched(self, lane: str, sender: str, biller: Biller) -> Transport:
        """Connections for one call, to be checked and noted."""
        with importing:
            from partnerlab.client.http import PAYER_WAITS, Transport
            from partnerlab.client.http.watched import Watched

        with self._lock:
            if self._transport is None:
                self._transport = Transport(timeouts=PAYER_WAITS, allow_http=True, ssl_context=self._trust)
        return Watched(
            self._transport,
            before=lambda request: self._check_egress(biller, request.url),
            after=self._outgoing().asked(lane, sender, biller),
        )
