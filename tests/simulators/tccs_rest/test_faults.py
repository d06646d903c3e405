"""What a caller meets when the wire fails: over HTTP, with the faults of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import pytest

from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.tccs_rest.insurer import BASE, BOUND, CREDENTIALS, POLICY, QUOTE, Insurer


@dataclass
class Served:
    """The insurer on a server of its own."""

    insurer: Insurer
    faults: Faults
    journal: Journal
    client: httpx.Client

    def call(self, endpoint: str, content_info: str, **headers: str) -> httpx.Response:
        form = {**CREDENTIALS, "contentInfo": content_info}
        return self.client.post(f"{BASE}/api/{endpoint}", data=form, headers=headers)

    def lost(self, content_info: str, fault: str) -> None:
        """A payment whose answer does not arrive."""
        self.faults.add("default", fault, operation="Pay_Input", count=1)
        with pytest.raises(httpx.TransportError):
            self.call("Pay_Input", content_info)

    def balances(self, number: str = POLICY) -> tuple[str, str]:
        answer = json.loads(self.call("ARState_Output", number).content, parse_float=str)
        return answer["Record bal"], answer["Total Balance"]


@pytest.fixture
def served(store_url: str) -> Iterator[Served]:
    store = Store(store_url)
    insurer = Insurer(store)
    faults, journal = Faults(insurer.lanes), Journal(insurer.lanes)
    site = Site(insurer.lanes, journal, faults)
    for path, app in insurer.simulator.doors.items():
        site.mount(path, app)
    insurer.lanes.get("default")
    with Server(site) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        yield Served(insurer, faults, journal, client)
    journal.close()
    store.close()


PAYMENT, DEPOSIT = f"{POLICY}|20.00:ACH", f"{QUOTE}|A Payer|150.00"


def test_an_answer_lost_after_the_commit_and_the_call_sent_again_post_once_with_a_guid(served: Served) -> None:
    served.lost(f"{PAYMENT}@a-1", "commit-then-drop")
    assert served.balances() == ("100.00", "320.00"), "it was posted, and the caller cannot know"
    answer = served.call("Pay_Input", f"{PAYMENT}@a-1").json()
    assert answer == {"Success": True, "Message": "Payment had been posted already."}
    assert served.balances() == ("100.00", "320.00")
    assert len(served.insurer.payments()) == 1


def test_without_a_guid_they_post_twice(served: Served) -> None:
    """Version 1 of the service, which is what INT-6870 was about."""
    served.lost(PAYMENT, "commit-then-drop")
    assert served.call("Pay_Input", PAYMENT).json() == {"Success": True, "Message": "Payment posted."}
    assert served.balances() == ("80.00", "300.00")


def test_a_deposit_sent_again_binds_once_and_posts_once_with_a_guid(served: Served) -> None:
    served.lost(f"{DEPOSIT}@d-1", "commit-then-drop")
    assert served.call("Pay_Input", f"{DEPOSIT}@d-1").json()["Success"] is True
    assert served.balances(BOUND) == ("0.00", "450.00")


def test_a_deposit_sent_again_without_a_guid_posts_twice(served: Served) -> None:
    served.lost(DEPOSIT, "commit-then-drop")
    assert served.call("Pay_Input", DEPOSIT).json()["Success"] is True
    assert served.balances(BOUND) == ("0.00", "300.00")


def test_what_is_rolled_back_is_posted_when_it_is_sent_again(served: Served) -> None:
    served.lost(f"{PAYMENT}@a-1", "drop-before-commit")
    assert served.balances() == ("120.00", "340.00")
    assert served.call("Pay_Input", f"{PAYMENT}@a-1").json()["Message"] == "Payment posted."


@pytest.mark.parametrize(("content", "paid"), [(f"{PAYMENT}@a-1", "100.00"), (PAYMENT, "80.00")])
def test_a_proxy_that_sends_a_call_twice_is_harmless_only_with_a_guid(served: Served, content: str, paid: str) -> None:
    answer = served.call("Pay_Input", content, **{"X-Sandbox-Fault": "answer-twice"})
    assert answer.json()["Success"] is True
    assert served.balances()[0] == paid


def test_the_journal_has_the_partners_word_and_not_the_key(served: Served) -> None:
    served.call("Pay_Input", f"{PAYMENT}@a-1")
    served.client.get(f"{BASE}/api/Pay_Input")
    entry, refused = served.journal.find("default")
    assert (entry.door, entry.operation, entry.status) == ("tccs", "Pay_Input", 200)
    assert refused.status == 405
    assert "sandbox-entry-key" not in entry.request
    assert "consumerGUID=IC-SANDBOX" in entry.request
    assert entry.id == served.insurer.payments()[0]["request_id"]


def test_a_bill_comes_over_http_whole(served: Served) -> None:
    form = {**CREDENTIALS, "contentInfo": POLICY}
    response = served.client.post(f"{BASE}/Retrieve_Bill_Image", data=form)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/pdf")
    assert response.content == served.insurer.pdf()


def test_paths_match_without_regard_to_case_over_http(served: Served) -> None:
    body = urlencode({**CREDENTIALS, "contentInfo": POLICY})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/INVOICECLOUDAPI/api/arstate_output", "/invcloudapi_prod/ARState_Output/"):
        assert served.client.post(path, content=body, headers=headers).json()["Record bal"] == 120.0
