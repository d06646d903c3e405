"""The daily files: what goes out is sent until it arrived, what comes in is applied once."""

from __future__ import annotations

from typing import Any

import pytest

from partnerlab.client.jobs import ReceivedBatch
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart import Settings
from tests.simulators.watersmart.water import APARTMENTS, LAUNDROMAT, NURSERY, Water, payment, reject

NURSERY_ROW = (
    "20000203,Ferry Landing Nursery,3 Ferry Landing,,Northfield,MN,55057,"
    "09/14/2026,10/04/2026,88.40,0.00,20000203-0001,1,0,0,\r\n"
)


def test_the_books_agree_after_files_in_every_direction(shared: Water) -> None:
    """One round on each kind of store: billed, entered, paid, returned, paid again in a file that came twice."""
    water = shared
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="30.00")
    water.api("POST", f"/customers/{APARTMENTS}/entries", kind="counter_payment", amount="10.75")
    water.cloud.export("payments", 1, payment(1, "64.20"), payment(2, "5.00", APARTMENTS, offline="True", check="77"))
    water.cloud.export("rejects", 2, reject(1, "64.20"))
    water.cloud.export("changes", 3, f"{APARTMENTS},,,new@example.com,09152026120000,,,09152026120000,")
    timeline = [(done.outcome.partition(":")[0], f"{done.at:%H:%M}") for done in water.advance(days=1)]
    assert timeline == [("collect", "05:00"), ("invoices", "06:00"), ("balances", "06:30")]
    assert (water.balance(LAUNDROMAT), water.balance(APARTMENTS)) == ("94.20", "295.00")
    assert water.api("GET", "/books") == {
        "customers": 3,
        "balance": "477.60",
        "billed": "493.35",
        "paid": "69.20",
        "returned": "64.20",
        "counter_payments": "10.75",
        "adjusted": "0.00",
        "apart": [],
        "unmatched": 0,
    }
    apartments = water.api("GET", f"/customers/{APARTMENTS}")
    assert (apartments["email"], apartments["paperless"]) == ("new@example.com", True)
    assert water.cloud.fetched == [1, 2, 3]
    invoices, balances = water.cloud.sent
    assert invoices[1].splitlines()[-1].split(",")[9:11] == ["30.00", "64.20"]
    assert balances[1] == f"{APARTMENTS},Pond View Apartments,295.00,1,295.00\r\n"
    water.cloud.export("payments", 4, payment(1, "64.20", report="4"), payment(3, "1.00"))
    assert water.run("collect") == "collect: payments4.csv: 1 applied, 1 known already"
    assert water.balance(LAUNDROMAT) == "93.20"


def test_the_invoice_file_has_sixteen_columns_and_each_bill_once(water: Water) -> None:
    assert water.run("invoices").endswith("1 row: U1: all accepted")
    assert water.cloud.sent[0][1] == NURSERY_ROW
    assert water.run("invoices") == "invoices: nothing was billed"
    flags = {"block_cards": True, "display_account_number": "22-A", "customer_name": 'Ferry, "Landing"'}
    water.api("PUT", f"/customers/{NURSERY}", **flags)
    water.api("POST", f"/customers/{NURSERY}/bills", amount="10.00")
    water.api("POST", f"/customers/{NURSERY}/bills", amount="2.50", invoice_number="own-1")
    water.run("invoices")
    rows = water.cloud.sent[1][1].splitlines()
    assert [row.split(",")[-3:] for row in rows] == [["1", "0", "22-A"], ["1", "0", "22-A"]]
    assert all('"Ferry, ""Landing"""' in row for row in rows)
    assert [row.split(",")[-7:-5] for row in rows] == [["2.50", "88.40"], ["10.00", "90.90"]]


def test_a_file_that_may_not_have_arrived_is_sent_again_byte_for_byte(water: Water) -> None:
    water.cloud.out_of_reach = True
    assert "failed: ConnectionError" in water.advance(days=1)[1].outcome
    assert water.api("GET", "/files")["files"][0]["state"] == "waiting"
    water.cloud.out_of_reach = False
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="1.00")
    said = water.run("invoices")
    first, again, other = water.cloud.sent
    assert first == again
    assert other[1].startswith(LAUNDROMAT)
    assert said.count("all accepted") == 2
    assert [file["state"] for file in water.api("GET", "/files")["files"]] == ["sent", "sent"]


