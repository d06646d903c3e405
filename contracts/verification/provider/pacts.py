"""
The pacts of a subject, replayed at a provider: a check for each interaction, which grades the requirements it names.

Pact's own verifier judges each answer by the pact's rules. It talks to a relay here, which writes the run's own values
in the place of the pact's (account, keys, amounts) and sends the request by the run's line: paced, counted, masked.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, TypeVar

from partnerlab.contracts.verification.grading import Check, Failed, NotExercised, Problem, Suite, untestable
from partnerlab.contracts.verification.pact.matrix import PACTS
from partnerlab.contracts.verification.pact.swapping import swapped_body, swapped_header
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, NoAnswer
from partnerlab.contracts.verification.provider.line import BudgetSpent
from partnerlab.contracts.verification.provider.probe import Probe

__all__ = ["Replay", "given", "stays", "with_pacts"]

Subject = TypeVar("Subject", bound=Probe)
Swaps = Mapping[str, str]
STATE_PATH = "/_state"
PATIENCE_MS = 600_000
"""How long Pact's verifier waits for the relay, by itself five seconds: how long a provider may take, the line says."""


@dataclass(frozen=True, slots=True)
class Replay(Generic[Subject]):
    """
    How the pact of a subject is brought to a server that is not ours.

    *states* has a function for each provider state: it makes the sentence true and gives what else is to be swapped, or
    raises `NotExercised` where this server cannot be put into that state. *writing* has what puts back what an
    interaction changes, by its description; an interaction that is not there only reads. *refusals* are the
    interactions that the provider refuses, each with whether another answer than the pact's refuses as well: the
    consumer reads that too, so it fails no requirement. *url* gives the address of a path in the pact, *swaps* the
    run's values by the pact's, *namespaces* the pact's XML namespace and the run's.
    """

    file: str
    url: Callable[[Subject, str], str]
    swaps: Callable[[Subject], Swaps]
    states: Mapping[str, Callable[[Subject], Swaps]]
    writing: Mapping[str, Callable[[Subject], AbstractContextManager[None]]]
    refusals: Mapping[str, Callable[[Answered], bool]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    namespaces: Callable[[Subject], tuple[str, str]] = lambda _: ("", "")

    def label(self, path: str, action: str) -> str:
        """The operation of a request, as reports name it: by its SOAPAction, else by the end of its path."""
        name = (action.strip('"') or path).rpartition("/")[2]
        return self.labels.get(name, name)


def given(_: Probe) -> Swaps:
    """The state of a sentence that is true of whatever the run was given: its account, its invoice, nobody's number."""
    return {}


def stays(_: Probe) -> AbstractContextManager[None]:
    """What an interaction changes stays, as a payment does."""
    return nullcontext()


def with_pacts(suite: Suite[Subject], replay: Replay[Subject]) -> Suite[Subject]:
    """The suite with a check for each interaction of its pact, before the random ones, which may use up the budget."""
    whole: Suite[Subject] = Suite(suite.subject, suite.prefixes)
    for check in suite.checks.values():
        if check.kind != "fuzz":
            whole.add(check)
    others = untestable("provider", suite.subject).keys() - suite.claims().keys()  # the consumer's part
    pact = json.loads((PACTS / replay.file).read_bytes())
    for interaction in pact["interactions"]:
        description = interaction["description"]
        named = interaction.get("comments", {}).get("references", {}).get("requirement", {})
        whole.add(
            Check(
                id=f"{suite.subject}/pact-{re.sub('[^a-z0-9]+', '-', description.lower()).strip('-')}",
                sentence=f"The answer to “{description}” is as the pact of {pact['consumer']['name']} has it.",
                kind="pact",
                requirements=tuple(id for id in named if id not in others),
                writes=description in replay.writing,
                needs=(),
                run=partial(_replayed, replay, description, interaction["providerStates"]),
            )
        )
    for check in suite.checks.values():
        if check.kind == "fuzz":
            whole.add(check)
    return whole


def _never(_: Answered) -> bool:
    return False


def _replayed(replay: Replay[Subject], description: str, states: list[dict[str, Any]], subject: Subject) -> None:
    swaps = dict(replay.swaps(subject))
    for state in states:
        swaps.update(replay.states[state["name"]](subject))
    with replay.writing.get(description, stays)(subject), _Relay(replay, subject, swaps) as relay:
        mismatches = relay.verified(description)
        answer = relay.last
    if mismatches and answer is not None and replay.refusals.get(description, _never)(answer):
        raise NotExercised("the service refuses in another form than the pact has, which is read as well")
    if mismatches:
        raise Failed([_problem(one, relay.exchange) for one in mismatches])


def _in_plain_utf8(answer: Answered) -> Answered:
    """An answer's XML in UTF-8 without a byte order mark: any XML reader takes others too, Pact's takes no other."""
    codec = next((codec for mark, codec in _MARKS.items() if answer.body.startswith(mark)), "")
    if not codec or not answer.media_type.endswith("xml"):
        return answer
    text = _DECLARED.sub("", answer.body.decode(codec, "replace"), count=1)
    return replace(answer, headers={**answer.headers, "content-type": answer.media_type}, body=text.encode())


_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_DECLARED = re.compile(r"^<\?xml[^>]*\?>")
_WORDS = (
    (r"(?:Mismatch with header '[^']*': )?Expected header '[^']*' to have value '(.*)' but was '.*'", r"\1"),
    (r"Expected a body of '(.*)' but the actual content type was '.*'", r"a body of \1"),
    (r"Actual map is missing the following keys: (.+)", r"\1 in it"),
    (r"Expected child <(?:.*:)?([^:]+)/> but was missing", r"\1 in it"),
    (r"Expected .+ to be equal to '?(.*?)'?(?: \(\w+\))?", r"\1"),
    (r"Expected .+ to match '(.*)'", r"what matches \1"),
    (r"Expected .+ \(\w+\) to (?:be|match) (an? .+)", r"\1"),
    (r"body Present\(.*\)", "a body"),
    (r"Failed to parse the actual body: .*", "a body that can be read as what its Content-Type says"),
    (r"[Ee]xpected (\d{3}) but was \d{3}", r"status \1"),
    (r"Expected (.+) but (?:was|got|received) .+", r"\1"),
)
"""What Pact's verifier says of a difference, and what a report says was expected; what was received stands beside."""


def _expected(text: str) -> str:
    for said, told in _WORDS:
        if found := re.fullmatch(said, text, re.DOTALL):
            return found.expand(told)
    return text


def _problem(mismatch: Mapping[str, Any], exchange: int) -> Problem:
    where = str(mismatch.get("path") or mismatch.get("key") or mismatch["type"].removesuffix("Mismatch"))
    where = re.sub(r"\['(?:[^']*:)?([^':]*)'\]", r"/\1", where).removeprefix("$").removeprefix("/") or "body"
    text = mismatch.get("mismatch")
    expected = _expected(str(text or f"status {mismatch.get('expected')}"))
    received = re.sub(r"https?://[^\s,]*:(?=\w)", "", str(mismatch.get("actual", "")))
    return Problem(where.removeprefix("."), expected, received or "nothing", exchange)


class _Relay(Generic[Subject]):
    """A server on this machine that stands for the provider, for the time of one interaction."""

    def __init__(self, replay: Replay[Subject], subject: Subject, swaps: Swaps) -> None:
        self.exchange = 0
        self.last: Answered | None = None
        self._replay, self._subject, self._swaps = replay, subject, swaps
        self._lost: Exception | None = None
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = relay.answer(self.command, self.path, headers, content)
                self.send_response(answer.status)
                self.send_header("content-type", answer.headers.get("content-type", ""))
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST  # noqa: N815 - the name that http.server calls

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=partial(self._server.serve_forever, 0.02), name="pacts", daemon=True)

    def __enter__(self) -> _Relay[Subject]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def verified(self, description: str) -> list[dict[str, Any]]:
        """What differs from the pact. Raises `NoAnswer`, `BudgetSpent`; `AssertionError` where nothing was compared."""
        os.environ["PACT_DO_NOT_TRACK"] = "true"
        try:
            from pact import Verifier
        except ImportError:
            raise NotExercised("pacts are compared by pact-python: pip install 'partnerlab[verify]'") from None

        origin = f"http://127.0.0.1:{self._server.server_port}"
        verifier = (
            Verifier("provider", host="127.0.0.1")
            .add_source(PACTS / self._replay.file)
            .filter(f"^{re.escape(description)}$")
            .add_transport(url=origin)
            .state_handler(f"{origin}{STATE_PATH}", teardown=False, body=True)
            .set_request_timeout(PATIENCE_MS)
        )
        with _direct_and_silent(), suppress(RuntimeError):  # what differs is in the results
            verifier.verify()
        if self._lost is not None:
            raise self._lost
        results = verifier.results["interactionResults"]
        assert results, "Pact compared nothing"
        differing = [one["mismatch"] for one in results if one["result"] != "OK"]
        return [one for mismatch in differing for one in mismatch.get("mismatches", [{"type": "", **mismatch}])]

    def answer(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answered:
        """What the provider answers to a request of the pact, with the run's values in it."""
        if path == STATE_PATH:
            return Answered(200, {"content-type": "application/json"}, b"{}")
        replay, subject = self._replay, self._subject
        action = headers.get("soapaction", "")
        ours, theirs = (one.encode() for one in replay.namespaces(subject))
        sent = {
            name: swapped_header(name, headers[name], self._swaps)
            for name in ("content-type", "soapaction", "authorization", "accept")
            if name in headers
        }
        body = swapped_body(content, headers.get("content-type", ""), self._swaps)
        asked = Asked(replay.label(path, action), method, replay.url(subject, path), sent, body)
        try:
            reply = subject.line.ask(asked)
        except (NoAnswer, BudgetSpent) as error:
            self._lost = error
            return Answered(502, {"content-type": "text/plain"}, b"no answer")
        self.exchange, self.last = reply.number, reply.answer
        answer = _in_plain_utf8(reply.answer)
        found = answer.body if ours == theirs else answer.body.replace(theirs, ours)
        return replace(answer, body=found)


@contextmanager
def _direct_and_silent() -> Iterator[None]:
    """
    Let Pact's library reach the relay, whatever proxy the environment names, and keep the report that it writes to the
    standard output out of the caller's.
    """
    before = os.environ.get("NO_PROXY")
    os.environ["NO_PROXY"] = "127.0.0.1"
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        if before is None:
            del os.environ["NO_PROXY"]
        else:
            os.environ["NO_PROXY"] = before
