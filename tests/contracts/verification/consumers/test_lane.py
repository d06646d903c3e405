"""What of a lane's journal is a role's, and a set-up that is wrong."""

from __future__ import annotations

import base64

import httpx

from partnerlab.contracts.verification.consumer.control import Control
from partnerlab.contracts.verification.consumer.roles import role
from partnerlab.contracts.verification.consumer.run import Options, verify
from partnerlab.contracts.verification.grading import Outcome, Run
from partnerlab.contracts.verification.provider.direct import Direct
from partnerlab.contracts.verification.provider.exchange import Answered, Asked
from partnerlab.testing.books import InvoiceCloudBooks
from partnerlab.testing.sandboxes import LaneOfTest, SandboxForTests

UPLOAD = "/portal/webservices/CloudInvoicing.asmx/UploadInvoiceFile"


def upload(lane: LaneOfTest, partner: str, content: bytes, agent: str = "billing/1") -> None:
    biller = InvoiceCloudBooks(lane, partner).biller
    form = {"BillerGUID": biller["guid"], "WebServiceKey": biller["web_service_key"], "FileName": "bills.bif"}
    form["FileContent"] = base64.b64encode(content).decode()
    httpx.post(lane.url + UPLOAD, data=form, headers={"User-Agent": agent}).raise_for_status()


def run_of(sandbox: SandboxForTests, direct: Direct, lane: str, name: str, caller: str = "") -> Run:
    control = Control(direct.send, sandbox.url, lane)
    return verify(role(name), control, Options(caller=caller), send=direct.send)


def test_a_lane_that_is_not_there_is_named_and_does_not_come_to_be(sandbox: SandboxForTests, direct: Direct) -> None:
    run = run_of(sandbox, direct, "mistyped", "tccs")
    assert run.configuration is not None
    assert (run.configuration.name, run.exit_code()) == ("no-lane", 3)
    assert "'mistyped'; there are " in run.configuration.text
    names = [row["name"] for row in httpx.get(f"{sandbox.url}/_sandbox/lanes").json()["lanes"]]
    assert "mistyped" not in names


def test_what_is_no_sandbox_is_named(sandbox: SandboxForTests) -> None:
    def html(asked: Asked, timeout_s: float) -> Answered:
        return Answered(200, {"content-type": "text/html"}, b"<html>")

    def closed(asked: Asked, timeout_s: float) -> Answered:
        return Answered(403, {}, b'{"error": {"code": "token", "message": "a token is asked for"}}')

    found = [verify(role("tccs"), Control(send, sandbox.url, "x"), Options(), send=send) for send in (html, closed)]
    assert [run.configuration.name for run in found if run.configuration] == ["not-a-sandbox", "sandbox-token"]
    assert {run.exit_code() for run in found} == {3}


def test_an_upload_is_of_the_partner_whose_biller_it_names(sandbox: SandboxForTests, direct: Direct) -> None:
    with sandbox.lane("two-billers") as lane:
        upload(lane, "tccs", b"not a bill file")
        upload(lane, "inhance_v2", b"not a bill file either")
        for name in ("tccs", "inhance-v2"):
            run = run_of(sandbox, direct, lane.name, name)
            assert run.operations["UploadInvoiceFile"] == 1
            assert [one.requirement.id[-5:] for one in run.failures()] == ["BIF-2"]


def test_only_calls_of_one_caller_are_graded_where_it_is_named(sandbox: SandboxForTests, direct: Direct) -> None:
    with sandbox.lane("two-callers") as lane:
        upload(lane, "tccs", b"not a bill file", agent="theirs/2")
        assert run_of(sandbox, direct, lane.name, "tccs", caller="Billing").exit_code() == 4
        run = run_of(sandbox, direct, lane.name, "tccs", caller="Theirs")
        assert run.exit_code() == 1
        assert run.notes[0] == "Called by theirs/2 (1)."


