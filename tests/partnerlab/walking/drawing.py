"""
Calls of the control API, drawn from the contract that a sandbox serves and from what its lane holds.

The contract says which operations there are and of what their values are; what a value's name stands for is looked up
in the lane, so that most calls are about something that is there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from partnerlab.contracts.catalogue import magic_values

__all__ = ["ACCOUNTS_OF", "Call", "Drawing", "Operation", "operations"]

Look = Callable[[str], Any]
"""Asks the lane's control API: the JSON at a path."""

TEXTS = ("Ada", "Renée Ü. O’Brien", "李小龍 Laundry", 'A|B & <C> "D"', "=SUM(A1)", "x" * 30)
PASSWORD = "Sandbox!2345"
MOST = 200
ALWAYS = ("biller_guid", "customer_name", "insured_name")
"""Nobody takes a bill of somebody without a name."""
HOLDERS = {"card_number": "card", "bank_account": "bank_account"}
PAID_BY_BANK = ("ach", "online_bank_direct")
ACCOUNTS_OF: Mapping[str, tuple[str, str, str]] = {
    "inhance": ("/_sandbox/inhance/accounts", "accounts", "account_number"),
    "tccs": ("/_sandbox/tccs/policies", "policies", "invoice_number"),
    "watersmart": ("/_sandbox/watersmart/customers", "customers", "account_number"),
}
"""By partner: where its accounts are listed, under which name, and what their number is called."""
FOUND: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("ic", "payment_guid"): ("/_sandbox/ic/payments", "payments", "payment_guid"),
    ("inhance", "payment_guid"): ("/_sandbox/inhance/v1/pending-payments", "payments", "payment_guid"),
    ("watersmart", "payment_guid"): ("/_sandbox/watersmart/payments", "payments", "payment_guid"),
    ("watersmart", "username"): ("/_sandbox/watersmart/users", "users", "username"),
    ("ic", "upload_id"): ("/_sandbox/ic/uploads", "uploads", "upload_id"),
    ("ic", "report_id"): ("/_sandbox/ic/exports", "exports", "report_id"),
    ("ic", "postback_id"): ("/_sandbox/ic/postbacks", "postbacks", "postback_id"),
    ("ic", "seq"): ("/_sandbox/ic/events", "events", "seq"),
    ("ic", "id"): ("/_sandbox/ic/cloud-payments", "cloud_payments", "id"),
    ("ic", "number"): ("/_sandbox/ic/mailbox", "messages", "number"),
    ("ic", "guid"): ("/_sandbox/ic/billers", "billers", "guid"),
    ("", "id"): ("/_sandbox/journal?limit=50", "entries", "id"),
    ("", "number"): ("/_sandbox/faults", "faults", "number"),
}
"""Where what a name stands for is found, by the part of the control API."""


@dataclass(frozen=True)
class Operation:
    """An operation of the contract: its parameters and the schema of its JSON body, references resolved."""

    id: str
    method: str
    path: str
    parameters: Sequence[Mapping[str, Any]]
    body: Mapping[str, Any] | None

    @property
    def part(self) -> str:
        """Whose it is: `ic`, a partner, or empty for what belongs to none."""
        first = self.path.split("/")[2]
        return first if first in ("ic", *ACCOUNTS_OF) else ""


