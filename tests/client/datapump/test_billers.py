"""Billers from a file."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from partnerlab.client.datapump.billers import read_billers
from partnerlab.client.datapump.events import Payment, parse_event
from partnerlab.client.datapump.routes import Router
from partnerlab.client.errors import RequestInvalid, TransportError
from partnerlab.client.rtdr import ENQUIRIES
from partnerlab.client.settings import BillerUnknown
from tests.client.datapump.conftest import BILLER, make_event

DOCS = Path(__file__).resolve().parents[3] / "docs"
GOOD = """
[[biller]]
guid = "g-1"
partner = "inhance_v2"
[biller.settings]
11 = "https://inhance.example.com/iCloud/iCloud.asmx"
13 = "env:INHANCE_KEY"
116 = "PayPal"
[biller.configuration.RTDR]
UpdateEmail = true

[[biller]]
guid = "g-1"
partner = "tccs"
lane = "test"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "billers.toml"
    path.write_text(text, "utf-8")
    return path


def test_billers_are_found_by_lane_and_guid(tmp_path: Path) -> None:
    billers = read_billers(write(tmp_path, GOOD), {"INHANCE_KEY": "secret-key"})
    found = billers("default", "g-1")
    assert found.partner == "inhance_v2"
    assert found.require("13") == "secret-key"
    assert found.get("116") == "PayPal"
    assert found.configuration == {"RTDR": {"UpdateEmail": True}}
    assert billers("test", "g-1").partner == "tccs"
    with pytest.raises(BillerUnknown, match="there is no biller g-2 in default"):
        billers("default", "g-2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[biller]\n", "is not TOML"),
        ("[billers]\n", "only .*biller.* tables may stand here"),
        ("biller = 3\n", "must be written as"),
        ('[[biller]]\npartner = "tccs"\n', "biller 1: guid.*must be text"),
        ('[[biller]]\nguid = "g"\npartner = "other"\n', "biller 1: partner.*is not one of inhance_v2, tccs"),
        ('[[biller]]\nguid = "g"\npartner = "tccs"\nname = "x"\n', "biller 1: name"),
        ('[[biller]]\nguid = "g"\npartner = "tccs"\nsettings = 3\n', "biller 1: settings.*must be a table"),
        (
            '[[biller]]\nguid = "g"\npartner = "tccs"\n[biller.settings]\n999 = "x"\n',
            "settings.999.*is no setting of tccs",
        ),
        (
            '[[biller]]\nguid = "g"\npartner = "tccs"\n[biller.settings]\n116 = "x"\n',
            "settings.116.*is no setting of tccs",
        ),
        ('[[biller]]\nguid = "g"\npartner = "tccs"\n[biller.settings]\n11 = 3\n', "settings.11.*must be text"),
        (
            '[[biller]]\nguid = "g"\npartner = "tccs"\n[biller.settings]\n13 = "env:NONE"\n',
            "settings.13.*no such variable",
        ),
        (
            '[[biller]]\nguid = "g"\npartner = "tccs"\n[biller.settings]\ndatapump_retry = "true"\n',
            "settings.datapump_retry.*'true'.*must be 0 or 1",
        ),
        (
            '[[biller]]\nguid = "g"\npartner = "tccs"\n[biller.configuration.Answers]\nYes = "OK"\n',
            "biller 1: configuration.Answers.Yes.*must be a list of texts",
        ),
        ('[[biller]]\nguid = "g"\npartner = "tccs"\n' * 2, "biller 2: guid.*stands twice in lane default"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RequestInvalid, match=said) as error:
        read_billers(write(tmp_path, text), {})
    assert "billers.toml" in str(error.value)


def test_no_secret_stands_in_an_error(tmp_path: Path) -> None:
    text = '[[biller]]\nguid = "g"\npartner = "tccs"\n[biller.settings]\n13 = 12345678901234\n'
    with pytest.raises(RequestInvalid) as error:
        read_billers(write(tmp_path, text), {})
    assert "123456" not in str(error.value)


@pytest.mark.parametrize(
    ("page", "guid", "kinds"),
    [
        ("datapump.md", BILLER, ("payment", "paperless", "autopay", "email")),
        ("tccs.md", "44444444-4444-4444-8444-444444444444", ("payment",)),
    ],
)
def test_the_file_that_a_page_shows_has_all_that_the_pump_needs(
    tmp_path: Path, page: str, guid: str, kinds: tuple[str, ...]
) -> None:
    """For each event it speaks of, and for the balance that a person asks for."""
    [shown] = re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    keys = dict.fromkeys(re.findall(r"env:(\w+)", shown), "11111111-1111-4111-8111-111111111111")
    biller = read_billers(write(tmp_path, shown), keys)("default", guid)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        raise httpx.ConnectError("nobody is there")

    router = Router(http=httpx.MockTransport(answer))
    for kind in kinds:
        router.plan(parse_event(make_event(kind)), biller)
    payment = parse_event(make_event())
    assert isinstance(payment, Payment)
    with pytest.raises(TransportError, match="nobody is there"):
        router.transport_for(payment, biller).send(
            ENQUIRIES[biller.partner](biller, payment.account_number, payment.invoice_number).request
        )
    [url] = asked
    assert url.startswith(biller.require("8"))
