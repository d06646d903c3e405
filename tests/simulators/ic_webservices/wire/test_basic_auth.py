"""The API key in an Authorization header, in every form that senders give it."""

from __future__ import annotations

import base64
import textwrap

import pytest

from partnerlab.simulators.ic_webservices.wire.basic_auth import CredentialRefused, api_key, calling_biller
from tests.simulators.ic_webservices.harness import UTILITY, Harness

KEY = "sandbox-api-key"
LONG = "k" * 150


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


@pytest.mark.parametrize(
    "header",
    [
        f"Basic {packed(KEY)}",
        f"Basic {packed(KEY + ':')}",
        f"basic  {packed(KEY)}",
        f" BASIC {packed(KEY)} ",
        f"Basic {packed(KEY).rstrip('=')}",
        f"Basic {packed(KEY + chr(10))}",
        f"Basic {packed(KEY)[:10]}\r\n {packed(KEY)[10:]}",
        f"Basic {packed(KEY)[:10]}\n{packed(KEY)[10:]}\n",
    ],
)
def test_each_form_of_the_credential_is_the_key(header: str) -> None:
    assert api_key(header) == KEY


def test_a_wrapped_credential_is_the_key() -> None:
    assert api_key("Basic " + "\r\n".join(textwrap.wrap(packed(LONG), 76))) == LONG


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        f"Bearer {packed(KEY)}",
        f"Basic {packed('')}",
        f"Basic {packed(':')}",
        f"Basic {packed(KEY + ':password')}",
        f"Basic {packed(':' + KEY)}",
        "Basic !!!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        KEY,
    ],
)
def test_anything_else_is_none(header: str) -> None:
    assert api_key(header) is None


def test_the_key_finds_the_biller_of_the_lane(harness: Harness) -> None:
    keys = harness.sim.world.services.api_keys
    headers = {"authorization": f"Basic {packed(KEY)}"}
    for _ in range(2):
        assert calling_biller(keys, harness.lane, headers).guid == UTILITY
    for wrong in ({}, {"authorization": "x"}, {"authorization": f"Basic {packed('none')}"}):
        with pytest.raises(CredentialRefused, match="header Authorization"):
            calling_biller(keys, harness.lane, wrong)
