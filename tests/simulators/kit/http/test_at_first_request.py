"""Doors that are made at their first request."""

from __future__ import annotations

import threading
import time

from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest
from partnerlab.simulators.kit.http.at_first_request import AtFirstRequest
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store


class Door:
    inline = True

    def __init__(self, name: str) -> None:
        self.name = name

    def operation(self, request: Request) -> str:
        return f"{self.name} {request.path}"

    def __call__(self, request: Request) -> Response:
        return Response(200, request.path.encode())


def test_it_is_made_once_however_many_ask_first(memory: Store) -> None:
    made: list[str] = []
    together = threading.Barrier(8)

    def make(name: str) -> Door:
        made.append(name)
        time.sleep(0.05)  # while the others ask
        return Door(name)

    later = AtFirstRequest("later", make, inline=False, group_commit=True)
    assert (later.name, later.inline, later.group_commit, made) == ("later", False, True, [])
    request = Request("GET", "/x", "", {}, b"", "", "1", Lanes(memory).get("default"))
    said: list[bytes] = []

    def ask() -> None:
        together.wait(60)
        said.append(later(request).body)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert said == [b"/x"] * 8
    assert made == ["later"]
    assert later.operation(request) == "later /x"


def test_what_a_simulator_says_of_a_door_is_true_of_it(memory: Store) -> None:
    lanes = Lanes(memory)
    simulators = (
        inhance_soap.create_simulator(inhance_soap.Settings(), memory, lanes),
        tccs_rest.create_simulator(tccs_rest.Settings(), memory, lanes),
        ic_webservices.create_simulator(
            ic_webservices.Settings(), memory, lanes, events=lambda _: None, balances=lambda *_: {}
        ),
    )
    doors = [door for simulator in simulators for door in simulator.doors.values() if isinstance(door, AtFirstRequest)]
    assert len(doors) >= 8
    assert {door.name for door in doors} == {door.made().name for door in doors}
