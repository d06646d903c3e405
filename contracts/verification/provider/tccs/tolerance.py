"""Does the service take what an ASP.NET Web API takes, on which callers rely. Nothing here changes anything."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from partnerlab.contracts.verification.provider.tccs.insurer import IMAGE, STATE, SUITE, Answer, Insurer


def expect_answered(insurer: Insurer, answer: Answer, what: str) -> None:
    """Raises `Failed` unless it is answered as the plain call is."""
    told = answer.status == 200 and "Record bal" in answer.members
    insurer.expect(told, what, "status 200 with the balances, as without it", answer.said, answer.number)
    insurer.expect_same(answer, what)


@SUITE.check("tccs/path-case", "TCCS-ADR-8", kind="tolerance")
def path_matches_in_any_case(insurer: Insurer) -> None:
    """The path matches in capitals and in small letters."""
    parts = urlsplit(insurer.url(STATE))
    for path in (parts.path.upper(), parts.path.lower()):
        answer = insurer.call(STATE, insurer.target.invoice, url=urlunsplit(parts._replace(path=path)))
        expect_answered(insurer, answer, f"path {path}")


@SUITE.check("tccs/path-without-api", "TCCS-ADR-8", kind="tolerance")
def path_needs_no_api(insurer: Insurer) -> None:
    """The calls stand with `/api` in the path and without it, the bill image too."""
    answer = insurer.call(STATE, insurer.target.invoice, url=insurer.url(STATE, prefix=""))
    expect_answered(insurer, answer, "a path without /api")
    image = insurer.call(IMAGE, insurer.target.invoice, url=insurer.url(IMAGE, prefix="/api"))
    insurer.expect_status(image, 200, "the bill image with /api")


@SUITE.check("tccs/spaces", "TCCS-ADR-10", kind="tolerance")
def spaces_around_separators_are_taken(insurer: Insurer) -> None:
    """Spaces around the hyphen of an invoice number, as in the source's example, make no difference."""
    number, _, day = insurer.target.invoice.rpartition("-")
    answer = insurer.call(STATE, f"{number} - {day}")
    expect_answered(insurer, answer, "spaces around the hyphen")


@SUITE.check("tccs/field-case", "TCCS-ADR-3", kind="tolerance")
def field_names_match_in_any_case(insurer: Insurer) -> None:
    """The names of the form's fields match without regard to case, in any order."""
    names = {"consumerGUID": "CONSUMERGUID", "entryKey": "entrykey", "contentInfo": "ContentInfo"}
    expect_answered(
        insurer, insurer.call(STATE, insurer.target.invoice, names=names), "names of fields in another case"
    )


@SUITE.check("tccs/charset", "TCCS-ADR-3", kind="tolerance")
def charset_of_the_form_is_taken(insurer: Insurer) -> None:
    """A content type with a charset is a form too."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    expect_answered(insurer, insurer.call(STATE, insurer.target.invoice, headers=headers), "a charset in Content-Type")
