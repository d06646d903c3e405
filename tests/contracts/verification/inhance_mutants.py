"""Ways in which a utility's service can be wrong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace

from partnerlab.contracts.verification.provider.exchange import Answered, Asked
from tests.contracts.verification.mutants import (
    Mutant,
    adding,
    has,
    instead,
    label,
    requests,
)
from tests.contracts.verification.worlds import INHANCE, World

TNS = "http://tempuri.org/"
KEY = INHANCE.key
CHECK, PAY = label("BalanceCheck"), label("MakePaymentExtended")
PAPERLESS, AUTOPAY, EMAIL = label("SetPaperless"), label("SetAutopay"), label("SetEmail")
PAID = ("payment", "two-payments", "payments-at-once", "payment-types", "payment-forms", "fee")
MONEY = {f"inhance/{name}" for name in PAID}
ANY_KEY = r"<(Web[Ss]erviceKey)>[^<]*</\1>"
RIGHT_KEY = rf"<\1>{KEY}</\1>"
SCAPE = '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
FAULT = (
    f"{SCAPE}<soap:Fault><faultcode>soap:{{0}}</faultcode><faultstring>{{1}}</faultstring></soap:Fault>"
    "</soap:Body></soap:Envelope>"
)


def result(operation: str, members: str) -> str:
    return (
        f'{SCAPE}<{operation}Response xmlns="{TNS}"><{operation}Result>{members}</{operation}Result>'
        f"</{operation}Response></soap:Body></soap:Envelope>"
    )


XML = "text/xml; charset=utf-8"
PAID = Answered(200, {"content-type": XML}, result("MakePaymentExtended", "<Success>true</Success>").encode())


def fault(code: str, text: str, *when: Callable[[Asked], bool], status: int = 500) -> Mutant:
    return instead(status, FAULT.format(code, text), XML, *when)


def done(operation: str, *when: Callable[[Asked], bool], members: str = "<Success>true</Success>") -> Mutant:
    return instead(200, result(operation, members), XML, label(operation), *when)


def amount(change: Callable[[str], str]) -> Mutant:
    return requests(r"(<PaymentAmount>)([0-9.]+)(?=<)", lambda found: found[1] + change(found[2]), PAY)


def prefixed(found: re.Match[str]) -> str:
    """An operation's element with a prefix in place of a default namespace."""
    text = re.sub(r"<(/?)(\w)", r"<\1m:\2", found[0])
    return text.replace(" xmlns=", " xmlns:m=", 1)


def action_is(*words: str) -> Callable[[Asked], bool]:
    return lambda asked: any(word in asked.headers.get("soapaction", "") for word in words)


def counter_of_questions(world: World) -> Callable[[Asked, float], Answered]:
    """Each BalanceCheck costs a cent."""
    count = itertools.count()

    def send(asked: Asked, timeout_s: float) -> Answered:
        found = world.send(asked)
        if asked.label != "BalanceCheck" or b"<Success>true" not in found.body:
            return found
        more = next(count)

        def dearer(text: re.Match[str]) -> str:
            return f"<{text[1]}>{float(text[2]) + more / 100:.2f}<"

        body = re.sub(r"<(Balance|FutureBalance)>([0-9.]+)<", dearer, found.body.decode())
        return replace(found, body=body.encode())

    return send


def seen_before(world: World) -> Callable[[Asked, float], Answered]:
    """A payment like the one just before it is taken for the same."""
    last: list[bytes] = [b""]

    def send(asked: Asked, timeout_s: float) -> Answered:
        like = re.sub(rb"<(PaymentReference|PaymentDate)>[^<]*<", b"", asked.body)
        before, last[0] = last[0], like
        if asked.label == "MakePaymentExtended" and like == before:
            return PAID
        return world.send(asked)

    return send


def only_one_counts(world: World, asked: Asked, place: int) -> Answered:
    if place == 0:
        return world.send(asked)
    return PAID


def exact_path(world: World) -> Callable[[Asked, float], Answered]:
    def send(asked: Asked, timeout_s: float) -> Answered:
        right = asked.url.partition("?")[0].startswith(INHANCE.url)
        return world.send(asked) if right else Answered(404, {"content-type": "text/html"}, b"<html>Not found</html>")

    return send


def pay_also(change: Callable[[bytes], bytes]) -> Callable[[Asked], Asked]:
    return lambda asked: replace(asked, body=change(asked.body))


def charge_for(operation: str) -> Mutant:
    """A switch that costs a dollar."""
    body = (
        f'{SCAPE}<MakePaymentExtended xmlns="{TNS}"><AccountNumber>{INHANCE.account}</AccountNumber>'
        "<PaymentDate>2026-11-21T10:00:00</PaymentDate><PaymentReference>x</PaymentReference><DocumentNumber/>"
        "<PaymentTypeDesc>ACH</PaymentTypeDesc><PaymentAmount>1.00</PaymentAmount><ConvenienceFee>0</ConvenienceFee>"
        f"<WebserviceKey>{KEY}</WebserviceKey></MakePaymentExtended></soap:Body></soap:Envelope>"
    )
    paid = {"content-type": XML, "soapaction": f'"{TNS}MakePaymentExtended"'}
    when = has(f"<Accountnumber>{INHANCE.account}<.*{KEY}"), has("<(Paperless|AutoPay)OnOff>On<")
    return adding(lambda asked: replace(asked, headers=paid, body=body.encode()), label(operation), *when)