@dataclass(frozen=True)
class Call:
    """A call that was drawn."""

    operation: str
    method: str
    target: str
    body: Any = None

    def __str__(self) -> str:
        return f"{self.operation} {self.target} {'' if self.body is None else self.body}"[:300]


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of an OpenAPI document but those that take a file."""

    def resolved(value: Any) -> Any:
        while isinstance(value, Mapping) and "$ref" in value:
            found: Any = document
            for name in value["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            value = {**found, **{key: one for key, one in value.items() if key != "$ref"}}
        if isinstance(value, Mapping):
            return {key: resolved(one) for key, one in value.items()}
        return [resolved(one) for one in value] if isinstance(value, list) else value

    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in ("get", "post", "put", "patch", "delete"):
            if (said := item.get(method)) is None:
                continue
            content = resolved(said.get("requestBody", {})).get("content", {})
            if content and "application/json" not in content:
                continue
            body = content["application/json"]["schema"] if content else None
            parameters = [resolved(one) for one in (*shared, *said.get("parameters", ()))]
            yield Operation(said["operationId"], method.upper(), path, parameters, body)


class Drawing:
    """Draws calls by *dice* of what `look` finds in a lane; *today* is its day."""

    def __init__(self, dice: random.Random, prefix: str) -> None:
        self.dice, self._prefix, self._count = dice, prefix, 0
        self._magic = {
            kind: [one.value for one in magic_values() if one.kind == magic] for kind, magic in HOLDERS.items()
        }

    def call(self, operation: Operation, look: Look, today: date) -> Call | None:
        """A call of an operation; None where the lane has nothing that it could be about."""
        subject = self._subject(operation, look)
        drawn: dict[str, Any] = {}

        def value(name: str, schema: Mapping[str, Any]) -> Any:
            if name not in drawn:
                drawn[name] = self._value(operation, name, schema, subject, look, today)
            return drawn[name]

        path, query = operation.path, {}
        for one in operation.parameters:
            if one["in"] == "path":
                if (found := value(one["name"], one["schema"])) is None:
                    return None
                path = path.replace(f"{{{one['name']}}}", quote(str(found), safe=""))
            elif one["in"] == "query" and (one.get("required") or self.dice.random() < 0.3):
                found = value(one["name"], one["schema"])
                query[one["name"]] = {True: "true", False: "false"}.get(found, found) if found is not None else ""
        body = None if operation.body is None else self._object(operation.body, value)
        self._tidy(operation, body)
        target = path + (f"?{urlencode({name: one for name, one in query.items() if one != ''})}" if query else "")
        return Call(operation.id, operation.method, target, body)

    def _object(self, schema: Mapping[str, Any], value: Callable[[str, Mapping[str, Any]], Any]) -> Any:
        if "oneOf" in schema:
            schema = self.dice.choice(schema["oneOf"])
        required = schema.get("required", ())
        found = {
            name: value(name, one)
            for name, one in schema.get("properties", {}).items()
            if name in required or name in ALWAYS or self.dice.random() < 0.4
        }
        return {name: one for name, one in found.items() if one is not None}

    def _tidy(self, operation: Operation, body: Any) -> None:
        """What no schema says: a payment is by one thing; an account of a utility stays with its integration."""
        if not isinstance(body, dict):
            return
        if tender := body.get("tender"):
            by_card, by_bank = tender in ("credit_card", "debit_card"), tender in PAID_BY_BANK
            for name, wanted in (("card_number", by_card), ("bank_account", by_bank)):
                body.pop(name, None)
                if wanted and operation.id == "pay":
                    body[name] = self.dice.choice(self._magic[name])
        elif operation.id == "addMethod":
            name = self.dice.choice(sorted(HOLDERS))
            for other in HOLDERS:
                body.pop(other, None)
            body[name] = self.dice.choice(self._magic[name])
            body |= {"expires_on": "2035-01-31"} if name == "card_number" else {}
        if operation.id == "putUtilityAccount" and not operation.path.endswith(self._prefix):
            body.pop("integration", None)

    # --- what a call is about ---

    def _subject(self, operation: Operation, look: Look) -> dict[str, Any]:
        """A bill, its account, its biller and its user, which most of a call's values are of."""
        if operation.part != "ic":
            return {}
        biller = self.dice.choice(look("/_sandbox/ic/billers")["billers"])["guid"]
        subject: dict[str, Any] = {"biller_guid": biller}
        users = look(f"/_sandbox/ic/users?biller_guid={biller}&limit={MOST}")["users"]
        mine = {}
        if users and (self.dice.random() < 0.3 or "{username}" in operation.path):
            user = self.dice.choice(users)
            subject["username"] = user["username"]
            methods = look(f"/_sandbox/ic/users/{quote(user['username'], safe='')}/methods?biller_guid={biller}")
            if methods["methods"]:
                subject["method_id"] = self.dice.choice(methods["methods"])["method_id"]
            if user["account_numbers"]:
                mine = {"account_number": self.dice.choice(user["account_numbers"])}
        where = urlencode({"biller_guid": biller, "limit": MOST, **mine})
        invoices = look(f"/_sandbox/ic/invoices?{where}")["invoices"]
        due = [one for one in invoices if Decimal(one["balance_due"]) > 0]
        if chosen := self.dice.choice(due or invoices) if invoices and self.dice.random() < 0.9 else None:
            amounts = (chosen["balance_due"], chosen["balance_due"], chosen["total_amount_due"], self._amount())
            amount = self.dice.choice([one for one in amounts if Decimal(one) > 0])
            subject |= {name: chosen[name] for name in ("account_number", "invoice_number")} | {"amount": amount}
        elif mine:
            subject |= mine
        return subject

    def _value(
        self,
        operation: Operation,
        name: str,
        schema: Mapping[str, Any],
        subject: Mapping[str, Any],
        look: Look,
        today: date,
    ) -> Any:
        part = operation.part
        if name in subject:
            return subject[name]
        if (part, name) in FOUND:
            return self._found(FOUND[part, name], look)
        if part in ACCOUNTS_OF and ACCOUNTS_OF[part][2] == name and operation.id != "addQuote":
            if operation.method == "PUT" and self.dice.random() < 0.3:
                return self._new_number(part, today)
            return self._found(ACCOUNTS_OF[part], look)
        if name in HOLDERS:
            return self.dice.choice(self._magic[name])
        ways: Mapping[str, Callable[[], Any]] = {
            "account_number": lambda: self._account(part, look),
            "account_numbers": lambda: [one] if (one := self._account(part, look)) else [],
            "amount": lambda: self._amount(signed=operation.part != "ic" and operation.id.endswith("Customer")),
            "invoice_number": lambda: self._new_invoice(operation, today),
            "username": lambda: f"u{self._next()}@{self._prefix}.example.com",
            "partner": lambda: self.dice.choice(look("/_sandbox/jobs")["jobs"])["partner"],
            "job": lambda: self.dice.choice(look("/_sandbox/jobs")["jobs"])["name"],
            "duration": lambda: self.dice.choice(("5m", "1h", "7h", "1d", "3d")),
            "payment_guid": lambda: f"g-{self._prefix}-{self._next()}",
            "premium": lambda: None,
            "instalments": lambda: None,
        }
        if name in ways:
            return ways[name]()
        return self._by_schema(name, schema, today)

    def _by_schema(self, name: str, schema: Mapping[str, Any], today: date) -> Any:
        kind, form = schema.get("type"), schema.get("format", "")
        kinds = kind if isinstance(kind, list) else [kind]
        if "enum" in schema:
            return self.dice.choice([one for one in schema["enum"] if one is not None])
        if "boolean" in kinds:
            return self.dice.random() < 0.5
        if "integer" in kinds:
            low = schema.get("minimum", 0)
            return self.dice.randint(low, min(schema.get("maximum", low + 20), low + 20))
        if form == "date" or name == "day":
            return (today + timedelta(days=self.dice.randint(-20, 40))).isoformat()
        if form == "money" or "fee" in name:
            return self._amount()
        if "password" in name:
            return PASSWORD
        if "email" in name or form == "email":
            return f"n{self._next()}@{self._prefix}.example.com"
        if "string" in kinds and (form == "line" or not (form or schema.get("pattern"))):
            text = self.dice.choice(TEXTS)
            return text[: schema.get("maxLength", 30)]
        return None

    def _found(self, place: tuple[str, str, str], look: Look) -> Any:
        path, listed, name = place
        rows = look(path).get(listed, ())
        return self.dice.choice(rows)[name] if rows else None

    def _account(self, part: str, look: Look) -> Any:
        if part in ACCOUNTS_OF:
            return self._found(ACCOUNTS_OF[part], look)
        biller = self.dice.choice(look("/_sandbox/ic/billers")["billers"])["guid"]
        return self._found(
            (f"/_sandbox/ic/customers?biller_guid={biller}&limit={MOST}", "customers", "account_number"), look
        )

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _amount(self, *, signed: bool = False) -> str:
        cents = self.dice.choice((1, 99, 100, 101, self.dice.randint(1, 30_000)))
        return f"{Decimal(-cents if signed and self.dice.random() < 0.2 else cents).scaleb(-2)}"

    def _new_number(self, part: str, today: date) -> str:
        if part == "tccs":
            return f"{self.dice.choice(('P-A.1', '77 2', 'N_3', '10000101'))}-{today:%m/%d/%Y}"
        return self.dice.choice((f"8{self._next():04}", f"00{self._next()}"))

    def _new_invoice(self, operation: Operation, today: date) -> str | None:
        if operation.id == "addQuote":
            return f"Q{self._next()}-{today:%m/%d/%Y}"
        if operation.id in ("billUtilityAccount", "billWaterCustomer"):
            kind = "7" if operation.part == "inhance" else "W"
            return f"{kind}{self.dice.choice(('', '-', '00'))}{9_990 + self._next()}"
        return None
