"""Who receives postbacks: the good one by the production client, and one that can be told what to leave out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from partnerlab.client.flows import FlowFailed, confirm_payment
from partnerlab.client.invoice_cloud.postback import FIELDS, Expected, Postback, PostbackRefused, read_postback
from partnerlab.contracts.verification.provider.exchange import Answered, Asked
from tests.contracts.verification.consumers.good import SECRET, Side, page_request

__all__ = ["Receiver"]


@dataclass
class Receiver:
    """
    A partner's postback address, and what it holds by reference.

    *without* names what it does not do: `approved`, `amount`, `once`, `look-up` (nor does it read the secret in its
    address), `reference`; or does too much: `fresh` refuses what is older than a day, `exact` what has a field more,
    `slow` answers 500 after it credited. With `address only` it looks nothing up, and relies on its secret.
    """

    side: Side
    without: str = ""
    held: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def take(self, asked: Asked) -> Answered:
        """Answer a postback."""
        if not asked.url.endswith(SECRET) and self.without != "look-up":
            return Answered(404, {}, b"")
        try:
            self._credit(asked)
        except (PostbackRefused, FlowFailed):
            return Answered(400, {}, b"")
        return Answered(500 if self.without == "slow" else 200, {}, b"")

    def _credit(self, asked: Asked) -> None:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode(), keep_blank_values=True).items()}
        reference = form["BillerReference"]
        if not reference.startswith("ref-"):
            self.held[reference] += self.without == "reference"
            return
        if self.without == "exact" and form.keys() - set(FIELDS):
            raise PostbackRefused("fields", "", "are not known")
        postback = self._read(asked, form, reference)
        if self.without == "fresh" and postback.payment_date < datetime.now(UTC).replace(tzinfo=None) - timedelta(
            days=2
        ):
            raise PostbackRefused("PaymentDate", "", "is too old")
        if not postback.approved and self.without != "approved":
            return
        if postback.approved and self.without not in ("look-up", "address only"):
            confirm_payment(self.side.soap, postback)
        key = (postback.payment_guid, postback.invoice_number)
        if key in self._seen and self.without != "once":
            return
        if self.held[reference] and self.without != "once":
            return  # of a reference one payment is expected
        self._seen.add(key)
        self.held[reference] += 1

    def _read(self, asked: Asked, form: dict[str, str], reference: str) -> Postback:
        """The postback, compared with what was asked for, but for an amount that is not to be compared."""
        expected = Expected.of(page_request(reference), self.side.books.biller["guid"])
        body = asked.body
        if self.without == "amount":
            body = body.replace(f"PaymentAmount={form['PaymentAmount']}".encode(), b"PaymentAmount=1.00")
        return read_postback(body, asked.headers["content-type"], expect=expected)
