"""A recorded request as it is sent again."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from partnerlab.contracts.masking import mask
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.journal.recording import EXCERPT_BYTES
from partnerlab.simulators.kit.journal.sent_again import Credentials, NotReplayable, sent_again

KEY = "11111111-1111-4111-8111-111111111111"
OURS = Credentials([KEY, "another-key"], "the-api-key")


def entry(**given: Any) -> Entry:
    values: dict[str, Any] = dict.fromkeys(Entry.__dataclass_fields__, "")
    values |= {"method": "POST", "path": "/a b", "headers": {}, "faults": (), "findings": None} | given
    values["request_bytes"] = given.get("request_bytes", len(values["request"].encode()))
    return Entry(**values)


def test_a_credential_of_the_sandbox_is_filled_in_and_any_other_stays_masked() -> None:
    again = sent_again(entry(request=f"<k>{mask(KEY)}</k><k>{mask('wrong-wrong-wrong')}</k>"), OURS)
    assert again.body.decode() == f"<k>{KEY}</k><k>{mask('wrong-wrong-wrong')}</k>"
    assert (again.filled_in, again.masked) == (1, 1)


def test_http_basic_is_filled_in_and_headers_of_the_connection_are_left_out() -> None:
    headers = {"authorization": "Basic •••", "content-length": "9", "host": "x", "content-type": "text/xml"}
    again = sent_again(entry(headers=headers), OURS)
    basic = base64.b64encode(b"the-api-key:").decode()
    assert again.headers == {"authorization": f"Basic {basic}", "content-type": "text/xml"}


def test_the_address_is_that_of_the_entry() -> None:
    assert sent_again(entry(query="op=x"), OURS).target == b"/a%20b?op=x"


def test_another_body_takes_the_place_of_the_recorded_one() -> None:
    again = sent_again(entry(request="cut", request_bytes=EXCERPT_BYTES + 1), OURS, f"<k>{mask(KEY)}</k>")
    assert again.body.decode() == f"<k>{KEY}</k>"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"path": "/portal/•••"}, "address is a secret"),
        ({"query": "token=•••"}, "address is a secret"),
        ({"request": "beginning", "request_bytes": EXCERPT_BYTES + 1}, "only a part"),
        ({"request": "(9 bytes that are not text)", "request_bytes": 90}, "only a part"),
    ],
)
def test_what_the_journal_does_not_hold_is_not_sent(given: dict[str, Any], words: str) -> None:
    with pytest.raises(NotReplayable, match=words):
        sent_again(entry(**given), OURS)
