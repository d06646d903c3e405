"""Where both sides say otherwise what an account owes, what is said of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.auditing import audit
from partnerlab.auditing.matching import match
from partnerlab.auditing.owed import MOST_TERMS, balances
from tests.partnerlab.auditing.by_hand import (
    balance,
    books,
    delivery,
    event,
    former_owner,
    missing_bill,
    payment,
    posting,
)


def said(*payments: Any, **held: Any) -> list[tuple[str, str, Decimal, str]]:
    found = books(*payments, **held)
    return [(one.kind, one.subject, one.amount, one.detail) for one in balances(found, match(found), audit(found))]


def of_one(here: str, there: str, *payments: Any, held: Any = None, partner: str = "inhance_v2", **changed: Any) -> Any:
    """Kind and words of the one balance; None where nothing is said. *held* are other records."""
    place = "I1" if partner == "tccs" else "A1"
    one = balance(partner, here, there, place=place, **changed)
    found = said(*payments, balances=(one,), **(held or {}))
    if not found:
        return None
    ((kind, subject, amount, detail),) = found
    name = {"inhance_v2": "inHance v2", "tccs": "TCCS"}[partner]
    assert (subject, amount) == (place, Decimal(here) - Decimal(there))
    assert detail.startswith(f"Invoice Cloud {here}, {name} {there}")
    return kind, detail.removeprefix(f"Invoice Cloud {here}, {name} {there}")


def test_nothing_where_both_say_the_same() -> None:
    assert of_one("10.00", "10.00") is None


def test_a_difference_that_nobody_can_explain() -> None:
    assert of_one("10.00", "10.01") == ("cents_off", "")


HELD = "what was taken just before the last file counts as not in it [A-85]"


@pytest.mark.parametrize(
    ("here", "changed", "text"),
    [
        ("12.00", {"late_fees": Decimal(2)}, "late fees of Invoice Cloud"),
        ("8.00", {"former": (former_owner("2.00"),)}, "the rest is asked of its former owner"),
        ("8.00", {"ahead": Decimal(2)}, "paid before it was billed"),
        ("8.00", {"held_back": Decimal(2)}, HELD),
        ("8.00", {"unsent": (missing_bill("7", "2.00"),)}, "bill 7 is not at Invoice Cloud"),
    ],
)
def test_what_explains_one(here: str, changed: dict[str, Any], text: str) -> None:
    assert of_one(here, "10.00", **changed) == ("explained", f": {text}")
    other_way = "8.00" if here == "12.00" else "12.00"
    assert of_one(other_way, "10.00", **changed) == ("cents_off", f": it does not add up with {text}")
    assert of_one("10.00", "10.00", **changed) is None, "it may have been evened out since"


def test_the_fewest_reasons_that_add_up_are_told() -> None:
    three = {"late_fees": Decimal(2), "ahead": Decimal(1), "unsent": (missing_bill("7", "3.00"),)}
    assert of_one("11.00", "10.00", **three) == (
        "explained",
        ": late fees of Invoice Cloud; paid before it was billed",
    )
    assert of_one("7.00", "10.00", **three) == ("explained", ": bill 7 is not at Invoice Cloud")


@pytest.mark.parametrize("bills", [MOST_TERMS, MOST_TERMS + 1])
def test_of_very_many_only_the_sum_of_all_is_tried(bills: int) -> None:
    unsent = tuple(missing_bill(str(number), "1.00") for number in range(bills))
    assert of_one("5.00", "5.00", unsent=unsent) is None
    assert of_one("0.00", f"{bills}.00", unsent=unsent)[0] == "explained"
    assert of_one("0.00", "2.00", unsent=unsent)[0] == ("explained" if bills == MOST_TERMS else "cents_off")


def test_a_bill_that_went_out_and_is_not_there_is_to_be_mended() -> None:
    found = of_one("8.00", "10.00", unsent=(missing_bill("7", "2.00", "bills.txt"),))
    assert found == ("off_by_finding", ": bill 7 is not at Invoice Cloud, and went out in bills.txt")


def test_a_bill_of_a_conveyed_account_that_is_gone_is_found_where_both_agree() -> None:
    """A new owner may be asked for it, whose bill carries the balance forward."""
    bill = missing_bill("I9", "4.00", "an upload")
    text = ": bill I9 is not at Invoice Cloud, and went out in an upload: of its 4.00 another owner is asked, or nobody"
    for unsent, expected in (
        (bill, [("off_by_finding", "A1", Decimal("-4.00"), text.removeprefix(": "))]),
        (missing_bill("I9", "4.00"), []),
        (missing_bill("I9", "4.00", "an upload", "it has no lines"), []),
    ):
        one = balance("inhance_v2", "10.00", "10.00", unsent=(unsent,), was_conveyed=True)
        assert said(balances=(one,)) == expected
    assert of_one("6.00", "10.00", unsent=(bill,), was_conveyed=True) == ("off_by_finding", text.split(": of its")[0])


@pytest.mark.parametrize(
    ("here", "there", "due", "paid"), [("14.00", "10.00", "4.00", False), ("10.00", "0.00", "0", True)]
)
def test_a_bill_from_a_cloud_payments_request_says_so(here: str, there: str, due: str, paid: bool) -> None:
    """Unpaid it is asked for here alone; paid, the partner has the payment and not the bill."""
    payments = (payment(invoice="P1"),) if paid else ()
    held = {"postings": (posting(),)} if paid else {}
    found = of_one(here, there, *payments, held=held, requested=(("P1", Decimal(due)),))
    assert found == ("explained", ": bill P1 is known from a Cloud Payments request alone")


def test_a_bill_that_was_refused_says_why() -> None:
    found = of_one("8.00", "10.00", unsent=(missing_bill("7", "2.00", "an upload", "line 3: no name"),))
    text = "bill 7 is not at Invoice Cloud, and went out in an upload, which refused it: line 3: no name"
    assert found == ("off_by_finding", f": {text}")


@pytest.mark.parametrize(
    ("here", "changed", "expected"),
    [
        ("8.00", {"asked": ("5", "6")}, ("explained", ": inHance v2 is being asked about bill 5, 6")),
        ("12.00", {"asked": ("5", "6")}, ("cents_off", "")),
        ("12.00", {"asked": ("5",), "waits": True}, ("explained", ": inHance v2 has not sent its last change yet")),
        ("8.00", {"asked": ("5",), "ahead": Decimal(2)}, ("explained", ": paid before it was billed")),
        ("8.00", {"waits": True}, ("explained", ": inHance v2 has not sent its last change yet")),
        ("8.00", {"waits": True, "ahead": Decimal(2)}, ("explained", ": paid before it was billed")),
    ],
)
def test_what_is_under_way_between_both(here: str, changed: dict[str, Any], expected: tuple[str, str]) -> None:
    assert of_one(here, "10.00", **changed) == expected


UNDER_WAY = {"events": (event(),), "deliveries": (delivery("waiting"),)}


def test_money_of_which_the_partner_cannot_know_must_show() -> None:
    """Else a payer is asked for it again."""
    text = "00000001 (accepted): 10.00 here, 0 there"
    assert of_one("0.00", "10.00", payment(), held=UNDER_WAY) == ("explained", f": {text}")
    expected = ("cents_off", f": it does not add up with {text}")
    assert of_one("10.00", "10.00", payment(), held=UNDER_WAY) == expected
    assert of_one("0.00", "20.00", payment(), held=UNDER_WAY) == expected, "once"


def test_a_payment_that_is_lost_is_to_be_mended() -> None:
    text = "00000001 (accepted): 10.00 here, 0 there"
    assert of_one("0.00", "10.00", payment()) == ("off_by_finding", f": {text}")
    both = of_one("2.00", "10.00", payment(), late_fees=Decimal(2))
    assert both == ("off_by_finding", f": {text}; late fees of Invoice Cloud")


def test_one_that_both_have_explains_nothing() -> None:
    assert of_one("20.00", "10.00", payment(), held={"postings": (posting(),)}) == ("cents_off", "")


def test_one_that_only_the_partner_has_is_to_be_mended() -> None:
    orphan = posting(number=9, amount=Decimal("10.00"))
    found = of_one("10.00", "0.00", held={"postings": (orphan,)})
    assert found == ("off_by_finding", ": P9 is no payment of Invoice Cloud")
    gone = of_one("10.00", "0.00", held={"postings": (posting(number=9, returned=True),)})
    assert gone == ("cents_off", "")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"approved": False, "state": "declined"}, ("cents_off", "")),
        ({"offline": True}, ("explained", ": 00000001 (clerk's entry): 10.00 here, 0 there")),
        ({"donation": "inline"}, ("cents_off", "")),
        ({"state": "returned"}, ("cents_off", "")),
    ],
)
def test_a_payment_that_the_partner_need_not_have(changed: dict[str, Any], expected: tuple[str, str]) -> None:
    assert of_one("0.00", "10.00", payment(**changed)) == expected
    assert of_one("10.00", "10.00", payment(**changed)) is None


@pytest.mark.parametrize(
    ("changed", "what", "kind"),
    [
        ({"donation": "standalone"}, "donation", "explained"),
        ({"state": "returned"}, "returned", "explained"),
        ({"approved": False, "state": "declined"}, "declined", "off_by_finding"),
    ],
)
def test_one_that_it_has_and_that_pays_nothing_here(changed: dict[str, Any], what: str, kind: str) -> None:
    held = {"postings": (posting(),)}
    found = of_one("10.00", "0.00", payment(**changed), held=held)
    assert found == (kind, f": 00000001 ({what}): 0 here, 10.00 there")


def test_a_return_that_a_clerk_entered_after_the_balance_was_told() -> None:
    held = {"postings": (posting(returned=True),)}
    text = "00000001 came back, and the balance was told before a clerk entered it"
    assert of_one("0.00", "10.00", payment(state="returned"), held=held) == ("explained", f": {text}")
    of_tccs = {"postings": (posting("tccs", returned=True),)}
    assert of_one("0.00", "10.00", payment("tccs", state="returned"), held=of_tccs, partner="tccs") == ("cents_off", "")


@pytest.mark.parametrize(("partner", "place", "elsewhere"), [("inhance_v2", "A1", "A2"), ("tccs", "I1", "I2")])
def test_a_payment_that_was_credited_elsewhere(partner: str, place: str, elsewhere: str) -> None:
    found = said(
        payment(partner),
        postings=(posting(partner, place=elsewhere),),
        balances=(balance(partner, "0", "10", place=place), balance(partner, "10", "0", place=elsewhere)),
    )
    assert [(one[0], one[1], one[3].partition(": ")[2]) for one in found] == [
        ("off_by_finding", place, "00000001 (accepted): 10.00 here, 0 there"),
        ("off_by_finding", elsewhere, "00000001 was credited here"),
    ]


def test_a_conveyed_account_is_its_partners_under_the_old_number() -> None:
    found = of_one("0.00", "10.00", payment(account="A1-CV-03022026"), held=UNDER_WAY)
    assert found == ("explained", ": 00000001 (accepted): 10.00 here, 0 there")


def test_a_return_counts_where_the_partner_has_the_payment() -> None:
    """A partner may have a conveyed account itself."""
    account = "A1CV-20260302093000"
    one = balance("inhance_v2", "0.01", "10.01", place=account)
    held = {"postings": (posting(place=account, returned=True),), "balances": (one,)}
    ((kind, subject, _, detail),) = said(payment(account=account, state="returned"), **held)
    text = "00000001 came back, and the balance was told before a clerk entered it"
    assert (kind, subject, detail) == ("explained", account, f"Invoice Cloud 0.01, inHance v2 10.01: {text}")


FORMER = "A1CV-20260302093000"


@pytest.mark.parametrize(
    ("asked", "changed", "off"),
    [
        ("10.00", {}, None),
        ("10.01", {}, "0.01"),
        ("9.99", {}, "-0.01"),
        ("0", {}, "-10.00"),
        ("12.00", {"late_fees": Decimal(2)}, None),
        ("13.00", {"late_fees": Decimal(2)}, "3.00"),
    ],
)
def test_a_former_owner_of_whom_the_new_ones_bill_says_nothing(
    asked: str, changed: dict[str, Any], off: str | None
) -> None:
    """The new owner's carries the whole balance forward, so both sides say the same of the account."""
    one = balance("inhance_v2", "30.00", "30.00", former=(former_owner(asked, "10.00", **changed),))
    found = [one for one in said(balances=(one,)) if one[0] != "explained"]
    detail = f"of a former owner of A1 Invoice Cloud asks {asked}, inHance v2 billed 10.00"
    assert found == ([] if off is None else [("cents_off", FORMER, Decimal(off), detail)])