def test_a_balance_is_said_without_a_bill_that_has_not_gone_out_and_waits_for_one_on_its_way(shared: Water) -> None:
    """Invoice Cloud would ask for the bill in the balance, and again in the bill."""
    water = shared
    water.api("POST", f"/customers/{APARTMENTS}/entries", kind="counter_payment", amount="10.75")
    water.api("POST", f"/customers/{APARTMENTS}/bills", amount="30.00")
    assert water.run("balances").startswith("balances: ")
    assert water.cloud.sent[-1][1] == f"{APARTMENTS},Pond View Apartments,300.00,1,300.00\r\n", "30.00 of it wait"
    assert water.run("balances") == "balances: no balance changed"
    water.api("POST", f"/customers/{APARTMENTS}/entries", kind="adjusted", amount="0.75")
    water.cloud.out_of_reach = True
    water.run("invoices")
    water.cloud.out_of_reach = False
    assert water.run("balances") == "balances: no balance changed", "the file with the bill may not have arrived"
    water.run("invoices")
    water.run("balances")
    assert water.cloud.sent[-1][1] == f"{APARTMENTS},Pond View Apartments,330.75,1,330.75\r\n"


def test_what_moved_while_a_balance_file_waited_goes_out_behind_it(shared: Water) -> None:
    """The file is sent again as it is; a payment that Invoice Cloud exported meanwhile is not in it."""
    water = shared
    water.api("POST", f"/customers/{APARTMENTS}/entries", kind="counter_payment", amount="10.75")
    water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="counter_payment", amount="4.20")
    water.cloud.out_of_reach = True
    water.run("balances")
    water.cloud.out_of_reach = False
    assert water.api("GET", f"/customers/{APARTMENTS}")["balance_waits"] is True, "nobody has the file yet"
    water.cloud.export("payments", 1, payment(1, "20.00"))
    water.run("collect")
    water.run("balances")
    first, again, other = [content for _, content in water.cloud.sent]
    assert first == again
    assert other == f"{LAUNDROMAT},Brook Street Laundromat,40.00,1,40.00\r\n"
    assert water.run("balances") == "balances: no balance changed"


def test_a_balance_is_said_once_more_when_the_payment_before_it_is_days_old(shared: Water) -> None:
    """Invoice Cloud may count the payment as not in it, and nothing else would name the account [A-103]."""
    water = shared
    water.cloud.export("payments", 1, payment(1, "20.00"), payment(2, "5.00", APARTMENTS))
    water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="adjusted", amount="4.00")
    water.advance(days=1)
    assert water.cloud.sent[-1][1] == f"{LAUNDROMAT},Brook Street Laundromat,48.20,1,48.20\r\n"
    again_at = [one["balance_again_at"] for one in water.api("GET", "/customers")["customers"]]
    assert again_at == ["2026-09-20T05:00:00+00:00", None, None], "four days after it was collected"
    water.api("POST", f"/customers/{APARTMENTS}/entries", kind="adjusted", amount="1.00")
    water.advance(days=3)
    before = len(water.cloud.sent)
    water.advance(days=4)
    said = [content for _, content in water.cloud.sent[before:]]
    assert [[line.split(",")[0] for line in content.splitlines()] for content in said] == [[LAUNDROMAT, APARTMENTS]]
    assert all(one["balance_again_at"] is None for one in water.api("GET", "/customers")["customers"])


def test_rows_that_are_those_of_the_last_file_go_with_every_account(shared: Water) -> None:
    """Alone they would be taken for that file [A-87]; where it had every account, one goes behind the others."""
    water = shared

    def nothing_new(*accounts: str) -> str:
        for account in accounts:
            for amount in ("4.00", "-4.00"):
                water.api("POST", f"/customers/{account}/entries", kind="adjusted", amount=amount)
        return water.run("balances")

    water.run("invoices")
    for _ in range(3):
        nothing_new(LAUNDROMAT)
    rows = [[line.split(",")[0] for line in content.splitlines()] for _, content in water.cloud.sent[1:]]
    assert rows == [[LAUNDROMAT], [LAUNDROMAT, APARTMENTS, NURSERY], [LAUNDROMAT]]
    nothing_new(LAUNDROMAT, APARTMENTS, NURSERY)
    nothing_new(NURSERY, APARTMENTS, LAUNDROMAT)
    water.run("balances")
    rows = [[line.split(",")[0] for line in content.splitlines()] for _, content in water.cloud.sent[4:]]
    assert rows == [[LAUNDROMAT, APARTMENTS, NURSERY], [LAUNDROMAT, APARTMENTS], [NURSERY]]
    assert water.run("balances") == "balances: no balance changed"
    assert not any(one["balance_waits"] for one in water.api("GET", "/customers")["customers"])


