"""The journal stores no secret, wherever one stands."""

from __future__ import annotations

from partnerlab.simulators.kit.http.messages import Response
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.journal.test_journal import note


def test_a_key_in_a_wrong_place_is_masked_and_so_is_what_the_request_held(memory: Store) -> None:
    lanes = Lanes(memory)
    lanes.get("a")
    key, password = "sandbox-entry-key", "hunter2-and-more"
    journal = Journal(lanes, secrets=lambda: frozenset((key,)))
    body = f"<AccountNumber>{key}</AccountNumber><Password>{password}</Password>".encode()
    answer = Response(400, f"{password} is not valid for {key}".encode(), "text/plain")
    note(journal, body, query=f"x={key}&y={password}", response=answer, operation=password)
    entry = journal.find("a")[0]
    for text in (entry.request, entry.answer, entry.query, entry.operation, str(entry)):
        assert key not in text
        assert password not in text
    journal.close()
