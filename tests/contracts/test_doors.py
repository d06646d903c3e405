"""The table of doors against the sandbox that mounts them and the contracts that describe them."""

from __future__ import annotations

from lxml import etree

from partnerlab.contracts.data import read_bytes, read_yaml
from partnerlab.contracts.doors import doors, operations
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings


def test_every_door_of_the_sandbox_is_in_the_table_and_no_other() -> None:
    sandbox = Sandbox(SandboxSettings(port=0))
    try:
        mounted = {app.name for simulator in sandbox.simulators.values() for app in simulator.doors.values()}
        assert mounted | {"postback", "nowhere"} == set(doors())  # what goes out, and what is served by nothing
    finally:
        sandbox.stop()


def test_the_operations_are_those_that_a_parser_finds() -> None:
    for door, path in doors().items():
        if path.endswith(".wsdl"):
            names = etree.fromstring(read_bytes(path)).xpath("//*[local-name()='portType']/*[@name]/@name")
        elif path:
            rows = [row for each in read_yaml(path)["paths"].values() for row in each.values()]
            if door == "postback":
                sent = [row.get("callbacks", {}) for row in rows if isinstance(row, dict)]
                rows = [row for all in sent for one in all.values() for each in one.values() for row in each.values()]
            names = [row["operationId"] for row in rows if isinstance(row, dict) and "operationId" in row]
            assert names
        else:
            names = []
        assert operations(door) == set(names), door
