"""What partners read of the platform's answers: their pact, replayed with the run's biller, account and invoice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from partnerlab.contracts.verification.provider.invoice_cloud.platform import LABELS, Platform
from partnerlab.contracts.verification.provider.invoice_cloud.scenarios import amounts, set_balance
from partnerlab.contracts.verification.provider.pacts import Replay, given, stays

__all__ = ["REPLAY"]


def _values(platform: Platform) -> Mapping[str, str]:
    target = platform.target
    return {
        "10000101": target.account,
        "500001": target.invoice,
        "22222222-2222-4222-8222-222222222222": target.biller_guid,
        "33333333-3333-4333-8333-333333333333": target.web_service_key,
        "sandbox-api-key": target.api_key,
    }


@contextmanager
def _balance_put_back(platform: Platform) -> Iterator[None]:
    due, total = amounts(platform)
    try:
        yield
    finally:
        set_balance(platform, due, total)


REPLAY: Replay[Platform] = Replay(
    file="partner-invoice-cloud.json",
    url=lambda platform, path: platform.target.url + path,
    swaps=_values,
    states={"invoice 500001 of account 10000101 is open with 125.50": given},
    writing={
        "a balance is set": _balance_put_back,
        "a page that takes a payment": stays,
    },
    labels=LABELS,
)
