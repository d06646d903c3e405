"""`/_sandbox/ic/mailbox`: the e-mails and texts that payers would have been sent."""

from __future__ import annotations

from dataclasses import asdict

from partnerlab.simulators.ic_webservices.control.common import Json, Part, searched
from partnerlab.simulators.ic_webservices.domain.mailbox import Message
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Mailbox"]


class Mailbox(Part):
    """Messages: list, show, clear."""

    def list_messages(
        self,
        request: Request,
        before: int,
        limit: int,
        biller_guid: str = "",
        account_number: str = "",
        invoice_number: str = "",
        payment_guid: str = "",
        recipient: str = "",
        channel: str = "",
        kind: str = "",
    ) -> Json:
        search = searched(
            biller_guid=biller_guid,
            account_number=account_number,
            invoice_number=invoice_number,
            payment_guid=payment_guid,
            recipient=recipient,
            channel=channel,
            kind=kind,
        )
        found = self._services.mailbox.newest(request.lane, search, before=before, limit=limit)
        return {"messages": [_view(message) for message in found]}

    def get_message(self, request: Request, number: int) -> Json:
        return _view(self._services.mailbox.get(request.lane, number))

    def clear_mailbox(self, request: Request) -> Json:
        return {"dropped": self._services.mailbox.clear(request.lane)}


def _view(message: Message) -> Json:
    empty = {name: None for name in ("account_number", "invoice_number", "payment_guid") if not getattr(message, name)}
    return {**asdict(message), **empty}
