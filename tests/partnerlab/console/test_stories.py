"""What a person does with the console: follow a payment, send a call again, settle a delivery, move the clock."""

from __future__ import annotations

import re

import pytest

from tests.partnerlab.console.conftest import Answer, Reader
from tests.partnerlab.console.test_pages import ACCOUNT, BALANCE_CHECK, SOAP, UTILITY, check_balance

CENT = {
    "biller_guid": UTILITY,
    "account_number": "10000110",
    "amount": "0.01",
    "tender": "credit_card",
    "card_number": "4111111111111111",
}


def test_a_payment_is_told_on_every_side(reader: Reader) -> None:
    page = reader.post("/console/try/pay")
    assert "Paid: Approved." in page.text
    reader.settle()
    story = reader.get(page.path.partition("?")[0])
    assert "Posted once: the partner has it, once and as it was taken." in story.text
    for side in (
        "The payer pays",
        "The event is safe",
        "Attempt 1: MakePaymentExtended",
        "In the partner's book",
        "receipt",
        "MakePaymentExtended at inhance",
    ):
        assert side in story.text
    assert "Settlement" in story.text
    for link in story.links("/console/"):
        assert reader.get(link).status == 200, link
    assert reader.get("/console/payments?find=IC0000000001").text.count("IC0000000001") >= 1


def test_a_story_stays_in_order_where_the_lanes_clock_was_moved(reader: Reader) -> None:
    """The data pump keeps the wall clock's times: in the story they are the lane's."""
    reader.post("/console/clock/advance", duration="3d")
    page = reader.post("/console/try/pay")
    reader.settle()
    reader.post("/console/clock/advance", duration="1d")
    story = reader.get(page.path.partition("?")[0])
    told = [
        "The payer pays",
        "The event is safe",
        "Attempt 1",
        "MakePaymentExtended at",
        "In the partner",
        "Settlement",
    ]
    places = [story.text.index(step, story.text.index("What happened, in order")) for step in told]
    assert places == sorted(places)
    paid, *others = re.findall(
        r"<time[^>]*>(\d{4}-\d\d-\d\d) [^<]*</time>", story.raw.partition("lane time in UTC</small></h2>")[2]
    )
    assert set(others[:4]) == {paid}


@pytest.mark.parametrize(
    ("partner", "account", "said"),
    [
        ("tccs", "454100011", "Posted once: the partner has it"),
        ("watersmart", "20000201", "the next payment file has it"),
        ("inhance_v1", "30000301", "the next Payment job downloads it"),
    ],
)
def test_each_partners_book_is_read(reader: Reader, partner: str, account: str, said: str) -> None:
    biller = next(row for row in reader.api("/_sandbox/ic/billers")["billers"] if row["partner"] == partner)
    listed = reader.api(f"/_sandbox/ic/invoices?biller_guid={biller['guid']}&account_number={account}&status=open")
    paid = reader.send(
        "/_sandbox/ic/payments",
        {
            "biller_guid": biller["guid"],
            "account_number": account,
            "invoice_number": listed["invoices"][0]["invoice_number"],
            "amount": listed["invoices"][0]["balance_due"],
            "tender": "credit_card",
            "card_number": "4111111111111111",
        },
    )
    reader.settle()
    story = reader.get(f"/console/payments/{paid['payment_guid']}")
    assert said in story.text
    assert reader.get(f"/console/books/{biller['guid']}/{account}").status == 200


def test_a_lost_answer_waits_for_a_person_who_settles_it(reader: Reader) -> None:
    story = reader.post("/console/try/lost").path.partition("?")[0]
    reader.settle()
    told = reader.get(story).text
    assert "Unknown: the client does not know whether the partner has it" in told
    assert "Attempt 1: MakePaymentExtended unknown: the connection broke before the answer: " in told
    (delivery,) = set(reader.get("/console/deliveries?state=unknown").links("/console/deliveries/"))
    page = reader.get(delivery)
    assert "the partner might post it twice" in page.text
    assert page.text.count("MakePaymentExtended: the connection broke") == 1, "not again below the operation's name"
    reader.send("/_sandbox/lanes", {"name": "elsewhere"})
    elsewhere = reader.get(f"/lane/elsewhere{delivery}")
    assert elsewhere.status == 404
    assert "it is a delivery of lane default" in elsewhere.text
    assert "Say why" in reader.post(f"{delivery}/posted", reason=" ").text
    assert "It is settled." in reader.post(f"{delivery}/posted", reason="seen in the book").text
    assert "Posted once" in reader.get(story).text


