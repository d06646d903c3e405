"""A payer finds links, buttons and fields by what stands on them, and says what is there where one is not."""

from __future__ import annotations

import pytest
from lxml import html

from partnerlab.journey.visitor import Page, Unusable

PAGE = Page(
    "http://127.0.0.1/portal",
    200,
    html.fromstring(
        """
        <html><body><h1>Bills</h1>
        <a href="a">Change the Visa ending in 1111</a> <a href="b">Add a card</a> <a href="c">Add a bank account</a>
        <form id="one"><label>Amount <input name="amount"></label><button>Pay $40.00</button></form>
        <form id="two"><label>Amount <input name="other"></label><button>Cancel</button></form>
        <form id="three"><button>Cancel</button></form>
        </body></html>
        """
    ),
)


def test_what_is_meant_may_be_said_by_its_beginning() -> None:
    assert PAGE.link("Change the Visa") == "http://127.0.0.1/a"
    assert PAGE.link("Add a card") == "http://127.0.0.1/b"
    form, button = PAGE.form("Pay")
    assert (form.get("id"), button.text) == ("one", "Pay $40.00")
    assert PAGE.field(form, "Amount").get("name") == "amount"


@pytest.mark.parametrize("text", ["Add", "Remove the Visa", "the Visa"])
def test_a_link_that_is_not_there_or_not_the_only_one_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(Unusable, match=r"page 'Bills' \(200\): there is no one link .* Add a card, Add a bank account"):
        PAGE.link(text)


def test_of_two_buttons_that_say_the_same_none_is_pressed() -> None:
    """Which payment would be cancelled?"""
    with pytest.raises(Unusable, match="there is no one button 'Cancel'"):
        PAGE.form("Cancel")


def test_a_field_is_looked_for_in_the_form_of_the_button() -> None:
    form, _ = PAGE.form("Pay")
    with pytest.raises(Unusable, match="there is no one field 'Name'; there are: Amount"):
        PAGE.field(form, "Name")
