"""Does the service take what an ASP.NET service takes, on which callers rely. Nothing here changes anything."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit
from xml.sax.saxutils import escape

from partnerlab.contracts.verification.grading import NotHere
from partnerlab.contracts.verification.provider.inhance.utility import SUITE, Utility
from partnerlab.contracts.verification.provider.soap import ENVELOPES, elements, envelope


@SUITE.check("inhance/path-case", "ASMX-TOL-1", kind="tolerance")
def path_matches_in_any_case(utility: Utility) -> None:
    """The path matches in capitals and in small letters."""
    parts = urlsplit(utility.target.url)
    body = envelope(utility.target.namespace, "BalanceCheck", utility.fields("BalanceCheck", {}))
    others = {parts.path.upper(), parts.path.lower()} - {parts.path}
    if not others:
        raise NotHere("the path has no letters")
    for path in sorted(others):
        url = urlunsplit(parts._replace(path=path))
        utility.expect_same(utility.send("BalanceCheck", body, url=url), f"path {path}")


@SUITE.check("inhance/unquoted-action", "ASMX-SOAP-1", kind="tolerance")
def soap_action_needs_no_quotes(utility: Utility) -> None:
    """A SOAPAction without quotation marks is the same."""
    body = envelope(utility.target.namespace, "BalanceCheck", utility.fields("BalanceCheck", {}))
    answer = utility.send("BalanceCheck", body, action=f"{utility.target.namespace}BalanceCheck")
    utility.expect_same(answer, "SOAPAction without quotation marks")


@SUITE.check("inhance/unknown-element", "ASMX-TOL-2", kind="tolerance")
def unknown_elements_are_ignored(utility: Utility) -> None:
    """An element that the operation does not have is ignored."""
    fields = [*utility.fields("BalanceCheck", {}), ("VerifyUnknown", "x")]
    body = envelope(utility.target.namespace, "BalanceCheck", fields)
    utility.expect_same(utility.send("BalanceCheck", body), "an unknown element")


@SUITE.check("inhance/missing-number", "ASMX-TOL-3", kind="tolerance")
def missing_number_takes_its_default(utility: Utility) -> None:
    """Without LastInvoiceNumber the account's balance is answered, as with 0."""
    answer = utility.call("BalanceCheck", LastInvoiceNumber=None)
    utility.expect_same(answer, "no LastInvoiceNumber")


@SUITE.check("inhance/prefixes", "ASMX-TOL-4", kind="tolerance")
def prefixes_of_a_request_are_free(utility: Utility) -> None:
    """A request whose elements have a prefix is the same request."""
    namespace = escape(utility.target.namespace)
    fields = [(f"v:{name}", value) for name, value in utility.fields("BalanceCheck", {})]
    body = (
        f'<e:Envelope xmlns:e="{ENVELOPES["1.1"]}"><e:Body><v:BalanceCheck xmlns:v="{namespace}">'
        f"{elements(fields)}</v:BalanceCheck></e:Body></e:Envelope>"
    )
    utility.expect_same(utility.send("BalanceCheck", body), "prefixes")


@SUITE.check("inhance/layout-of-xml", "ASMX-TOL-4", kind="tolerance")
def layout_of_a_request_is_free(utility: Utility) -> None:
    """Comments, line breaks and a header that need not be understood make no difference."""
    body = envelope(utility.target.namespace, "BalanceCheck", utility.fields("BalanceCheck", {}))
    header = '<soap:Header><v:Trace xmlns:v="urn:verify">1</v:Trace></soap:Header>'
    body = body.replace("<soap:Body>", f"{header}<!-- verify -->\r\n  <soap:Body>\r\n    ")
    utility.expect_same(utility.send("BalanceCheck", body), "a comment, line breaks and a header")
