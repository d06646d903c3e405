"""Each way in which an insurer's service can be wrong fails the checks that are about it, and no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote_plus, urlsplit

import pytest

from partnerlab.contracts.verification.grading import Outcome
from partnerlab.contracts.verification.provider import tccs
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from partnerlab.contracts.verification.provider.run import Options
from partnerlab.contracts.verification.provider.tccs.insurer import UNKNOWN_INVOICE, WRONG
from tests.contracts.verification.mutants import (
    Mutant,
    adding,
    answers,
    has,
    headers,
    instead,
    label,
    overlapping,
    requests,
)
from tests.contracts.verification.mutants_of_http import of_http
from tests.contracts.verification.mutants_of_meaning import OF_TCCS
from tests.contracts.verification.worlds import TCCS, World, tccs_world, verify_tccs

KEY = TCCS.entry_key
STATE, PAY, RETURN = label("ARState_Output"), label("Pay_Input"), label("Insufficient_Pay_Report")
PAPERLESS, RECURRING, IMAGE = label("Paperless_Bill"), label("Recurring_Pay"), label("Retrieve_Bill_Image")
INVOICE, QUOTE, NOBODY = "454100010-06%2F16%2F2020", "Q454100010-03%2F01%2F2019", UNKNOWN_INVOICE.replace("/", "%2F")
RIGHT = has(f"entryKey={KEY}&")
ANY_KEY, RIGHT_KEY = "entryKey=[^&]*", f"entryKey={KEY}"
AT_ONCE = {"guid-at-once", "payments-at-once"}
RETURNS = {"return", "return-once"}
GUIDS = {"guid-once", "guid-own", "guid-forms"} | AT_ONCE
MONEY = {"payment", "payment-types"} | GUIDS
DONE, REFUSED = '{"Success":true,"Message":"Done."}', '{"Success":false,"Message":"No."}'
SUCCESS = Answered(200, {"content-type": "application/json"}, DONE.encode())


def json(body: str, *when: Callable[[Asked], bool], status: int = 200) -> Mutant:
    return instead(status, body, "application/json", *when)


def path_is(test: Callable[[str], bool]) -> Callable[[Asked], bool]:
    return lambda asked: test(urlsplit(asked.url).path)


def accepts(media_type: str) -> Callable[[Asked], bool]:
    return lambda asked: asked.headers.get("accept") == media_type


def amount(change: Callable[[str], str], *when: Callable[[Asked], bool]) -> Mutant:
    return requests(r"(%7C)(1\.37)(?=%3A)", lambda found: found[1] + change(found[2]), PAY, *when)


def without_guids(world: World) -> Send:
    """PaymentGUIDs are not looked at: each payment has one of its own."""

    def send(asked: Asked, timeout_s: float) -> Answered:
        body = re.sub(rb"%40(VERIFY-[0-9A-F]+)$", b"", asked.body) if asked.label == "Pay_Input" else asked.body
        return world.send(replace(asked, body=body))

    return send


def same_amount_same_payment(world: World) -> Send:
    """A payment like the one just before it is taken for the same, whatever its PaymentGUID."""
    last = [b""]

    def send(asked: Asked, timeout_s: float) -> Answered:
        like = re.sub(rb"%40.*", b"", asked.body)
        before, last[0] = last[0], like
        return SUCCESS if asked.label == "Pay_Input" and like == before else world.send(asked)

    return send


def each_posts(world: World, asked: Asked, place: int) -> Answered:
    """Of calls at the same moment none sees the other's PaymentGUID."""
    return world.send(replace(asked, body=re.sub(rb"%40(VERIFY-)", b"%40" + str(place).encode() + rb"\1", asked.body)))


def only_one_counts(world: World, asked: Asked, place: int) -> Answered:
    return world.send(asked) if place == 0 else SUCCESS


