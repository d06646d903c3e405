"""The row of a contract that explains an element of a recorded message."""

from __future__ import annotations

from partnerlab.console.contract_rows import row_of

PLATFORM = "ic_webservices/openapi.yaml"


def test_what_is_called_back_has_its_rows_too() -> None:
    row = row_of(PLATFORM, "CloudPaymentsPostback", "request", ("PaymentAmount",))
    assert row is not None
    assert (row.required, row.text) == (True, "Without the service fee")
    assert row_of(PLATFORM, "CloudPaymentsV2", "request", ("PaymentAmount",)) is None
    assert row_of(PLATFORM, "BillerStatus", "response", ("Active",)) is not None
