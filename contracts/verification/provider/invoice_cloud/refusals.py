"""Is what is wrong refused, and nothing told. Changes nothing."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.invoice_cloud.platform import (
    CUSTOMER_GUID,
    INVOICING,
    LOGIN,
    MANAGEMENT,
    REMOTE,
    STATUS,
    SUITE,
    UNKNOWN,
    USERS,
    WRONG,
    Platform,
)


@SUITE.check("invoice-cloud/wrong-api-key", "ICWS-KEY-1", kind="input")
def wrong_api_key_is_refused(platform: Platform) -> None:
    """A wrong API key, a part of the key, and none are answered 401, and tell nothing."""
    key = platform.target.api_key
    for what, credential in (("wrong", platform.basic(WRONG)), ("cut off", platform.basic(key[:-1])), ("missing", "")):
        for path, body in ((STATUS, None), (USERS, {"AccountNumber": platform.target.account})):
            answer = platform.rest(path, body, credential=credential)
            platform.expect(
                answer.status == 401, f"an API key that is {what}", "status 401", answer.said, answer.number
            )
            told = [name for name in ("BillerGUID", "Users") if answer.members.get(name)]
            platform.expect(not told, "a refusal", "nothing told", ", ".join(told), answer.number)


@SUITE.check("invoice-cloud/wrong-service-key", "ICWS-KEY-2", kind="input")
def wrong_service_key_is_refused(platform: Platform) -> None:
    """A wrong WebServiceKey, and a BillerGUID that it does not belong to, are refused, and tell nothing."""
    for changed in ("WebServiceKey", "BillerGUID"):
        for answer in (platform.customer(**{changed: WRONG}), platform.invoice(**{changed: WRONG})):
            platform.expect_refused(answer, f"another {changed}")
            told = [name for name in ("CustomerName", "InvoiceNumber") if answer.result.get(name, "").strip()]
            platform.expect(not told, "a refusal", "nothing told", ", ".join(told), answer.number)


@SUITE.check("invoice-cloud/unknown-account", "ICWS-READ-3", kind="input")
def unknown_account_is_refused(platform: Platform) -> None:
    """An unknown account is an answer of status 200 with Success false and why, over REST and SOAP."""
    answer = platform.rest(CUSTOMER_GUID, {"AccountNumber": UNKNOWN})
    platform.expect_refused(answer, "an unknown account")
    platform.expect(answer.status == 200, "an unknown account", "status 200", answer.said, answer.number)
    platform.expect_valid(answer)
    found = platform.soap(MANAGEMENT, "ViewCustomerRecord", [("AccountNumber", UNKNOWN)])
    platform.expect_refused(found, "an unknown account")
    platform.expect_valid(found)


@SUITE.check("invoice-cloud/unknown-invoice", "ICWS-SOAP-3", kind="input")
def unknown_invoice_is_refused(platform: Platform) -> None:
    """An unknown invoice is refused: one that owes nothing would be taken for paid."""
    answer = platform.soap(INVOICING, "ViewInvoiceByInvoiceNumber", [("InvoiceNumber", UNKNOWN)])
    platform.expect_refused(answer, "an unknown invoice")


@SUITE.check("invoice-cloud/wrong-password", "ICWS-KEY-4", kind="input")
def wrong_password_is_an_unknown_user(platform: Platform) -> None:
    """A wrong password and an unknown username are refused in the same words, so that nobody learns who is a user."""
    known = platform.target.username or "willows@example.com"
    by_password = platform.rest(LOGIN, {"Username": known, "Password": "Verify!wrong-1"})
    by_user = platform.rest(LOGIN, {"Username": "verify.nobody@example.com", "Password": "Verify!wrong-1"})
    for answer in (by_password, by_user):
        platform.expect_refused(answer, "a login that is wrong")
    words = [str(answer.members.get("ErrorMessage")) for answer in (by_password, by_user)]
    platform.expect(words[0] == words[1], "ErrorMessage of an unknown username", words[0], words[1], by_user.number)


@SUITE.check("invoice-cloud/unknown-token", "ICWS-KEEP-2", kind="input")
def unknown_token_is_refused(platform: Platform) -> None:
    """KeepRemoteSessionAlive of a token that nobody has is refused."""
    answer = platform.soap(REMOTE, "KeepRemoteSessionAlive", [("RemoteAuthenticationToken", WRONG)])
    platform.expect_refused(answer, "an unknown token")


@SUITE.check("invoice-cloud/malformed", "ICWS-READ-2", kind="input")
def malformed_bodies_are_refused(platform: Platform) -> None:
    """A body that is no JSON, or lacks what is required, is answered 400 with the place and the rule."""
    for body, place in (('{"AccountNumber": ', ""), ("[]", ""), ("{}", "AccountNumber")):
        answer = platform.rest(CUSTOMER_GUID, body)
        platform.expect(answer.status == 400, f"the body {body}", "status 400", answer.said, answer.number)
        words = str(answer.members.get("ErrorMessage") or "")
        expected = f"an ErrorMessage that names {place}" if place else "an ErrorMessage"
        platform.expect(bool(words) and place in words, f"the body {body}", expected, answer.said, answer.number)
        platform.expect_valid(answer)
        platform.expect_no_insides(answer.reply.answer.text, answer.number)
