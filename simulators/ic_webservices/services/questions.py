"""The rows of `domain.questions`: written where a bill is left open, ended by the partner's answer [A-117]."""

from __future__ import annotations

from collections.abc import Sequence

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.questions import WAITING, Question
from partnerlab.simulators.ic_webservices.store import QUESTIONS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["RTDR_URL", "ask_about", "is_open", "note_answer", "open_questions"]

RTDR_URL = "8"

_FORGOTTEN = Statement(
    "DELETE FROM ic_balance_questions WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND invoice_number = :invoice_number AND state = 'answered'"
)
_ANSWERED = Statement(
    "UPDATE ic_balance_questions SET state = 'answered' WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND state = 'waiting' AND (invoice_number = :invoice_number OR account_number = :account_number)"
)


def ask_about(tx: Tx, lane: Lane, biller: Biller, invoice: Invoice) -> None:
    """Have the partner asked about a bill, from now on until there is an answer; one without setting 8 is not asked."""
    if not biller.settings.get(RTDR_URL):
        return
    tx.run(_FORGOTTEN, lane=lane.name, biller_guid=invoice.biller_guid, invoice_number=invoice.invoice_number)
    question = Question(invoice.biller_guid, invoice.invoice_number, invoice.account_number, utc_text(lane.now()))
    QUESTIONS.put(tx, lane.name, question)


def note_answer(tx: Tx, lane: Lane, invoice: Invoice, *, of_account: bool) -> None:
    """The partner's answer was applied to a bill; *of_account* says that it was for all of its account's."""
    tx.run(
        _ANSWERED,
        lane=lane.name,
        biller_guid=invoice.biller_guid,
        invoice_number=invoice.invoice_number,
        account_number=invoice.account_number if of_account else "",
    )


def is_open(tx: Tx, lane: Lane, invoice: Invoice) -> bool:
    """Whether the partner's answer about a bill is waited for."""
    question = QUESTIONS.get(tx, lane.name, invoice.biller_guid, invoice.invoice_number)
    return question is not None and question.state == WAITING


def open_questions(tx: Tx, lane: Lane, biller: Biller, *, after: str, limit: int) -> Sequence[Question]:
    """A biller's bills about which the partner has not answered yet, by number."""
    search = {"biller_guid": biller.guid, "state": WAITING}
    return QUESTIONS.find(tx, lane.name, search, order="invoice_number", after=after, limit=limit)
