"""
The bill as a PDF, asked for when a payer opens it: what a partner has, for Invoice Cloud to show.

It never fails the payer: whatever the partner or the network does, `fetch` returns, with a PDF or with the problem. A
partner is one row of `SETTINGS`.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from partnerlab.client import tccs
from partnerlab.client.errors import ClientError, RequestInvalid, redact
from partnerlab.client.http import Transport
from partnerlab.client.settings import Biller
from partnerlab.client.tccs import operations

__all__ = ["MAX_BYTES", "SETTINGS", "BillImage", "fetch"]

log = logging.getLogger("partnerlab.client")

MAX_BYTES = 8 << 20
"""A payer waits for it: a bill of over 8 MiB is not shown."""

SETTINGS: Mapping[str, tuple[str, str, str]] = {"tccs": ("20", "21", "22")}
"""The settings with URL, user (consumerGUID) and password (entryKey), by partner. Source: TCCS, Advanced Settings."""


@dataclass(frozen=True, slots=True)
class BillImage:
    """A bill as PDF, or the `problem` (for the record, not for the payer) and no content."""

    content: bytes = field(default=b"", repr=False)
    problem: str | None = None


def fetch(
    biller: Biller,
    invoice_number: str,
    *,
    transport: Transport,
    check: Callable[[str], None] | None = None,
    max_bytes: int = MAX_BYTES,
) -> BillImage:
    """
    Ask the biller's partner for an invoice's PDF (`Retrieve_Bill_Image`), with a transport timed for a waiting payer.

    *check* is called with the address before anything is sent, and raises where it may not be. What comes back begins
    and ends as a PDF and has at most *max_bytes*. Never raises for anything the biller's set-up, the partner or the
    network does. Source: TCCS Technical Design, PDF Linking.
    """
    try:
        try:
            url, user, password = SETTINGS[biller.partner]
        except KeyError:
            raise RequestInvalid("partner", biller.partner, f"must be one of {', '.join(sorted(SETTINGS))}") from None
        address, who, key = biller.require(url), biller.require(user), biller.require(password)
        if check is not None:
            check(operations.bill_image(tccs.Endpoint(address, who, key), invoice_number).request.url)
        with tccs.TccsClient(address, who, key, transport=transport) as client:
            return BillImage(client.bill_image(invoice_number, max_bytes=max_bytes))
    except ClientError as error:
        log.warning("bill image of biller %s: %s", biller.guid, error)
        return BillImage(problem=str(error))
    except Exception as error:  # noqa: BLE001  whatever it is, the payer is told that there is no image now
        # A bug of ours: its text might hold anything.
        trace = redact("".join(traceback.format_exception(error)), biller.secrets)
        log.error("bill image of biller %s failed\n%s", biller.guid, trace)
        return BillImage(problem=f"asking for the bill image failed: {type(error).__name__}")