def test_an_exchange_is_shown_beside_its_contract_and_what_is_wrong_where_it_is(reader: Reader) -> None:
    page = reader.get(f"/console/traffic/{check_balance(reader, last='soon')}")
    row = re.search(r"<tr[^>]*>\s*<th[^>]*>\s*<span[^>]*>LastInvoiceNumber.*?</tr>", page.raw, re.DOTALL)
    assert row is not None
    assert "soon" in row[0]
    assert "int" in row[0]
    assert "✗ schema" in row[0], "the finding stands beside its element"
    lead = re.search(r'<p class="lead"><bdi>(.*?)</bdi></p>', page.raw, re.DOTALL)
    assert lead is not None
    assert lead[1].endswith("Input string was not in a correct format."), "the words are whole"
    assert "•••1111" in page.text, "the key is masked"
    assert "Only the beginning is kept." not in page.text, "what is masked is shorter, and whole"
    long = reader.get(f"/console/traffic/{check_balance(reader, last='5' * 70_000)}")
    assert "Only the beginning is kept." in long.text


def test_a_key_that_the_journal_masks_is_not_told_to_break_the_contract(reader: Reader) -> None:
    """`text/xml` alone means US-ASCII, which the body was until its key was masked."""
    body = BALANCE_CHECK.format(account=ACCOUNT, last="0").encode()
    id = reader.call("/iCloud/iCloud.asmx", body, **{**SOAP, "content-type": "text/xml"})
    assert reader.api(f"/_sandbox/journal/{id}")["findings"] == []


def test_an_exchange_says_why_it_was_refused_and_can_be_taken_along(reader: Reader) -> None:
    page = reader.get(f"/console/traffic/{reader.call('/iCloud/iCloud.asm', b'<x/>', **SOAP)}")
    assert "no such path" in page.text
    assert "Did you mean /iCloud/iCloud.asmx?" in page.text
    page = reader.get(f"/console/traffic/{check_balance(reader)}")
    for title in ("curl", "Python", "pytest", "fault rule"):
        assert f"Copy as {title}" in page.text


def test_traffic_is_filtered_and_new_rows_come_alone(reader: Reader) -> None:
    check_balance(reader)
    last = reader.api("/_sandbox/journal")["entries"][-1]["number"]
    id = check_balance(reader)
    rows = reader.get(f"/console/traffic/rows?since={last}")
    assert rows.links("/console/traffic/") == [f"/console/traffic/{id}"]
    assert "<html" not in rows.raw
    assert f"/console/traffic/{id}" in reader.get(f"/console/traffic?search={ACCOUNT}").raw
    assert f"/console/traffic/{id}" not in reader.get("/console/traffic?direction=out").raw
    assert "No exchange matches." in reader.get("/console/traffic?operation=Nothing").text
    assert f"/console/traffic/{id}" in reader.get("/console/traffic?operation=BalanceCheck&door=inhance").raw


def test_a_call_is_sent_again_and_the_new_one_opens(reader: Reader) -> None:
    id = check_balance(reader)
    page = reader.post(f"/console/traffic/{id}/replay")
    again = page.path.partition("?")[0].rpartition("/")[2]
    assert again != id
    assert "Sent again" in page.text
    assert reader.api(f"/_sandbox/journal/{again}")["outcome"] == "done", "the masked key was filled in"


def test_a_call_is_edited_and_sent(reader: Reader) -> None:
    entry = reader.api(f"/_sandbox/journal/{check_balance(reader)}")
    page = reader.post(f"/console/traffic/{entry['id']}/replay", body=entry["request"].replace(ACCOUNT, "99999999"))
    assert page.status == 200
    assert "99999999" in page.text
    assert "done" not in reader.api(f"/_sandbox/journal/{page.path.partition('?')[0].rpartition('/')[2]}")["outcome"]


