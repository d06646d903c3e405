"""
The production client against an answer of what it reads: the pact of each service is written, and is the one in git.

`python -m tests.pacts` writes `contracts/pacts/` anew, verifies the simulators and records it in the matrix.
"""

from __future__ import annotations

import json
import os
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from pact import Pact

from partnerlab.client.errors import ClientError
from partnerlab.client.http import Transport
from partnerlab.contracts.catalogue import requirements
from tests.pacts.event_talks import EVENTS
from tests.pacts.rest_talks import INVOICE_CLOUD_REST, TCCS
from tests.pacts.soap_talks import INHANCE, INVOICE_CLOUD_SOAP
from tests.pacts.talk import SPECIFICATION, Talk, Told, add_talk, add_told

FILES = Path(__file__).parents[2] / "contracts" / "pacts"
TALKS = [*INHANCE, *TCCS, *INVOICE_CLOUD_SOAP, *INVOICE_CLOUD_REST]
WRITE = bool(os.environ.get("PARTNERLAB_WRITE_PACTS"))


def pact_of(one: Talk | Told) -> Pact:
    return Pact(one.consumer, one.provider).with_specification(SPECIFICATION)


def spoken(talk: Talk, pact: Pact) -> None:
    """The client's call to the pact's own server; what it read."""
    add_talk(pact, talk)
    with pact.serve() as server, Transport() as transport:
        call = talk.call(str(server.url).rstrip("/"))
        found: Any
        try:
            found = call.read(transport.send(call.request))
            failed = False
        except ClientError as error:
            found, failed = error, True
    assert failed == talk.fails, found
    talk.expect(found)


BY_PROVIDER = [list(talks) for _, talks in groupby(TALKS, lambda one: one.provider)]


@pytest.mark.parametrize("talks", BY_PROVIDER, ids=lambda talks: talks[0].provider)
def test_the_client_reads_the_answers_and_its_pact_is_the_one_in_git(talks: list[Talk], tmp_path: Path) -> None:
    for talk in talks:
        pact = pact_of(talk)
        spoken(talk, pact)
        pact.write_file(tmp_path)
    compare(tmp_path, talks[0])


def test_the_data_pump_reads_the_events_and_its_pact_is_the_one_in_git(tmp_path: Path) -> None:
    for told in EVENTS:
        pact = pact_of(told)
        add_told(pact, told)

        def handle(body: str | bytes | None, metadata: dict[str, object], told: Told = told) -> None:
            assert told.read(json.loads(body or "")).kind == told.content["kind"]

        pact.verify(handle, "Async")
        pact.write_file(tmp_path)
    compare(tmp_path, EVENTS[0])


def compare(folder: Path, one: Talk | Told) -> None:
    """What was written against what is in git."""
    name = f"{one.consumer}-{one.provider}.json"
    written = (folder / name).read_bytes()
    if WRITE:
        FILES.mkdir(exist_ok=True)
        (FILES / name).write_bytes(written)
    assert (FILES / name).read_bytes() == written, f"contracts/pacts/{name} is stale: `python -m tests.pacts` writes it"


def test_every_interaction_names_requirements_that_there_are() -> None:
    every: list[Talk | Told] = [*TALKS, *EVENTS]
    for one in every:
        assert all(id in requirements() for id in one.requirements), one.description
    assert len({(one.provider, one.description) for one in every}) == len(every)