def test_a_balance_in_a_file_that_may_not_have_arrived_waits_still(water: Water) -> None:
    water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="counter_payment", amount="4.20")
    waits = [water.api("GET", f"/customers/{LAUNDROMAT}")["balance_waits"]]
    water.cloud.out_of_reach = True
    water.run("balances")
    waits += [one["balance_waits"] for one in water.api("GET", "/customers")["customers"]]
    water.cloud.out_of_reach = False
    water.run("balances")
    waits.append(water.api("GET", f"/customers/{LAUNDROMAT}")["balance_waits"])
    assert waits == [True, True, False, False, False]


def test_what_is_entered_before_the_first_bill_waits_for_it(water: Water) -> None:
    """Invoice Cloud refuses a balance of an account that it does not know, and nobody would be asked for it."""
    water.api("PUT", "/customers/20000299", customer_name="Mill Pond Farm")
    water.api("POST", "/customers/20000299/entries", kind="adjusted", amount="4.70")
    assert water.run("balances") == "balances: no balance changed"
    water.api("POST", "/customers/20000299/bills", amount="30.00")
    water.run("invoices")
    water.run("balances")
    assert water.cloud.sent[-1][1] == "20000299,Mill Pond Farm,34.70,1,34.70\r\n"


def test_the_same_payment_counts_once_whatever_file_brings_it(water: Water) -> None:
    water.cloud.export("payments", 1, payment(1, "20.00"), name="ICPayments_CC_20260915120000.csv")
    water.run("collect")
    water.cloud.fetched.clear()  # Invoice Cloud did not hear that it was fetched
    assert "taken already, as file 1" in water.run("collect")
    water.cloud.export("payments", 2, payment(1, "20.00"), name="ICPayments_CC_20260915120001.csv")
    assert "0 applied, 1 known already" in water.run("collect")
    assert water.balance() == "44.20"


def test_a_known_name_with_other_content_is_refused_and_the_other_kinds_are_taken(water: Water) -> None:
    water.cloud.export("payments", 1, payment(1, "20.00"), name="same.csv")
    water.run("collect")
    water.cloud.export("payments", 2, payment(2, "20.00"), name="same.csv")
    water.cloud.export("changes", 3, f"{APARTMENTS},,,,,507-555-9999,09152026120000,,")
    assert "same.csv: a file of that name with other content was taken already" in water.run("collect")
    assert water.cloud.fetched == [1, 3], "the refused batch stays where it is"
    assert (water.balance(), water.api("GET", f"/customers/{APARTMENTS}")["phone"]) == ("44.20", "507-555-9999")


def test_what_the_books_do_not_know_waits_for_a_person(water: Water) -> None:
    water.cloud.export("rejects", 1, reject(1, "20.00"), reject(2, "9.99"))
    water.cloud.export(
        "payments", 2, payment(2, "10.00"), payment(9, "1.00", "404"), payment(8, "3.00", approved="False")
    )
    news = f"{APARTMENTS},,,,,507-555-9999,09152026120000,,"
    water.cloud.export("changes", 3, "404,,,,,,,,09152026120000", news, news)
    said = water.run("collect")
    assert "2 wait for a person" in said
    assert "1 applied, 1 known already, not of our accounts: 404" in said
    assert "2 applied, 1 wait for a person" in said
    states = {one["payment_guid"]: one["state"] for one in water.api("GET", "/payments")["payments"]}
    assert states == {"guid-2": "posted", "guid-9": "unmatched", "guid-8": "declined"}
    assert water.api("GET", "/books")["unmatched"] == 3
    water.cloud.export("payments", 4, payment(1, "20.00"))
    water.run("collect")
    assert water.balance() == "54.20", (
        "the reject that came first takes its payment back, one of another amount does not"
    )