def test_books_stand_side_by_side(reader: Reader) -> None:
    page = reader.get(f"/console/books?biller={UTILITY}&differ=1")
    assert "not at Invoice Cloud" in page.text
    assert ACCOUNT not in page.text
    account = reader.get(f"/console/books/{UTILITY}/{ACCOUNT}")
    assert "At Invoice Cloud" in account.text
    assert "500001" in account.text
    for biller in reader.api("/_sandbox/ic/billers")["billers"]:
        listed = reader.get(f"/console/books?biller={biller['guid']}")
        assert reader.get(listed.links(f"/console/books/{biller['guid']}/")[0]).status == 200


def test_the_clock_tells_what_ran_and_a_wrong_duration_is_told(reader: Reader) -> None:
    page = reader.post("/console/clock/advance", duration="1d")
    assert "What ran on the way" in page.text
    assert "Exports are collected" in page.text
    assert "That did not work." in reader.post("/console/clock/advance", duration="soon").text
    assert "The clock stands." in reader.post("/console/clock/freeze").text
    assert "The clock runs." in reader.post("/console/clock/unfreeze").text
    assert "Payment job:" in reader.post("/console/jobs/inhance_v1/payments/run").text
    assert "paused" in reader.post("/console/jobs/inhance_v1/payments/pause").text


def test_the_audit_names_what_is_to_be_mended_and_links_to_its_story(reader: Reader) -> None:
    reader.post("/console/try/pay")
    reader.settle()
    page = reader.get("/console/audit?every=1")
    assert "posted once" in page.text
    assert reader.get(page.links("/console/payments/")[0]).status == 200
    lost = reader.post("/console/try/lost").path.partition("?")[0]
    reader.settle()
    assert "To be mended" in reader.get("/console/audit").text
    assert lost in reader.get("/console/audit").raw


def test_a_lane_is_graded_as_a_consumers_and_says_what_is_still_to_be_done(reader: Reader) -> None:
    assert "Choose a role." in reader.get("/console/verify").text
    for role in re.findall(r"role=([a-z0-9-]+)", reader.get("/console/verify").raw):
        assert reader.get(f"/console/verify?role={role}").status == 200
    check_balance(reader, last="soon")
    graded = reader.get("/console/verify?role=inhance-v2")
    assert "Your turn" in graded.text
    assert re.search(r"\d+ failed", graded.text)
    assert "LastInvoiceNumber" in graded.text
    assert reader.get(graded.links("/console/traffic/")[0]).status == 200


def test_files_and_letters_open(reader: Reader) -> None:
    reader.post("/console/try/pay")
    reader.post("/console/jobs/watersmart/invoices/run")
    listed = reader.get("/console/files")
    assert listed.links("/console/files/in/")
    for link in (*listed.links("/console/files/in/"), *listed.links("/console/files/out/")):
        assert reader.get(link).status == 200
    letters = reader.get("/console/mailbox")
    assert "receipt of your payment" in letters.text
    assert reader.get(letters.links("/console/mailbox?")[0]).status == 200


def test_a_fault_is_switched_on_and_taken_away(reader: Reader) -> None:
    page = reader.post("/console/faults", name="http-500", operation="BalanceCheck", count="1")
    assert "http-500 is on." in page.text
    assert "1 fault on" in page.text
    assert "Faults on 1" in page.text
    check_balance(reader)
    struck = reader.get("/console/clock")
    assert "Faults on none" in struck.text
    assert "used up" in struck.text
    check_balance(reader)
    number = re.search(r'name="number" value="(\d+)"', page.raw)
    assert number is not None
    assert "It is off." in reader.post("/console/faults/clear", number=number[1]).text
    assert "That did not work." in reader.post("/console/faults", name="http-500", count="many").text
    mistyped = reader.post("/console/faults", name="http-500", operation="balancechek")
    assert "did you mean BalanceCheck?" in mistyped.text


