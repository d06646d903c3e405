"""What an attacker or a broken browser sends: nothing changes, nothing is shown that is not the payer's."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.users import Link, User, hash_password
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, LINKS, USERS
from tests.simulators.ic_webservices.harness import INVOICE, UTILITY, Harness, freeze
from tests.simulators.ic_webservices.pages.visit import BANK, CARD, USER, Shown, Visit, add_bill

OTHER, OTHER_ACCOUNT, OTHER_BILL = "mallory@example.com", "666", "666001"
REAL_CARD = "4242424242424242"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
DAY = "2026-06-24"


@pytest.fixture
def other(harness: Harness) -> Visit:
    """Another user of the same biller, with an account and a bill."""
    lane = harness.lane
    with harness.store.write() as tx:
        CUSTOMERS.put(
            tx,
            lane.name,
            Customer(UTILITY, OTHER_ACCOUNT, "66", "Mallory", customer_guid=str(uuid.uuid4())),
        )
        USERS.put(tx, lane.name, User(UTILITY, OTHER, OTHER, hash_password("Sandbox!6666", 2), "2026-01-01"))
        LINKS.put(tx, lane.name, Link(UTILITY, OTHER, OTHER_ACCOUNT, 99, "2026-01-01"))
    add_bill(harness, OTHER_BILL, "50.00", account=OTHER_ACCOUNT)
    return Visit(harness)


def world(harness: Harness) -> dict[str, Any]:
    """Everything that an attack might change."""
    tables = harness.lanes.export("default")
    watched = ("customers", "invoices", "payments", "events", "methods", "schedules", "autopays", "users")
    return {name: tables[f"ic_{name}"] for name in (*watched, "text_enrolments")}


def forms(visit: Visit, page: Shown) -> dict[str, tuple[str, dict[str, str]]]:
    """Every form of the portal, by what it does: its address and its fields."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for path in (
        "bills",
        f"pay/{INVOICE}",
        "payment-options",
        "payment-options/new/card",
        "payment-options/new/bank-account",
        "scheduled-payments",
        "autopay",
        "paperless",
        "pay-by-text",
    ):
        shown = visit.page(page, path)
        assert shown.status == 200, path
        for form in shown.tree.forms:
            action = form.get("action")
            fields = {name: value for name, value in form.form_values() if value is not None}
            found[re.sub(r".*\)\)/", "", action)] = (action, fields | CARD | {"Phone": "4135550101", "Method": "card"})
    return found


def furnished(visit: Visit, harness: Harness) -> Shown:
    """A payer with a method and a scheduled payment."""
    freeze(harness)
    page = visit.connect()
    visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", **CARD, Amount="10.00", When="later", Day=DAY)
    return page


def posts(harness: Harness, page: Shown) -> list[str]:
    """The address of every form of the portal, from its routes."""
    app = harness.sim.doors["/portal"].warm()  # type: ignore[attr-defined]
    kept = {
        "method_id": harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER)[0].method_id,
        "schedule_id": harness.sim.world.services.schedules.of_user(harness.lane, UTILITY, USER)[0].schedule_id,
        "number": INVOICE,
        "kind": "card",
    }
    root = page.url.rsplit("/", 1)[0]
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods and "<session>" in rule.rule]
    paths = [re.sub(r"<(?:path:)?(\w+)>", lambda match: kept[match[1]], rule.rule.split("))/")[1]) for rule in rules]
    return [f"{root}/{path}" for path in paths]


@pytest.mark.parametrize("token", [None, "", "0" * 64, "forged"])
def test_no_form_is_taken_without_its_csrf_token(visit: Visit, harness: Harness, token: str | None) -> None:
    page = furnished(visit, harness)
    actions = posts(harness, page)
    assert len(actions) == 15
    before = world(harness)
    fields = CARD | {
        "Amount": "1.00",
        "FormKey": "k" * 20,
        "FeesSeen": "0/0",
        "When": "now",
        "Enrolled": "yes",
        "Phone": "4135550101",
    }
    for action in actions:
        answer = visit.post(action, fields if token is None else fields | {"CsrfToken": token})
        assert (answer.status, answer.heading) == (403, "This form is not valid"), action
    assert world(harness) == before
    assert visit.page(page, "bills").status == 200  # nor was the session ended


def test_the_csrf_token_of_another_session_is_refused(visit: Visit, harness: Harness) -> None:
    token = visit.token()
    mine, another = visit.connect("2", token=token), visit.connect("2", token=token)
    stolen = another.fields("Switch paperless billing on")["CsrfToken"]
    assert visit.submit(mine, "Switch paperless billing on", CsrfToken=stolen).status == 403
    assert harness.raised == []


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "<script>-aaaaaaaaaaaaaa"])
def test_a_form_without_its_one_time_key_pays_nothing(visit: Visit, harness: Harness, key: str) -> None:
    page = visit.page(visit.connect(), f"pay/{INVOICE}")
    assert visit.submit(page, "Pay", **CARD, FormKey=key).status == 400
    assert harness.raised == []


