"""The client of the partners' jobs where faults strike what passes: bill files, and the payments that v1 downloads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from partnerlab.client.invoice_cloud import ExportedPayment, InvoiceCloudClient, UploadReceipt

__all__ = ["Arrives", "FaultyClient"]

Arrives = Callable[[str, bytes], list[bytes]]
"""The operation and what is sent, to what arrives of it, each time that it does (`Faults.file`)."""

LOST = UploadReceipt("(lost on its way)", 0, 0, ())
"""What a sender believes whose file never arrived."""


class FaultyClient(InvoiceCloudClient):
    """An `InvoiceCloudClient` whose bill files and payment lists arrive as *arrives* says."""

    def __init__(self, *args: Any, arrives: Arrives, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arrives = arrives

    def upload_invoice_file(self, file_name: str, content: bytes) -> UploadReceipt:
        """The receipt of what arrived last."""
        receipt = LOST
        for arrived in self._arrives("UploadInvoiceFile", content):
            receipt = super().upload_invoice_file(file_name, arrived)
        return receipt

    def export_payments(self, since: datetime) -> tuple[ExportedPayment, ...]:
        """The rows that arrive, each of them a line."""
        sent = super().export_payments(since)
        lines = b"".join(b"%d\n" % at for at in range(len(sent)))
        return tuple(sent[int(line)] for file in self._arrives("ExportPayments", lines) for line in file.split())
