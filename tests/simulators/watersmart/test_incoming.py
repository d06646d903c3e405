"""What the rows of Invoice Cloud's files do to the books, and what the books say of them afterwards."""

from __future__ import annotations

from tests.simulators.watersmart.water import LAUNDROMAT, Water, payment, reject


def entries(water: Water) -> list[tuple[str, str, dict[str, object]]]:
    """The account's entries: kind, amount, detail."""
    found = water.api("GET", f"/customers/{LAUNDROMAT}")["entries"]
    return [(one["kind"], one["amount"], one["detail"]) for one in found]


def test_a_change_without_its_account_is_told_and_refuses_no_other(water: Water) -> None:
    """Invoice Cloud leaves out an account number that the log's column cannot hold [A-90]."""
    water.cloud.export("changes", 1, ",,,,,555-0100,09152026120000,,", f"{LAUNDROMAT},,,,,555-0199,09152026120000,,")
    assert "not of our accounts: one without its number" in water.run("collect")
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["phone"] == "555-0199"


def test_an_entry_says_which_payment_and_return_it_is(water: Water) -> None:
    before = len(entries(water))
    check = {"offline": "True", "check": "1042", "type": "2", "words": "Check", "report": "7"}
    water.cloud.export("payments", 7, payment(1, "10.00", **check), payment(2, "5.00", report="7"))
    water.cloud.export("rejects", 8, reject(2, "5.00"))
    water.run("collect")
    by_check = {
        "payment_guid": "guid-1",
        "reference": "IC00000001",
        "invoice_number": f"{LAUNDROMAT}-0001",
        "type": "Check",
        "report_id": 7,
    }
    by_card = by_check | {"payment_guid": "guid-2", "reference": "IC00000002", "type": "Credit Card"}
    assert entries(water)[before:] == [
        ("paid", "-10.00", by_check | {"offline": True, "check_number": "1042"}),
        ("paid", "-5.00", by_card),
        ("returned", "5.00", {"reference": "IC00000002", "code": "R01", "amount": "5.00"}),
    ]
    files = {one["name"]: one["number"] for one in water.api("GET", "/files")["files"]}
    rows = [*water.api("GET", "/payments")["payments"], *water.api("GET", "/rejects")["rejects"]]
    assert [one["file_number"] for one in rows] == [files["payments7.csv"]] * 2 + [files["rejects8.csv"]]


def test_a_reject_takes_its_payment_back_once_whatever_file_brings_it(water: Water) -> None:
    water.cloud.export("payments", 1, payment(1, "10.00"), payment(2, "5.00"))
    water.cloud.export("rejects", 2, reject(1, "10.00"))
    water.cloud.export("rejects", 3, reject(1, "10.00"), reject(2, "5.00"))
    said = water.run("collect")
    assert "1 applied, 1 known already" in said
    assert "wait" not in said
    assert (water.balance(), water.api("GET", "/books")["unmatched"]) == ("64.20", 0)
    assert [one["applied"] for one in water.api("GET", "/rejects")["rejects"]] == [True, True]
    water.cloud.export("rejects", 4, reject(8, "1.00"))
    assert "0 applied, 1 wait for a person" in water.run("collect")


def test_a_payment_that_was_taken_back_is_not_taken_back_by_another_reference(water: Water) -> None:
    water.cloud.export("payments", 1, payment(1, "10.00"), payment(2, "10.00", reference="IC00000001"))
    water.cloud.export("rejects", 2, reject(1, "10.00"))
    water.run("collect")
    states = [one["state"] for one in water.api("GET", "/payments")["payments"]]
    assert (sorted(states), water.balance()) == (["posted", "returned"], "54.20"), "one reject, one payment"


def test_the_balance_is_said_again_where_a_donation_came_back(water: Water) -> None:
    """It is on no bill at Invoice Cloud either, so the next balance file says what is owed."""
    water.cloud.export("payments", 1, payment(1, "5.00", invoice=""), payment(2, "5.00"))
    water.cloud.export("rejects", 2, reject(2, "5.00"))
    water.run("collect")
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["balance_waits"] is False
    water.cloud.export("rejects", 3, reject(1, "5.00"))
    water.run("collect")
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["balance_waits"] is True


def test_a_payment_of_before_the_demos_reset_has_the_balance_said_again(water: Water) -> None:
    """Invoice Cloud was told to ask for it once more."""
    water.cloud.export("payments", 1, payment(1, "5.00", date="09152026115900"))
    water.run("collect")
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["balance_waits"] is False
    water.api("POST", f"/customers/{LAUNDROMAT}/renew")
    water.run("balances")
    water.advance(minutes=5)
    water.cloud.export("payments", 2, payment(2, "5.00", date="09152026120400"))
    water.run("collect")
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["balance_waits"] is False, "paid afterwards"
    water.cloud.export("payments", 3, payment(3, "5.00", date="09152026115900"))
    water.run("collect")
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["balance_waits"] is True
