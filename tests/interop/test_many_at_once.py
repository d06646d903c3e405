"""Many callers at one SOAP door at once: each gets its own answer, and a fault strikes as often as it was asked to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from partnerlab.simulators.inhance_soap import Settings
from partnerlab.simulators.inhance_soap.seeds import SEEDS
from tests.interop.conftest import Live

pytestmark = pytest.mark.interop

NUMBERS = [seed.account.number for seed in SEEDS][:8]


def ask(client: httpx.Client, live: Live, number: str) -> str:
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><BalanceCheck'
        f' xmlns="http://tempuri.org/"><AccountNumber>{number}</AccountNumber><LastInvoiceNumber>1</LastInvoiceNumber>'
        f"<WebServiceKey>{Settings().key}</WebServiceKey></BalanceCheck></s:Body></s:Envelope>"
    )
    headers = {"content-type": "text/xml; charset=utf-8", "soapaction": '"http://tempuri.org/BalanceCheck"'}
    return client.post(live.service, content=body, headers=headers).text


def test_answers_to_many_at_once_are_not_mixed(live: Live) -> None:
    """wiremock/wiremock#706: under parallel calls a request was matched with another one's body."""
    with httpx.Client(timeout=60) as client:
        expected = {number: ask(client, live, number) for number in NUMBERS}
        assert len(set(expected.values())) > 1
        with ThreadPoolExecutor(16) as pool:
            asked = NUMBERS * 15
            answers = list(pool.map(lambda number: ask(client, live, number), asked))
    assert answers == [expected[number] for number in asked]


def test_a_fault_for_three_strikes_three_of_many_at_once(live: Live) -> None:
    """wiremock/wiremock#456: a stub that answers differently once did so several times."""
    live.faults.add(live.lane, "html", operation="BalanceCheck", count=3)
    with httpx.Client(timeout=60) as client, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(client, live, "10000101"), range(48)))
    assert sum("<Balance>125.50</Balance>" not in answer for answer in answers) == 3
