"""The bills of an account that a file of its partner is about: of this account alone, of this biller and lane."""

from __future__ import annotations

from dataclasses import replace

from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, PAID
from partnerlab.simulators.ic_webservices.services.account_bills import invoices_of
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, invoice_of
from partnerlab.simulators.ic_webservices.store import INVOICES
from tests.simulators.ic_webservices.harness import ACCOUNT, INVOICE, UTILITY, Harness, begin


def test_beside_what_is_open_stand_the_accounts_own_credits(harness: Harness) -> None:
    begin(harness)
    here, elsewhere = harness.lane.name, harness.lanes.get("other").name
    with harness.store.write() as tx:
        biller = biller_of(tx, harness.lane, UTILITY)
        bill = invoice_of(tx, harness.lane, biller, INVOICE)
        credit = replace(bill, status=PAID, balance_due_cents=-20_00, total_amount_due_cents=-20_00)
        for lane, number, changed in (
            (here, "credit", credit),
            (here, "paid", replace(credit, balance_due_cents=0)),
            (here, "closed", replace(credit, status=CLOSED)),
            (here, "neighbour", replace(credit, account_number="10000102")),
            (here, "other biller", replace(credit, biller_guid=harness.settings.utility_v1_guid.lower())),
            (elsewhere, "other lane", credit),
        ):
            INVOICES.put(tx, lane, replace(changed, invoice_number=number))
        with_credits = invoices_of(tx, harness.lane, biller, ACCOUNT, with_credits=True)
        without = invoices_of(tx, harness.lane, biller, ACCOUNT, with_credits=False)
    assert [one.invoice_number for one in with_credits] == [INVOICE, "credit"]
    assert [one.invoice_number for one in without] == [INVOICE]
