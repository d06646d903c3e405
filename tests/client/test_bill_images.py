"""The bill as a PDF: what comes back for a payer, and that nothing ever fails the payer."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from partnerlab.client import bill_images
from partnerlab.client.bill_images import BillImage, fetch
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import PAYER_WAITS, Transport
from partnerlab.client.settings import Biller

PDF = b"%PDF-1.4 a bill %%EOF"
SETTINGS = {"20": "https://insurer.example.com/invoicecloudapi", "21": "IC", "22": "a-secret-entry-key"}
INVOICE = "454100010-06/16/2020"

Answer = Callable[[httpx.Request], httpx.Response]


def pdf(content: bytes = PDF, content_type: str = "application/pdf", status: int = 200) -> Answer:
    return lambda _: httpx.Response(status, content=content, headers={"content-type": content_type})


def ask(answer: Answer, partner: str = "tccs", max_bytes: int = 1_000, **settings: str) -> BillImage:
    transport = Transport(timeouts=PAYER_WAITS)
    transport.http = httpx.MockTransport(answer)  # type: ignore[assignment]
    biller = Biller("guid-1", partner, {**SETTINGS, **settings})
    return fetch(biller, INVOICE, transport=transport, max_bytes=max_bytes)


def test_the_partner_is_asked_with_settings_20_to_22() -> None:
    asked: list[httpx.Request] = []
    assert ask(lambda request: asked.append(request) or pdf()(request)) == BillImage(PDF)  # type: ignore[func-returns-value]
    (request,) = asked
    assert str(request.url) == "https://insurer.example.com/invoicecloudapi/Retrieve_Bill_Image"
    assert request.read() == b"consumerGUID=IC&entryKey=a-secret-entry-key&contentInfo=454100010-06%2F16%2F2020"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (pdf(b"<html>busy</html>", "text/html"), "Retrieve_Bill_Image"),
        (pdf(PDF, "text/html"), "Retrieve_Bill_Image"),
        (pdf(b"%PDF-1.4 cut off"), "cut off after 16 bytes"),
        (pdf(b"%PDF-" + b"x" * 2_000 + b"%%EOF"), "1000"),
        (pdf(b'{"Message":"invoice unknown"}', "application/json", 404), "invoice unknown"),
        (pdf(b"a-secret-entry-key is wrong", "text/plain", 500), "Retrieve_Bill_Image"),
    ],
)
def test_what_is_no_bill_is_a_problem_and_no_content(answer: Answer, problem: str) -> None:
    found = ask(answer)
    assert found.content == b""
    assert problem in (found.problem or "")
    assert "a-secret-entry-key" not in (found.problem or "")


def test_no_answer_a_bug_and_a_missing_setting_are_problems_too() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("away", request=request)

    def broken(_: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError("a-secret-entry-key")

    assert "Retrieve_Bill_Image" in (ask(away).problem or "") or "connect" in (ask(away).problem or "").lower()
    assert ask(broken) == BillImage(problem="asking for the bill image failed: ZeroDivisionError")
    assert "setting 20" in (ask(pdf(), **{"20": ""}).problem or "")
    assert "partner" in (ask(pdf(), partner="inhance_v2").problem or "")


def test_nothing_is_sent_where_the_address_may_not_be() -> None:
    def check(url: str) -> None:
        raise RequestInvalid("url", url, "is not on the allow-list")

    transport = Transport(timeouts=PAYER_WAITS)
    transport.http = httpx.MockTransport(lambda _: pytest.fail("was sent"))  # type: ignore[assignment]
    found = fetch(Biller("guid-1", "tccs", SETTINGS), INVOICE, transport=transport, check=check)
    assert "allow-list" in (found.problem or "")


def test_the_settings_are_those_of_the_registry() -> None:
    from partnerlab.contracts.settings import setting

    for partner, ids in bill_images.SETTINGS.items():
        assert all(partner in setting(id).partners for id in ids)
        assert [setting(id).name for id in ids] == ["remote_pdf_url", "remote_pdf_user", "remote_pdf_password"]