@pytest.mark.parametrize("reject_first", [False, True])
def test_a_payment_for_which_a_person_found_the_account_is_taken_back(water: Water, reject_first: bool) -> None:
    """The reject names the account that the payment came with, as of one that was conveyed."""
    water.cloud.export("payments", 1, payment(9, "10.00", "404"))
    water.run("collect")
    batches = [
        lambda: water.api("POST", "/payments/guid-9/account", account_number=LAUNDROMAT),
        lambda: (water.cloud.export("rejects", 2, reject(9, "10.00", "404")), water.run("collect")),
    ]
    for act in reversed(batches) if reject_first else batches:
        act()
    assert (water.balance(), water.api("GET", "/books")["unmatched"]) == ("64.20", 0)
    assert water.api("GET", "/payments")["payments"][0]["state"] == "returned"


def test_a_person_finds_the_account_of_a_payment(water: Water) -> None:
    water.cloud.export("payments", 1, payment(9, "10.00", "404"))
    water.run("collect")
    assert water.ask("POST", "/payments/guid-8/account", account_number=LAUNDROMAT)[0] == 404
    posted = water.api("POST", "/payments/guid-9/account", account_number=LAUNDROMAT)
    assert (posted["state"], posted["account_number"], water.balance()) == ("posted", LAUNDROMAT, "54.20")
    assert water.ask("POST", "/payments/guid-9/account", account_number=LAUNDROMAT)[0] == 404, "once"
    assert water.api("GET", "/books")["unmatched"] == 0


@pytest.mark.parametrize(
    ("on_at", "off_at", "is_on"),
    [
        ("09152026120000", "", True),
        ("", "09152026120000", False),
        ("09152026120000", "09152026120001", False),
        ("09162026120000", "09152026120001", True),
        ("", "", True),
    ],
)
def test_of_a_sign_up_and_a_cancel_date_the_later_counts(water: Water, on_at: str, off_at: str, is_on: bool) -> None:
    water.cloud.export("changes", 1, f"{APARTMENTS},09012026120000,,,,,,09012026120000,")
    water.cloud.export("changes", 2, f"{APARTMENTS},{on_at},{off_at},,,,,{on_at},{off_at}")
    water.run("collect")
    customer = water.api("GET", f"/customers/{APARTMENTS}")
    assert (customer["autopay"], customer["paperless"]) == (is_on, is_on)


@pytest.mark.parametrize("dies_at", range(13))
def test_an_exchange_that_dies_at_any_step_skips_and_repeats_nothing(water: Water, dies_at: int) -> None:
    """Each call of a port may be the last of a process, before or after it did its work."""
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="30.00")
    water.api("POST", f"/customers/{APARTMENTS}/entries", kind="counter_payment", amount="10.75")
    water.cloud.export("payments", 1, payment(1, "64.20"), payment(2, "5.00", APARTMENTS))
    water.cloud.export("payments", 2, payment(3, "1.00"))
    water.cloud.export("rejects", 3, reject(1, "64.20"))
    water.cloud.dies_at = dies_at
    for _ in range(2):
        for job in ("collect", "invoices", "balances"):
            water.run(job)
    assert (water.balance(LAUNDROMAT), water.balance(APARTMENTS)) == ("93.20", "295.00")
    assert sorted(set(water.cloud.fetched)) == [1, 2, 3]
    kept = dict(water.cloud.sent)
    assert len(kept) == 2
    assert all(kept[name] == content for name, content in water.cloud.sent), "what is sent again is the same"
    assert sum(content.count(f"{LAUNDROMAT}-0002") for content in kept.values()) == 1


