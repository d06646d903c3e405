"""Does the service speak HTTP as its callers do. Nothing here changes anything."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.http import check_http_itself
from partnerlab.contracts.verification.provider.inhance.utility import SUITE, UNKNOWN_ACCOUNT, Utility
from partnerlab.contracts.verification.provider.soap import envelope, read_answer, soap_call


def _question(utility: Utility, **changes: str) -> Asked:
    url, namespace = utility.target.url, utility.target.namespace
    body = envelope(namespace, "BalanceCheck", utility.fields("BalanceCheck", changes))
    return soap_call(url, namespace, "BalanceCheck", body)


check_http_itself(
    SUITE,
    _question,
    lambda utility: _question(utility, AccountNumber=UNKNOWN_ACCOUNT),
    lambda utility, reply, what: utility.expect_same(read_answer(reply), what),
)
