"""From event and settings to the call TCCS gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from partnerlab.client.datapump.events import parse_event
from partnerlab.client.datapump.plans import PartnerRequest, Plan, Skip
from partnerlab.client.datapump.routes import Router
from partnerlab.client.errors import PartnerFault, RequestInvalid
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import BILLER, make_event
from tests.client.datapump.tccs_partner import KEY, TccsPartner, Told, tccs_settings

INVOICE, QUOTE = "454100010-03/01/2019", "Q454100010-03/01/2019"


@pytest.fixture
def tccs() -> Iterator[TccsPartner]:
    with TccsPartner() as partner:
        yield partner


@pytest.fixture
def router() -> Iterator[Router]:
    router = Router()
    yield router
    router.close()


def event_of(kind: str = "payment", **own: Any) -> dict[str, Any]:
    """An event of a policy."""
    number = {"invoice_number": INVOICE} if kind != "email" else {}
    return make_event(kind, account_number="454100010", **{**number, **own})


def plan(router: Router, partner: TccsPartner, event: dict[str, Any], **settings: str) -> Plan:
    return router.plan(parse_event(event), Biller(BILLER, "tccs", tccs_settings(partner.url, **settings)))


def call(router: Router, partner: TccsPartner, event: dict[str, Any], **settings: str) -> PartnerRequest:
    found = plan(router, partner, event, **settings)
    assert isinstance(found, PartnerRequest)
    assert KEY not in found.description
    assert KEY not in repr(found)
    return found


def told(router: Router, partner: TccsPartner, event: dict[str, Any], **settings: str) -> Told:
    """What arrives at TCCS."""
    planned = call(router, partner, event, **settings)
    assert planned.send() == ""
    assert partner.told[-1].operation == planned.operation
    return partner.told[-1]


def test_a_payment_carries_the_amount_without_the_fee_and_its_guid(router: Router, tccs: TccsPartner) -> None:
    event = event_of(amount="24.00", service_fee="2.95", id="e99fc166-9d990-4a99-bb16-99fe155ebf99")
    seen = told(router, tccs, event)
    assert seen.path == "/invoicecloudapi/api/Pay_Input"
    assert seen.content_info == f"{INVOICE}|24.00:CC@e99fc166-9d990-4a99-bb16-99fe155ebf99"


def test_version_1_has_no_guid_and_may_not_be_repeated(router: Router, tccs: TccsPartner) -> None:
    event = event_of(amount="24.00")
    assert told(router, tccs, event, **{"35": "1"}).content_info == f"{INVOICE}|24.00:CC"
    assert call(router, tccs, event, **{"35": "1"}).idempotent is False
    assert call(router, tccs, event, **{"35": "2"}).idempotent is True
    assert call(router, tccs, event).idempotent is True, "2 is the default"


@pytest.mark.parametrize("version", ["0", "3", "two"])
def test_another_version_is_refused(router: Router, tccs: TccsPartner, version: str) -> None:
    with pytest.raises(RequestInvalid, match=r"setting 35: .*must be 1 or 2"):
        plan(router, tccs, event_of(), **{"35": version})


@pytest.mark.parametrize(
    ("tender", "type_"),
    [("credit_card", "CC"), ("debit_card", "CC"), ("ach", "ACH"), ("online_bank_direct", "ACH"), ("paypal", "ACH")],
)
def test_cards_are_cc_and_every_other_tender_is_ach(router: Router, tccs: TccsPartner, tender: str, type_: str) -> None:
    assert told(router, tccs, event_of(tender=tender)).read.payment_type == type_


def test_a_number_that_begins_with_q_takes_a_deposit(router: Router, tccs: TccsPartner) -> None:
    event = event_of(invoice_number=QUOTE, amount="24.00", payer_name="Ada Willow", tender="ach")
    seen = told(router, tccs, event)
    assert seen.content_info == f"{QUOTE}|Ada Willow|24.00@{event['id']}"
    assert told(router, tccs, event, **{"35": "1"}).content_info == f"{QUOTE}|Ada Willow|24.00"
    assert call(router, tccs, event).idempotent is True
    assert call(router, tccs, event, **{"35": "1"}).idempotent is False


@pytest.mark.parametrize(
    ("entered", "sent", "said"),
    [
        ("Ada|Willow@Home\n", "Ada Willow Home", "became spaces"),
        ("x" * 101, "x" * 100, "cut to 100 characters"),
        ("", "Name not given", "the payer entered no name"),
        ("Ada Willow", "Ada Willow", ""),
    ],
)
def test_a_name_never_holds_a_deposit_up_and_the_log_says_what_was_changed(
    router: Router, tccs: TccsPartner, entered: str, sent: str, said: str
) -> None:
    event = event_of(invoice_number=QUOTE, payer_name=entered)
    assert told(router, tccs, event).read.insured_name == sent
    description = call(router, tccs, event).description
    assert said in description
    assert ("(" in description) is bool(said)


def test_what_is_logged_of_a_payment(router: Router, tccs: TccsPartner) -> None:
    event = event_of(amount="24.00")
    assert call(router, tccs, event).description == f"invoice {INVOICE}, 24.00, CC, PaymentGUID {event['id']}"
    assert call(router, tccs, event, **{"35": "1"}).description == (
        f"invoice {INVOICE}, 24.00, CC, without its PaymentGUID {event['id']} (version 1)"
    )


@pytest.mark.parametrize("donation", ["standalone", "inline"])
def test_a_donation_is_not_posted_and_its_return_not_reported(router: Router, tccs: TccsPartner, donation: str) -> None:
    assert plan(router, tccs, event_of(donation=donation)) == Skip("not posted: TCCS takes no donations")
    assert plan(router, tccs, event_of("ach_reject", donation=donation)) == Skip(
        "not reported: TCCS was not told of the donation"
    )


def test_a_returned_payment_is_reported_with_its_own_day(router: Router, tccs: TccsPartner) -> None:
    event = event_of("ach_reject", paid_on="2020-06-22", amount="25.00")
    seen = told(router, tccs, event)
    assert seen.path == "/invoicecloudapi/api/Insufficient_Pay_Report"
    assert seen.content_info == f"{INVOICE}:06/22/2020|25.00|IFR"
    assert call(router, tccs, event).idempotent is False
    assert call(router, tccs, event).description == (
        f"invoice {INVOICE}, 25.00 paid 2020-06-22, PaymentGUID abc, returned R01"
    )


@pytest.mark.parametrize(
    ("kind", "operation", "word"), [("paperless", "Paperless_Bill", "PB"), ("autopay", "Recurring_Pay", "R")]
)
@pytest.mark.parametrize(("enrolled", "flag"), [(True, "Y"), (False, "N")])
def test_an_enrolment_goes_by_the_account_s_latest_invoice(
    router: Router, tccs: TccsPartner, kind: str, operation: str, word: str, enrolled: bool, flag: str
) -> None:
    event = event_of(kind, enrolled=enrolled)
    seen = told(router, tccs, event)
    assert seen.operation == operation
    assert seen.content_info == f"{INVOICE}:{flag}|{word}"
    assert call(router, tccs, event).idempotent is True
    assert call(router, tccs, event).description == f"invoice {INVOICE}, {flag}"


@pytest.mark.parametrize("kind", ["paperless", "autopay"])
def test_an_enrolment_without_an_invoice_says_why_it_cannot_be_told(
    router: Router, tccs: TccsPartner, kind: str
) -> None:
    with pytest.raises(RequestInvalid, match="by an invoice, and account 454100010 had none"):
        plan(router, tccs, event_of(kind, invoice_number=""))


def test_an_email_address_is_not_supported(router: Router, tccs: TccsPartner) -> None:
    assert plan(router, tccs, event_of("email")) == Skip("not supported by TCCS")


@pytest.mark.parametrize(
    ("kind", "url", "user", "password"),
    [
        ("payment", "11", "12", "13"),
        ("paperless", "14", "15", "16"),
        ("autopay", "17", "18", "19"),
        ("ach_reject", "101", "102", "103"),
    ],
)
def test_each_kind_goes_where_its_settings_say(
    router: Router, tccs: TccsPartner, kind: str, url: str, user: str, password: str
) -> None:
    own = {id: value for id, value in tccs_settings(tccs.url).items() if id in (url, user, password)}
    elsewhere = tccs_settings("http://127.0.0.1:9/none") | dict.fromkeys(("9", "12", "15", "18", "102"), "wrong")
    assert told(router, tccs, event_of(kind), **(elsewhere | own))
    for id in (url, user, password):
        with pytest.raises(RequestInvalid, match=f"setting {id}: .*is not set"):
            plan(router, tccs, event_of(kind), **{id: ""})


def test_a_wrong_key_is_refused_in_the_partner_s_words_and_not_shown(router: Router, tccs: TccsPartner) -> None:
    wrong = "0ddba11-0ddba11-0ddba11"
    planned = call(router, tccs, event_of(), **{"13": wrong})
    with pytest.raises(PartnerFault, match="Authorization has been denied") as caught:
        planned.send()
    assert (caught.value.code, caught.value.refused) == ("401", True)
    assert wrong not in f"{planned!r} {caught.value!r}"


@pytest.mark.parametrize("own", [{"invoice_number": ""}, {"invoice_number": "1|2"}, {"id": "a--b"}, {"id": "-"}])
def test_what_cannot_be_sent_is_refused_before_it_is(router: Router, tccs: TccsPartner, own: dict[str, str]) -> None:
    planned = call(router, tccs, event_of(**own))
    with pytest.raises(RequestInvalid) as caught:
        planned.send()
    assert caught.value.field in ("InvoiceNumber", "PaymentGUID")
    assert caught.value.rule
    assert tccs.told == []