@pytest.mark.parametrize("partner", ["inhance_v1", "inhance_v2", "watersmart"])
@pytest.mark.parametrize(("asked", "off"), [("10.00", None), ("10.01", "0.01"), ("30.00", "20.00"), ("9.99", None)])
def test_what_a_former_owner_is_asked_for_in_place_of_the_new_one_is_found(
    asked: str, off: str | None, partner: str
) -> None:
    """Both together owe what the partner says; less than billed one may be asked for, as a balance may lower it."""
    here = str(Decimal("30.00") - Decimal(asked))
    one = balance(partner, here, "30.00", former=(former_owner(asked, "10.00"),))
    found = [(kind, subject, apart) for kind, subject, apart, _ in said(balances=(one,)) if kind != "explained"]
    finds = off is not None and partner != "watersmart"  # whose "Renew User" asks again for what was paid just before
    assert found == ([("cents_off", FORMER, Decimal(str(off)))] if finds else [])


@pytest.mark.parametrize(("asked", "finds"), [("4.00", False), ("14.00", True), ("4.01", True)])
def test_what_a_former_owner_paid_is_asked_of_that_one_no_more(asked: str, finds: bool) -> None:
    """While it is under way, too."""
    owner = former_owner(asked, "14.00", bills=frozenset(("I1",)))
    one = balance("inhance_v2", "30.00", "30.00", former=(owner,))
    found = said(payment(account=FORMER), **UNDER_WAY, balances=(one,))
    assert [(kind, subject) for kind, subject, *_ in found] == ([("cents_off", FORMER)] if finds else [])


