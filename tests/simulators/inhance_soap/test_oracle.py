"""The service against plain Spyne over the same declaration: every readable sample is answered with the same values."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from partnerlab.contracts.data import read_bytes
from partnerlab.simulators.inhance_soap.wire.declarations import icloud as declarations
from partnerlab.simulators.inhance_soap.wire.messages import icloud
from partnerlab.simulators.inhance_soap.wire.operations import Operations
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.asmx.spyne_front import answer_with_spyne
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.inhance_soap.test_samples import OPERATIONS, REQUESTS
from tests.simulators.inhance_soap.utility import PATH, Utility, headers

READABLE = [path for path in REQUESTS if not path.stem.startswith("unreadable")]


def ask_spyne(utility: Utility, asked: Request) -> bytes:
    """The same request to Spyne's own protocol classes, over a ledger on the utility's store."""
    service = AsmxService(
        name="spyne",
        service=icloud.SERVICE,
        handlers=Operations(utility.simulator.world),
        wsdl=read_bytes("inhance_soap/iCloud.wsdl"),
    )
    answer_with_spyne(service, declarations.ICloud)
    return service(asked).body


def values(body: bytes) -> list[tuple[str, str]]:
    return [(one.tag, one.text or "") for one in etree.fromstring(body)[-1][0].iter() if isinstance(one.tag, str)]


@pytest.mark.parametrize("path", READABLE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_answered_as_spyne_answers_it(path: Path) -> None:
    body = path.read_bytes()
    operation = OPERATIONS[path.parent.name.replace("_", "")]
    version = "1.2" if b"2003/05/soap-envelope" in body else "1.1"
    answers, worlds, began = [], [], datetime.now(UTC)
    for oracle in (False, True):
        store = Store("sqlite://")
        utility = Utility(store)
        utility.lanes.create("default", frozen_at=began)
        asked = utility.send("POST", PATH, headers=headers(operation, version), body=body)
        answers.append(values(ask_spyne(utility, asked) if oracle else utility.app(asked).body))
        worlds.append(_world(utility))
        store.close()
    assert answers[0] == answers[1]
    assert worlds[0] == worlds[1]


def _world(utility: Utility) -> list[Any]:
    """What the request left in the books, but for when and by which request."""
    accounts = [utility.account(number) for number in ("10000101", "10000106", "10000107CV-20240115093000")]
    for account in accounts:
        for row in [*account["payments"], *account["events"]]:
            for name in ("request_id", "at", "posted_at"):
                row.pop(name, None)
    return accounts