@pytest.mark.parametrize(
    ("kind", "row", "rule"),
    [
        ("payments", "a,b", "line 1: 2 columns, not 18"),
        ("payments", payment(1, "12.5"), "column 9, PaymentAmount: '12.5' is no amount"),
        ("payments", payment(1, ""), "column 9, PaymentAmount: is empty"),
        ("payments", payment(1, "1.00", date="15092026120000"), "column 6, PaymentDate: '15092026120000' is no moment"),
        ("payments", payment(1, "1.00", approved="yes"), "column 13, Approved: 'yes' is no boolean"),
        ("payments", payment(1, "1.00", report="x"), "column 17, WSReportID: 'x' is no integer"),
        (
            "payments",
            payment(1, "1.00") + "\r\n" + payment(2, "1.00", check="7\n8"),
            "line 2: it holds a control character",
        ),
        ("payments", payment(1, "1.00") + "\r\n" + payment(2, "1.00") + "\r\n20000", "line 3: 1 columns, not 18"),
        ("rejects", reject(1, "1.00").replace("R01", "R01,"), "line 1: 12 columns, not 11"),
        ("changes", ",,,,,,,,", "column 1, AccountNumber: is empty"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_changes_nothing(water: Water, kind: str, row: str, rule: str) -> None:
    water.cloud.export(kind, 1, row)
    said = water.run("collect")
    assert "collect: failed: FilesRefused" in said
    assert rule in said
    assert water.balance() == "64.20"
    assert water.api("GET", "/files")["files"] == []


def test_a_file_without_its_end_or_not_in_utf8_is_refused(water: Water) -> None:
    whole = f"{payment(1, '1.00')}\r\n".encode()
    for number, (content, rule) in enumerate(
        {whole[:-2]: "line 1: it has no end", whole + b"\xe9\r\n": "not UTF-8"}.items(), 1
    ):
        water.cloud.batches["payments"] = [ReceivedBatch(number, [("cut.csv", content)])]
        assert rule in water.run("collect")
    assert water.balance() == "64.20"


def test_a_paused_job_catches_up_with_one_run(water: Water) -> None:
    water.jobs.pause(water.lane, "invoices")
    assert [done.outcome.partition(":")[0] for done in water.advance(days=3)].count("invoices") == 0
    water.jobs.resume(water.lane, "invoices")
    outcomes: list[Any] = [done.outcome for done in water.advance(hours=1) if done.outcome.startswith("invoices")]
    assert len(outcomes) == 1
    assert "1 row" in outcomes[0]


def test_with_balance_forward_a_bill_asks_for_what_the_account_owes_when_the_file_is_made() -> None:
    store = Store("sqlite://")
    water = Water(store, Settings(balance_forward=True))
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="30.00")
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="1.00")
    water.cloud.export("payments", 1, payment(1, "64.20"))
    water.run("collect")
    water.run("invoices")
    rows = [row.split(",")[9:11] for row in water.cloud.sent[0][1].splitlines()[1:]]
    assert rows == [["30.00", "0.00"], ["31.00", "30.00"]], "what was paid since is not asked for again"
    water.simulator.world.runner.close()
    store.close()


def test_what_was_paid_while_an_invoice_file_waited_is_told_behind_it(store_url: str) -> None:
    """The bill that carries the balance forward is sent again as it is, and asks for what was paid meanwhile."""
    store = Store(store_url)
    water = Water(store, Settings(balance_forward=True))
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="30.00")
    water.cloud.out_of_reach = True
    water.run("invoices")
    water.cloud.out_of_reach = False
    water.cloud.export("payments", 1, payment(1, "64.20"))
    water.run("collect")
    water.run("invoices")
    water.run("balances")
    first, again, balances = [content for _, content in water.cloud.sent]
    assert first == again
    assert [row.split(",")[9] for row in again.splitlines()] == ["88.40", "94.20"]
    assert balances == f"{LAUNDROMAT},Brook Street Laundromat,30.00,1,30.00\r\n"
    assert water.run("balances") == "balances: no balance changed"
    water.simulator.world.runner.close()
    store.close()


def test_a_bill_that_came_while_an_invoice_file_waited_is_told_by_its_own_file_alone() -> None:
    store = Store("sqlite://")
    water = Water(store, Settings(balance_forward=True))
    water.cloud.out_of_reach = True
    water.run("invoices")
    water.cloud.out_of_reach = False
    water.api("POST", f"/customers/{NURSERY}/bills", amount="10.00")
    water.run("invoices")
    assert [content.split(",")[9] for _, content in water.cloud.sent] == ["88.40", "88.40", "98.40"]
    assert water.run("balances") == "balances: no balance changed"
    water.simulator.world.runner.close()
    store.close()


def test_a_bill_of_an_earlier_day_than_the_last_is_told_behind_its_file(store_url: str) -> None:
    """Invoice Cloud asks for the last bill alone, which went out before."""
    store = Store(store_url)
    water = Water(store, Settings(balance_forward=True))
    water.run("invoices")
    water.api("POST", f"/customers/{NURSERY}/bills", amount="10.00", invoiced_on="2026-09-01", due_on="2026-09-21")
    water.run("invoices")
    water.run("balances")
    assert water.cloud.sent[-1][1] == f"{NURSERY},Ferry Landing Nursery,98.40,1,98.40\r\n"
    water.simulator.world.runner.close()
    store.close()
