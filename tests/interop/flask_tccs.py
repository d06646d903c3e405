"""
A small TCCS as another hand would write it: plain Flask over a dict, from the technical design alone.

It imports nothing of partnerlab. `broken` names what is wrong with it on purpose.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, request

NUMBER = r"([A-Za-z0-9][A-Za-z0-9 ._-]*?) *- *(\d\d/\d\d/\d{4})"
GUID = r"(?: *@ *(?P<guid>[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*))?"
AMOUNT = r"(?P<amount>\d{1,9}\.\d\d)"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message


def create_app(key: str, broken: Collection[str] = ()) -> Flask:
    app = Flask("tccs")
    lock = threading.Lock()
    owed = {"454100010-06/16/2020": [12000, 34000]}
    deposits = {"Q454100010-03/01/2019": 15000}
    guids: dict[str, str] = {}
    returned: list[tuple[str, int]] = []
    payable: list[tuple[str, int]] = []

    def said(pattern: str) -> tuple[str, re.Match[str]]:
        form = {name.lower(): value for name, value in request.form.items()}
        if request.mimetype != "application/x-www-form-urlencoded":
            raise Refused(415, "A form is expected.")
        if "contentinfo" not in form:
            raise Refused(400, "contentInfo is missing.")
        if "keys" not in broken and (form.get("consumerguid"), form.get("entrykey")) != ("IC-SANDBOX", key):
            raise Refused(401, "Denied.")
        text = form["contentinfo"].strip()
        found = re.fullmatch(pattern, text)
        if found is None:
            raise Refused(400, f"{text[:40]!r} is not as it should be.")
        datetime.strptime(found[2], "%m/%d/%Y").replace(tzinfo=UTC)
        return f"{found[1]}-{found[2]}", found

    def known(number: str) -> list[int]:
        if number not in owed:
            raise Refused(404, f"There is no {number}.")
        return owed[number]

    def move(number: str, cents: int) -> None:
        both = known(number)
        both[0] += cents
        both[1] += cents if "total" not in broken else 0

    def answer(value: dict[str, Any]) -> Any:
        if "xml" not in request.headers.get("Accept", ""):
            return jsonify(value)
        inner = "".join(
            f"<{name.replace(' ', '_x0020_')}>{one}</{name.replace(' ', '_x0020_')}>" for name, one in value.items()
        )
        return Response(f"<Balance>{inner}</Balance>", content_type="application/xml")

    def arstate_output() -> Any:
        number, _ = said(NUMBER)
        if number in deposits:
            return answer({"Record bal": deposits[number] / 100, "Total Balance": deposits[number] / 100})
        record, total = known(number)
        return answer({"Record bal": record / 100, "Total Balance": total / 100})

    def pay_input() -> Any:
        number, found = said(
            rf"{NUMBER} *\| *(?:{AMOUNT} *: *(?:CC|ACH)|(?P<name>[^|:@]+)\|(?P<deposit>\d+\.\d\d)){GUID}"
        )
        cents = round(100 * float(found["amount"] or found["deposit"]))
        if cents <= 0 or len(found["guid"] or "") > 99:
            raise Refused(400, "The amount must be above zero, a PaymentGUID under 100 characters.")
        if (found["name"] is None) == number.startswith("Q"):
            raise Refused(400, "A quote's deposit has a name, a payment has none.")
        if found["guid"] in guids and "guids" not in broken:
            return jsonify({"Success": True, "Message": "Posted before."})
        if number.startswith("Q"):
            deposits[number] -= cents
        else:
            move(number, -cents)
            payable.append((number, cents))
        if found["guid"]:
            guids[found["guid"]] = number
        return jsonify({"Success": True, "Message": None})

    def insufficient_pay_report() -> Any:
        number, found = said(rf"{NUMBER} *: *(?P<day>\d\d/\d\d/\d{{4}}) *\| *{AMOUNT} *\| *IFR")
        what = (number, round(100 * float(found["amount"])))
        known(number)
        day = datetime.strptime(found["day"], "%m/%d/%Y").replace(tzinfo=UTC)
        if what not in payable or abs((datetime.now(UTC) - day).days) > 7:
            return jsonify({"Success": False, "Message": "There is no such payment."})
        if "returns" not in broken:
            payable.remove(what)
        returned.append(what)
        move(number, what[1])
        return jsonify({"Success": True, "Message": "Returned."})

    def switch(word: str) -> Any:
        number, _ = said(rf"{NUMBER} *: *[YN] *\| *{word}")
        known(number)
        return jsonify({"Success": True, "Message": ""})

    def retrieve_bill_image() -> Any:
        known(said(NUMBER)[0])
        return Response(PDF, content_type="application/pdf")

    calls = {
        "arstate_output": arstate_output,
        "pay_input": pay_input,
        "insufficient_pay_report": insufficient_pay_report,
        "paperless_bill": lambda: switch("PB"),
        "recurring_pay": lambda: switch("R"),
        "retrieve_bill_image": retrieve_bill_image,
    }

    @app.route("/<path:path>", methods=["GET", "POST"])
    def call(path: str) -> Any:
        base, _, name = path.lower().replace("/api/", "/").partition("/")
        try:
            if base != "invoicecloudapi" or name not in calls or (path.isupper() and "case" in broken):
                raise Refused(404, "Nothing is here.")
            if request.method != "POST":
                raise Refused(405, "POST is expected.")
            with lock:
                return calls[name]()
        except Refused as refused:
            return jsonify({"Message": refused.message}), refused.status
        except ValueError:
            return jsonify({"Message": "There is no such day."}), 400

    return app
