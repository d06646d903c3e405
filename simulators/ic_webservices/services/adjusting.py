"""What a balance file does to the ledger, in the transaction that locks its biller [A-80, A-88, A-100]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from partnerlab.contracts.files import Problem as FileProblem
from partnerlab.contracts.files.csv import load_table
from partnerlab.contracts.files.problems import shown
from partnerlab.simulators.ic_webservices.domain.adjustments import adjust
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.invoices import Taken
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.uploads import SETS, Adjustment
from partnerlab.simulators.ic_webservices.services.account_bills import former_owners, invoices_of, owed_by
from partnerlab.simulators.ic_webservices.services.ledger import last_payment
from partnerlab.simulators.ic_webservices.services.staging import Staged
from partnerlab.simulators.ic_webservices.services.stated import nothing_held
from partnerlab.simulators.ic_webservices.services.taken import taken_by_file, with_not_fetched
from partnerlab.simulators.ic_webservices.store import ADJUSTMENTS, CUSTOMERS, INVOICES
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["adjust_balances"]

LARGEST_CENTS = 10**17
"""Of a balance: more fits no column of a file."""
REFUSALS: Mapping[str, str] = {
    "unknown-account": "is no account of this biller: no customer is made, no zeros are guessed [A-88]",
    "no-invoice": "is an account without an invoice, so nothing can be adjusted",
    "balance-too-large": "makes a balance of more than 15 digits",
}
"""Why a row that reads well is not applied, by rule."""


class _NotApplied(Exception):
    """A row that reads well and is not applied: the rule, the column and its value."""

    def __init__(self, rule: str, column: str, value: str) -> None:
        self.rule, self.column, self.value = rule, column, value
        super().__init__(rule)

    def problem(self, line: int) -> FileProblem:
        """As a problem of the file."""
        table = load_table("watersmart_balances")
        column = table.column(self.column)
        return FileProblem(
            self.rule,
            f"{shown(self.value)!r} {REFUSALS[self.rule]}",
            line,
            field=column.name,
            spec_id=column.id,
            value=shown(self.value),
            source=table.source,
            column=column.position,
        )


def adjust_balances(tx: Tx, lane: Lane, biller: Biller, upload_id: str, staged: Staged) -> None:
    """Apply the rows of a balance file in their order; what cannot be applied goes to quarantine and is reported."""
    newest, former = last_payment(tx, lane), former_owners(tx, lane, biller)
    position = lessened = 0
    for batch in staged.good.batches():
        for line, account_number, amount_cents, type_id, effect, text in batch:
            position += 1
            adjustment = Adjustment(
                upload_id, position, line, biller.guid, account_number, type_id, effect, amount_cents
            )
            try:
                adjustment = _adjust(tx, lane, biller, adjustment, newest, former.get(account_number, ()))
            except _NotApplied as refused:
                staged.set_aside((refused.problem(line),), text)
                staged.loaded -= 1
                staged.quarantined += 1
                continue
            lessened += effect == SETS and adjustment.after_cents < amount_cents
            ADJUSTMENTS.put(tx, lane.name, adjustment)
    if lessened:
        many = f"{lessened:,} balance{' is' if lessened == 1 else 's are'}"
        staged.notes.append(f"{many} less than the file says: the rest was paid since the file before [A-85]")


def _adjust(tx: Tx, lane: Lane, biller: Biller, asked: Adjustment, newest: str, former: Sequence[str]) -> Adjustment:
    """
    The adjustment as it was applied. Raises `_NotApplied`.

    The partner has one account, whoever owns it: a balance is what the owner and the *former* ones owe together. What
    it says while there is no new owner yet is the last former one's [A-124].
    """
    account_number, sets = asked.account_number, asked.effect == SETS
    owners = [account_number, *former] if CUSTOMERS.get(tx, lane.name, biller.guid, account_number) else [*former]
    if not owners:
        raise _NotApplied("unknown-account", "AccountNumber", account_number)
    for one in owners if sets else ():
        nothing_held(tx, lane, biller, one)
    found = [invoices_of(tx, lane, biller, owners[0], with_credits=sets)]
    found += [owed_by(tx, lane, biller, one, with_credits=sets) for one in owners[1:]]
    invoices = [one for of_owner in found for one in of_owner] if sets else next(filter(None, found), [])
    if not invoices:
        raise _NotApplied("no-invoice", "AccountNumber", account_number)
    taken = Taken()
    if sets:
        # What nobody fetched is missing in the account's balance, on whatever bill it was paid.
        taken = with_not_fetched(tx, lane, biller, owners, taken_by_file(tx, lane, biller, owners, *invoices))
    done = adjust(invoices, asked.effect, asked.amount_cents, taken, newest)
    if abs(done.after_cents) >= LARGEST_CENTS:
        raise _NotApplied("balance-too-large", "AdjustmentAmount", str(amount(asked.amount_cents)))
    for invoice in done.invoices:
        INVOICES.put(tx, lane.name, invoice)
    return replace(asked, before_cents=done.before_cents, after_cents=done.after_cents)
