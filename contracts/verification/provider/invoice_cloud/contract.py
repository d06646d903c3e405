"""Is what the platform says as the contract has it, and does it take what its callers send. Changes nothing."""

from __future__ import annotations

import base64

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.invoice_cloud.platform import (
    CUSTOMER_GUID,
    INVOICING,
    MANAGEMENT,
    SERVICES,
    STATUS,
    SUITE,
    UNKNOWN,
    USERS,
    Platform,
    RestAnswer,
)
from partnerlab.contracts.verification.provider.soap import SoapAnswer
from partnerlab.contracts.verification.provider.wsdl import differences, read, served


@SUITE.check("invoice-cloud/status", "ICWS-REST-1")
def status_tells_the_biller(platform: Platform) -> None:
    """GET /api/v1/biller/status answers whose the API key is, validly."""
    answer = platform.rest(STATUS)
    platform.expect_done(answer, "BillerStatus")
    guid = str(answer.members.get("BillerGUID"))
    expected = platform.target.biller_guid
    platform.expect(guid.lower() == expected.lower(), "BillerGUID", expected, guid, answer.number)


@SUITE.check("invoice-cloud/key-forms", "ICWS-KEY-1", kind="tolerance")
def api_key_is_taken_in_its_forms(platform: Platform) -> None:
    """The API key is taken bare, with a colon behind it, and wrapped over lines as some encoders do."""
    key = platform.target.api_key
    coded = base64.b64encode(f"{key}:".encode()).decode("ascii")
    for what, credential in (
        ("with a colon", f"Basic {coded}"),
        ("with a blank in it", f"Basic {coded[:5]} {coded[5:]}"),
    ):
        answer = platform.rest(STATUS, credential=credential)
        platform.expect(answer.success, f"the API key {what}", "Success true", answer.said, answer.number)


@SUITE.check("invoice-cloud/users", "ICWS-USERS-1", "ICWS-REST-3")
def users_of_the_account_are_told(platform: Platform) -> None:
    """RetrieveUsers tells that the account exists, and whether it is registered."""
    answer = platform.rest(USERS, {"AccountNumber": platform.target.account})
    platform.expect_done(answer, "RetrieveUsers")
    users = answer.members.get("Users") or []
    numbers = {str(user.get("AccountNumber")) for user in users}
    expected = f"entries of account {platform.target.account}"
    platform.expect(
        numbers == {platform.target.account}, "Users", expected, ", ".join(numbers) or "none", answer.number
    )


@SUITE.check("invoice-cloud/users-registered", "ICWS-USERS-1", needs=("username",))
def users_are_told_by_name(platform: Platform) -> None:
    """RetrieveUsers tells that the account is registered, and to whom."""
    username = platform.target.username
    answer = platform.rest(USERS, {"AccountNumber": platform.target.account})
    registered = [
        str(one.get("Username")).lower() for one in answer.members.get("Users") or [] if one.get("Registered")
    ]
    platform.expect(
        username.lower() in registered, "Users, Registered", username, ", ".join(registered) or "nobody", answer.number
    )


@SUITE.check("invoice-cloud/users-unknown", "ICWS-USERS-1")
def unknown_accounts_have_no_users(platform: Platform) -> None:
    """RetrieveUsers of an unknown account lists nobody."""
    answer = platform.rest(USERS, {"AccountNumber": UNKNOWN})
    found = answer.members.get("Users") or []
    platform.expect(answer.status == 200, "an unknown account", "status 200", answer.said, answer.number)
    platform.expect(not found, "Users of an unknown account", "none", f"{len(found)}", answer.number)


@SUITE.check("invoice-cloud/customer-login", "ICWS-SOAP-4", needs=("username",))
def customer_has_its_login(platform: Platform) -> None:
    """ViewCustomerRecord of an account that is registered says so, and names a login."""
    answer = platform.customer()
    registered = answer.result.get("Registered", "").strip().lower() in ("true", "1")
    platform.expect(registered, "Registered", "true", answer.result.get("Registered", "nothing"), answer.number)
    login = answer.result.get("LoginName", "").strip()
    platform.expect(bool(login), "LoginName", "the user's name", "nothing", answer.number)


@SUITE.check("invoice-cloud/customer-guid", "ICWS-GUID-1", "ICWS-GUID-2", "ICWS-REST-2")
def customer_guid_leads_to_the_account(platform: Platform) -> None:
    """RetrieveCustomerGuid of the account gives a CustomerGuid, under which its account is found."""
    answer = platform.rest(CUSTOMER_GUID, {"AccountNumber": platform.target.account})
    platform.expect_done(answer, "RetrieveCustomerGuid")
    found = platform.rest(f"/api/v1/cp/{answer.members['CustomerGuid']}/account")
    platform.expect_done(found, "RetrieveCustomerAccount")
    number = str(found.members.get("AccountNumber"))
    platform.expect(number == platform.target.account, "AccountNumber", platform.target.account, number, found.number)