def test_a_form_of_the_world_before_a_reset_does_nothing_in_the_new_one(reader: Reader) -> None:
    """Numbers begin again: the fault, or the upload, that it names is another."""
    page = reader.post("/console/faults", name="http-500", operation="BalanceCheck")
    world = re.search(r'name="world" value="([^"]+)"', page.raw)
    assert world is not None
    reader.send("/_sandbox/lanes/default/reset", {})
    reader.post("/console/faults", name="http-503", operation="BalanceCheck")
    for path, form in (("faults/clear", {"number": "1"}), ("files/in/U00000001/accept", {})):
        told = reader.post(f"/console/{path}", world=world[1], **form)
        assert "was reset, dropped, copied onto or imported meanwhile" in told.text
    assert [one["name"] for one in reader.api("/_sandbox/faults")["faults"]] == ["http-503"]
    now = reader.api("/_sandbox/lanes/default")["made_at"]
    assert "It is off." in reader.post("/console/faults/clear", number="1", world=now).text


def test_lanes_are_made_copied_and_dropped(reader: Reader) -> None:
    made = reader.post("/console/lanes", name="first", seed="7")
    assert made.path.startswith("/lane/first/console/lanes")
    copy = reader.post("/lane/first/console/lanes/first/fork", to="second")
    assert "with everything that first holds" in copy.text
    assert "as it was when it was new" in reader.post("/lane/second/console/lanes/second/reset").text
    assert "is gone" in reader.post("/lane/second/console/lanes/second/drop").text
    assert "That did not work." in reader.post("/console/lanes", name="first").text
    assert not re.search(r"/lane/second/", reader.get("/console/lanes").raw)


def test_an_accounts_page_has_the_last_records_of_each_side(reader: Reader) -> None:
    for _ in range(22):
        paid = reader.send("/_sandbox/ic/payments", CENT)
    reader.settle()
    page = reader.get(f"/console/books/{UTILITY}/10000110")
    assert page.text.count("Payments the last 20") == 2
    assert page.text.count(paid["reference"]) >= 2
    assert "IC0000000001" not in page.text


def test_of_many_payments_the_newest_are_shown_and_any_is_found(reader: Reader) -> None:
    gift = {"account_number": ACCOUNT, "amount": "1.00", "donation": "standalone"}
    for _ in range(203):
        reader.send("/_sandbox/ic/payments", {**gift, "tender": "credit_card", "card_number": "4111111111111111"})
    listed = reader.get("/console/payments").text
    assert listed.index("IC0000000203") < listed.index("IC0000000202")
    assert "IC0000000003" not in listed
    assert "IC0000000003" in reader.get("/console/payments?find=ic0000000003").text


