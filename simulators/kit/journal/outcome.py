"""What an answer says in one line: done, or in whose words it was refused."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from http import HTTPStatus

__all__ = ["outcome_of"]

MOST = 100  # characters of the other side's words

# The members in which web services say how it went. The names are those of faults, SOAP 1.1 and 1.2, and of the answers
# of .NET services in general; the first that is found counts.
_WORDS = (
    re.compile(r"<faultstring[^>]{0,200}>([^<]{1,2000})<"),
    re.compile(r"<(?:[A-Za-z0-9]{1,20}:)?Text(?: [^>]{0,200})?>([^<]{1,2000})<"),
    re.compile(r"<(?:ErrorMessage|Message)>([^<]{1,2000})<"),
    re.compile(r'"(?:ErrorMessage|Message|message)"\s{0,20}:\s{0,20}"((?:[^"\\]|\\.){1,2000})"'),
)
_SUCCESS = re.compile(r'(?:<Success>|"Success"\s{0,20}:\s{0,20}"?)(true|false)', re.IGNORECASE)
_PLAIN_BEGINNING = 4_096


def outcome_of(status: int, answer: str, faults: Sequence[str] = ()) -> str:
    """
    One line about an exchange: `done`, `answered`, `redirected`, `refused: …`, `failed: …` or `no answer`.

    *status* is 0 where nothing was answered; *answer* is the recorded text, its secrets masked. The faults that struck
    it stand behind, in brackets.
    """
    struck = f" [{', '.join(faults)}]" if faults else ""
    return f"{_outcome(status, answer[:_PLAIN_BEGINNING])}{struck}"


def _outcome(status: int, answer: str) -> str:
    if not status:
        return "no answer"
    words = next((found[1] for pattern in _WORDS if (found := pattern.search(answer))), "")
    words = " ".join(html.unescape(words).split())
    words = words if len(words) <= MOST else f"{words[: MOST - 1]}…"
    said = _SUCCESS.search(answer)
    if status >= 500:
        return f"failed: {words or _phrase(status)}"
    if status >= 400:
        return f"refused: {words or _phrase(status)}"
    if said is not None and said[1].lower() == "false":
        return f"refused: {words}" if words else "refused"
    if status >= 300:
        return "redirected"
    return "done" if said is not None else "answered"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)