@pytest.mark.parametrize(("here", "kind"), [("20.00", "explained"), ("20.01", "cents_off"), ("24.00", "cents_off")])
def test_what_a_former_owner_is_asked_for_goes_with_what_that_one_paid(here: str, kind: str) -> None:
    owner = former_owner("4.00", "14.00", bills=frozenset(("I1",)))
    one = balance("inhance_v2", here, "34.00", former=(owner,))
    (found,) = said(payment(account=FORMER), **UNDER_WAY, balances=(one,))
    assert (found[0], found[1]) == (kind, "A1")


@pytest.mark.parametrize(
    ("asked", "returned", "finds"),
    [
        ("24.00", True, False),
        ("23.99", True, True),
        ("44.00", True, True),
        ("34.00", False, False),
        ("24.00", False, False),
        ("24.01", False, True),
        ("44.00", False, True),
    ],
)
def test_a_donation_of_a_former_owner_may_have_been_told_or_not(asked: str, returned: bool, finds: bool) -> None:
    """It stands beside the bills, and its return is entered by a clerk: the last word may have been before each."""
    owner = former_owner(asked, "34.00", bills=frozenset(("I1",)))
    beside = Decimal(0) if returned else Decimal(-10)
    one = balance("inhance_v2", "50.00", "50.00", former=(owner,), beside_bills=beside)
    gift = payment(account=FORMER, invoice="", donation="standalone", state="returned" if returned else "settled")
    found = said(gift, postings=(posting(returned=returned),), balances=(one,))
    assert [(kind, subject) for kind, subject, *_ in found if kind == "cents_off"] == (
        [("cents_off", FORMER)] if finds else []
    )


