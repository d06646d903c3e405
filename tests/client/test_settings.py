from __future__ import annotations

import pytest

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller, BillerUnknown

KEY = "13131313-1111-4111-8111-111111111111"
BILLER = Biller("guid-1", "inhance_v2", {"11": "https://inhance.example.com/", "13": KEY, "116": ""})


def test_a_setting_that_is_unset_or_blank_has_its_default() -> None:
    assert BILLER.get("11") == "https://inhance.example.com/"
    assert BILLER.get("116") == "Credit Card"
    assert BILLER.get("soap_namespace") == "http://tempuri.org/"
    assert BILLER.get("10") == ""


def test_a_setting_that_is_needed_is_named_where_it_is_missing() -> None:
    assert BILLER.require("13") == KEY
    with pytest.raises(RequestInvalid, match=r"setting 14: .*is not set for biller guid-1"):
        BILLER.require("14")


def test_a_setting_nobody_knows_is_a_mistake_of_the_code() -> None:
    with pytest.raises(KeyError):
        BILLER.get("9999")


def test_a_biller_shows_its_secrets_masked() -> None:
    assert repr(BILLER) == (
        "Biller(guid='guid-1', partner='inhance_v2', settings={'11': 'https://inhance.example.com/', "
        "'13': '•••1111', '116': ''})"
    )
    assert BILLER.secrets == (KEY,)


def test_the_value_of_a_setting_nobody_knows_is_masked_too() -> None:
    biller = Biller("guid-1", "inhance_v2", {"9999": KEY})
    assert repr(biller) == "Biller(guid='guid-1', partner='inhance_v2', settings={'9999': '•••1111'})"
    assert biller.secrets == (KEY,)


def test_an_unknown_biller_says_where_it_was_looked_for() -> None:
    error = BillerUnknown("lane-1", "guid-9")
    assert str(error) == "there is no biller guid-9 in lane-1"
    assert (error.lane, error.guid) == ("lane-1", "guid-9")
