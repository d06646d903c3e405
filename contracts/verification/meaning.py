"""
The other half of a verdict: what an answer means. A call may be as the contract says and be refused all the same.

An answer is read as its caller has to read it, by status and by the words that web services have for how it went; it is
the same for every interface. What is recognised of a refusal is in `REASONS`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass
from partnerlab.contracts.verification.findings import Finding

__all__ = ["ACCEPTED", "REASONS", "Meaning", "outcome_of", "read_meaning", "verdict_line"]

MOST = 100  # characters of the other side's words

# The members in which web services say how it went. The names are those of faults, SOAP 1.1 and 1.2, and of the answers
# of .NET services in general; the first that is found counts.
_WORDS = (
    pattern(r"<faultstring[^>]{0,200}>([^<]{1,2000})<"),
    pattern(r"<(?:[A-Za-z0-9]{1,20}:)?Text(?: [^>]{0,200})?>([^<]{1,2000})<"),
    pattern(r"<(?:ErrorMessage|Message)>([^<]{1,2000})<"),
    pattern(r'"(?:ErrorMessage|Message|message)"\s{0,20}:\s{0,20}"((?:[^"\\]|\\.){1,2000})"'),
)
_SUCCESS = pattern(r'(?:<Success>|"Success"\s{0,20}:\s{0,20}"?)(true|false)', re.IGNORECASE)
_CALLERS_FAULT = pattern(
    r"<(?:faultcode|(?:[A-Za-z0-9]{1,20}:)?Value)>\s{0,20}[A-Za-z0-9]{1,20}:"
    r"(?:Client|Sender|MustUnderstand|VersionMismatch)<"
)
_PLAIN_BEGINNING = 4_096

REASONS: tuple[tuple[str, frozenset[int], re.Pattern[str]], ...] = (
    (
        "wrong key",
        frozenset({401}),
        pattern(r"\b(?:invalid (?:web ?service )?(?:key|credentials)|(?:WebServiceKey|API key|entryKey) is not valid"
                   r"|authorization has been denied|access denied)\b", re.IGNORECASE),
    ),
    (
        "wrong method",
        frozenset({405}),
        pattern(r"\bdoes not support http method\b", re.IGNORECASE),
    ),
    (
        "no such operation",
        frozenset(),
        pattern(r"did not recognize the value of HTTP Header SOAPAction|without a valid action parameter"
                   r"|Web Service method name is not valid|Request format is (?:invalid|unrecognized)", re.IGNORECASE),
    ),
    (
        "no such path",
        frozenset(),
        pattern(r"\bNo HTTP resource was found|\bThere is no [A-Z]{3,7} /|\bNothing is served at\b"),
    ),
    (
        "unknown account",
        frozenset(),
        pattern(r"\b(?:account|policy|quote|invoice|customer|biller|user)\b.{0,80}\b(?:was not found|is unknown"
                   r"|does not exist|was found)|\bthere is no (?:account|policy|quote|invoice|customer|biller|user)\b",
                   re.IGNORECASE),
    ),
)  # fmt: skip
"""
What a refusal is put down to: the word for it, the statuses that say it by themselves, and the words that do.

The words are those of ASP.NET and of the simulators; those of a partner may differ (assumed [A-116]), and then its own
are shown.
"""

Kind = Literal["accepted", "refused", "failed", "unanswered"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    How a call was taken.

    `refused` is the caller's to mend, `failed` the service's; `unanswered` leaves open what became of it. `reason` is
    one of `REASONS` or empty; `words` are the other side's own, at most 100 characters.
    """

    kind: Kind
    reason: str = ""
    words: str = ""
    said_done: bool = False

    @property
    def text(self) -> str:
        """In a few words: `refused: wrong key`, else in the other side's; empty where it was accepted."""
        if self.kind == "accepted":
            return ""
        if self.kind == "unanswered":
            return "no answer"
        why = self.reason or self.words
        return f"{self.kind}: {why}" if why else self.kind


ACCEPTED = Meaning("accepted")


def read_meaning(status: int, answer: str, *, most: int = MOST) -> Meaning:
    """
    What an answer means. *status* is 0 where nothing was answered; *answer* is its text, of which the beginning counts.
    Of its words *most* characters are told.

    A page of HTML is accepted with its status: what it says is for a person.
    """
    if not status:
        return Meaning("unanswered")
    answer = answer[:_PLAIN_BEGINNING]
    said = _SUCCESS.search(answer)
    denied = said is not None and said[1].lower() == "false"
    if status < 400 and not denied:
        return Meaning("accepted", said_done=said is not None)
    words = next((found[1] for words in _WORDS if (found := words.search(answer))), "")
    if not words and status >= 400 and answer[:1] not in ("", "<", "{", "["):
        words = answer.partition("\n")[0]
    words = " ".join(html.unescape(words).split()) or (_phrase(status) if status >= 400 else "")
    reason = next((name for name, statuses, known in REASONS if status in statuses or known.search(words)), "")
    kind: Kind = "failed" if status >= 500 and not (reason or _CALLERS_FAULT.search(answer)) else "refused"
    return Meaning(kind, reason, words if len(words) <= most else f"{words[: most - 1]}…")


def verdict_line(findings: Sequence[Finding] | None, meaning: Meaning) -> str:
    """
    Both halves in a line: `valid` only where the form is right and the call was accepted, else `valid, refused: wrong
    key`, `2 broken`, `no answer`.

    Where there is no contract, and so no word about the form, `-` stands for accepted.
    """
    form = "" if findings is None else f"{len(findings)} broken" if findings else "valid"
    return ", ".join(part for part in (form, meaning.text) if part) or "-"


def outcome_of(status: int, answer: str, faults: Sequence[str] = ()) -> str:
    """
    The meaning in the other side's words: `done`, `answered`, `redirected`, `refused: …`, `failed: …` or `no answer`.

    The faults that struck the exchange stand behind, in brackets.
    """
    struck = f" [{', '.join(faults)}]" if faults else ""
    meaning = read_meaning(status, answer)
    if meaning.kind == "accepted":
        said = "redirected" if status >= 300 else "done" if meaning.said_done else "answered"
    elif meaning.kind == "unanswered":
        said = "no answer"
    else:
        said = f"{meaning.kind}: {meaning.words}" if meaning.words else meaning.kind
    return f"{said}{struck}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)