@pytest.mark.parametrize(
    ("asked", "closed", "finds"),
    [
        ("0.00", True, False),
        ("0.00", False, True),
        ("1.00", True, True),
        ("17.00", False, False),
        ("18.00", False, True),
    ],
)
def test_a_bill_that_was_billed_anew_may_have_a_former_owners_in_it_or_be_in_that(
    asked: str, closed: bool, finds: bool
) -> None:
    owner = former_owner(
        asked, "12.00", bills=frozenset(("I1",)), closed=closed, passed_on=(("I2", (Decimal(4), Decimal(5))),)
    )
    one = balance("inhance_v2", "50.00", "50.00", former=(owner,))
    found = [subject for kind, subject, *_ in said(balances=(one,)) if kind == "cents_off"]
    assert found == ([owner.account] if finds else [])
    plain = replace(one, former=(replace(owner, passed_on=()),))
    assert [kind for kind, subject, *_ in said(balances=(plain,)) if subject == owner.account] == ["cents_off"]


@pytest.mark.parametrize(
    ("asked", "finds"), [("15.00", False), ("5.00", False), ("17.00", False), ("15.01", True), ("10.00", True)]
)
def test_a_former_owners_bill_may_carry_forward_what_another_one_owed(asked: str, finds: bool) -> None:
    """inHance's does, WaterSmart's does not: what was billed, or what is asked for by now."""
    first = former_owner("12.00", "10.00", bills=frozenset(("I1",)), late_fees=Decimal(2))
    second = former_owner(asked, "5.00", account="A1CV-20260402093000")
    one = balance("inhance_v2", "50.00", "50.00", former=(first, second))
    found = [subject for kind, subject, *_ in said(balances=(one,)) if kind == "cents_off"]
    assert found == ([second.account] if finds else [])
    of_file = balance("watersmart", "50.00", "50.00", former=(first, second))
    found = [subject for kind, subject, *_ in said(balances=(of_file,)) if kind == "cents_off"]
    assert found == ([] if asked == "5.00" else [second.account])


