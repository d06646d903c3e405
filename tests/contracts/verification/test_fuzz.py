"""Random messages: what is drawn is what the schema says, mutants are found and shrunk, and the simulators stand."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.fuzz.messages import MUTATIONS, Message, Parameters, messages, parameters
from partnerlab.contracts.verification.fuzz.search import search
from partnerlab.contracts.verification.grading import Outcome, Problem
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from partnerlab.contracts.verification.provider.run import Options
from partnerlab.contracts.verification.wsdl import read_wsdl
from tests.contracts.verification.mutants import Mutant, answers, has, instead, soap12
from tests.contracts.verification.worlds import INHANCE, TCCS, inhance_world, tccs_world, verify_inhance, verify_tccs

WSDL = read_bytes("inhance_soap/iCloud.wsdl")
INVOICING = read_bytes("ic_webservices/CloudInvoicing.wsdl")
OF_LISTS = {"UnregisterAccounts"}
TNS = "http://tempuri.org/"
FIELDS = parameters(WSDL)
MESSAGES = int(os.environ.get("PARTNERLAB_FUZZ", "100"))
SECONDS = 100.0 * MESSAGES  # at the rate of these lines; no run takes so long, so time never ends one
FUZZED = ("inhance/fuzz", "inhance/fuzz-writes", "inhance/fuzz-sequences", "tccs/fuzz", "tccs/fuzz-sequences")
ONLY = Options(allow_writes=True, only=FUZZED, given=("fuzz",))
FAULT = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:{0}'
    "</faultcode><faultstring>{1}</faultstring></soap:Fault></soap:Body></soap:Envelope>"
)


def fault(code: str, text: str, pattern: str) -> Mutant:
    return instead(500, FAULT.format(code, text), "text/xml; charset=utf-8", has(pattern))


def test_every_operation_of_the_wsdl_can_be_drawn() -> None:
    assert FIELDS.keys() == read_wsdl(WSDL).operations.keys()
    assert FIELDS["BalanceCheck"] == Parameters(
        (("AccountNumber", "string", True), ("LastInvoiceNumber", "int", False), ("WebServiceKey", "string", True))
    )
    for service in ("CloudInvoicing", "CloudManagement", "RemoteAuthenticationWS"):
        wsdl = read_bytes(f"ic_webservices/{service}.wsdl")
        drawn = parameters(wsdl)
        assert drawn.keys() == read_wsdl(wsdl).operations.keys() - OF_LISTS
        assert {one.wrapper for one in drawn.values()} == ({"Req"} if service == "CloudInvoicing" else {""})


EVERY = [(WSDL, name, of) for name, of in FIELDS.items()]
EVERY += [(INVOICING, name, of) for name, of in parameters(INVOICING).items()]


@settings(max_examples=80)
@given(st.sampled_from(EVERY).flatmap(lambda row: st.tuples(st.just(row[0]), messages(row[2], row[1], {}))))
def test_a_message_without_mutation_is_valid_by_the_schema(drawn: tuple[bytes, Message]) -> None:
    wsdl, message = drawn
    plain = replace(message, mutation="")
    namespace = TNS if wsdl is WSDL else "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"
    element = etree.fromstring(plain.body(namespace))[0][0]
    schema = read_wsdl(wsdl).schema_of(element)
    assert schema is not None
    assert schema.validate(element), schema.error_log


@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
def test_a_mutation_changes_the_message(mutation: str) -> None:
    values = (("AccountNumber", "é1"), ("LastInvoiceNumber", "2"), ("WebServiceKey", "k"))
    plain = Message("BalanceCheck", "1.1", values, wrapper="Req" if mutation == "unwrap" else "")
    changed = replace(plain, mutation=mutation, odd="NaN").body(TNS)
    assert (changed == plain.body(TNS)) == (mutation == "action")  # that one is in the header
    assert plain.described != replace(plain, mutation=mutation).described


def test_the_simulators_stand() -> None:
    utility = verify_inhance(inhance_world().send, replace(INHANCE, fuzz=3 * SECONDS), ONLY, plain=True)
    insurer = verify_tccs(tccs_world().send, replace(TCCS, fuzz=2 * SECONDS), ONLY, plain=True)
    for run in (utility, insurer):
        assert [(one.check, one.problems) for one in run.checks if one.outcome is not Outcome.PASSED] == []
    assert utility.operations["BalanceCheck"] > 60
    assert utility.operations["MakePaymentExtended"] > 10
    assert insurer.operations["ARState_Output"] > 60


MUTANTS = {
    "a number too long is the server's fault": (fault("Server", "Overflow", "<LastInvoiceNumber>9{20}<"), "the client"),
    "a stack for a value that is none": (fault("Client", "at System.Int32", "<LastInvoiceNumber>abc<"), "inside"),
    "a page for an unknown element": (instead(200, "<p>?</p>", "text/html", has("VerifyUnknown")), "media-type"),
    "another version": (answers("http://www.w3.org/2003/05/soap-envelope", "urn:x", soap12), "Envelope"),
    "a refusal without Success": (answers("<Success>false</Success>", ""), "schema"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_and_the_message_is_small(name: str) -> None:
    mutant, said = MUTANTS[name]
    only = replace(ONLY, allow_writes=False)
    run = verify_inhance(mutant(inhance_world()), replace(INHANCE, fuzz=3 * SECONDS), only, plain=True)
    check = next(one for one in run.checks if one.check == "inhance/fuzz")
    assert check.outcome is Outcome.FAILED
    assert said in f"{check.problems[0]}"
    assert check.exchanges == (check.problems[0].exchange,), "the evidence is the one message"
    sent = run.exchanges[check.problems[0].exchange - 1].request_body
    assert len(sent) < 420, "the smallest has no odd texts left"


def bodies(seed: int) -> list[bytes]:
    world, sent = inhance_world(), []

    def keeping(asked: Asked, timeout_s: float) -> Answered:
        sent.append(asked.body)
        return world.send(asked)

    verify_inhance(keeping, replace(INHANCE, fuzz=SECONDS, fuzz_seed=seed), replace(ONLY, allow_writes=False))
    return sent


def test_a_seed_draws_the_same_messages_again_and_another_draws_others() -> None:
    assert bodies(3) == bodies(3) != bodies(4)


def test_nothing_is_tried_after_the_time_is_up_and_what_was_found_stays() -> None:
    def attempt(number: int) -> Problem | None:
        tried.append(number)
        return Problem("x", "below a hundred", str(number)) if number >= 100 else None

    tried: list[int] = []
    assert search(st.integers(0, 10_000), attempt, start=1, examples=50, seconds=0) is None
    assert tried == []
    found = search(st.integers(0, 10_000), attempt, start=1, examples=50, seconds=60)
    assert found == Problem("x", "below a hundred", "100")
    assert len(tried) == len(set(tried))


def test_the_search_ends_with_its_time_however_many_it_may_try() -> None:
    """What draws slowly would else go on being drawn, with nothing tried any more."""
    drawn, tried = [], []

    def draw(number: int) -> int:
        drawn.append(number)
        return number

    def attempt(number: int) -> Problem | None:
        tried.append(number)
        return Problem("x", "small", str(number)) if number > 1_000_000 else None

    strategy = st.integers(0, 10).map(draw)
    assert search(strategy, attempt, start=1, examples=10_000, seconds=0) is None
    assert (len(drawn), tried) == (1, [])


def test_without_the_option_nothing_is_tried() -> None:
    send: Send = inhance_world().send
    run = verify_inhance(send, options=Options(only=("inhance/fuzz",)))
    assert [(one.outcome, one.reason) for one in run.checks] == [(Outcome.NOT_EXERCISED, "give --fuzz")]
