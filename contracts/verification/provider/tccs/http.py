"""Does the service speak HTTP as its callers do. Nothing here changes anything."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.http import check_http_itself
from partnerlab.contracts.verification.provider.tccs.insurer import STATE, SUITE, UNKNOWN_INVOICE
from partnerlab.contracts.verification.provider.tccs.tolerance import expect_answered

check_http_itself(
    SUITE,
    lambda insurer: insurer.request(STATE, insurer.target.invoice),
    lambda insurer: insurer.request(STATE, UNKNOWN_INVOICE),
    lambda insurer, reply, what: expect_answered(insurer, insurer.read(reply), what),
)
