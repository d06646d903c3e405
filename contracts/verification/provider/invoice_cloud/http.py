"""Does the platform speak HTTP as its callers do. Nothing here changes anything."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.http import check_http_itself
from partnerlab.contracts.verification.provider.invoice_cloud.platform import (
    SUITE,
    UNKNOWN,
    USERS,
    Platform,
    RestAnswer,
)
from partnerlab.contracts.verification.provider.line import Reply


def _question(platform: Platform) -> Asked:
    return platform.request(USERS, {"AccountNumber": platform.target.account})


def _expect_told(platform: Platform, reply: Reply, what: str) -> None:
    answer, plain = (RestAnswer(one, one.answer.members) for one in (reply, platform.line.ask(_question(platform))))
    told = answer.members == plain.members and answer.status == plain.status
    platform.expect(told, what, f"as in the plain call, {plain.said}", answer.said, answer.number)


check_http_itself(
    SUITE,
    _question,
    lambda platform: platform.request(USERS, {"AccountNumber": UNKNOWN}),
    _expect_told,
)
