"""The books of a lane in which something goes on while they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from partnerlab.auditing import audit, read_lane, reconcile
from partnerlab.auditing.reading import read_standing
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.soak.wire import SiteControl


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


def test_a_bill_that_invoice_cloud_refused_is_found_with_its_words(sandbox: Sandbox) -> None:
    """A term without an insured name, and a bill of a utility's account without a customer name."""
    control = SiteControl(lambda: sandbox.site, "refused")
    control.put("/_sandbox/tccs/policies/P-1-01%2F01%2F2026", {})
    control.post("/_sandbox/tccs/instalments", {"invoice_number": "P-1-01/01/2026", "amount": "1.01"})
    control.put("/_sandbox/inhance/accounts/9", {"integration": "v2", "customer_name": ""})
    control.post("/_sandbox/inhance/accounts/9/bills", {"invoice_number": "77", "amount": "2.02"})
    for partner in ("tccs", "inhance_v2"):
        control.post(f"/_sandbox/jobs/{partner}/invoices/run")
    found = {one.subject: one.detail for one in reconcile(read_lane(control, "refused")).findings}
    assert {*found} == {"9", "P-1-01/01/2026"}
    for place, bill in (("9", "77"), ("P-1-01/01/2026",) * 2):
        said = f"bill {bill} is not at Invoice Cloud, and went out in an upload, which refused it: line "
        assert said in found[place]
        assert "CustomerName (60): is required and empty" in found[place]


def test_a_bill_in_a_file_of_watersmart_that_was_refused_is_found_with_its_words(sandbox: Sandbox) -> None:
    control = SiteControl(lambda: sandbox.site, "refused")
    for account in ("771", "12E5"):
        control.put(f"/_sandbox/watersmart/customers/{account}", {"customer_name": account})
        control.post(f"/_sandbox/watersmart/customers/{account}/bills", {"amount": "5.00"})
    control.post("/_sandbox/jobs/watersmart/invoices/run")
    (found,) = reconcile(read_lane(control, "refused")).findings
    said = "bill 12E5-0001 is not at Invoice Cloud, and went out in file 1, which refused it: line "
    assert (found.kind, found.subject) == ("off_by_finding", "12E5")
    assert said in found.detail
    assert "'12E5' is not a number without an exponent" in found.detail


def test_what_is_delivered_while_the_books_are_read_is_not_lost(sandbox: Sandbox) -> None:
    """The partner's books are read before the data pump's, which then says that it has delivered."""

    class Busy(SiteControl):
        def get(self, path: str, **query: Any) -> Any:
            if path == "/_pump/deliveries":
                sandbox.settle("busy")
            return super().get(path, **query)

    control = Busy(lambda: sandbox.site, "busy")
    order = {"account_number": "10000101", "amount": "1.00", "tender": "credit_card", "card_number": "4111111111111111"}
    control.post("/_sandbox/ic/payments", order)
    (lost,) = audit(read_lane(control, "busy")).findings
    assert "the delivery is delivered, and inHance v2 does not have it" in lost.detail
    control.post("/_sandbox/ic/payments", {**order, "amount": "2.00"})
    books = read_standing(lambda: read_lane(control, "busy"), lambda books: bool(audit(books).findings))
    assert [one.verdict for one in audit(books).judged] == ["posted_once", "posted_once"]


def test_bills_of_many_accounts_are_read_from_one_list_and_say_the_same(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a file was loaded into a utility's books alone, each of its accounts was asked by itself."""
    asked: list[str] = []

    class Counting(SiteControl):
        def get(self, path: str, **query: Any) -> Any:
            asked.append(path)
            return super().get(path, **query)

    control = Counting(lambda: sandbox.site, "many")
    for number in range(900, 925):
        name = "" if number % 10 == 7 else f"Account {number}"
        control.put(f"/_sandbox/inhance/accounts/{number}", {"integration": "v2", "customer_name": name})
        for bill in range(10, 8, -1):
            order = {"invoice_number": f"{number}-{bill}", "amount": f"{bill}.00"}
            control.post(f"/_sandbox/inhance/accounts/{number}/bills", order)
    control.post("/_sandbox/jobs/inhance_v2/invoices/run")
    control.post("/_sandbox/inhance/accounts/917/bills", {"invoice_number": "917-11", "amount": "5.00"})
    control.post("/_sandbox/inhance/accounts/907/bills", {"invoice_number": "907-10", "amount": "6.00"})
    control.put("/_sandbox/inhance/accounts/930", {"integration": "v2", "customer_name": "Not billed to anybody"})
    for number in range(931, 955):
        control.put(f"/_sandbox/inhance/accounts/{number}", {"integration": "v2", "customer_name": "New"})
        control.post(f"/_sandbox/inhance/accounts/{number}/bills", {"invoice_number": f"{number}", "amount": "1.00"})

    def read(few: int) -> tuple[object, int]:
        monkeypatch.setattr("partnerlab.auditing.books.inhance.FEW", few)
        asked.clear()
        balances = read_lane(control, "many").balances
        return balances, sum(path.startswith("/_sandbox/inhance/accounts/") for path in asked)

    (one_by_one, many), (from_a_list, few) = read(1_000), read(20)
    assert from_a_list == one_by_one
    assert (many, few) == (29, 4)


def test_an_audit_reads_no_balances(sandbox: Sandbox) -> None:
    asked: list[str] = []

    class Counting(SiteControl):
        def get(self, path: str, **query: Any) -> Any:
            asked.append(path)
            return super().get(path, **query)

    control = Counting(lambda: sandbox.site, "audited")
    control.post(
        "/_sandbox/ic/payments",
        {"account_number": "10000101", "amount": "1.00", "tender": "credit_card", "card_number": "4111111111111111"},
    )
    sandbox.settle("audited")
    whole = audit(read_lane(control, "audited"))
    asked.clear()
    found = audit(read_lane(control, "audited", with_balances=False))
    assert found.judged == whole.judged
    assert "/_sandbox/ic/invoices" not in asked
