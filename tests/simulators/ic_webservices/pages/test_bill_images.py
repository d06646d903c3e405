"""A bill as a PDF: linked from the partner (settings 20 to 22) or extracted, by its InvoiceFormatGuid."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices import Settings
from tests.simulators.ic_webservices.checkouts import POLICY, POLICY_INVOICE, TCCS_KEY, Checkout, options, request
from tests.simulators.ic_webservices.harness import INVOICE, UTILITY, Harness
from tests.simulators.ic_webservices.pages.visit import Visit

INSURER, FORMAT = Settings().insurance_guid, Settings().invoice_format_guid
LINK = "View the bill (PDF)"
PDF = b"%PDF-1.4 extracted %%EOF"


def configure(harness: Harness, *, url: str | None = None, **formats: str) -> Any:
    given = {"InvoiceFormats": {guid.replace("_", "-"): word for guid, word in formats.items()}}
    changes = {"configuration": given, "settings": {"20": url}}
    return harness.control("PATCH", f"billers/{UTILITY}", changes)


def test_a_linked_pdf_is_asked_from_the_partner_and_shown_in_the_frame(visit: Visit, harness: Harness) -> None:
    asked: list[tuple[str, ...]] = []
    harness.image = lambda *what: asked.append(what) or {"content": PDF}  # type: ignore[func-returns-value]
    configure(harness, url="/invoicecloudapi")
    bill = visit.page(visit.connect(), f"bill/{INVOICE}")
    assert asked == [], "who looks at the bill has not asked for its PDF"
    pay = visit.page(bill, f"pay/{INVOICE}")
    assert pay.links()[LINK] == bill.links()[LINK], "who pays can look at it too"
    shown = visit.click(bill, LINK)
    assert (shown.status, shown.response.body) == (200, PDF)
    assert shown.response.content_type == "application/pdf"
    assert shown.headers["Content-Disposition"] == f'inline; filename="bill-{INVOICE}.pdf"'
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["Content-Security-Policy"].startswith("frame-ancestors 'self' http://localhost:*")
    assert asked == [("default", UTILITY, INVOICE)]
    assert harness.invoice()["image_problem"] is None
    assert harness.invoice()["image_asked_at"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"problem": "Retrieve_Bill_Image: time-out"}, "time-out"),
        ({"content": b"<html>"}, "does not begin with %PDF-"),
        ({"content": b"%PDF-" + bytes(9 << 20)}, "9,437,189 bytes"),
        ({}, "does not begin with %PDF-"),
        (ZeroDivisionError("a bug"), "ZeroDivisionError"),
    ],
)
def test_a_payer_is_told_that_the_image_is_not_available_and_the_record_says_why(
    visit: Visit, harness: Harness, answer: Any, problem: str
) -> None:
    def give(*_: str) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    harness.image = give
    configure(harness, url="/invoicecloudapi")
    told = visit.click(visit.page(visit.connect(), f"bill/{INVOICE}"), LINK)
    assert (told.status, told.heading) == (200, f"The image of bill {INVOICE} is not available")
    assert problem not in told.text
    assert problem in harness.invoice()["image_problem"]
    assert "Pay this bill" in visit.click(told, "Back to the bill").words
    harness.image = lambda *_: {"content": PDF}
    assert visit.page(told, f"bill-image/{INVOICE}").response.body == PDF
    assert harness.invoice()["image_problem"] is None


def test_the_invoice_format_selects_template_linked_or_extracted_pdf(visit: Visit, harness: Harness) -> None:
    page = visit.connect()
    assert LINK not in visit.page(page, f"bill/{INVOICE}").links(), "without setting 20 it is the template"
    assert visit.page(page, f"bill-image/{INVOICE}").status == 404
    configure(harness, url="/invoicecloudapi", **{FORMAT.upper(): "template"})
    assert LINK not in visit.page(page, f"bill/{INVOICE}").links()
    configure(harness, url="/invoicecloudapi", **{FORMAT: "extracted_pdf"})
    assert "not available" in visit.click(visit.page(page, f"bill/{INVOICE}"), LINK).heading
    assert harness.invoice()["image_problem"] == "no PDF came for this invoice"
    content = base64.b64encode(PDF).decode()
    assert harness.control("PUT", f"invoices/{INVOICE}/image", {"content": content}).json == {"size_bytes": len(PDF)}
    assert visit.click(visit.page(page, f"bill/{INVOICE}"), LINK).response.body == PDF


def test_a_format_that_is_none_is_refused_by_name(harness: Harness) -> None:
    told = configure(harness, **{FORMAT: "PDF"})
    assert told.status == 400
    assert told.json["error"]["field"] == f"configuration.InvoiceFormats.{FORMAT}"
    assert "must be one of template, linked_pdf, extracted_pdf" in told.json["error"]["message"]
    given = {"configuration": {"InvoiceFormats": ["PDF"]}}
    assert harness.control("PATCH", f"billers/{UTILITY}", given).status == 400


def test_another_payers_bill_has_no_image(visit: Visit, harness: Harness) -> None:
    configure(harness, url="/invoicecloudapi")
    assert visit.page(visit.connect(), "bill-image/500002").status == 404


def test_an_agents_page_shows_the_policys_pdf_where_statements_are_offered(harness: Harness) -> None:
    checkout = Checkout(harness)
    asked = request(
        Customers=[{"AccountNumber": POLICY, "Invoices": [{"InvoiceNumber": POLICY_INVOICE}]}],
        PageResultOptions=options(AllowViewStatement=True),
    )
    statement = checkout.visit.click(checkout.page(asked, key=TCCS_KEY), "View statement")
    assert checkout.visit.click(statement, LINK).response.content_type == "application/pdf"
    harness.image = lambda *_: {"problem": "away"}
    told = checkout.visit.click(statement, LINK)
    assert "not available" in told.heading
    assert checkout.visit.click(told, "Back to the bill").heading == f"Bill {POLICY_INVOICE}"
    hidden = request(Customers=asked["Customers"])
    page = checkout.page(hidden, key=TCCS_KEY)
    assert checkout.visit.get(f"{page.url}/bill-image/{POLICY_INVOICE}").status == 409
    assert harness.get(f"invoices/{POLICY_INVOICE}", biller_guid=INSURER)["image_problem"] == "away"
