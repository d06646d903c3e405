"""Asking the partner about the bills that a file left open, again until there is an answer [A-117]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from partnerlab.simulators.ic_webservices.domain.customers import is_conveyed
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.questions import ANSWERED, MOST_OF_CONVEYED, Question, pause
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.services.presentment import Presentment
from partnerlab.simulators.ic_webservices.services.questions import RTDR_URL, open_questions
from partnerlab.simulators.ic_webservices.store import QUESTION_QUEUE
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs import Runner, Taken, Work, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["Asking"]


class Asking:
    """The questions of every lane. AutoPay and scheduled payments of a bill wait for its answer."""

    def __init__(self, presentment: Presentment, runner: Runner) -> None:
        self._presentment, self._runner = presentment, runner
        self._work = runner.add(Work(QUESTION_QUEUE, "the partner is asked about a bill", act=self._ask))

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What is asked at or before *until*."""
        yield from self._runner.due(self._work, lane, until)

    def open(self, lane: Lane, biller_guid: str, *, after: str, limit: int) -> Sequence[Question]:
        """A biller's bills about which the partner has not answered yet, by number. Raises `NotFound`."""
        with self._presentment.store.read() as tx:
            return open_questions(tx, lane, biller_of(tx, lane, biller_guid), after=after, limit=limit)

    def _ask(self, lane: Lane, taken: Taken) -> WorkOutcome:
        guid, number = map(str, taken.key)
        try:
            shown = self._presentment.open(lane, guid, number)
        except NotFound:
            return WorkOutcome(ANSWERED, f"{number} is gone")
        if not shown.asked:
            why = "it is closed" if shown.invoice.status == CLOSED else f"the biller has no setting {RTDR_URL}"
            return WorkOutcome(ANSWERED, f"{number}: nobody is asked any more, as {why}")
        said = shown.problem or f"{amount(shown.invoice.balance_due_cents)} due"
        if taken.attempt >= MOST_OF_CONVEYED and is_conveyed(shown.invoice.account_number):
            return WorkOutcome(ANSWERED, f"{number}: {said}; not asked again, as the account was conveyed")
        # An answer that was applied has ended the question already; a file that came since has asked it anew.
        return WorkOutcome(None, f"{number}: {said}", lane.now() + pause(taken.attempt))
