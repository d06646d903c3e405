"""kill -9 of a sandbox in a file while callers at once pay at the utility's door: what was answered is in the books."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from partnerlab.simulators.inhance_soap import Settings
from tests.durability.test_sandbox_kill import Process

pytestmark = pytest.mark.durability

ACCOUNTS = ("10000101", "10000102", "10000103", "10000104")
CALLERS, KILLS = 12, 3
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://tempuri.org/MakePaymentExtended"'}
PAYMENT = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<MakePaymentExtended xmlns="http://tempuri.org/"><AccountNumber>{account}</AccountNumber>'
    "<PaymentDate>2026-01-31T12:00:00</PaymentDate><PaymentReference>{reference}</PaymentReference>"
    "<DocumentNumber>0</DocumentNumber><PaymentTypeDesc>Credit Card</PaymentTypeDesc>"
    "<PaymentAmount>0.01</PaymentAmount><ConvenienceFee>0.00</ConvenienceFee>"
    f"<WebserviceKey>{Settings().key}</WebserviceKey></MakePaymentExtended></soap:Body></soap:Envelope>"
)


@pytest.mark.parametrize("module", ["partnerlab", "tests.durability.handing_over"])
def test_what_was_answered_before_a_kill_is_in_the_books(module: str, tmp_path: Path) -> None:
    dice = random.Random(20261127)
    process = Process(tmp_path, module)
    sent: set[str] = set()
    answered: set[str] = set()
    logs = seconds = 0

    def pay(caller: int, turn: int) -> None:
        """Pay until the server is gone; what fails then is not sent again."""
        with httpx.Client(base_url=process.url, timeout=60) as client:
            for number in range(100_000):
                reference = f"{turn}-{caller}-{number}"
                body = PAYMENT.format(account=ACCOUNTS[caller % len(ACCOUNTS)], reference=reference)
                sent.add(reference)
                try:
                    answer = client.post("/iCloud/iCloud.asmx", content=body, headers=HEADERS)
                except httpx.HTTPError:
                    return
                assert b"<Success>true</Success>" in answer.content, answer.text
                answered.add(reference)

    try:
        with ThreadPoolExecutor(CALLERS) as pool:
            for turn in range(KILLS):
                before = len(answered)
                work = [pool.submit(pay, caller, turn) for caller in range(CALLERS)]
                patience = time.monotonic() + 120
                while len(answered) < before + 60 and time.monotonic() < patience:
                    time.sleep(dice.uniform(0.01, 0.1))
                process.kill()
                for done in work:
                    done.result()
                logs += Path(f"{process.database}-redo").exists()
                seconds += Path(f"{process.database}-redo2").exists()
                process.start()
        query = {"limit": "1000"}
        posted: Counter[str] = Counter()
        while True:
            answer = httpx.get(f"{process.url}/_sandbox/inhance/payments", params=query, timeout=60)
            assert answer.status_code == 200, answer.text
            page = answer.json()["payments"]
            posted.update(one["reference"] for one in page)
            if len(page) < 1000:
                break
            query["offset"] = str(posted.total())
    finally:
        process.kill()
    assert logs == KILLS, "payments are appended to the log"
    assert seconds == KILLS, "and to a second, while those of the first are written"
    assert len(answered) >= 60 * KILLS
    assert answered <= set(posted), "an answered payment was lost"
    assert set(posted) <= sent
    assert max(posted.values()) == 1
