"""Each way in which a utility's service can be wrong fails the checks that are about it, and no other."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from partnerlab.contracts.verification.grading import Outcome
from partnerlab.contracts.verification.provider import inhance
from partnerlab.contracts.verification.provider.exchange import Answered, Asked
from partnerlab.contracts.verification.provider.inhance.utility import UNKNOWN_ACCOUNT, WRONG_KEY
from partnerlab.contracts.verification.provider.run import Options
from tests.contracts.verification.inhance_mutants import (
    ANY_KEY,
    AUTOPAY,
    CHECK,
    EMAIL,
    KEY,
    MONEY,
    PAID,
    PAPERLESS,
    PAY,
    RIGHT_KEY,
    TNS,
    action_is,
    amount,
    charge_for,
    counter_of_questions,
    done,
    exact_path,
    fault,
    only_one_counts,
    pay_also,
    prefixed,
    seen_before,
)
from tests.contracts.verification.mutants import (
    Mutant,
    adding,
    answers,
    form,
    get,
    has,
    headers,
    instead,
    label,
    overlapping,
    requests,
    soap11,
    soap12,
    twice,
)
from tests.contracts.verification.mutants_of_http import of_http
from tests.contracts.verification.mutants_of_meaning import OF_INHANCE
from tests.contracts.verification.worlds import INHANCE, inhance_world, verify_inhance

ASKED_IN_OTHER_WAYS = {
    "expect-continue",
    "form-post",
    "invoice-zero",
    "kept-connection",
    "layout-of-xml",
    "missing-number",
    "path-case",
    "prefixes",
    "soap12",
    "unknown-element",
    "unquoted-action",
}
ODD = MONEY - {"inhance/payment-forms"}
"""Where payments of 1.37 are."""
MUTANTS: list[tuple[str, Mutant, set[str]]] = [
    # What is said
    ("WSDL: a parameter in another case", answers('name="WebServiceKey"', 'name="WebserviceKey"', get), {"wsdl"}),
    (
        "WSDL: a balance as a double",
        answers('name="Balance" type="s:decimal"', 'name="Balance" type="s:double"', get),
        {"wsdl"},
    ),
    ("WSDL: not served", instead(404, "none", "text/plain", get, label("WSDL")), {"wsdl", "wsdl-ports"}),
    ("WSDL: no port for SOAP 1.2", answers("<soap12:address[^>]*/>", "", get), {"wsdl-ports"}),
    (
        "WSDL: the address of a machine inside",
        answers('location="[^"]*"', 'location="http://web07/iCloud/iCloud.asmx"', get),
        {"wsdl-ports"},
    ),
    ("WSDL: another path", answers('(location="[^"]*)/iCloud.asmx"', r'\1/x.asmx"', get), {"wsdl-ports"}),
    ("no page", instead(403, "Forbidden", "text/html", label("help page")), {"help-page"}),
    ("Success is True", answers("<Success>true<", "<Success>True<", CHECK, soap11), {"balance-valid"}),
    ("content type of a page", headers("content-type", "text/html", CHECK, soap11), {"balance-valid"}),
    ("an element too many", answers("</Success>", "</Success><Extra>1</Extra>", CHECK, soap11), {"balance-valid"}),
    (
        "members in another order",
        answers("(<Balance>[^<]*</Balance>)(<F[^/]*/FutureBalance>)", r"\2\1", CHECK, soap11),
        {"balance-valid"},
    ),
    (
        "a prefix on every element",
        answers("<(BalanceCheckResponse) .*</BalanceCheckResponse>", prefixed, CHECK, soap11),
        {"unprefixed"},
    ),
    (
        "parts of a cent",
        answers("<(Balance|FutureBalance)>([1-9][0-9]*\\.[0-9]+)<", r"<\1>\g<2>5<", CHECK),
        {"amounts"},
    ),
    (
        "balances swapped",
        answers("<Balance>([0-9.]+)<(.*)<FutureBalance>([0-9.]+)<", r"<Balance>\3<\2<FutureBalance>\1<", CHECK),
        {"future-covers-balance"},
    ),
    (
        "asking costs a cent",
        counter_of_questions,
        MONEY
        | ASKED_IN_OTHER_WAYS
        | {
            "balance-repeats",
            "payment-wrong-key",
            "payment-unknown-account",
            "payment-amounts",
            "parts-of-a-cent",
            "paperless",
            "autopay",
            "email",
        },
    ),
    (
        "invoice 0 is no invoice",
        fault("Server", "no invoice", CHECK, soap11, has("<LastInvoiceNumber>0<")),
        {"invoice-zero"},
    ),
    ("SOAP 1.2 unknown", instead(415, "", "text/plain", soap12), {"soap12"}),
    (
        "SOAP 1.2 answered in 1.1",
        answers("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/", soap12),
        {"soap12"},
    ),
    ("forms unknown", instead(500, "Request format is unrecognized", "text/plain", form), {"form-post"}),
    ("a form's answer without namespace", answers(f' xmlns="{TNS}"', "", form), {"form-post"}),
    ("a refusal without words", answers("<ErrorMessage>.*</ErrorMessage>", "", CHECK), {"refusal-has-words"}),
    (
        "a success with an error's words",
        answers("(<Success>true</Success>)", r"\1<ErrorMessage>OK</ErrorMessage>", CHECK, soap11),
        {"refusal-has-words"},
    ),
    (
        "SOAPAction: other words",
        answers("Server did not recognize", "Cannot dispatch", action_is("NoSuch")),
        {"fault-soap-action"},
    ),
    ("SOAPAction: a fault with status 200", answers("^", "", action_is("NoSuch"), status=200), {"fault-soap-action"}),
    # What is taken
    ("path by its case", exact_path, {"path-case"}),
    (
        "SOAPAction with quotation marks only",
        fault("Client", "action", lambda asked: asked.headers.get("soapaction", "").startswith("http")),
        {"unquoted-action"},
    ),
    ("no unknown elements", fault("Client", "unexpected element", has("VerifyUnknown")), {"unknown-element"}),
    (
        "no number left out",
        fault(
            "Client", "missing element", CHECK, lambda asked: soap11(asked) and b"LastInvoiceNumber" not in asked.body
        ),
        {"missing-number"},
    ),
    ("no other prefixes", fault("Client", "BalanceCheck expected", has("<v:BalanceCheck")), {"prefixes"}),
    ("no comments", fault("Client", "unexpected node", has("<!--")), {"layout-of-xml"}),
    ("no headers", fault("Client", "Header", has("<soap:Header>")), {"layout-of-xml"}),
    # What is refused
    ("any key of 36 characters", requests(rf"<(WebServiceKey)>{WRONG_KEY}<", rf"<\1>{KEY}<", CHECK), {"wrong-key"}),
    (
        "a refusal that tells the balance",
        answers("<Balance>0.00<", "<Balance>125.50<", CHECK, has(WRONG_KEY)),
        {"wrong-key"},
    ),
    ("an empty key is right", requests("<(WebServiceKey)></", rf"<\1>{KEY}</", CHECK), {"no-key"}),
    (
        "no key is right",
        requests(
            "</BalanceCheck>",
            f"<WebServiceKey>{KEY}</WebServiceKey></BalanceCheck>",
            CHECK,
            lambda asked: b"WebServiceKey" not in asked.body,
        ),
        {"no-key"},
    ),
    (
        "the key's beginning is enough",
        requests(rf"<(WebServiceKey)>{KEY[:-1]}[^<]*<", rf"<\1>{KEY}<", CHECK),
        {"part-of-key"},
    ),
    (
        "keys are not looked at",
        requests(ANY_KEY, RIGHT_KEY),
        {
            "wrong-key",
            "part-of-key",
            "no-key",
            "payment-wrong-key",
            "paperless-refusals",
            "autopay-refusals",
            "email-refusals",
        },
    ),
    (
        "an unknown account owes nothing",
        done(
            "BalanceCheck",
            has(f">{UNKNOWN_ACCOUNT}<"),
            members="<Balance>0</Balance><FutureBalance>0</FutureBalance><Success>true</Success>",
        ),
        {"unknown-account"},
    ),
    (
        "no account is the first one",
        requests(
            "<LastInvoiceNumber>",
            f"<AccountNumber>{INHANCE.account}</AccountNumber><LastInvoiceNumber>",
            CHECK,
            lambda asked: b"AccountNumber" not in asked.body,
        ),
        {"no-account"},
    ),
    ("% is any character", requests("%</Acc", "</Acc", CHECK), {"account-quote"}),
    (
        "a quotation mark breaks the query",
        fault("Server", "Unclosed quotation mark. at System.Data.SqlClient", CHECK, has("'")),
        {"account-quote"},
    ),
    ("12x is 12", requests(">12x<", ">12<", CHECK), {"not-a-number"}),
    (
        "12x is the server's fault",
        fault("Server", "Input string was not in a correct format.", CHECK, has(">12x<")),
        {"not-a-number"},
    ),
    (
        "broken XML gets a page",
        instead(
            200,
            "<html>Oops</html>",
            "text/html",
            lambda asked: b"<soap:Body>" in asked.body and b"</soap:Body>" not in asked.body,
        ),
        {"not-xml"},
    ),
    (
        "a stack trace in a fault",
        fault("Client", "Bad. at System.Int32.Parse(String s) in C:\\src\\a.cs:line 7", CHECK, has(">12x<")),
        {"insides"},
    ),
    ("entities are expanded", requests("<!DOCTYPE.*?]>(.*)&verify;", rf"\g<1>{INHANCE.account}", CHECK), {"entities"}),
    # What is done
    ("rounded to five cents", amount(lambda text: f"{round(float(text) * 20) / 20:.2f}"), ODD | {"parts-of-a-cent"}),
    ("posted twice", twice(PAY, has(f"<AccountNumber>{INHANCE.account}<.*{KEY}"), has("<PaymentAmount>1.37<")), ODD),
    (
        "answered, not posted",
        done("MakePaymentExtended", has("<PaymentAmount>1.37<"), has(f"{INHANCE.account}<.*{KEY}")),
        ODD,
    ),
    (
        "refused, posted all the same",
        answers("<Success>true<", "<Success>false<", PAY, soap11),
        MONEY | {"payment-valid"},
    ),
    ("an answer with a member too many", answers("</Success>", "</Success><Id>1</Id>", PAY), {"payment-valid"}),
    ("a second payment like the first is the same", seen_before, {"two-payments", "payments-at-once"}),
    ("one of four at once counts", overlapping(only_one_counts, PAY), {"payments-at-once"}),
    (
        "ACH is unknown",
        done("MakePaymentExtended", has(">ACH<"), members="<Success>false</Success>"),
        {"payment-types"},
    ),
    ("ACH is answered and forgotten", done("MakePaymentExtended", has(">ACH<")), {"payment-types"}),
    ("the fee is credited", requests(">1.37<(.*)>2.95<", r">4.32<\1>0.00<", PAY), {"fee"}),
    ("the fee is taken off", requests(">4.32<|>1.37<(.*)>2.95<", r">1.00<\1>0.00<", PAY, has(">2.95<")), {"fee"}),
    ("payments need no key", requests(ANY_KEY, RIGHT_KEY, PAY), {"payment-wrong-key"}),
    (
        "a wrong key is refused, and paid",
        adding(pay_also(lambda body: body.replace(WRONG_KEY.encode(), KEY.encode())), PAY, has(WRONG_KEY)),
        {"payment-wrong-key"},
    ),
    (
        "a payment of nobody is taken",
        done("MakePaymentExtended", has(f">{UNKNOWN_ACCOUNT}<")),
        {"payment-unknown-account"},
    ),
    ("a payment of nobody is somebody's", requests(UNKNOWN_ACCOUNT, INHANCE.account, PAY), {"payment-unknown-account"}),
    ("less than zero is taken", requests(">-1.00<", ">1.00<", PAY), {"payment-amounts"}),
    ("zero is taken", done("MakePaymentExtended", has("<PaymentAmount>0.00<")), {"payment-amounts"}),
    ("1.005 is 1.01", requests(">1.005<", ">1.01<", PAY), {"parts-of-a-cent"}),
    (
        "paperless: On is unknown",
        done("SetPaperless", has(">On<"), has(KEY), members="<Success>false</Success>"),
        {"paperless"},
    ),
    (
        "paperless: an answer without Success",
        answers("<SetPaperlessResult>.*</SetPaperlessResult>", "<SetPaperlessResult/>", PAPERLESS, has(">On<")),
        {"paperless"},
    ),
    ("paperless: a dollar", charge_for("SetPaperless"), {"paperless"}),
    (
        "AutoPay: Off is unknown",
        done("SetAutopay", has(">Off<"), members="<Success>false</Success>"),
        {"autopay", "autopay-refusals", "change-refusals-have-words"},
    ),
    ("AutoPay: a dollar", charge_for("SetAutopay"), {"autopay"}),
    ("paperless: another word is Off", requests(">Maybe<", ">Off<", PAPERLESS), {"paperless-refusals"}),
    ("paperless: nobody is somebody", requests(UNKNOWN_ACCOUNT, INHANCE.account, PAPERLESS), {"paperless-refusals"}),
    ("AutoPay: no key", requests(ANY_KEY, RIGHT_KEY, AUTOPAY), {"autopay-refusals"}),
    (
        "paperless: not there",
        fault("Client", "Server did not recognize SetPaperless.", PAPERLESS),
        {"paperless", "paperless-refusals"},
    ),
    (
        "AutoPay: not there",
        fault("Client", "Server did not recognize SetAutopay.", AUTOPAY),
        {"autopay", "autopay-refusals"},
    ),
    ("e-mail: not there", fault("Client", "Server did not recognize SetEmail.", EMAIL), {"email", "email-refusals"}),
    ("e-mail: answered and forgotten", done("SetEmail", has("verify.partnerlab")), {"email"}),
    ("e-mail: cut off", requests("(verify.partnerlab)@example.com", r"\1@example.co", EMAIL), {"email"}),
    ("e-mail: no key", requests(ANY_KEY, RIGHT_KEY, EMAIL), {"email-refusals"}),
    ("e-mail: nobody is somebody", requests(UNKNOWN_ACCOUNT, INHANCE.account, EMAIL), {"email-refusals"}),
    (
        "a date has no zone",
        fault("Client", "String was not recognized as a valid DateTime.", PAY, has("Z</PaymentDate>")),
        {"payment-forms"},
    ),
    (
        "a date has no parts of a second",
        fault("Client", "String was not recognized as a valid DateTime.", PAY, has(r"\.\d+-05:00</PaymentDate>")),
        {"payment-forms"},
    ),
    ("an amount is read in cents", requests(">1<", ">0.01<", PAY), {"payment-forms"}),
    ("a fault with status 200", fault("Client", "cannot be read", CHECK, has(">12x<"), status=200), {"not-a-number"}),
    *of_http(CHECK),
    *OF_INHANCE,
]


@pytest.mark.parametrize(("mutant", "caught"), [row[1:] for row in MUTANTS], ids=[row[0] for row in MUTANTS])
def test_a_mutant_fails_the_checks_that_are_about_it_and_no_other(mutant: Mutant, caught: set[str]) -> None:
    run = verify_inhance(mutant(inhance_world()), plain=True)
    assert run.configuration is None
    failed = {one.check: one.problems for one in run.checks if one.outcome is Outcome.FAILED}
    assert failed.keys() == {name if "/" in name else f"inhance/{name}" for name in caught}, failed
    assert {one.outcome for one in run.checks if one.kind != "fuzz"} <= {Outcome.PASSED, Outcome.FAILED}


def test_every_check_is_failed_by_a_mutant() -> None:
    caught = {name if "/" in name else f"inhance/{name}" for _, _, names in MUTANTS for name in names}
    fuzzed = {
        check.id for check in inhance.CHECKS.checks.values() if check.kind == "fuzz"
    }  # test_fuzz.py has their mutants
    assert set(inhance.CHECKS.checks) - caught - fuzzed == {"inhance/balance"}


def test_a_part_of_a_cent_that_was_booked_fails_no_other_check() -> None:
    world, booked = inhance_world(), [Decimal(0)]

    def send(asked: Asked, timeout_s: float) -> Answered:
        if b"<PaymentAmount>1.005<" in asked.body:
            booked[0] += Decimal("1.005")
            return PAID
        found = world.send(asked)

        def less(told: re.Match[str]) -> str:
            return f"<{told[1]}>{Decimal(told[2]) - booked[0]}<"

        body = re.sub(r"<(Balance|FutureBalance)>([1-9][0-9.]*)<", less, found.body.decode())
        return replace(found, body=body.encode())

    run = verify_inhance(send, options=Options(allow_writes=True, only=("inhance/parts-of-a-cent", "INH2-RTDR-1")))
    assert [one.check for one in run.checks if one.outcome is Outcome.FAILED] == ["inhance/parts-of-a-cent"]
