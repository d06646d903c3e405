"""What Invoice Cloud tells the data pump: one message for each kind of event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from partnerlab.client.datapump.events import parse_event
from partnerlab.contracts.verification.pact.rules import Rules
from partnerlab.simulators import ic_webservices
from tests.pacts.talk import Told

__all__ = ["EVENTS"]

GUID = ic_webservices.Settings().utility_guid
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
MONEY = r"[0-9]{1,10}\.[0-9]{2}"
BY_NAME = {
    "id": "[A-Za-z0-9-]{1,99}",
    "occurred_at": TIME,
    "paid_at": TIME,
    "amount": MONEY,
    "service_fee": MONEY,
    "paid_on": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
EXACT = ("kind", "tender", "donation", "enrolled")


def _rules(content: Mapping[str, Any], path: str = "$") -> Rules:
    """By name as the schema of events has the values; what is EXACT is compared, of the rest the type counts."""
    found: Rules = {}
    for name, value in content.items():
        here = f"{path}['{name}']"
        if isinstance(value, dict):
            found.update(_rules(value, here))
        elif name in BY_NAME:
            assert re.fullmatch(BY_NAME[name], value)
            found[here] = {"combine": "AND", "matchers": [{"match": "regex", "regex": BY_NAME[name]}]}
        elif name not in EXACT:
            found[here] = {"combine": "AND", "matchers": [{"match": "type"}]}
    return found


def _event(kind: str, state: str, requirements: tuple[str, ...], **content: Any) -> Told:
    whole = {
        "id": "0d6e4e0e-0000-4000-8000-000000000001",
        "kind": kind,
        "biller_guid": GUID,
        "account_number": "10000101",
        "occurred_at": "2026-11-20T16:30:00+00:00",
        **content,
    }
    description = f"an event of the kind {kind}"
    return Told(
        "data-pump", "invoice-cloud-events", description, state, requirements, whole, _rules(whole), parse_event
    )


EVENTS = [
    _event(
        "payment",
        "a payer pays 40.00 on account 10000101 by card",
        ("INH2-PAY-2",),
        payment={
            "invoice_number": "500001",
            "amount": "40.00",
            "service_fee": "0.00",
            "tender": "credit_card",
            "reference": "000001",
            "donation": "none",
            "paid_at": "2026-11-20T10:30:00-06:00",
        },
    ),
    _event("paperless", "a payer switches paperless on for account 10000101", ("INH2-PPL-2",), enrolled=True),
    _event("autopay", "a payer switches AutoPay on for account 10000101", ("INH2-AUT-2",), enrolled=True),
    _event(
        "email",
        "a payer changes the e-mail address of account 10000101",
        ("INH2-EML-2",),
        email_address="payer@example.com",
    ),
    _event(
        "ach_reject",
        "the bank returns a payment of 24.00 on account 10000101",
        ("TCCS-REJ-1",),
        ach_reject={
            "payment_guid": "0d6e4e0e-0000-4000-8000-000000000002",
            "invoice_number": "500001",
            "amount": "24.00",
            "paid_on": "2026-11-20",
            "code": "R01",
        },
    ),
]
