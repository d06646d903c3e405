"""
Bills as PDF: from the partner, which is asked when a payer opens one, or from what Invoice Cloud keeps.

A bill without its PDF fails nobody: what went wrong is recorded on the invoice, and the payer has the template.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.domain.bill_formats import EXTRACTED, LINKED, BillImage, format_of
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, invoice_of
from partnerlab.simulators.ic_webservices.store import BILL_IMAGES, INVOICES
from partnerlab.simulators.kit.world.lanes import Lane, stands
from partnerlab.simulators.kit.world.store import Store

__all__ = ["MAX_BYTES", "BillImages", "ImagePort", "no_image"]

MAX_BYTES = 8 << 20
PDF = b"%PDF-"

ImagePort = Callable[[str, str, str], Mapping[str, Any]]
"""
The port to the partner: lane, BillerGUID and invoice number to `content` (the PDF's bytes) or `problem` (text). It
promises not to raise.
"""


def no_image(lane: str, biller_guid: str, invoice_number: str) -> Mapping[str, Any]:  # noqa: ARG001 - the shape of a port
    """The port of a simulator that no partner is joined to."""
    return {"problem": "no partner is joined to this simulator"}


class BillImages:
    """PDFs of every lane."""

    def __init__(self, store: Store, port: ImagePort) -> None:
        self.store, self.port = store, port

    def offered(self, biller: Biller, invoice: Invoice) -> bool:
        """Whether the bill is presented as a PDF too."""
        return format_of(biller, invoice.invoice_format_guid) in (LINKED, EXTRACTED)

    def open(self, lane: Lane, biller_guid: str, invoice_number: str) -> bytes | None:
        """
        The bill's PDF, or None where there is none now; when it was asked for and why it is missing stands on the
        invoice. Raises `NotFound`, also for a bill that is not presented as a PDF.
        """
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            invoice = invoice_of(tx, lane, biller, invoice_number)
            kept = BILL_IMAGES.get(tx, lane.name, biller.guid, invoice_number)
        format = format_of(biller, invoice.invoice_format_guid)
        if format == LINKED:
            content, problem = self._ask(lane, biller, invoice)
        elif format == EXTRACTED:
            content = b"" if kept is None else base64.b64decode(kept.content)
            problem = "" if content else "no PDF came for this invoice"
        else:
            raise NotFound("bill as a PDF", invoice_number)
        with self.store.write() as tx:
            if not stands(tx, lane):  # it was reset while the partner was asked
                raise NotFound("bill as a PDF", invoice_number)
            biller = biller_of(tx, lane, biller_guid, lock=True)
            invoice = invoice_of(tx, lane, biller, invoice_number)
            asked = replace(invoice, image_asked_at=lane.now().isoformat(), image_problem=mask_text(problem)[:500])
            INVOICES.put(tx, lane.name, asked)
        return content or None

    def keep(self, lane: Lane, biller_guid: str, invoice_number: str, content: str) -> int:
        """
        Keep the PDF (in base64) that was extracted for an invoice; its size in bytes.

        Raises `NotFound`, `ValueRefused` where it is no PDF or too large.
        """
        try:
            pdf = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise ValueRefused("content", content[:20], "must be base64") from None
        if problem := _wrong(pdf):
            raise ValueRefused("content", "…", problem)
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            invoice = invoice_of(tx, lane, biller, invoice_number)
            kept = BillImage(biller.guid, invoice.invoice_number, content, lane.now().isoformat())
            BILL_IMAGES.put(tx, lane.name, kept)
        return len(pdf)

    def _ask(self, lane: Lane, biller: Biller, invoice: Invoice) -> tuple[bytes, str]:
        try:
            answer = self.port(lane.name, biller.guid, invoice.invoice_number)
        except Exception as error:  # noqa: BLE001 - the port promises not to raise; a payer must not pay for a bug in it
            return b"", f"{type(error).__name__}: {error}"
        content = bytes(answer.get("content") or b"")
        problem = str(answer.get("problem") or "") or _wrong(content)
        return (b"", problem) if problem else (content, "")


def _wrong(content: bytes) -> str:
    """Why this is no bill that is shown; empty where it is one."""
    if len(content) > MAX_BYTES:
        return f"has {len(content):,} bytes, over the {MAX_BYTES:,} that are shown"
    return "" if content.startswith(PDF) else f"does not begin with {PDF.decode()}"
