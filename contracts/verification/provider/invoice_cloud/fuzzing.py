"""Random requests, envelopes and sequences of calls, as many as the run has time for; only where `--fuzz` is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.first_use import importing
from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.attacks import attack_by_messages, attack_by_sequences
from partnerlab.contracts.verification.provider.exchange import Asked, NoAnswer
from partnerlab.contracts.verification.provider.invoice_cloud.platform import (
    INVOICING,
    MANAGEMENT,
    SUITE,
    WEB_SERVICES,
    WRONG,
    Platform,
)
from partnerlab.contracts.verification.provider.invoice_cloud.scenarios import amounts, record, set_balance, update
from partnerlab.contracts.verification.provider.line import BudgetSpent, Reply
from partnerlab.contracts.verification.provider.probe import insides
from partnerlab.contracts.verification.provider.soap import SoapAnswer, read_answer, soap_call

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.messages import Message
    from partnerlab.contracts.verification.fuzz.rest import RestRequest

CONTRACT = "ic_webservices/openapi.yaml"
READING = ("BillerStatus", "RetrieveUsers", "RetrieveUserAccounts", "RetrieveCustomerGuid", "RetrieveCustomerAccount")
WRITING = ("RegisterAccounts", "UpdatePassword", "UpdateEmailAddress", "CreateCustomerRecord", "CloudPaymentsV2")
READING_BY_SOAP = {
    MANAGEMENT: ("ViewCustomerRecord", "ExportCustomerChanges"),
    INVOICING: ("ViewInvoiceByInvoiceNumber", "ExportPayments"),
}
WRITING_BY_SOAP = {MANAGEMENT: ("UpdateCustomerRecord",), INVOICING: ("SetInvoiceBalance", "UploadInvoiceFile")}
STEPS = (
    ("balance", "0.00"),
    ("balance", "12.34"),
    ("balance", "999.99"),
    ("balance with a wrong key", "5.00"),
    ("phone", "5550100199"),
    ("phone", "5550100198"),
    ("phone with a wrong key", "5550100197"),
)


@SUITE.check("invoice-cloud/fuzz", "ICWS-READ-3", kind="fuzz", needs=("fuzz",))
def random_questions_are_answered_in_form(platform: Platform) -> None:
    """Whatever the reading REST operations are sent, the answer is the contract's, a refusal says why, no 5xx comes."""
    _rest(platform, READING, platform.basic())


@SUITE.check("invoice-cloud/fuzz-soap", "ICWS-READ-3", kind="fuzz", needs=("fuzz",))
def random_envelopes_are_answered_in_form(platform: Platform) -> None:
    """Whatever the reading SOAP operations are sent, the answer is valid, or a client's fault without insides."""
    _envelopes(platform, READING_BY_SOAP, platform.target.web_service_key)


@SUITE.check("invoice-cloud/fuzz-soap-writes", "ICWS-KEY-2", kind="fuzz", writes=True, needs=("fuzz",))
def random_envelopes_without_the_key_change_nothing(platform: Platform) -> None:
    """Whatever the writing SOAP operations are sent with a wrong key, it is refused: no balance, no record moves."""
    before = _books(platform)
    _envelopes(platform, WRITING_BY_SOAP, WRONG, refused=True)
    after = _books(platform)
    platform.expect(after == before, "the customer and the invoice", "as they were", "something else", 0)


@SUITE.check(
    "invoice-cloud/fuzz-sequences", "ICWS-BAL-1", "ICWS-SOAP-5", "ICWS-KEY-2", kind="fuzz", writes=True, needs=("fuzz",)
)
def whatever_the_order_the_books_follow(platform: Platform) -> None:
    """In whatever order balances and records are changed, rightly and wrongly, the platform holds what was taken."""
    from hypothesis import strategies as st

    due, phone = amounts(platform), record(platform).get("Phone", "")
    try:
        attack_by_sequences(platform, st.sampled_from(STEPS), lambda steps: _books_after(platform, steps))
    finally:
        set_balance(platform, *due)
        update(platform, phone)