def test_changes_are_made_by_post_only(visit: Visit, harness: Harness) -> None:
    page = furnished(visit, harness)
    before = world(harness)
    for action, fields in forms(visit, page).values():
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        assert visit.get(f"{action.split('#')[0]}?{query}".replace(" ", "+")).status in (200, 404, 405)
    assert world(harness) == before


def test_a_session_id_that_was_made_up_opens_nothing(visit: Visit) -> None:
    url = visit.connect().url
    id = url.split("(S(")[1].split("))")[0]
    for forged in (
        "x" * 43,
        id[:-1] + ("a" if id[-1] != "a" else "b"),
        id.upper(),
        id[:-1],
        id + "=",
        "",
        "%00",
        "../x",
    ):
        assert visit.get(url.replace(id, forged)).status in (400, 404), forged


def test_another_users_bill_method_schedule_and_receipt_are_not_there(
    visit: Visit, other: Visit, harness: Harness
) -> None:
    victim = furnished(visit, harness)
    receipt = visit.submit(visit.page(victim, f"pay/{INVOICE}"), "Pay", **CARD, Amount="5.00")
    method = harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER)[0].method_id
    schedule = harness.sim.world.services.schedules.of_user(harness.lane, UTILITY, USER)[0].schedule_id
    before = world(harness)

    page = other.connect(token=other.token(OTHER, "Sandbox!6666"))
    csrf = other.page(page, "paperless").fields("Switch paperless billing on")["CsrfToken"]
    root = page.url.rsplit("/", 1)[0]
    for path in (
        f"bill/{INVOICE}",
        f"pay/{INVOICE}",
        f"receipt/{receipt.url.split('/receipt/')[1]}",
        f"payment-options/{method}",
        f"scheduled-payments/{schedule}",
    ):
        shown = other.get(f"{root}/{path}")
        assert shown.status == 404, path
        for secret in ("125.50", "Ada Willow", "Visa", "1111"):
            assert secret not in shown.markup
    for path, fields in (
        (f"pay/{INVOICE}", CARD | {"Amount": "1.00", "FormKey": "k" * 20, "FeesSeen": "0/0", "When": "now"}),
        (f"payment-options/{method}", {"Holder": "Mallory", "CardExpiry": "09/49"}),
        (f"payment-options/{method}/default", {}),
        (f"payment-options/{method}/remove", {}),
        (f"scheduled-payments/{schedule}", {"Amount": "1.00", "Day": DAY, "Method": method}),
        (f"scheduled-payments/{schedule}/cancel", {}),
        ("account", {"AccountNumber": "10000101"}),
        ("paperless", {"AccountNumber": "10000101", "Enrolled": "yes"}),
        ("autopay", {"AccountNumber": "10000101", "Method": method}),
        ("autopay/leave", {"AccountNumber": "10000101"}),
    ):
        assert other.post(f"{root}/{path}", {"CsrfToken": csrf, **fields}).status == 404, path
    for path, fields in (
        (
            f"pay/{OTHER_BILL}",
            {"Amount": "1.00", "FormKey": "k" * 20, "FeesSeen": "0/0", "When": "now", "Method": method},
        ),
        ("autopay", {"AccountNumber": OTHER_ACCOUNT, "Method": method}),
    ):
        refused = other.post(f"{root}/{path}", {"CsrfToken": csrf, **fields})
        assert (refused.status, list(refused.errors)) == (400, ["Method"])
    assert world(harness) == before


def test_another_users_listing_shows_nothing_of_the_first(visit: Visit, other: Visit, harness: Harness) -> None:
    furnished(visit, harness)
    page = other.connect(token=other.token(OTHER, "Sandbox!6666"))
    for path in ("bills", "open-bills", "scheduled-payments", "payment-options", "autopay"):
        text = other.page(page, path).markup
        for secret in (INVOICE, "10000101", "1111", "Ada Willow"):
            assert secret not in text, path


def test_a_key_of_another_payers_form_makes_no_conflict(visit: Visit, other: Visit, harness: Harness) -> None:
    form = visit.page(visit.connect(), f"pay/{INVOICE}")
    visit.submit(form, "Pay", **CARD, Amount="5.00")
    page = other.page(other.connect(token=other.token(OTHER, "Sandbox!6666")), f"pay/{OTHER_BILL}")
    receipt = other.submit(page, "Pay", **CARD, FormKey=form.fields("Pay")["FormKey"])
    assert receipt.heading == "Thank you for your payment"
    assert len(harness.raised) == 2


