"""The verdict on a payment and on its return, by what each side's records hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.auditing import audit
from partnerlab.auditing.records import FileRow, LaneBooks
from tests.partnerlab.auditing.by_hand import PAID_AT, books, delivery, downloaded, event, payment, posting, row

CALLED = ["inhance_v2", "tccs"]
NAMES = {"inhance_v2": "inHance v2", "tccs": "TCCS"}
UP_TO = PAID_AT.replace(microsecond=0)


def verdicts(held: LaneBooks) -> list[tuple[str, str, str]]:
    return [(one.kind, one.verdict, one.detail) for one in audit(held).judged]


@pytest.mark.parametrize("partner", CALLED)
@pytest.mark.parametrize(
    ("held", "verdict", "detail"),
    [
        ({}, "lost", "Invoice Cloud raised no event for it"),
        ({"events": (event("waiting"),)}, "on_its_way", "it waits in Invoice Cloud's outbox"),
        ({"events": (event("refused", problem="no biller"),)}, "lost", "the data pump refuses it: no biller"),
        ({"events": (event("dismissed", problem="paid by cheque"),)}, "given_up", "paid by cheque"),
        ({"events": (event(),)}, "lost", "the data pump has no delivery of it"),
        *(
            ({"events": (event(),), "deliveries": (delivery(state),)}, "on_its_way", f"the delivery is {state}")
            for state in ("accepted", "sending", "waiting")
        ),
        (
            {"events": (event(),), "deliveries": (delivery("waiting", "503"),)},
            "on_its_way",
            "the delivery is waiting (503)",
        ),
        (
            {"events": (event(),), "deliveries": (delivery("not_understood", "<html>"),)},
            "unknown",
            "the delivery is not understood (<html>); it is not in the books of {name}",
        ),
        (
            {"events": (event(),), "deliveries": (delivery("unknown"),)},
            "unknown",
            "the delivery is unknown; it is not in the books of {name}",
        ),
        (
            {"events": (event(),), "deliveries": (delivery("dismissed", "twice"),)},
            "given_up",
            "the delivery was dismissed: twice",
        ),
        ({"events": (event(),), "deliveries": (delivery("dead", "no"),)}, "lost", "the delivery is dead: no"),
        (
            {"events": (event(),), "deliveries": (delivery("skipped", "off"),)},
            "lost",
            "the delivery was skipped: off",
        ),
        (
            {"events": (event(),), "deliveries": (delivery("delivered"),)},
            "lost",
            "the delivery is delivered, and {name} does not have it",
        ),
    ],
)
def test_a_payment_that_the_partner_does_not_have(
    partner: str, held: dict[str, Any], verdict: str, detail: str
) -> None:
    found = verdicts(books(payment(partner), **held))
    assert found == [("payment", verdict, detail.format(name=NAMES[partner]))]


@pytest.mark.parametrize(
    ("changed", "state", "verdict", "detail"),
    [
        ({}, "delivered", "posted_once", "P1"),
        ({}, "", "posted_once", "P1"),
        ({"amount": Decimal("9.99")}, "delivered", "wrong_amount", "inHance v2 has 9.99 in place of 10.00"),
        ({"place": "A2"}, "delivered", "wrong_account", "inHance v2 credited A2 in place of A1"),
        (
            {"place": "A2", "state": "unmatched"},
            "delivered",
            "wrong_account",
            "inHance v2 has no account A2: the payment waits for a person",
        ),
        (
            {},
            "unknown",
            "unknown",
            "the delivery is unknown (hm); inHance v2 has the payment once: resolve it as posted",
        ),
        (
            {},
            "not_understood",
            "unknown",
            "the delivery is not understood (hm); inHance v2 has the payment once: resolve it as posted",
        ),
        ({}, "dead", "unknown", "the delivery is dead (hm), and yet inHance v2 has the payment"),
    ],
)
def test_a_payment_that_the_partner_has_once(changed: dict[str, Any], state: str, verdict: str, detail: str) -> None:
    deliveries = (delivery(state, "hm"),) if state else ()
    held = books(payment(), postings=(posting(**changed),), events=(event(),), deliveries=deliveries)
    assert verdicts(held) == [("payment", verdict, detail)]


def test_one_that_it_has_twice() -> None:
    held = books(payment(), postings=(posting(), posting(number=1, amount=Decimal(9))))
    assert verdicts(held) == [("payment", "doubled", "2 times in the books of inHance v2: 10.00 (P1), 9 (P1)")]


@pytest.mark.parametrize(
    "told",
    [
        {"deliveries": (delivery("delivered", account="A2"),)},
        {"rows": (row(account="A2"),)},
        {"downloaded": (downloaded("posted", account="A2"),)},
    ],
)
def test_the_account_may_be_credited_that_the_partner_was_told(told: dict[str, Any]) -> None:
    """A conveyed account has another number than when its payment was made."""
    held = books(payment(), postings=(posting(place="A2"),), **told)
    assert verdicts(held) == [("payment", "posted_once", "P1")]


@pytest.mark.parametrize(
    ("partner", "changed", "reason"),
    [
        ("inhance_v2", {"approved": False, "state": "declined"}, "it was declined"),
        ("inhance_v2", {"offline": True}, "a clerk's entry: the biller's own system has it"),
        ("inhance_v2", {"donation": "inline"}, "an inline donation is not posted (INT-2997)"),
        ("tccs", {"donation": "standalone"}, "TCCS takes no donations"),
        ("watersmart", {"donation": "inline"}, "files carry no inline donation"),
    ],
)
def test_one_that_has_no_business_there(partner: str, changed: dict[str, Any], reason: str) -> None:
    one = payment(partner, **changed)
    assert verdicts(books(one)) == [("payment", "not_due", reason)]
    name = {"watersmart": "WaterSmart", **NAMES}[partner]
    posted = f"{reason}, and yet 10.00 (P1) stands in the books of {name}"
    assert verdicts(books(one, postings=(posting(partner),))) == [("payment", "wrong_amount", posted)]


@pytest.mark.parametrize(
    ("held", "verdict", "detail"),
    [
        ({}, "on_its_way", "the next Payment job downloads it"),
        ({"marks": {"inhance_v1": UP_TO}}, "on_its_way", "the next Payment job downloads it"),
        (
            {"marks": {"inhance_v1": UP_TO + timedelta(seconds=1)}},
            "lost",
            "inHance v1 has asked for payments up to 2026-03-02T12:00:01+00:00 and does not have it",
        ),
        ({"downloaded": (downloaded("pending"),)}, "on_its_way", "it waits in View Pending Payments"),
        (
            {"downloaded": (downloaded("pending", "no account"),)},
            "on_its_way",
            "it waits in View Pending Payments: no account",
        ),
        ({"downloaded": (downloaded("deleted", "twice"),)}, "given_up", "a clerk deleted it: twice"),
        (
            {"downloaded": (downloaded("posted"),)},
            "lost",
            "inHance v1 downloaded it and says that it is posted, and it is not in the account",
        ),
    ],
)
def test_a_payment_to_be_downloaded(held: dict[str, Any], verdict: str, detail: str) -> None:
    assert verdicts(books(payment("inhance_v1"), **held)) == [("payment", verdict, detail)]


LOST_ON_ITS_WAY = "payments.csv, line 7, has it and was fetched; WaterSmart does not have it"


@pytest.mark.parametrize(
    ("rows", "verdict", "detail"),
    [
        ((), "on_its_way", "the next payment file has it"),
        ((row(number=2, fetched=False),), "on_its_way", "payments.csv has it and was not fetched yet"),
        ((row(number=2),), "lost", LOST_ON_ITS_WAY),
        ((row(number=2), row(number=2, fetched=False)), "lost", LOST_ON_ITS_WAY),
        ((row(number=3),), "lost", "no payment file has it, and later payments are in one"),
        ((row(number=1), row(number=3)), "lost", "no payment file has it, and later payments are in one"),
        ((row(number=1),), "on_its_way", "the next payment file has it"),
        ((row("rejects", number=3),), "on_its_way", "the next payment file has it"),
    ],
)
def test_a_payment_for_a_file(rows: tuple[FileRow, ...], verdict: str, detail: str) -> None:
    assert verdicts(books(payment("watersmart", 2), rows=rows)) == [("payment", verdict, detail)]


# --- returns ---


@pytest.mark.parametrize(
    ("back", "verdict", "detail"),
    [
        ({"events": (event(kind="ach_reject"),), "deliveries": (delivery("delivered", kind="ach_reject"),)}, "lost",
         "the delivery is delivered, and TCCS does not have it"),
        ({"events": (event("waiting", "ach_reject"),)}, "on_its_way", "it waits in Invoice Cloud's outbox"),
        ({}, "lost", "Invoice Cloud raised no event for it"),
        ({"events": (event(kind="ach_reject"),), "deliveries": (delivery("unknown", kind="ach_reject"),)}, "unknown",
         "the delivery is unknown; it is not taken back in the books of TCCS"),
    ],
)  # fmt: skip
def test_a_return_of_which_a_call_tells(back: dict[str, Any], verdict: str, detail: str) -> None:
    held = books(payment("tccs", state="returned"), postings=(posting("tccs"),), **back)
    assert verdicts(held) == [("payment", "posted_once", "P1"), ("return", verdict, detail)]


def test_a_return_of_what_the_partner_does_not_have() -> None:
    found = verdicts(books(payment("tccs", state="returned")))
    assert found[1] == ("return", "not_due", "TCCS does not have the payment")


def test_a_return_that_was_taken_back() -> None:
    back = posting("tccs", returned=True)
    held = books(payment("tccs", state="returned"), postings=(back,))
    assert verdicts(held)[1] == ("return", "posted_once", "P1 is taken back")
    twice = books(payment("tccs", state="returned"), postings=(back, back))
    assert verdicts(twice)[1] == ("return", "doubled", "taken back 2 times: 10.00 (P1), 10.00 (P1)")


@pytest.mark.parametrize("partner", ["inhance_v1", "inhance_v2"])
def test_a_return_that_a_clerk_enters(partner: str) -> None:
    held = books(payment(partner, state="returned"), postings=(posting(partner),))
    name = {"inhance_v1": "inHance v1", **NAMES}[partner]
    assert verdicts(held)[1] == ("return", "not_due", f"{name} is told of no returns: a clerk enters them")


def test_a_return_of_a_donation_that_no_file_carried() -> None:
    held = books(payment("watersmart", state="returned", donation="inline"))
    assert verdicts(held)[1] == ("return", "not_due", "files carry no inline donation")


@pytest.mark.parametrize(
    ("held", "verdict", "detail"),
    [
        ({}, "on_its_way", "the next rejects file has it"),
        ({"rows": (row("rejects", fetched=False),)}, "on_its_way", "rejects.csv has it and was not fetched yet"),
        (
            {"rows": (row("rejects"),)},
            "lost",
            "rejects.csv, line 7, has it and was fetched; WaterSmart does not have it",
        ),
        (
            {"rows": (row("rejects"), row("rejects", fetched=False)), "rejects": {"00000001": True}},
            "lost",
            "WaterSmart has the reject, and took no payment back",
        ),
        (
            {"rows": (row("rejects"),), "rejects": {"00000001": False}},
            "wrong_account",
            "WaterSmart has the reject, of another account or amount than it has the payment: it waits for a person",
        ),
        (
            {"rows": (row("rejects"),), "rejects": {"00000001": False}, "postings": ()},
            "on_its_way",
            "it waits for its payment",
        ),
    ],
)
def test_a_return_of_which_a_file_tells(held: dict[str, Any], verdict: str, detail: str) -> None:
    found = books(payment("watersmart", state="returned"), **{"postings": (posting("watersmart"),), **held})
    assert verdicts(found)[1] == ("return", verdict, detail)


def test_the_audit_is_of_the_lane_and_its_time() -> None:
    found = audit(books(payment()))
    assert (found.lane, found.at) == ("default", datetime.fromisoformat("2026-03-02T12:00:00.25+00:00"))
    assert [one.verdict for one in found.of("guid-1")] == ["lost"]
    assert not found.of("guid-2")


def test_each_story_has_its_own_events_and_rows() -> None:
    of_tccs = books(
        payment("tccs", state="returned"),
        events=(event(), event("waiting", kind="ach_reject")),
        deliveries=(delivery("delivered"),),
    )
    in_files = books(payment("watersmart", state="returned"), rows=(row(), row("rejects", fetched=False)))
    stories = [[text for _, _, text in one.story[1:]] for held in (of_tccs, in_files) for one in audit(held).judged]
    assert stories == [
        ["event 1 accepted", "delivery delivered after 1 attempt"],
        ["event 1 waiting"],
        ["payments.csv, line 7"],
        ["rejects.csv, line 7, not fetched"],
    ]
