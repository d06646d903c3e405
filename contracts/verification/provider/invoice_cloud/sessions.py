"""Single sign-on as far as it can be seen without a browser; needs a portal user. Changes nothing but sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from partnerlab.contracts.verification.provider.invoice_cloud.platform import (
    LOGIN,
    REMOTE,
    SUITE,
    USER_ACCOUNTS,
    Platform,
)

USER = ("username", "password")
DAY = timedelta(days=1)


def log_in(platform: Platform) -> str:
    """A token by REST. Raises `Failed`."""
    target = platform.target
    answer = platform.rest(LOGIN, {"Username": target.username, "Password": target.password})
    platform.expect_done(answer, "RemoteAuthentication")
    token = str(answer.members.get("RemoteAuthenticationToken") or "")
    platform.expect(bool(token), "RemoteAuthenticationToken", "a token", "nothing", answer.number)
    return token


@SUITE.check("invoice-cloud/login", "ICWS-USERS-4", "ICWS-AUTH-1", needs=USER)
def login_gives_a_token(platform: Platform) -> None:
    """RemoteAuthentication gives the user a token, over REST and over SOAP."""
    log_in(platform)
    target = platform.target
    fields = [("Username", target.username), ("Password", target.password)]
    answer = platform.soap(REMOTE, "RemoteAuthentication", fields)
    platform.expect_done(answer, "RemoteAuthentication by SOAP")
    token = answer.result.get("RemoteAuthenticationToken", "")
    platform.expect(bool(token.strip()), "RemoteAuthenticationToken", "a token", "nothing", answer.number)


@SUITE.check("invoice-cloud/keep-alive", "ICWS-KEEP-1", needs=USER)
def session_is_kept_alive(platform: Platform) -> None:
    """KeepRemoteSessionAlive of a token that was just given is done, and says until when it lasts."""
    fields = [("RemoteAuthenticationToken", log_in(platform))]
    answer = platform.soap(REMOTE, "KeepRemoteSessionAlive", fields)
    platform.expect_done(answer, "KeepRemoteSessionAlive")
    until = answer.result.get("ExpirationDate", "").strip()
    try:
        away = datetime.fromisoformat(until).replace(tzinfo=UTC) - datetime.now(UTC)
    except ValueError:
        away = DAY
    platform.expect(abs(away) < DAY, "ExpirationDate", "some minutes from now, in some zone", until, answer.number)


@SUITE.check("invoice-cloud/user-accounts", "ICWS-USERS-5", needs=USER)
def accounts_of_the_user_are_told(platform: Platform) -> None:
    """RetrieveUserAccounts of the token lists the account among the user's."""
    answer = platform.rest(USER_ACCOUNTS, {"RemoteAuthenticationToken": log_in(platform)})
    platform.expect_done(answer, "RetrieveUserAccounts")
    numbers = [str(one.get("AccountNumber")) for one in answer.members.get("Accounts") or []]
    account = platform.target.account
    platform.expect(account in numbers, "Accounts", account, ", ".join(numbers) or "none", answer.number)
