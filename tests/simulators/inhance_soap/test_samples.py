"""The samples in `tests/samples/inhance_soap`: each request is sent, its answer compared, both judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.soap import verdict
from tests.simulators.inhance_soap.utility import PARAMETERS, PATH, Utility, headers

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "inhance_soap"
REQUESTS = sorted(SAMPLES.glob("*/*-request.xml"))
JUDGE = verdict(read_bytes("inhance_soap/iCloud.wsdl"))
OPERATIONS = {name.lower(): name for name in PARAMETERS}


def canonical(document: bytes) -> str:
    root = etree.fromstring(document, etree.XMLParser(remove_comments=True, remove_blank_text=True))
    return etree.tostring(root, method="c14n").decode().replace("><", ">\n<")


def test_every_operation_has_samples() -> None:
    assert {path.parent.name.replace("_", "") for path in REQUESTS} == set(OPERATIONS)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.xml")), ids=lambda path: path.stem)
def test_a_sample_says_where_it_comes_from(path: Path) -> None:
    assert path.read_text("utf-8").splitlines()[1].startswith("<!-- assumed: ")


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_answered_as_it_stands(utility: Utility, path: Path) -> None:
    body = path.read_bytes()
    operation = OPERATIONS[path.parent.name.replace("_", "")]
    version = "1.2" if b"2003/05/soap-envelope" in body else "1.1"
    (expected,) = SAMPLES.glob(f"{path.parent.name}/{path.stem.removesuffix('-request')}-[0-9]*.xml")
    sent = headers(operation, version)
    response = utility.app(utility.send("POST", PATH, headers=sent, body=body))
    assert str(response.status) == expected.stem.rpartition("-")[2]
    assert canonical(response.body) == canonical(expected.read_bytes())
    found = JUDGE(operation, body, sent, response.status, response.body, response.content_type)
    if path.stem.startswith("unreadable"):
        assert [(finding.side, finding.rule) for finding in found] == [("request", "schema")]
    else:
        assert found == []
