"""No control character of a caller's reaches a log or a terminal."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from partnerlab.contracts.masking import printable
from partnerlab.logs import PlainFormatter
from partnerlab.remote import RemoteRefused, print_json

EVIL = "\x1b[2Jgone\r\nERROR root: made up\x9b31m\u202e\x00\ud800"


def bare(text: str) -> bool:
    return not any((ord(char) < 32 and char != "\n") or 0x7F <= ord(char) < 0xA0 or char == "\u202e" for char in text)


def test_what_cannot_be_printed_is_written_out() -> None:
    assert printable("a\x1b[31m\n\t\x9b") == "a\\u001b[31m\\n\\t\\u009b"
    assert printable("a\n\tb\r\x00", lines=True) == "a\n\tb\\r\\u0000"
    assert printable("Ärger 125.50 €") == "Ärger 125.50 €"


@pytest.mark.parametrize("raised", [False, True])
def test_a_log_record_is_one_line_and_its_traceback_is_bare(raised: bool) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainFormatter())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    try:
        raise ValueError(f"{EVIL} Password=hunter2-and-more")
    except ValueError:
        logger.error("path %s Password=hunter2-and-more", EVIL, exc_info=raised)
    said = stream.getvalue()
    assert bare(said)
    assert "hunter2" not in said
    assert said.splitlines()[0].startswith("ERROR test: path \\u001b[2Jgone\\r\\nERROR root")
    assert raised or len(said.splitlines()) == 1


def test_what_a_server_says_is_printed_bare(capsys: pytest.CaptureFixture[str]) -> None:
    assert bare(RemoteRefused(EVIL).message)
    value: Any = {"a": EVIL.replace("\ud800", "")}
    print_json(value)
    printed = capsys.readouterr().out
    assert bare(printed)
    assert json.loads(printed) == value
