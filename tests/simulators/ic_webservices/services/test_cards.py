"""A card number typed where a name belongs is refused: it would be kept in clear, and sent to the partner."""

from __future__ import annotations

from datetime import date

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.pages.forms import Form
from partnerlab.simulators.ic_webservices.services.cards import refuse_card_numbers
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.simulators.ic_webservices.harness import ACCOUNT, UTILITY, VISA, Harness

USER = "willows@example.com"
TYPED = [VISA, "4111 1111 1111 1111", "Ada 4111-1111-1111-1111", "378282246310005.", "30569309025904"]


@pytest.mark.parametrize("typed", TYPED)
def test_a_form_refuses_it_and_does_not_show_it_again(typed: str) -> None:
    for name in ("CardHolder", "AccountHolder", "Holder", "PayerName"):
        form = Form("secret", {name: typed})
        assert form.text(name, "Enter a name.") == ""
        assert "must not hold a card number" in form.errors[name]
        assert form.shown(name) == ""
    form = Form("secret", {"EmailAddress": f"{VISA}@example.com"})
    assert form.email("EmailAddress") == ""
    assert form.errors


@pytest.mark.parametrize("typed", TYPED)
def test_nothing_is_kept_or_sent_of_it(harness: Harness, typed: str) -> None:
    answer = harness.pay(payer_name=typed)
    assert answer.status == 400
    with pytest.raises(ValueRefused) as refused:
        harness.sim.world.services.wallet.add(
            harness.lane, UTILITY, USER, NewMethod("card", VISA, typed, date(2049, 9, 30))
        )
    for text in (str(answer), str(refused.value), repr(harness.lanes.export("default")), repr(harness.raised)):
        assert typed not in text
    assert harness.pay(payer_name="Ada Willow").status in (200, 201)


def test_numbers_of_accounts_and_invoices_are_a_partners_own() -> None:
    refuse_card_numbers({"account_number": VISA, "phone": VISA, "auto_pay": True, "customer_name": "Ada", "zip": None})
    with pytest.raises(ValueRefused):
        refuse_card_numbers({"account_number": ACCOUNT, "CustomerName": VISA})
