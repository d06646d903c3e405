"""`--soap`: who reads and writes SOAP messages, and what that costs at start."""

from __future__ import annotations

import subprocess
import sys

import pytest

CALL = """
import sys, urllib.request
from dataclasses import replace
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices, inhance_soap

soap = sys.argv[1]
inhance, ic = (replace(one, soap=soap) for one in (inhance_soap.Settings(), ic_webservices.Settings()))
GUID, KEY = ic.utility_guid, ic.utility_web_service_key
with Sandbox(SandboxSettings(port=0), inhance, ic) as sandbox:
    for path, namespace, operation, content in (
        (
            "/iCloud/iCloud.asmx",
            "http://tempuri.org/",
            "BalanceCheck",
            f"<AccountNumber>10000101</AccountNumber><LastInvoiceNumber>1</LastInvoiceNumber>"
            f"<WebServiceKey>{inhance.key}</WebServiceKey>",
        ),
        (
            "/portal/webservices/CloudManagement.asmx",
            "https://www.invoicecloud.com/portal/webservices/CloudManagement/",
            "ViewCustomerRecord",
            f"<BillerGUID>{GUID}</BillerGUID><WebServiceKey>{KEY}</WebServiceKey><AccountNumber>10000101</AccountNumber>",
        ),
    ):
        body = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<{operation} xmlns="{namespace}">{content}</{operation}></s:Body></s:Envelope>'
        )
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{namespace}{operation}"'}
        with urllib.request.urlopen(urllib.request.Request(sandbox.url + path, body.encode(), headers)) as answer:
            print(answer.read().decode())
print("spyne" in sys.modules)
later = {"csv", "dbos", "difflib", "flask", "httpx", "sqlalchemy", "zipfile"}
later |= {"partnerlab." + name for name in ("client.http", "client.jobs", "contracts.files", "folders")}
print(sorted(later & set(sys.modules)))
"""


@pytest.mark.parametrize(("soap", "element", "imported"), [("codec", "<", "False"), ("spyne", "<tns:", "True")])
def test_spyne_is_imported_only_where_it_serves(soap: str, element: str, imported: str) -> None:
    done = subprocess.run([sys.executable, "-c", CALL, soap], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    *answers, spyne, others = done.stdout.splitlines()
    text = "\n".join(answers)
    assert f"{element}Balance>125.50</" in text
    assert f"{element}CustomerName>Willows Laundry</" in text
    assert spyne == imported
    assert others == "[]", "what a sandbox in memory starts without"
