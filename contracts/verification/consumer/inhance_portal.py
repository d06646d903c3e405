"""The role `inhance-portal`: what its rows cannot say."""

from __future__ import annotations

from collections.abc import Callable

from partnerlab.contracts.verification.consumer.call import CONNECT
from partnerlab.contracts.verification.consumer.definition import define, raise_for
from partnerlab.contracts.verification.consumer.record import Record, problem
from partnerlab.contracts.verification.grading.checks import Check, NotExercised

__all__ = ["ROLE", "declare_pages", "tokens_are_known"]

ROLE = define("inhance_portal")
SESSION = "RemoteAuthenticationToken"
PAGES = {
    "1": ("recent bills", "the recent bills"),
    "2": ("paperless settings", "the paperless page"),
    "3": ("AutoPay settings", "the AutoPay page"),
    "5": ("payment options", "the payment methods"),
    "9": ("scheduled payments", "the scheduled payments"),
    "11": ("Pay By Text enrollment", "the Pay By Text page"),
}
"""Each page by its RedirectID: its name, and what a person is asked to open."""


@ROLE.suite.check("inhance-portal/token", "ICP-SSO-1")
def token(record: Record) -> None:
    """Each page is opened with a token that Remote Authentication gave, and that still lives."""
    tokens_are_known(record)


@ROLE.suite.check("inhance-portal/site-name", "ICP-SSO-6")
def site_name(record: Record) -> None:
    """CustomReturnSiteName comes with a ReturnUrl: without one there is no button to name."""
    named = [call for call in record.of([CONNECT]) if call.sent.get("CustomReturnSiteName")]
    if not named:
        raise NotExercised("no page was opened with a CustomReturnSiteName")
    raise_for([problem(call, "ReturnUrl", "an address", "nothing") for call in named if not call.sent.get("ReturnUrl")])


@ROLE.suite.check("inhance-portal/keeps-token", "ICP-REG-5", kind="meaning")
def keeps_token(record: Record) -> None:
    """The token of the session opens page after page: none is asked for anew for each."""
    calls = record.of([CONNECT, "RemoteAuthentication"])
    pages = [call for call in calls if call.operation == CONNECT and call.done]
    if len(pages) < 2:
        raise NotExercised("no two pages were opened")
    tokens = [call.sent.get(SESSION) or "" for call in pages]
    logins = [call for call in calls if call.operation == "RemoteAuthentication" and call.done]
    users = {(call.sent.get("Username") or call.sent.get("EmailAddress") or "").lower() for call in logins}
    if len(set(tokens)) == len(tokens) and len(tokens) > max(1, len(users)):
        raise_for(
            [problem(pages[1], SESSION, "the one of the page before, while it lives", "another one for each page")]
        )


@ROLE.suite.check(
    "inhance-portal/guest",
    "ICP-GUEST-1",
    kind="story",
    turn="pay {account} at your portal without signing in: ask for the page",
)
def guest(record: Record) -> None:
    """Who is not signed in gets a Cloud Payments page with CreateCustomerRecord true."""
    guests = [call for call in record.of(["CloudPaymentsV2"]) if not call.sent.get(SESSION)]
    if not guests:
        raise NotExercised("no Cloud Payments page was asked for without a token")
    raise_for(
        [
            problem(call, "CreateCustomerRecord", "true", call.sent.get("CreateCustomerRecord") or "nothing")
            for call in guests
            if (call.sent.get("CreateCustomerRecord") or "").lower() not in ("true", "1")
        ]
    )


def tokens_are_known(record: Record) -> None:
    """Every page has a token, and none was refused for it. Raises `Failed`, `NotExercised`."""
    calls = record.some([CONNECT])
    without = [call for call in calls if call.sent.get(SESSION) is None]
    found = [problem(call, SESSION, "one that Remote Authentication gave", "nothing") for call in without]
    wrong = [call for call in calls if call not in without and call.status in (401, 410)]
    found += [problem(call, SESSION, "one that lives", f"status {call.status}: {call.outcome}") for call in wrong]
    raise_for(found)


def declare_pages() -> None:
    """A check for each page of the portal's table."""

    def opened(redirect: str) -> Callable[[Record], None]:
        def check(record: Record) -> None:
            calls = [call for call in record.of([CONNECT]) if call.sent.get("RedirectID") == redirect]
            if not any(call.done for call in calls):
                raise NotExercised(f"no page was opened with RedirectID {redirect}")

        return check

    for redirect, (name, asked) in PAGES.items():
        sentence = f"RedirectID {redirect} opens the {name}."
        turn = f"open {asked} as {{username}}"
        id = f"inhance-portal/page-{redirect}"
        ROLE.suite.add(Check(id, sentence, "story", (f"ICP-RED-{redirect}",), False, (), opened(redirect), turn))


declare_pages()
