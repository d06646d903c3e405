"""Calls all five operations with zeep, over a port of its choice."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import zeep
from zeep.helpers import serialize_object


def calls(wsdl: str, port: str, key: str) -> dict[str, Any]:
    """What the operations answered, as plain values."""
    with zeep.Client(wsdl) as client:
        service = client.bind("ICloud", port)

        def call(operation: str, *fields: Any) -> Any:
            return serialize_object(service[operation](*fields), dict)

        out = {"before": call("BalanceCheck", "10000101", 500001, key)}
        out["payment"] = call(
            "MakePaymentExtended",
            "10000101",
            datetime(2026, 11, 21, 10, tzinfo=UTC),
            "IC-<1>",
            "500001",
            "Credit Card",
            Decimal("25.50"),
            Decimal("2.95"),
            key,
        )
        out["paperless"] = call("SetPaperless", "10000101", "On", key)
        out["autopay"] = call("SetAutopay", "10000101", "Off", key)
        out["email"] = call("SetEmail", "10000101", "bäckerei@example.com", key)
        out["after"] = call("BalanceCheck", "10000101", 500001, key)
        out["refused"] = call("SetPaperless", "10000101", "Yes", key)
        out["absent"] = call("BalanceCheck", "10000105", 0, key)
        return out


def fault(wsdl: str, port: str) -> zeep.exceptions.Fault:
    """The fault for a number that is none, sent past zeep's own checks."""
    from lxml import etree

    with zeep.Client(wsdl) as client:
        service = client.bind("ICloud", port)
        message = client.create_message(service, "BalanceCheck", "10000101", 5, "k")
        element = next(one for one in message.iter() if str(one.tag).endswith("LastInvoiceNumber"))
        element.text = "abc"
        binding = service._binding
        operation = binding.get("BalanceCheck")
        headers = {"SOAPAction": f'"{operation.soapaction}"', "Content-Type": "text/xml; charset=utf-8"}
        if "Soap12" in port:
            headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{operation.soapaction}"'}
        answer = client.transport.post(service._binding_options["address"], etree.tostring(message), headers)
        try:
            binding.process_reply(client, operation, answer)
        except zeep.exceptions.Fault as found:
            return found
        raise AssertionError("no fault")