@SUITE.check("invoice-cloud/property-case", "ICWS-READ-1", kind="tolerance")
def property_names_match_in_any_case(platform: Platform) -> None:
    """Property names match without regard to case, and unknown properties are ignored."""
    answer = platform.rest(CUSTOMER_GUID, {"accountNUMBER": platform.target.account, "VerifyUnknown": {"a": [1]}})
    _expect_customer(platform, answer, "accountNUMBER, and an unknown property")


@SUITE.check("invoice-cloud/number-as-text", "ICWS-READ-1", kind="tolerance")
def numbers_and_texts_are_taken_for_each_other(platform: Platform) -> None:
    """An account number sent as a number is the same as text."""
    number = platform.target.account
    body = (
        f'{{"AccountNumber": {number}}}'
        if number.isdigit() and number[0] != "0"
        else f'{{"AccountNumber": "{number}"}}'
    )
    answer = platform.rest(CUSTOMER_GUID, body)
    _expect_customer(platform, answer, "AccountNumber as a number")


@SUITE.check("invoice-cloud/wsdl", "ASMX-WSDL-1")
def wsdls_declare_the_operations(platform: Platform) -> None:
    """The WSDL of each SOAP service declares the contract's operations: names, order, types, namespace."""
    for service in SERVICES:
        reply = platform.line.ask(Asked("WSDL", "GET", f"{platform.address(service)}?WSDL"))
        found, contract = served(reply.answer), read(read_bytes(f"ic_webservices/{service}.wsdl"))
        assert contract is not None
        if found is None:
            platform.fail(f"{service}?WSDL", "a WSDL", f"status {reply.answer.status}", reply.number)
        same = found.namespace == contract.namespace
        platform.expect(same, f"{service}, targetNamespace", contract.namespace, found.namespace, reply.number)
        platform.expect_none(differences(contract, found, service), reply.number)


@SUITE.check("invoice-cloud/invoice", "ICWS-SOAP-3", "ICWS-SOAP-1")
def invoice_is_told(platform: Platform) -> None:
    """ViewInvoiceByInvoiceNumber, its arguments wrapped in Req, answers the invoice validly."""
    answer = platform.invoice()
    platform.expect_done(answer, "ViewInvoiceByInvoiceNumber")
    number = answer.result.get("InvoiceNumber", "")
    platform.expect(number == platform.target.invoice, "InvoiceNumber", platform.target.invoice, number, answer.number)


@SUITE.check("invoice-cloud/customer", "ICWS-SOAP-4", "ICWS-SOAP-1")
def customer_is_told(platform: Platform) -> None:
    """ViewCustomerRecord, its arguments bare, answers the customer validly."""
    answer = platform.customer()
    platform.expect_done(answer, "ViewCustomerRecord")
    number = answer.result.get("AccountNumber", "")
    platform.expect(number == platform.target.account, "AccountNumber", platform.target.account, number, answer.number)


@SUITE.check("invoice-cloud/soap12", "ICWS-SOAP-2")
def soap_12_is_answered(platform: Platform) -> None:
    """Wrapped and bare operations are answered over SOAP 1.2 as over SOAP 1.1."""
    for service, operation, field in _READS:
        fields = [(field, platform.target.invoice if field == "InvoiceNumber" else platform.target.account)]
        answer = platform.soap(service, operation, fields, version="1.2")
        platform.expect_done(answer, f"{operation} over SOAP 1.2")
        _expect_asked(platform, answer, *fields[0])


@SUITE.check("invoice-cloud/forms", "ICWS-SOAP-2")
def forms_are_answered(platform: Platform) -> None:
    """Wrapped and bare operations are answered as a form POST of their members."""
    for service, operation, field in _READS:
        value = platform.target.invoice if field == "InvoiceNumber" else platform.target.account
        answer = platform.form(service, operation, [(field, value)])
        platform.expect(answer.success, f"{operation} by form", "Success true", answer.said, answer.number)
        _expect_asked(platform, answer, field, value)


@SUITE.check("invoice-cloud/unprefixed", "ASMX-ANS-1")
def answers_have_no_prefixes(platform: Platform) -> None:
    """The elements of a SOAP answer have no prefix: consumers match them as text."""
    answer = platform.customer()
    platform.expect_none((one for one in platform.findings(answer.reply) if one.rule == "unprefixed"), answer.number)


def _expect_customer(platform: Platform, answer: RestAnswer, what: str) -> None:
    """Raises `Failed` unless it has the CustomerGuid of the account, as the plain call has."""
    platform.expect(answer.success, what, "Success true", answer.said, answer.number)
    plain = platform.rest(CUSTOMER_GUID, {"AccountNumber": platform.target.account}).members.get("CustomerGuid")
    found = answer.members.get("CustomerGuid")
    platform.expect(found == plain, f"CustomerGuid, {what}", str(plain), str(found), answer.number)


def _expect_asked(platform: Platform, answer: SoapAnswer, field: str, value: str) -> None:
    """Raises `Failed` unless the answer is about what was asked for."""
    found = answer.result.get(field, "")
    platform.expect(found == value, field, value, found or "nothing", answer.number)


_READS = (
    (INVOICING, "ViewInvoiceByInvoiceNumber", "InvoiceNumber"),
    (MANAGEMENT, "ViewCustomerRecord", "AccountNumber"),
)
