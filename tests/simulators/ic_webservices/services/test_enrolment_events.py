"""An enrolment says which invoice it is about, for a partner that knows accounts by their invoices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from partnerlab.simulators.ic_webservices.store import INVOICES
from tests.simulators.ic_webservices.harness import Harness
from tests.simulators.ic_webservices.services.test_payments import check_event


@pytest.mark.parametrize("kind", ["paperless", "autopay"])
def test_it_is_the_account_s_latest_whether_paid_or_not(harness: Harness, kind: str) -> None:
    guid, policy = harness.settings.insurance_guid, harness.settings.policy_number
    lane = harness.lane.name
    with harness.store.write() as tx:
        seeded = INVOICES.get(tx, lane, guid, harness.settings.policy_invoice)
        assert seeded is not None
        for number, days, status in ((f"{policy}-06/16/2019", -365, "open"), (f"{policy}-06/16/2021", 365, "paid")):
            other = replace(
                seeded, invoice_number=number, invoice_date=seeded.invoice_date + timedelta(days), status=status
            )
            INVOICES.put(tx, lane, other)
    harness.control("POST", f"customers/{policy}/{kind}", {"enrolled": True, "biller_guid": guid})
    (event,) = harness.raised
    check_event(event)
    assert event["invoice_number"] == f"{policy}-06/16/2021"