def test_the_newest_files_are_shown_however_many_came(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.console.files.MOST", 1)
    for account in (ACCOUNT, "10000102"):
        reader.send(f"/_sandbox/inhance/accounts/{account}/bills", {"invoice_number": f"9{account}", "amount": "5.00"})
        reader.send("/_sandbox/jobs/inhance_v2/invoices/run", {})
        reader.send("/_sandbox/ic/exports", {"kind": "payments"})
    uploads = reader.api(f"/_sandbox/ic/uploads?biller_guid={UTILITY}")["uploads"]
    assert len(uploads) > 1
    listed = reader.get("/console/files").links("/console/files/in/")
    assert f"/console/files/in/{uploads[-1]['upload_id']}" in listed
    assert f"/console/files/in/{uploads[0]['upload_id']}" not in listed


def test_a_state_is_found_however_old_its_delivery_is(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.console.deliveries.MOST", 1)
    reader.post("/console/try/lost")
    reader.settle()
    (lost,) = reader.get("/console/deliveries?state=unknown").links("/console/deliveries/")
    reader.post("/console/try/pay")
    reader.settle()
    shown = reader.get("/console/deliveries")
    assert lost not in shown.links("/console/deliveries/")
    assert "unknown 1" in shown.text
    assert lost in reader.get("/console/deliveries?state=unknown").links("/console/deliveries/")


def test_a_bill_that_is_all_but_paid_is_no_dead_end_and_leaves_no_fault_behind(reader: Reader) -> None:
    for _ in range(3):
        assert "Paid: Approved." in reader.post("/console/try/pay").text
        reader.settle()
    for what in ("pay", "lost"):
        page = reader.post(f"/console/try/{what}")
        assert "40.00 is more than the 5.50 due. Reset the lane on Lanes" in page.text
        assert reader.api("/_sandbox/faults")["faults"] == []


def test_in_a_large_book_any_account_is_found_by_number_name_or_address(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partnerlab.console.books.MOST", 1)
    monkeypatch.setattr("partnerlab.console.books.MOST_THEIRS", 1)
    partners = {row["partner"]: row["guid"] for row in reader.api("/_sandbox/ic/billers")["billers"]}
    for partner, at, number, account in (
        ("inhance_v2", "inhance/accounts", "10000110", "10000110"),
        ("inhance_v1", "inhance/accounts", "30000301", "30000301"),
        ("tccs", "tccs/policies", "454100013-09/30/2027", "454100013"),
        ("watersmart", "watersmart/customers", "20000202", "20000202"),
    ):
        page = f"/console/books?biller={partners[partner]}"
        assert "These are the first" in reader.get(page).text
        holder = "insured_name" if partner == "tccs" else "customer_name"
        street = {} if partner.startswith("inhance") else {"address1": "7 Ca\u00f1ada Way"}
        reader.put(f"/_sandbox/{at}/{number}", {holder: "Zo\u00eb \u00d6zdemir 100%", **street})
        for find in (number, account, "ZOE%CC%88+%C3%96Z", "zoe+ozdemir+100%25", *(["7+canada"] if street else [])):
            shown = reader.get(f"{page}&find={find}")
            (found,) = shown.links(f"/console/books/{partners[partner]}/")
            assert found == f"/console/books/{partners[partner]}/{account}"
            assert "Zo\u00eb" in shown.text
        for none in ("none", "Nobody+Of+That+Name", "%3C%26%0a", "100%25%25"):
            assert "No account matches." in reader.get(f"{page}&find={none}").text


def test_a_list_that_is_cut_says_so(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        reader.post("/console/try/pay")
    water = next(row["guid"] for row in reader.api("/_sandbox/ic/billers")["billers"] if row["partner"] == "watersmart")
    broken = "".join(f"2000020{number},Nobody,x,1,0\n" for number in range(3)).encode()
    reader.call(
        f"/_sandbox/ic/uploads?biller_guid={water}&file_name=broken.csv", broken, **{"content-type": "text/plain"}
    )
    (upload,) = reader.api(f"/_sandbox/ic/uploads?biller_guid={water}")["uploads"]
    pages = {
        "payments": ("/console/payments", "These are the newest 2."),
        "mailbox": ("/console/mailbox", "These are the newest 2."),
        "files": (f"/console/files/in/{upload['upload_id']}", "These are the first 2."),
    }
    for name, (page, said) in pages.items():
        assert "These are the" not in reader.get(page).text
        monkeypatch.setattr(f"partnerlab.console.{name}.MOST", 2)
        assert said in reader.get(page).text


@pytest.mark.parametrize(("ours", "theirs"), [(2, 500), (500, 2), (2, 2)])
def test_in_a_large_book_nothing_is_said_to_differ_that_the_lists_only_do_not_reach(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, ours: int, theirs: int
) -> None:
    billers = reader.api("/_sandbox/ic/billers")["billers"]
    pages = [f"/console/books?biller={biller['guid']}" for biller in billers]
    whole = [differences(reader.get(page)) for page in pages]
    monkeypatch.setattr("partnerlab.console.books.MOST", ours)
    monkeypatch.setattr("partnerlab.console.books.MOST_THEIRS", theirs)
    for page, true in zip(pages, whole, strict=True):
        shown = differences(reader.get(page))
        assert shown
        assert shown.items() <= true.items()


def differences(page: Answer) -> dict[str, str]:
    """What a page of the books says of each account it shows."""
    cells = re.findall(
        r'rowlink" href="[^"]+"><bdi>([^<]+)</bdi></a>.*?<td>([^<]*(?:<span[^>]*>[^<]*</span>)?)</td></tr>', page.raw
    )
    return {number: re.sub("<[^>]+>", "", said) for number, said in cells}