def test_scripts_in_every_field_are_shown_as_text(visit: Visit, harness: Harness) -> None:
    page = visit.connect(ReturnUrl="http://localhost:9000/x", CustomReturnSiteName=SCRIPT)
    shown = [page]
    for path, button, fields in (
        (f"pay/{INVOICE}", "Pay", CARD),
        (f"pay/{INVOICE}", "Pay", BANK),
        ("payment-options/new/card", "Save", CARD),
        ("payment-options/new/bank-account", "Save", BANK),
        ("pay-by-text", "Send me a message", {"Phone": ""}),
        ("paperless", "Switch paperless billing on", {"Enrolled": ""}),
    ):
        form = visit.page(page, path)
        kept = ("CsrfToken", "FormKey", "FeesSeen", "Method", "AccountNumber")
        names = [name for name in form.fields(button) if name not in kept]
        shown.append(visit.submit(form, button, **(fields | dict.fromkeys(names, SCRIPT) | _method(fields))))
        assert shown[-1].status == 400
    paths = (f"bill/{SCRIPT}", f"receipt/{SCRIPT}", f"payment-options/{SCRIPT}", f"bills?done={SCRIPT}", SCRIPT)
    shown += [visit.page(page, path.replace(" ", "%20")) for path in paths]
    for answer in shown:
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert not answer.tree.xpath("//*[@onerror]|//script|//img")
    assert harness.raised == []


def _method(fields: dict[str, str]) -> dict[str, str]:
    return {"Method": fields["Method"]} if "Method" in fields else {}


def test_scripts_that_are_kept_are_shown_as_text(visit: Visit, harness: Harness) -> None:
    add_bill(harness, "77", "9.00", lines=[])
    page = visit.submit(
        visit.page(visit.connect(), "payment-options/new/card"), "Save", **CARD | {"CardHolder": SCRIPT}
    )
    receipt = visit.submit(visit.page(page, "pay/77"), "Pay")
    assert receipt.heading == "Thank you for your payment"
    assert SCRIPT in receipt.words
    for path in ("payment-options", f"pay/{INVOICE}", "autopay", "bill/77"):
        answer = visit.page(page, path)
        assert not answer.tree.xpath("//*[@onerror]|//script|//img")
        assert "<script" not in answer.text


def test_a_number_that_is_no_test_number_is_refused_and_kept_nowhere(
    visit: Visit, harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    page = visit.connect()
    for path, button, fields in (
        (f"pay/{INVOICE}", "Pay", CARD | {"CardNumber": REAL_CARD}),
        (f"pay/{INVOICE}", "Pay", CARD | {"CardNumber": REAL_CARD, "When": "later", "Day": "2099-01-01"}),
        ("payment-options/new/card", "Save", CARD | {"CardNumber": REAL_CARD}),
        (f"pay/{INVOICE}", "Pay", BANK | {"BankAccountNumber": "123123123123"}),
        ("payment-options/new/bank-account", "Save", BANK | {"BankAccountNumber": "123123123123"}),
    ):
        refused = visit.submit(visit.page(page, path), button, **fields)
        assert refused.status == 400
        assert "No other number is taken." in refused.words
        assert REAL_CARD not in refused.text
        assert "123123123123" not in refused.text
    kept = repr(harness.lanes.export("default"))
    for number in (REAL_CARD, "123123123123"):
        assert number not in kept
        assert number not in caplog.text
    assert harness.raised == []


def test_test_numbers_are_not_kept_either(visit: Visit, harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    page = visit.connect()
    visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", **CARD, Amount="5.00", SaveMethod="1")
    visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", **BANK, Amount="5.00", SaveMethod="1")
    kept = repr(harness.lanes.export("default"))
    for secret in (CARD["CardNumber"], BANK["BankAccountNumber"], BANK["RoutingNumber"]):
        assert secret not in kept
        assert secret not in caplog.text
    assert "1111" in kept
    assert "6789" in kept


def test_a_form_that_is_too_large_is_refused(visit: Visit, harness: Harness) -> None:
    page = visit.page(visit.connect(), f"pay/{INVOICE}")
    assert visit.submit(page, "Pay", **CARD | {"CardHolder": "x" * 100_000}).status == 413
    assert visit.submit(page, "Pay", **CARD | {"CardHolder": "x" * 300}).errors.keys() == {"CardHolder"}
    assert harness.raised == []


@pytest.mark.parametrize(
    "path", ["bill/%00", "receipt/%00", "payment-options/%00", "scheduled-payments/%FF", "pay/%F0"]
)
def test_bytes_that_are_no_text_find_nothing(visit: Visit, path: str) -> None:
    assert visit.page(visit.connect(), path).status == 404


def test_there_is_no_password_anywhere(visit: Visit, harness: Harness) -> None:
    page = furnished(visit, harness)
    for path in ("bills", "payment-options", "autopay", "paperless", "pay-by-text", "scheduled-payments"):
        shown = visit.page(page, path)
        assert not shown.tree.xpath("//input[@type='password']")
        assert "password" not in shown.text.lower()
    for path in ("password", "change-password", "settings"):
        assert visit.page(page, path).status == 404
