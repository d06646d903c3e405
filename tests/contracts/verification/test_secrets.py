"""What a run shows of a call: no secret, and a command that sends the very same bytes again."""

from __future__ import annotations

import os
import shutil
import subprocess
from urllib.parse import parse_qsl

import pytest

from partnerlab.contracts.masking import MASK
from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.secrets import Secrets

KEY = "k3y&with'odd <signs>"
SECRETS = Secrets({"THE_KEY": KEY, "OTHER_KEY": "another-key-0002", "EMPTY": ""})
URL = "http://127.0.0.1:1/a?b=c&d=$HOME"
XML = {"content-type": "text/xml; charset=utf-8", "soapaction": '"http://tempuri.org/X"'}
FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
ODD = 'it\'s $HOME `id` \\ "quoted" é\nnext line'


def repeated(asked: Asked) -> list[str]:
    """The words that a shell gives to curl for the command that is shown."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    command = "curl() { printf '%s\\0' \"$@\"; }\n" + SECRETS.curl(asked)
    environment = {**os.environ, **SECRETS.by_variable, "HOME": "/wrong"}
    done = subprocess.run([bash, "-c", command], env=environment, capture_output=True, check=True, timeout=60)
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "body",
    [
        f"<Key>{KEY.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</Key><A>{ODD}</A>",
        f"<A>{ODD}</A>",
        "another-key-0002 twice another-key-0002",
        "",
    ],
)
def test_the_command_sends_the_same_body_and_headers(body: str) -> None:
    asked = Asked("X", "POST", URL, XML, body.encode())
    words = repeated(asked)
    assert words[words.index("--data-binary") + 1] == body
    assert words[-1] == URL
    assert [words[at + 1] for at, word in enumerate(words) if word == "-H"] == [f"{n}: {v}" for n, v in XML.items()]
    for secret in SECRETS.by_variable.values():
        assert secret not in SECRETS.curl(asked)


def test_a_form_is_sent_by_its_fields() -> None:
    pairs = [("entryKey", KEY), ("contentInfo", f"4541-06/16/2020|1.37:CC {ODD}"), ("empty", "")]
    body = "&".join(f"{name}={_coded(value)}" for name, value in pairs)
    words = repeated(Asked("X", "POST", URL, FORM, body.encode()))
    sent = [words[at + 1].partition("=")[::2] for at, word in enumerate(words) if word == "--data-urlencode"]
    assert sent == pairs == parse_qsl(body, keep_blank_values=True)


def _coded(value: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(value)


@pytest.mark.parametrize("user", ["another-key-0002", "another-key-0002:"])
def test_a_basic_credential_is_made_anew_of_its_variable(user: str) -> None:
    import base64

    header = f"Basic {base64.b64encode(user.encode()).decode()}"
    words = repeated(Asked("X", "GET", URL, {"authorization": header}))
    assert words[words.index("-H") + 1] == f"authorization: {header}"
    assert header not in SECRETS.curl(Asked("X", "GET", URL, {"authorization": header}))


def test_a_secret_in_another_coding_is_masked_and_never_shown() -> None:
    command = SECRETS.curl(
        Asked("X", "POST", URL, {"authorization": f"Bearer {KEY}"}, b"another%2Dkey another-key-0002")
    )
    assert KEY not in command
    assert "another-key-0002" not in command


def test_what_is_cut_shows_no_part_of_a_secret() -> None:
    for before in range(40):
        shown = SECRETS.masked("x" * before + "another-key-0002" + "y" * 100, most=30)
        assert "another" not in shown[:30].replace(MASK, "") or before > 30


def test_no_command_is_made_of_bytes_that_are_no_text() -> None:
    assert SECRETS.curl(Asked("X", "POST", URL, {}, b"\xff\xfe")) == ""