def _books_after(platform: Platform, steps: Sequence[tuple[str, str]]) -> str | None:
    """Do the steps; what is wrong with an answer or the books then, or None."""
    due, phone = amounts(platform), record(platform).get("Phone", "")
    for kind, how in steps:
        right = not kind.endswith("key")
        key = platform.target.web_service_key if right else WRONG
        if kind.startswith("balance"):
            wanted = (Decimal(how), Decimal(how) + 1)
            answer = set_balance(platform, *wanted, WebServiceKey=key)
            due = wanted if right else due
        else:
            answer = update(platform, how, WebServiceKey=key)
            phone = how if right else phone
        if answer.success != right:
            return f"{kind} {how}: {answer.said}"
    found = amounts(platform), record(platform).get("Phone", "")
    return None if found == (due, phone) else f"{found[0][0]}, {found[1]}, where {due[0]}, {phone} was set"


def _envelopes(platform: Platform, operations: Mapping[str, Sequence[str]], key: str, *, refused: bool = False) -> None:
    with importing:
        from partnerlab.contracts.verification.fuzz.messages import parameters

    target = platform.target
    known = {
        "BillerGUID": target.biller_guid,
        "WebServiceKey": key,
        "AccountNumber": target.account,
        "InvoiceNumber": target.invoice,
    }
    share = sum(map(len, operations.values()))
    for service, names in operations.items():

        def send(message: Message, service: str = service) -> SoapAnswer:
            namespace = f"{WEB_SERVICES}/{service}/"
            action = '"urn:verify:none"' if message.mutation == "action" else None
            body, address = message.body(namespace), platform.address(service)
            call = soap_call(address, namespace, message.operation, body, version=message.version, action=action)
            return read_answer(platform.line.ask(call))

        drawn = parameters(read_bytes(f"ic_webservices/{service}.wsdl"))
        attack_by_messages(platform, drawn, names, known, send, share=share, refused=refused)


@SUITE.check("invoice-cloud/fuzz-writes", "ICWS-KEY-1", kind="fuzz", writes=True, needs=("fuzz",))
def random_changes_without_the_key_change_nothing(platform: Platform) -> None:
    """Whatever the writing REST operations are sent with a wrong key, it is refused: no balance, no record moves."""
    before = _books(platform)
    _rest(platform, WRITING, platform.basic(WRONG), refused=True)
    after = _books(platform)
    platform.expect(after == before, "the customer and the invoice", "as they were", "something else", 0)


def _books(platform: Platform) -> tuple[object, object]:
    return platform.invoice().reply.answer.body, platform.customer().reply.answer.body


def _rest(platform: Platform, operations: Collection[str], credential: str, *, refused: bool = False) -> None:
    with importing:
        from partnerlab.contracts.verification.fuzz.rest import only
        from partnerlab.contracts.verification.fuzz.search import search

    target, seconds = platform.target, platform.line.share_of(platform.target.fuzz)
    problem = search(
        only(CONTRACT, operations),
        lambda request: _rest_problem(platform, request, credential, refused=refused),
        start=target.fuzz_seed,
        examples=platform.line.affordable(seconds),
        seconds=seconds,
    )
    if problem is not None:
        raise Failed([problem])


def _rest_problem(platform: Platform, request: RestRequest, credential: str, *, refused: bool) -> Problem | None:
    headers = {"accept": "application/json", "authorization": credential, "content-type": request.content_type}
    headers = {name: value for name, value in headers.items() if value}
    url = f"{platform.target.url}{request.path}"
    what = request.described
    try:
        reply = platform.line.ask(Asked(request.operation, request.method, url, headers, request.body))
    except BudgetSpent:  # while a request is made smaller; what was found is kept
        return None
    except NoAnswer as error:
        return Problem(what, "an answer", str(error), len(platform.line.exchanges))
    status = reply.answer.status
    if status >= 500:
        return Problem(f"{what}: status", "below 500", str(status), reply.number)
    if refused and status < 400:
        return Problem(f"{what}: status", "a refusal: the API key is wrong", str(status), reply.number)
    return _problem(platform, what, reply)


def _problem(platform: Platform, what: str, reply: Reply) -> Problem | None:
    """What in an answer breaks the contract, or tells of the server's inside; a refusal without words too."""
    for one in platform.findings(reply):
        if one.rule != "unprefixed":
            return Problem(f"{what}: {one.where}", f"{one.expected} ({one.rule})", one.found, reply.number)
    if inside := insides(reply.answer.text):
        return Problem(f"{what}: body", "nothing of the server's inside", f"a text with {inside!r}", reply.number)
    if reply.answer.status == 400 and '"ErrorMessage":""' in reply.answer.text.replace(" ", ""):
        return Problem(f"{what}: ErrorMessage", "the place and the rule", "nothing", reply.number)
    return None
