"""Random requests, as many as the run has time for; only where `--fuzz` is given."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import Asked, NoAnswer
from partnerlab.contracts.verification.provider.invoice_cloud.platform import MANAGEMENT, SUITE, WRONG, Platform
from partnerlab.contracts.verification.provider.line import BudgetSpent, Reply
from partnerlab.contracts.verification.provider.probe import insides

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.messages import Message
    from partnerlab.contracts.verification.fuzz.rest import RestRequest

CONTRACT = "ic_webservices/openapi.yaml"
READING = ("BillerStatus", "RetrieveUsers", "RetrieveUserAccounts", "RetrieveCustomerGuid", "RetrieveCustomerAccount")
WRITING = ("RegisterAccounts", "UpdatePassword", "UpdateEmailAddress", "CreateCustomerRecord", "CloudPaymentsV2")
VIEW = "ViewCustomerRecord"


@SUITE.check("invoice-cloud/fuzz", "ICWS-READ-3", kind="fuzz", needs=("fuzz",))
def random_questions_are_answered_in_form(platform: Platform) -> None:
    """Whatever the reading REST operations are sent, the answer is the contract's, a refusal says why, no 5xx comes."""
    _rest(platform, READING, platform.basic())


@SUITE.check("invoice-cloud/fuzz-soap", "ICWS-READ-3", kind="fuzz", needs=("fuzz",))
def random_envelopes_are_answered_in_form(platform: Platform) -> None:
    """Whatever ViewCustomerRecord is sent, the answer is valid, or a client's fault without the server's inside."""
    from partnerlab.contracts.data import read_bytes
    from partnerlab.contracts.verification.fuzz.messages import each_alone, messages, parameters
    from partnerlab.contracts.verification.fuzz.search import search

    fields, target = parameters(read_bytes(f"ic_webservices/{MANAGEMENT}.wsdl"))[VIEW], platform.target
    known = {
        "BillerGUID": target.biller_guid,
        "WebServiceKey": target.web_service_key,
        "AccountNumber": target.account,
    }
    problem = search(
        messages(fields, VIEW, known),
        lambda message: _soap_problem(platform, message),
        first=each_alone(fields, VIEW, known),
        start=target.fuzz_seed,
        examples=platform.line.affordable(target.fuzz),
        seconds=target.fuzz,
    )
    if problem is not None:
        raise Failed([problem])


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
    from partnerlab.contracts.verification.fuzz.rest import only
    from partnerlab.contracts.verification.fuzz.search import search

    target = platform.target
    problem = search(
        only(CONTRACT, operations),
        lambda request: _rest_problem(platform, request, credential, refused=refused),
        start=target.fuzz_seed,
        examples=platform.line.affordable(target.fuzz),
        seconds=target.fuzz,
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


def _soap_problem(platform: Platform, message: Message) -> Problem | None:
    from partnerlab.contracts.verification.provider.soap import read_answer, soap_call

    what, namespace = message.described, f"https://www.invoicecloud.com/portal/webservices/{MANAGEMENT}/"
    call = soap_call(
        platform.address(MANAGEMENT), namespace, message.operation, message.body(namespace), version=message.version
    )
    try:
        answer = read_answer(platform.line.ask(call))
    except BudgetSpent:
        return None
    except NoAnswer as error:
        return Problem(what, "an answer", str(error), len(platform.line.exchanges))
    if answer.fault_code.rpartition(":")[2] in ("Server", "Receiver"):
        return Problem(f"{what}: fault", "a fault of the client", answer.fault_code, answer.number)
    return _problem(platform, what, answer.reply)


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
