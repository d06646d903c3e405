"""
The answer to Retrieve_Bill_Image, piece by piece and without any I/O: a PDF, or what stands in its place.

A PDF says at both ends that it is one. One whose end does not come was cut off, however well HTTP thinks of it: a
server that closes the connection to end its answer gives no other sign.
"""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.client.errors import ClientError, ProtocolError
from partnerlab.client.http import MAX_ANSWER_BYTES, HttpResponse
from partnerlab.client.tccs.answer import refusal
from partnerlab.client.tccs.operations import Endpoint, bill_image

__all__ = ["MAX_BILL_BYTES", "BillReader"]

MAX_BILL_BYTES = 32 << 20
"""A bill has some hundred kilobytes, one with pictures some megabytes."""

BEGINNING, END = b"%PDF-", b"%%EOF"
TAIL = 1024  # within so many last bytes readers of PDF look for its end
TYPES = frozenset({"application/pdf", "application/x-pdf", "application/octet-stream", ""})
"""Content types a bill may be labelled with; what its bytes say decides."""


class BillReader:
    """
    Takes an answer's pieces; what of them may be written is what `take` gives back.

    Nothing is given back before the first bytes are those of a PDF. `end` says that all of it is there: without it
    what was written is no bill.
    """

    def __init__(self, endpoint: Endpoint, status: int, headers: Mapping[str, str]) -> None:
        self.size = 0
        self._endpoint, self._status, self._headers = endpoint, status, headers
        type_ = headers.get("content-type", "").partition(";")[0].strip().lower()
        self._expected = status == 200 and type_ in TYPES and self._plain()
        self._begun = False
        self._kept, self._tail = bytearray(), b""

    def take(self, piece: bytes) -> bytes:
        """What may be written now. Raises `ProtocolError` where an answer that is no PDF goes on and on."""
        if self._begun:
            return self._passed(piece)
        self._kept += piece
        if self._expected and self._kept.startswith(BEGINNING):
            self._begun, whole, self._kept = True, bytes(self._kept), bytearray()
            return self._passed(whole)
        if len(self._kept) > MAX_ANSWER_BYTES:
            raise self._broken(f"an answer that is no PDF may have {MAX_ANSWER_BYTES} bytes at most")
        return b""

    def end(self) -> int:
        """
        The bill's size in bytes, once the answer is over.

        Raises `PartnerFault`, `TransportError` or `ProtocolError` as `answer.read` does where it is no bill.
        """
        if not self._begun:
            raise self._refusal()
        if END not in self._tail:
            raise self._broken(f"the PDF is cut off after {self.size} bytes: {END.decode()} is not at its end")
        return self.size

    def _passed(self, piece: bytes) -> bytes:
        self.size += len(piece)
        self._tail = (self._tail + piece[-TAIL:])[-TAIL:]
        return piece

    def _plain(self) -> bool:
        """No encoding was asked for, and a bill would have to be unpacked as it comes."""
        return self._headers.get("content-encoding", "identity").strip().lower() in ("", "identity")

    def _refusal(self) -> ClientError:
        if not self._plain():
            return self._broken(f"Content-Encoding {self._headers['content-encoding'][:40]!r} was not asked for")
        response = HttpResponse(self._status, self._headers, bytes(self._kept))
        return refusal(bill_image.name, response, secrets=self._endpoint.secrets)

    def _broken(self, rule: str) -> ProtocolError:
        return ProtocolError(bill_image.name, status=self._status, rule=rule)
