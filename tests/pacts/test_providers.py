"""The simulators against the pacts: one test for each interaction, from the files in `contracts/pacts/`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pact import Verifier

from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import inhance_soap
from tests.pacts.states import STATES

FILES = Path(__file__).parents[2] / "contracts" / "pacts"
LANE = "pacts"
PACTS = {path: json.loads(path.read_bytes()) for path in sorted(FILES.glob("*.json"))}
INTERACTIONS = [(path, one["description"]) for path, pact in PACTS.items() for one in pact["interactions"]]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    utility = inhance_soap.Settings(duplicates="refuse")
    with Sandbox(SandboxSettings(port=0), utility, in_process=True) as running:
        yield running


class Stage:
    """A lane, seeded anew for each interaction, and the server by which a verifier asks for a state."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.lane = Remote(sandbox.url).in_lane(LANE)
        self.failed: list[str] = []

    def set(self, sentence: str) -> None:
        self.sandbox.lanes.reset(LANE)
        STATES[sentence](self.lane)

    def event(self) -> bytes:
        """The event that was raised last, as Invoice Cloud gave it to the data pump."""
        rows = self.lane.get("/_sandbox/ic/events")["events"]
        return json.dumps(rows[-1]["event"]).encode()


@pytest.fixture(scope="module")
def stage(sandbox: Sandbox) -> Iterator[Stage]:
    made = Stage(sandbox)
    sandbox.lanes.get(LANE)
    yield made
    made.lane.close()


@pytest.fixture(scope="module")
def asked_at(stage: Stage) -> Iterator[str]:
    """
    Where a verifier asks for a state (`/state`) and for a message (`/message`). With functions of Python's own it would
    take half a second more each, and leave a socket open.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, body = 200, b""
            try:
                if self.path == "/message":
                    body = stage.event()
                elif asked["action"] == "setup":
                    stage.set(asked["state"])
            except Exception as error:  # noqa: BLE001 - said by the verification
                stage.failed.append(f"{asked}: {error!r}")
                status = 500
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def verified(verifier: Verifier) -> None:
    """Verify, and fail where nothing was: a filter that matches nothing passes by itself."""
    try:
        verifier.verify()
    except RuntimeError:
        # A plain text of its own: Pact's is a type that pytest cannot print.
        pytest.fail(f"{verifier.output(strip_ansi=True)}", pytrace=False)
    assert verifier.results["interactionResults"], "no interaction was verified"


def only(path: Path, description: str) -> Verifier:
    return (
        Verifier(PACTS[path]["provider"]["name"], host="127.0.0.1")
        .add_source(path)
        .filter(f"^{re.escape(description)}$")
        .set_request_timeout(60_000)
    )


@pytest.mark.parametrize(
    ("path", "description"), [pytest.param(path, one, id=f"{path.stem}-{one}") for path, one in INTERACTIONS]
)
def test_the_simulator_answers_as_the_consumer_reads(stage: Stage, asked_at: str, path: Path, description: str) -> None:
    stage.failed.clear()
    (interaction,) = (one for one in PACTS[path]["interactions"] if one["description"] == description)
    verifier = only(path, description).state_handler(f"{asked_at}/state", teardown=True, body=True)
    if interaction["type"] == "Asynchronous/Messages":
        port = int(asked_at.rpartition(":")[2])
        verifier = verifier.add_transport(protocol="message", scheme="http", port=port, path="/message")
    else:
        verifier = verifier.add_transport(url=f"{stage.sandbox.url}/lane/{LANE}")
    verified(verifier)
    assert stage.failed == []


def test_a_filter_that_matches_nothing_fails(stage: Stage) -> None:
    verifier = only(next(iter(PACTS)), "nothing is called so").add_transport(url=stage.sandbox.url)
    with pytest.raises(AssertionError, match="no interaction was verified"):
        verified(verifier)


def test_every_state_is_a_sentence_with_one_function_and_every_function_is_used() -> None:
    used = {one["name"] for pact in PACTS.values() for talk in pact["interactions"] for one in talk["providerStates"]}
    assert used == set(STATES)
