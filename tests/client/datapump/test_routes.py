"""From event and settings to the call inHance gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from partnerlab.client.datapump.events import parse_event
from partnerlab.client.datapump.plans import PartnerRequest, Plan, Skip
from partnerlab.client.datapump.routes import ROUTES, Router
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import BILLER, KEY, make_event, settings_for
from tests.client.datapump.partner import Partner, Seen


@pytest.fixture
def router() -> Iterator[Router]:
    router = Router()
    yield router
    router.close()


def plan(router: Router, partner: Partner, event: dict[str, Any], **settings: str) -> Plan:
    biller = Biller(BILLER, "inhance_v2", {**settings_for(partner.url), **settings})
    return router.plan(parse_event(event), biller)


def sent(router: Router, partner: Partner, event: dict[str, Any], **settings: str) -> Seen:
    """What arrives at the partner."""
    call = plan(router, partner, event, **settings)
    assert isinstance(call, PartnerRequest)
    assert KEY not in call.description
    call.send()
    assert partner.seen[-1].operation == call.operation
    return partner.seen[-1]


def test_a_router_with_a_check_asks_it_for_each_call_and_sends_what_it_lets_pass(partner: Partner) -> None:
    asked: list[tuple[str, str]] = []

    def check(biller: Biller, url: str) -> None:
        asked.append((biller.guid, url))
        if len(asked) > 1:
            raise RequestInvalid("url", url, "is not on the allow-list")

    router = Router(check=check)
    try:
        sent(router, partner, make_event(reference="ref-x"))
        call = plan(router, partner, make_event(reference="ref-y"))
        assert isinstance(call, PartnerRequest)
        with pytest.raises(RequestInvalid, match="allow-list"):
            call.send()
    finally:
        router.close()
    assert [guid for guid, _ in asked] == [BILLER, BILLER]
    assert len(partner.seen) == 1


def test_a_payment_carries_what_was_paid(router: Router, partner: Partner) -> None:
    seen = sent(router, partner, make_event(reference="ref-x"))
    assert seen.operation == "MakePaymentExtended"
    assert seen.fields == {
        "AccountNumber": "10000101",
        "PaymentDate": seen.fields["PaymentDate"],
        "PaymentReference": "ref-x",
        "DocumentNumber": "500001",
        "PaymentTypeDesc": "Credit Card",
        "PaymentAmount": "125.50",
        "ConvenienceFee": "2.95",
        "WebserviceKey": KEY,
    }
    assert seen.fields["PaymentDate"].startswith("2026-06-16T10:00:00")


@pytest.mark.parametrize(
    ("tender", "settings", "sent_as"),
    [
        ("credit_card", {}, "Credit Card"),
        ("debit_card", {}, "Credit Card"),
        ("ach", {}, "ACH"),
        ("online_bank_direct", {}, "ACH"),
        ("paypal", {}, "Credit Card"),
        ("paypal", {"116": "PayPal"}, "PayPal"),
        ("ach", {"116": "PayPal"}, "ACH"),
    ],
)
def test_the_payment_type_goes_by_the_tender(
    router: Router, partner: Partner, tender: str, settings: dict[str, str], sent_as: str
) -> None:
    seen = sent(router, partner, make_event(tender=tender), **settings)
    assert seen.fields["PaymentTypeDesc"] == sent_as


def test_an_inline_donation_is_not_posted_and_says_so(router: Router, partner: Partner) -> None:
    assert plan(router, partner, make_event(donation="inline")) == Skip("not posted: inline donation")


def test_a_donation_of_its_own_is_posted(router: Router, partner: Partner) -> None:
    assert sent(router, partner, make_event(donation="standalone", invoice_number="")).posted


CONVEYED = "10000101CV-20260616"


def test_a_conveyed_accounts_payment_and_email_go_out_unchanged(router: Router, partner: Partner) -> None:
    assert sent(router, partner, make_event(account_number=CONVEYED)).account == CONVEYED
    assert sent(router, partner, make_event("email", account_number=CONVEYED)).account == CONVEYED


@pytest.mark.parametrize("kind", ["paperless", "autopay"])
def test_a_conveyed_accounts_enrolment_goes_by_its_plain_number(router: Router, partner: Partner, kind: str) -> None:
    assert sent(router, partner, make_event(kind, account_number=CONVEYED)).account == "10000101"


@pytest.mark.parametrize(
    ("kind", "operation", "field"),
    [("paperless", "SetPaperless", "PaperlessOnOff"), ("autopay", "SetAutopay", "AutoPayOnOff")],
)
@pytest.mark.parametrize(("enrolled", "word"), [(True, "On"), (False, "Off")])
def test_enrolment_is_on_or_off(
    router: Router, partner: Partner, kind: str, operation: str, field: str, enrolled: bool, word: str
) -> None:
    event = make_event(kind, enrolled=enrolled)
    seen = sent(router, partner, event)
    assert (seen.operation, seen.fields[field]) == (operation, word)
    made = plan(router, partner, event)
    assert isinstance(made, PartnerRequest)
    assert made.description == f"account {seen.account}, {word}", "what a person reads of the delivery"


def test_an_email_address_is_set(router: Router, partner: Partner) -> None:
    seen = sent(router, partner, make_event("email", email_address="new@example.com"))
    assert (seen.operation, seen.fields["NewEmail"]) == ("SetEmail", "new@example.com")


def test_an_ach_reject_is_for_a_person(router: Router, partner: Partner) -> None:
    with pytest.raises(RequestInvalid, match="enter the returned payment at the utility, then dismiss this"):
        plan(router, partner, make_event("ach_reject"))


@pytest.mark.parametrize(
    ("kind", "url", "password"),
    [("payment", "11", "13"), ("paperless", "14", "16"), ("autopay", "17", "19"), ("email", "14", "16")],
)
def test_each_kind_goes_where_its_settings_say(
    router: Router, partner: Partner, kind: str, url: str, password: str
) -> None:
    everywhere = dict.fromkeys(("11", "14", "17"), "http://127.0.0.1:9/none") | dict.fromkeys(
        ("13", "16", "19"), "wrong"
    )
    seen = sent(router, partner, make_event(kind), **(everywhere | {url: partner.url, password: KEY}))
    assert seen.fields["WebserviceKey"] == KEY
    with pytest.raises(RequestInvalid, match=f"setting {url}.*is not set"):
        plan(router, partner, make_event(kind), **{url: ""})


def test_only_a_payment_may_not_be_repeated(router: Router, partner: Partner) -> None:
    for kind in ("payment", "paperless", "autopay", "email"):
        call = plan(router, partner, make_event(kind))
        assert isinstance(call, PartnerRequest)
        assert call.idempotent is (kind != "payment")


@pytest.mark.parametrize("kind", ["payment", "paperless", "autopay", "email", "ach_reject"])
def test_what_goes_to_watersmart_goes_by_file(router: Router, kind: str) -> None:
    planned = router.plan(parse_event(make_event(kind)), Biller(BILLER, "watersmart", {}))
    assert isinstance(planned, Skip)
    assert "WaterSmart in the" in planned.reason


def test_a_partner_without_a_route_is_named(router: Router) -> None:
    with pytest.raises(RequestInvalid, match="no route for it to inhance_portal"):
        router.plan(parse_event(make_event()), Biller(BILLER, "inhance_portal", {}))


@pytest.mark.parametrize("kind", ["payment", "paperless", "autopay", "email"])
def test_what_goes_to_inhance_v1_is_downloaded_by_its_jobs(router: Router, kind: str) -> None:
    planned = router.plan(parse_event(make_event(kind)), Biller(BILLER, "inhance_v1", {}))
    assert isinstance(planned, Skip)
    assert planned.reason.startswith("downloaded by inHance v1, ")


def test_a_return_to_inhance_v1_is_refused_with_the_row_that_says_so(router: Router) -> None:
    with pytest.raises(RequestInvalid, match=r"does not support ACH rejects: Not Supported .*ACH Rejects Posting"):
        router.plan(parse_event(make_event("ach_reject")), Biller(BILLER, "inhance_v1", {}))


@pytest.mark.parametrize("partner", ["inhance_v1", "inhance_v2", "tccs", "watersmart"])
def test_every_kind_has_a_route_to_every_partner(partner: str) -> None:
    kinds = {"payment", "paperless", "autopay", "email", "ach_reject"}
    assert ROUTES[partner].keys() == kinds


def test_a_billers_own_words_and_marks_go_out_and_a_mark_that_is_no_conveyances_is_named(
    router: Router, partner: Partner
) -> None:
    own = {"InHance": {"ConveyedDigits": [6, 6], "PaymentTypes": {"ach": "ECheck"}}}
    biller = Biller(BILLER, "inhance_v2", settings_for(partner.url), own)

    def request(**event: Any) -> PartnerRequest:
        made = router.plan(parse_event(make_event(**event)), biller)
        assert isinstance(made, PartnerRequest)
        return made

    request(tender="ach").send()
    assert partner.seen[-1].fields["PaymentTypeDesc"] == "ECheck"
    conveyed = request(kind="paperless", account_number="10000101CV-260616")
    assert conveyed.description == "account 10000101, On"
    conveyed.send()
    assert partner.seen[-1].fields["Accountnumber"] == "10000101"
    doubtful = request(kind="autopay", account_number="10000101CV-26")
    assert doubtful.description.startswith("account 10000101CV-26 (sent as it stands: CV- and no date-time), ")


@pytest.mark.parametrize("kind", ["paperless", "autopay"])
def test_where_a_biller_has_its_own_mark_a_number_with_the_usual_one_goes_out_as_the_delivery_says(
    router: Router, partner: Partner, kind: str
) -> None:
    biller = Biller(BILLER, "inhance_v2", settings_for(partner.url), {"InHance": {"ConveyedMark": "XF."}})
    for number, account in ((CONVEYED, CONVEYED), ("10000101XF.20260616", "10000101")):
        made = router.plan(parse_event(make_event(kind, account_number=number)), biller)
        assert isinstance(made, PartnerRequest)
        made.send()
        assert made.description == f"account {account}, On"
        assert partner.seen[-1].account == account