def lenient_header(world: World) -> Send:
    def send(asked: Asked, timeout_s: float) -> Answered:
        return world.send(
            replace(asked, headers={**asked.headers, "content-type": "application/x-www-form-urlencoded"})
        )

    return send


def by_get(world: World) -> Send:
    def send(asked: Asked, timeout_s: float) -> Answered:
        if asked.method == "GET":
            return Answered(200, {"content-type": "application/json"}, b'{"Record bal":120.00,"Total Balance":340.00}')
        return world.send(asked)

    return send


def charge(when: Callable[[Asked], bool]) -> Mutant:
    """A call that costs a dollar."""
    form = f"consumerGUID={TCCS.consumer_guid}&entryKey={KEY}&contentInfo={INVOICE}%7C1.00%3AACH".encode()
    url = f"{TCCS.url}/api/Pay_Input"
    return adding(lambda asked: replace(asked, url=url, body=form), when, has(f"{INVOICE}%3AY%7C(PB|R)$"), RIGHT)


MUTANTS: list[tuple[str, Mutant, set[str]]] = [
    # What is said
    ("Record bal as text", answers(r'"Record bal":([0-9.]+)', r'"Record bal":"\1"', STATE), {"balance-valid"}),
    ("a member too many", answers(r"\}$", ',"Owner":"x"}', STATE, RIGHT, has(INVOICE)), {"balance-valid"}),
    (
        "content type of a page",
        headers("content-type", "text/html", STATE, accepts("application/json")),
        {"balance-valid"},
    ),
    (
        "parts of a cent",
        answers(r":([0-9.]+)", r":\g<1>5", STATE, accepts("application/json")),
        {"amounts", "balance-valid", "xml"},
    ),
    (
        "balances swapped",
        answers(
            '"Record bal":([0-9.]+),"Total Balance":([0-9.]+)',
            r'"Record bal":\2,"Total Balance":\1',
            STATE,
            has(f"Info={INVOICE}"),
        ),
        {"total-covers-record", "xml", "spaces"},
    ),
    ("XML with other names", answers("_x0020_", "", accepts("application/xml")), {"xml"}),
    ("XML in a namespace", answers("<Balance>", '<Balance xmlns="urn:x">', accepts("application/xml")), {"xml"}),
    (
        "the bill is a page",
        instead(200, "<html></html>", "text/html", IMAGE, RIGHT),
        {"bill-image", "bill-image-unknown"},
    ),
    ("the bill is cut off", answers("(%PDF-.{100}).*", r"\1", IMAGE, RIGHT), {"bill-image"}),
    (
        "the bill is not there",
        json('{"Message":"none"}', IMAGE, RIGHT, status=404),
        {"bill-image", "bill-image-unknown", "path-without-api"},
    ),
    # What is not there refuses nothing
    ("no operation for returns", json("{}", RETURN, status=404), RETURNS | {"return-day", "return-refusals"}),
    ("no operation for paperless bills", json("{}", PAPERLESS, status=404), {"paperless", "paperless-refusals"}),
    ("no operation for AutoPay", json("{}", RECURRING, status=404), {"recurring", "recurring-refusals"}),
    # What is taken
    ("path by its case", json("{}", path_is(lambda path: path.isupper() or path.islower()), status=404), {"path-case"}),
    (
        "path with /api only",
        json("{}", STATE, path_is(lambda path: "/api/" not in path.lower()), status=404),
        {"path-without-api"},
    ),
    (
        "the bill without /api only",
        json("{}", IMAGE, path_is(lambda path: "/api/" in path), status=404),
        {"path-without-api"},
    ),
    ("no spaces around the hyphen", json('{"Message":"no"}', STATE, has(r"\+-\+"), status=400), {"spaces"}),
    ("fields by their case", json('{"Message":"no"}', has("CONSUMERGUID"), status=400), {"field-case"}),
    (
        "no charset",
        json(
            '{"Message":"no"}',
            lambda asked: "charset" in asked.headers["content-type"] if asked.method == "POST" else False,
            status=415,
        ),
        {"charset"},
    ),
    # What is refused
    ("no column is named", answers(r"column \d+", "somewhere", STATE), {"malformed-place"}),
    ("what was found is not named", answers(', found .*?"', '"', STATE), {"malformed-place"}),
    ("any entryKey", requests(f"entryKey={WRONG}", RIGHT_KEY, STATE), {"wrong-key"}),
    (
        "a wrong entryKey is an error",
        json('{"Message":"x"}', has(f"entryKey={WRONG}"), STATE, status=500),
        {"wrong-key"},
    ),
    ("a wrong entryKey with status 200", json('{"Message":"Denied."}', has(f"entryKey={WRONG}"), STATE), {"wrong-key"}),
    ("any consumerGUID", requests(f"consumerGUID={WRONG}", f"consumerGUID={TCCS.consumer_guid}"), {"wrong-consumer"}),
    ("an empty entryKey is right", requests("entryKey=&", f"{RIGHT_KEY}&"), {"no-key"}),
    ("no entryKey is right", requests("GUID=([^&]*)&contentInfo", rf"GUID=\1&{RIGHT_KEY}&contentInfo"), {"no-key"}),
    (
        "keys are not looked at",
        requests(ANY_KEY, RIGHT_KEY),
        {
            "wrong-key",
            "no-key",
            "bill-image-wrong-key",
            "payment-wrong-key",
            "paperless-refusals",
            "recurring-refusals",
            "return-refusals",
        },
    ),
    ("bills for everybody", requests(ANY_KEY, RIGHT_KEY, IMAGE), {"bill-image-wrong-key"}),
    (
        "a malformed number is nobody's",
        answers("^.*$", '{"Message":"none"}', STATE, has("-2020-06-16"), status=404),
        {"malformed"},
    ),
    (
        "a refusal without words",
        answers('"Message":".*"', '"Message":""', STATE, has("13%2F45")),
        {"malformed", "malformed-place"},
    ),
    (
        "a stack trace",
        answers('"Message":".*"', '"Message":"at System.DateTime.Parse"', STATE, has("13%2F45")),
        {"malformed", "malformed-place"},
    ),
    (
        "no contentInfo is an error",
        json(
            "{}",
            lambda asked: (
                asked.method == "POST" and b"contentInfo" not in asked.body.replace(b"ContentInfo", b"contentInfo")
            ),
            status=500,
        ),
        {"no-content"},
    ),
    (
        "an unknown invoice owes nothing",
        json('{"Record bal":0.00,"Total Balance":0.00}', STATE, has(NOBODY)),
        {"unknown-invoice"},
    ),
    (
        "an unknown invoice with status 200",
        json('{"Success":false,"Message":"none"}', STATE, has(NOBODY)),
        {"unknown-invoice"},
    ),
    ("a quotation mark breaks the query", json('{"Message":"x"}', STATE, has("%27"), status=500), {"quote-in-invoice"}),
    (
        "a quotation mark is part of a query",
        json('{"Record bal":1.00,"Total Balance":1.00}', STATE, has("%27")),
        {"quote-in-invoice"},
    ),
    ("GET is answered", by_get, {"get"}),
    ("any body is a form", lenient_header, {"not-a-form"}),
    # What is done
    ("rounded to five cents", amount(lambda text: "1.35", has(INVOICE)), MONEY),
    (
        "answered, not posted",
        json(DONE, PAY, RIGHT, has(rf"={INVOICE}%7C1\.37%3ACC%40VERIFY-[0-9A-F]+$")),
        MONEY - {"guid-forms"},
    ),
    (
        "posted, and refused",
        answers("true", "false", PAY, has(r"=4541.*1\.37%3A(CC|ACH)%40VERIFY-[0-9A-F]{12}$")),
        MONEY - {"guid-forms"},
    ),
    ("an answer without Message", answers(',"Message":".*"', "", PAY), {"payment-valid"}),
    ("ACH is unknown", json(REFUSED, PAY, has(r"1\.37%3AACH")), {"payment-types"}),
    ("CHK is a type", requests("%3ACHK", "%3AACH", PAY), {"payment-without-type"}),
    ("no type is CC", requests(rf"({INVOICE}%7C1\.37)%40", r"\1%3ACC%40", PAY), {"payment-without-type"}),
    ("no spaces in payments", json('{"Message":"no"}', PAY, has(r"\+%7C\+"), status=400), {"payment-spaces"}),
    (
        "what follows a payment is ignored",
        requests(r"(%7C1\.37%3ACC[^&]*)%7CVERIFY$", r"\1", PAY),
        {"payment-malformed"},
    ),
    ("a payment without an amount is done", json(DONE, PAY, has(f"Info={INVOICE}$")), {"payment-malformed"}),
    ("less than zero is taken", requests("%7C-1.00", "%7C1.00", PAY), {"payment-amounts"}),
    ("thousands are taken", requests("%7C1%2C000.00", "%7C1000.00", PAY), {"payment-amounts"}),
    ("1.005 is 1.01", requests(r"%7C1\.005", "%7C1.01", PAY), {"payment-amounts"}),
    ("zero is done", json(DONE, PAY, has("%7C0.00")), {"payment-amounts"}),
    ("payments need no key", requests(ANY_KEY, RIGHT_KEY, PAY), {"payment-wrong-key"}),
    (
        "a wrong key is refused, and paid",
        adding(
            lambda asked: replace(asked, body=asked.body.replace(WRONG.encode(), KEY.encode())),
            PAY,
            has(f"entryKey={WRONG}"),
        ),
        {"payment-wrong-key"},
    ),
    ("a payment of nobody is taken", json(DONE, PAY, has(NOBODY)), {"payment-unknown-invoice"}),
    ("a payment of nobody is somebody's", requests(NOBODY, INVOICE, PAY), {"payment-unknown-invoice"}),
    ("PaymentGUID ignored", without_guids, {"guid-once", "guid-at-once", "quote"}),
    (
        "a PaymentGUID that comes again is refused",
        answers("true(.*had been posted)", r"false\1", PAY),
        {"guid-once", "quote"},
    ),
    (
        "payments of one amount are one",
        same_amount_same_payment,
        {"guid-own", "payments-at-once", "guid-forms", "guid-malformed"},
    ),
    ("a PaymentGUID four times at once posts four times", overlapping(each_posts, PAY), {"guid-at-once"}),
    ("of four at once one counts", overlapping(only_one_counts, PAY), {"payments-at-once"}),
    (
        "a PaymentGUID must be short",
        json('{"Message":"no"}', PAY, has("aaaaaaaa$"), has("%40.{99}$"), status=400),
        {"guid-forms"},
    ),
    ("a PaymentGUID may have blanks", requests(r"VERIFY\+1", "VERIFY-1", PAY), {"guid-malformed"}),
    ("a PaymentGUID may be long", requests("(%40VERIFY-a+)aaaaaaa$", r"\1", PAY), {"guid-malformed"}),
    ("paperless: Y is unknown", json(REFUSED, PAPERLESS, has("%3AY%7CPB"), has(INVOICE), RIGHT), {"paperless"}),
    ("paperless: a dollar", charge(PAPERLESS), {"paperless"}),
    ("recurring: N is unknown", json(REFUSED, RECURRING, has("%3AN%7CR"), RIGHT), {"recurring"}),
    ("recurring: a dollar", charge(RECURRING), {"recurring"}),
    ("paperless: X is N", requests("%3AX%7CPB", "%3AN%7CPB", PAPERLESS), {"paperless-refusals"}),
    ("paperless: nobody is somebody", requests(NOBODY, INVOICE, PAPERLESS), {"paperless-refusals"}),
    ("recurring: any word", requests("%7CVERIFY", "%7CR", RECURRING), {"recurring-refusals"}),
    ("recurring: no key", requests(ANY_KEY, RIGHT_KEY, RECURRING), {"recurring-refusals"}),
    (
        "a return is answered and forgotten",
        json(DONE, RETURN, RIGHT, has(INVOICE), has(r"%7C1\.(50|63)%7CIFR")),
        RETURNS,
    ),
    ("a return lowers again", json(DONE, RETURN, has("98765")), {"return-refusals"}),
    ("returns: any key", requests(ANY_KEY, RIGHT_KEY, RETURN), {"return-refusals"}),
    ("returns: any word", requests("XYZ", "IFR", RETURN), {"return-refusals"}),
    ("another term is this one", requests(r"-01%2F01%2F1901", "-06%2F16%2F2020", STATE), {"unknown-invoice"}),
    (
        "a PaymentGUID is cut to 36 characters",
        requests("(%40[A-Za-z0-9-]{36})[^&]*", r"\1", PAY, has("%40.{99}$")),
        {"guid-forms"},
    ),
    ("a return of nobody", json(DONE, RETURN, has(NOBODY)), {"return-refusals"}),
    ("a deposit is answered and forgotten", json(DONE, PAY, has(QUOTE), has("Verify")), {"quote"}),
    ("a name with an apostrophe is refused", json('{"Message":"no"}', PAY, has("O%27Neill"), status=400), {"quote"}),
    ("a deposit needs no name", requests("%7C%7C", "%7CNobody%7C", PAY, has(QUOTE)), {"quote-refusals"}),
    (
        "a deposit is a payment",
        requests(rf"{QUOTE}%7C(1\.37)%3ACC", rf"{QUOTE}%7CNobody%7C\1", PAY),
        {"quote-refusals"},
    ),
    *of_http(STATE),
    *OF_TCCS,
]