@pytest.mark.parametrize(("asked", "finds"), [("24.00", False), ("34.00", False), ("24.01", True), ("44.00", True)])
def test_a_return_that_a_clerk_entered_after_a_former_owners_balance_was_told(asked: str, finds: bool) -> None:
    """It had been credited where the bills are, before the account was conveyed."""
    owner = former_owner(asked, "34.00", bills=frozenset(("I1",)))
    one = balance("inhance_v2", "50.00", "50.00", former=(owner,))
    found = said(payment(account=FORMER, state="returned"), postings=(posting(returned=True),), balances=(one,))
    assert [subject for kind, subject, *_ in found if kind == "cents_off"] == ([FORMER] if finds else [])


@pytest.mark.parametrize(("asked", "finds"), [("44.00", False), ("34.00", False), ("44.01", True), ("54.00", True)])
def test_a_return_of_what_was_credited_under_a_former_owners_own_number(asked: str, finds: bool) -> None:
    """The balance of the bills was told without the payment; when it came back Invoice Cloud asked for it again."""
    owner = former_owner(asked, "34.00", bills=frozenset(("I1",)))
    one = balance("inhance_v1", "0.00", "34.00", former=(owner,))
    paid = payment("inhance_v1", account=FORMER, state="returned")
    found = said(paid, postings=(posting("inhance_v1", place=FORMER, returned=True),), balances=(one,))
    assert [kind for kind, subject, *_ in found if subject == "A1"] == (["cents_off"] if finds else ["explained"])


@pytest.mark.parametrize(("there", "finds"), [("10.01", False), ("0.00", True)])
def test_a_partner_may_have_told_the_balance_of_the_former_owners_own_number(there: str, finds: bool) -> None:
    """Then that account has to agree; what stands under the number from before is compared to the cent."""
    owner = former_owner("10.01", "10.00")
    at_both = balance("inhance_v2", "10.01", there, place=FORMER, itself=owner)
    found = said(balances=(balance("inhance_v2", "30.00", "30.00", former=(owner,)), at_both))
    assert [(kind, subject) for kind, subject, *_ in found if kind == "cents_off"] == (
        [("cents_off", FORMER)] if finds else []
    )
