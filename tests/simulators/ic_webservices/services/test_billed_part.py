"""What a policy file makes due: the billed part, as the insurer's own answer has it [A-36], [A-75]."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from partnerlab.contracts.files import parse_layout
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.simulators.ic_webservices.harness import VISA, Harness, advance, freeze
from tests.simulators.ic_webservices.policies import INSURER, NUMBER, POLICY, policy_file, send

USER = "harbor@example.com"


def enrol(harness: Harness) -> None:
    services = harness.sim.world.services
    services.user_accounts.register(harness.lane, INSURER, USER, "Harbor!2345", (POLICY,))
    card = NewMethod(kind="card", number=VISA, holder="Harbor Bakery", expires_on=date(2049, 9, 30))
    method = services.wallet.add(harness.lane, INSURER, USER, card)
    services.schedules.enrol(harness.lane, INSURER, USER, POLICY, method.method_id, cause="test")


def paid(harness: Harness) -> list[str]:
    found = harness.get("payments", biller_guid=INSURER)["payments"]
    return [one["amount"] for one in found if one["invoice_number"] == NUMBER]


def test_autopay_collects_the_billed_part_and_not_the_premium(harness: Harness) -> None:
    freeze(harness)
    send(harness, policy_file(LateFeeAmount=None))
    enrol(harness)
    told = advance(harness, timedelta(days=10))
    assert [what for what in told if "120.00" in what], told
    assert paid(harness) == ["120.00"]
    shown = harness.get(f"invoices/{NUMBER}", biller_guid=INSURER)
    assert (shown["balance_due"], shown["total_amount_due"]) == ("0.00", "220.00")


def test_a_policy_of_which_nothing_is_billed_is_not_collected_and_can_be_paid(harness: Harness) -> None:
    freeze(harness)
    send(harness, policy_file(MinimumAmountDue=Decimal("0.00"), LateFeeAmount=None))
    enrol(harness)
    advance(harness, timedelta(days=10))
    assert paid(harness) == []
    order = {"account_number": POLICY, "invoice_number": NUMBER, "amount": "340.00", "biller_guid": INSURER}
    assert harness.pay(**order).status == 201
    assert harness.get(f"invoices/{NUMBER}", biller_guid=INSURER)["total_amount_due"] == "0.00"


@pytest.mark.parametrize(("balance", "due"), [(None, "340.00"), ("0.00", "0.00"), ("75.00", "75.00")])
def test_of_a_layout_with_both_fields_the_balance_is_due_and_where_it_is_empty_the_total(
    harness: Harness, balance: str | None, due: str
) -> None:
    """The billed part stands in for BalanceDue only where a layout has no such field; it is the minimum in any case."""
    field = {"id": 93, "name": "BalanceDue", "kind": "amount", "term": "balance_due", "description": "Own"}
    own = {"record": [{"code": "IH", "fields": [field]}]}
    changed = harness.control("PATCH", f"billers/{INSURER}", {"configuration": {"BIF": {"Layout": own}}})
    assert changed.status == 200, changed
    layout = parse_layout({"extends": "tccs", "name": "own", **own})
    given = {} if balance is None else {"BalanceDue": Decimal(balance)}
    send(harness, policy_file(layout=layout, LateFeeAmount=None, **given))
    shown = harness.get(f"invoices/{NUMBER}", biller_guid=INSURER)
    assert (shown["balance_due"], shown["minimum_amount_due"], shown["total_amount_due"]) == (due, "120.00", "340.00")