@pytest.mark.parametrize(("mutant", "caught"), [row[1:] for row in MUTANTS], ids=[row[0] for row in MUTANTS])
def test_a_mutant_fails_the_checks_that_are_about_it_and_no_other(mutant: Mutant, caught: set[str]) -> None:
    run = verify_tccs(mutant(tccs_world()), plain=True)
    assert run.configuration is None
    failed = {one.check.removeprefix("tccs/"): one.problems for one in run.checks if one.outcome is Outcome.FAILED}
    assert failed.keys() == caught, failed
    assert {one.outcome for one in run.checks if one.kind != "fuzz"} <= {Outcome.PASSED, Outcome.FAILED}


def test_every_check_is_failed_by_a_mutant() -> None:
    caught = {f"tccs/{name}" for _, _, names in MUTANTS for name in names}
    fuzzed = {check.id for check in tccs.CHECKS.checks.values() if check.kind == "fuzz"}  # test_fuzz_*.py
    assert set(tccs.CHECKS.checks) - caught - fuzzed == {"tccs/balance", "tccs/balance-repeats"}


def test_a_return_is_of_the_day_that_it_is_in_the_insurers_time_zone() -> None:
    """An insurer that takes a return of the payment's own day alone is right, wherever the run's machine stands."""
    days: list[str] = []

    def send(asked: Asked, timeout_s: float) -> Answered:
        if asked.label == "Insufficient_Pay_Report":
            days.append(unquote_plus(asked.body.decode()).partition(":")[2][:10])
        return world.send(asked)

    world = tccs_world()
    for zone in ("Pacific/Pago_Pago", "Pacific/Kiritimati"):  # 25 hours apart
        verify_tccs(send, replace(TCCS, time_zone=zone), Options(allow_writes=True, only=("tccs/return",)))
    samoa, line_islands = ((day[6:], day) for day in days)
    assert samoa < line_islands
