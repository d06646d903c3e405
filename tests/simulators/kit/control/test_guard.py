"""Programs and the sandbox's own pages may ask; pages of other sites may not."""

from __future__ import annotations

import httpx
import pytest

from tests.simulators.kit.conftest import Kit


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Origin": "http://evil.example"}, 403, "origin_not_allowed"),
        ({"Origin": "null"}, 403, "origin_not_allowed"),
        ({"Origin": "http://127.0.0.1:1"}, 403, "origin_not_allowed"),
        ({"Host": "evil.example"}, 403, "host_not_allowed"),
        ({"Host": "127.0.0.1.evil.example"}, 403, "host_not_allowed"),
        ({"Host": "10.0.0.1"}, 403, "host_not_allowed"),
        ({"Content-Type": "text/plain"}, 400, "not_json"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 400, "not_json"),
        ({"Content-Type": "application/json; charset=utf-8"}, 201, ""),
        ({"Host": "localhost"}, 201, ""),
        ({"Host": "[::1]:99"}, 201, ""),
    ],
)
def test_pages_of_other_sites_are_kept_out(running: Kit, headers: dict[str, str], status: int, code: str) -> None:
    sent = {"Content-Type": "application/json"} | headers
    answer = httpx.post(
        verify=False, url=f"{running.server.url}/_sandbox/lanes", content=b'{"name": "made"}', headers=sent
    )
    assert answer.status_code == status
    assert answer.json().get("error", {}).get("code", "") == code
    assert ("made" in [lane.name for lane in running.lanes.all()]) == (status == 201)


def test_the_sandboxs_own_pages_may_ask(running: Kit) -> None:
    url = running.server.url
    assert (
        httpx.post(verify=False, url=f"{url}/_sandbox/lanes", json={"name": "x"}, headers={"Origin": url}).status_code
        == 201
    )
    in_lane = f"{url}/lane/a/_sandbox/clock/freeze"
    assert httpx.post(in_lane, verify=False, headers={"Origin": url}).status_code == 200