def test_what_the_sandbox_itself_calls_is_not_graded(sandbox: SandboxForTests, direct: Direct) -> None:
    with sandbox.lane("own-calls") as lane:
        books = InvoiceCloudBooks(lane, "inhance_v2")
        books.pay("10000101", "10.00")
        books.open("500001")
        lane.settle()
        posted = lane.control.get("/_sandbox/journal", door="inhance", direction="in")["entries"]
        assert {row["operation"] for row in posted} == {"BalanceCheck", "MakePaymentExtended"}
        assert run_of(sandbox, direct, lane.name, "inhance-v2").exit_code() == 4


def test_a_call_that_failed_can_be_repeated_and_says_what_was_meant(sandbox: SandboxForTests, direct: Direct) -> None:
    with sandbox.lane("repeat") as lane:
        httpx.post(f"{lane.url}/invoicecloudapi/api/Pay_Inputt", data={"contentInfo": "1"})
        httpx.post(f"{lane.url}/invoiceclouds/api/Pay_Input", data={"contentInfo": "1"})
        run = run_of(sandbox, direct, lane.name, "tccs")
        assert {one.requirement.id for one in run.failures("must", "should")} == {"TCCS-ADR-3", "TCCS-ADR-8"}
        assert all("curl " in one.curl for one in run.exchanges), [one.curl for one in run.exchanges]
        found = [one.received for check in run.checks for one in check.problems]
        assert any("did you mean" in one for one in found)


def test_what_the_service_failed_at_is_no_fault_of_its_caller(sandbox: SandboxForTests, direct: Direct) -> None:
    with sandbox.lane("http-500") as lane:
        lane.control.post("/_sandbox/faults", {"name": "http-500", "count": 1})
        form = {"consumerGUID": "IC-SANDBOX", "entryKey": "sandbox-entry-key", "contentInfo": "454100010-06/16/2020"}
        for _ in range(2):
            httpx.post(f"{lane.url}/invoicecloudapi/api/ARState_Output", data=form)
        run = run_of(sandbox, direct, lane.name, "tccs")
        assert [one.status for one in run.exchanges] == [500, 200]
        assert run.exit_code(strict=True) == 0


def test_a_file_that_the_journal_has_only_in_part_is_not_graded(sandbox: SandboxForTests, direct: Direct) -> None:
    with sandbox.lane("large-file") as lane:
        upload(lane, "tccs", b"x" * 90_000)
        run = run_of(sandbox, direct, lane.name, "tccs")
        found = next(one for one in run.checks if one.check == "tccs/file-rows")
        assert found.outcome is Outcome.NOT_TESTABLE
        assert "partnerlab files check" in found.reason


def test_a_report_shows_no_secret_of_a_caller(sandbox: SandboxForTests, direct: Direct) -> None:
    with sandbox.lane("secrets") as lane:
        upload(lane, "tccs", b"not a bill file")
        run = run_of(sandbox, direct, lane.name, "tccs")
        key = InvoiceCloudBooks(lane, "tccs").biller["web_service_key"]
        assert key not in repr(run)
        assert "WebServiceKey=" in run.exchanges[0].request_body


def test_a_wrong_key_is_told_also_of_a_call_that_is_malformed(sandbox: SandboxForTests, direct: Direct) -> None:
    with sandbox.lane("wrong-key") as lane:
        form = {"consumerGUID": "IC-SANDBOX", "entryKey": "wrong", "contentInfo": "454100010-06/16/2020|24.0:CC@a-1"}
        assert httpx.post(f"{lane.url}/invoicecloudapi/api/Pay_Input", data=form).status_code == 401
        run = run_of(sandbox, direct, lane.name, "tccs")
        failed = {one.check for one in run.checks if one.outcome is Outcome.FAILED}
        assert failed == {"tccs/credentials", "tccs/pay-input-amount"}


def test_calls_that_name_another_partners_biller_are_said(sandbox: SandboxForTests, direct: Direct) -> None:
    guid = "22222222-2222-4222-8222-222222222222"
    with sandbox.lane("others") as lane:
        data = {"BillerGUID": guid, "WebServiceKey": "x", "AccountNumber": "1"}
        httpx.post(f"{lane.url}/portal/webservices/CloudManagement.asmx/ViewCustomerRecord", data=data)
        run = run_of(sandbox, direct, lane.name, "inhance-v1")
        assert run.notes == (f"Calls that name the BillerGUID of another partner were left out, 1: {guid}.",)
