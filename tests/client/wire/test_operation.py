"""A declaration: what is sent, what is left out, what is refused, and what no text shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from partnerlab.client.errors import AnswerNotUnderstood, RequestInvalid
from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.client.wire.fields import Fields
from partnerlab.client.wire.json import read_json, render_json
from partnerlab.client.wire.kinds import Flag, Integer, Line, Masked, OnOff, Secret, Text
from partnerlab.client.wire.operation import Operation, Rows, Sent, model_reader, rows_reader


@dataclass(frozen=True)
class Where:
    secrets: tuple[str, ...] = ("the-key",)


@dataclass(frozen=True)
class Door:
    """Sends its values as JSON, so that a test sees them."""

    def request(self, endpoint: Where, name: str, values: Mapping[str, Sent], secrets: tuple[str, ...]) -> HttpRequest:
        shown: Any = values
        return HttpRequest(name, "https://x.example.com", {}, render_json(shown), secrets=(*endpoint.secrets, *secrets))

    def fields(self, endpoint: Where, name: str, response: HttpResponse, secrets: tuple[str, ...]) -> Fields:
        return read_json(name, response, secrets=secrets)


@dataclass(frozen=True)
class Row:
    number: Annotated[int, Integer("Number")]


@dataclass(frozen=True)
class Result:
    name: Annotated[str, Text("Name")]
    rows: Annotated[tuple[Row, ...], Rows("Rows", "Row", Row)]


def declare(**how: Any) -> Any:
    return lambda declared: Operation(declared, "Do", Door(), model_reader(Result), **how)


@declare(constants={"Type": 1}, lookup=lambda values: not values["account"])
def do(
    where: Where,
    username: Annotated[str, Text("Username")],
    account: Annotated[str, Line("Account", omitted=True)] = "",
    *,
    password: Annotated[str, Secret("Password")],
    note: Annotated[str | None, Text("Note", required=False)] = None,
    pin: Annotated[str | None, Masked("PIN", required=False)] = None,
) -> None:
    """Do it."""
    if username == account:
        raise RequestInvalid("Account", account, "must not be the user")


WHERE = Where()


def test_what_is_sent_stands_in_the_declarations_order_after_the_constants() -> None:
    call = do(WHERE, "ada", "7", pin="", note="", password="hidden-1")
    assert call.request.content == b'{"Type":1,"Username":"ada","Account":"7","Password":"hidden-1","Note":"","PIN":""}'
    assert do.names == ("Type", "Username", "Account", "Password", "Note", "PIN")


def test_what_is_not_given_is_left_out() -> None:
    assert do(WHERE, "ada", password="hidden-1").request.content == b'{"Type":1,"Username":"ada","Password":"hidden-1"}'


@pytest.mark.parametrize("values", [{"username": None}, {"account": None}, {"password": None}, {"username": 7}])
def test_none_is_refused_where_nothing_may_be_left_out(values: dict[str, Any]) -> None:
    """Else a missing value of the caller's would leave an element out, and clear or change what it stands for."""
    with pytest.raises(RequestInvalid) as caught:
        do(WHERE, **{"username": "ada", "password": "hidden-1", **values})
    assert caught.value.field.lower() == next(iter(values))


def test_a_value_too_few_or_too_many_is_a_mistake_of_the_caller() -> None:
    for wrong in ({}, {"password": "x", "amount": 1}, {"password": "x", "username": "twice"}):
        with pytest.raises(TypeError):
            do(WHERE, "ada", **wrong)


def test_the_body_checks_what_concerns_several_parameters() -> None:
    with pytest.raises(RequestInvalid, match="must not be the user"):
        do(WHERE, "ada", "ada", password="hidden-1")


def test_secrets_are_blotted_out_of_what_the_answer_repeats() -> None:
    call = do(WHERE, "ada", password="hidden-1", pin="4711")
    assert call.request.secrets == ("the-key", "hidden-1", "4711")
    with pytest.raises(AnswerNotUnderstood) as caught:
        call.read(HttpResponse(200, {}, b'{"Success": "hidden-1 4711 the-key"}'))
    assert not {"hidden-1", "4711", "the-key"} & set(str(caught.value).replace("'", " ").split())


def test_whether_it_only_looks_may_depend_on_the_values() -> None:
    assert do(WHERE, "ada", password="hidden-1").lookup
    assert not do(WHERE, "ada", "7", password="hidden-1").lookup


GOOD = b'{"Success":true,"Name":"a","Rows":[{"Number":1},{"Number":"2"}]}'


def test_an_answer_is_read_into_its_model() -> None:
    expected = Result("a", (Row(1), Row(2)))
    assert do.read(WHERE, HttpResponse(200, {}, GOOD)) == expected
    assert do(WHERE, "ada", password="hidden-1").read(HttpResponse(200, {}, GOOD)) == expected
    fields = read_json("Do", HttpResponse(200, {}, GOOD))
    assert rows_reader("Rows", Row)(fields) == expected.rows


def test_a_row_that_cannot_be_read_is_named_by_its_place() -> None:
    with pytest.raises(AnswerNotUnderstood) as caught:
        do.read(WHERE, HttpResponse(200, {}, GOOD.replace(b'"2"', b'"two"')))
    assert caught.value.rule.startswith("Rows[1].Number: 'two' is not an integer")


@declare()
def switch(
    where: Where,
    on: Annotated[bool, OnOff("PaperlessOnOff")],
    paper: Annotated[bool, Flag("PaperInvoices")] = True,
) -> None:
    """Switch it."""


def test_a_switch_takes_true_and_false_alone() -> None:
    """The text "Off" would count as true and switch on; None would switch off."""
    assert switch(WHERE, True, False).request.content == b'{"PaperlessOnOff":"On","PaperInvoices":"false"}'
    assert switch(WHERE, False).request.content == b'{"PaperlessOnOff":"Off","PaperInvoices":"true"}'
    for wrong in ("Off", "On", "", 0, 1, None):
        with pytest.raises(RequestInvalid, match=r"PaperlessOnOff: .*: must be True or False"):
            switch(WHERE, wrong)
        with pytest.raises(RequestInvalid, match=r"PaperInvoices: .*: must be True or False"):
            switch(WHERE, True, wrong)
