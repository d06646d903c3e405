"""`partnerlab page`: the address of a hosted page, for a browser."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from typing import Any

import click

from partnerlab.command_group import refuse_typed
from partnerlab.commands.whose import biller_of
from partnerlab.remote import Remote, connect, lane_options

PAGES = {
    "bills": "RECENT_BILLS",
    "open-bills": "OPEN_BILLS",
    "paperless": "PAPERLESS",
    "autopay": "AUTOPAY",
    "payment-options": "PAYMENT_OPTIONS",
    "scheduled-payments": "SCHEDULED_PAYMENTS",
    "pay-by-text": "PAY_BY_TEXT",
}
GUEST = "cloud-payment"


@dataclass(frozen=True, slots=True)
class _Payer:
    user: str | None
    password: str | None
    account: str | None


@click.command()
@click.argument("name", metavar="PAGE", type=click.Choice([*PAGES, GUEST]))
@click.option("--user", help="A registered user.  [default: the biller's first]")
@click.option("--password", help="The user's password.  [default: that of the seeded users]")
@click.option("--account", help="cloud-payment: the account whose bills the guest pays.  [default: the biller's first]")
@click.option(
    "--biller",
    default="",
    help="The biller: its partner or BillerGUID.  [default: the one that has the account or user]",
)
@click.option("--framed", is_flag=True, help="As in an iFrame of a partner's page: without the biller's name.")
@click.option("--browser", is_flag=True, help="Open it in the browser too.")
@lane_options
@click.pass_context
def command(
    context: click.Context,
    name: str,
    user: str | None,
    password: str | None,
    account: str | None,
    biller: str,
    url: str,
    lane: str,
    *,
    framed: bool,
    browser: bool,
) -> None:
    """Print the address of a hosted page: of the portal, as CloudSSO opens it for a registered user, or of a Cloud
    Payments request for a guest.

    PAGE is one of bills, open-bills, paperless, autopay, payment-options, scheduled-payments, pay-by-text and
    cloud-payment.

    \b
    Example:
        partnerlab page bills --browser
    """
    if name == GUEST:
        refuse_typed(context, ("user", "password"), f"{GUEST} is the page of guests; --account names one")
    else:
        refuse_typed(context, ("account",), f"is for {GUEST}; --user names who opens {name}")
    payer = _Payer(user, password, account)
    address = _address(connect(url, lane), lane, name, payer, biller, framed=framed)
    click.echo(address)
    if browser:
        webbrowser.open(address)


def _address(remote: Remote, lane: str, name: str, payer: _Payer, biller: str, *, framed: bool) -> str:
    from partnerlab.client.errors import ClientError
    from partnerlab.client.flows.cloud_payments import unregistered_user_payment
    from partnerlab.client.flows.story import FlowFailed
    from partnerlab.client.invoice_cloud import (
        CloudCustomer,
        CloudPaymentRequest,
        CloudSso,
        Redirect,
        RestClient,
        ViewMode,
    )

    base = f"{remote.url}/lane/{lane}"
    found = _biller(remote, payer, biller)
    view = ViewMode.IFRAME if framed else ViewMode.WINDOW
    try:
        with RestClient(base, found["api_key"], allow_http=True) as rest:  # a sandbox may be on another machine
            if name == GUEST:
                account = payer.account or _first_account(remote, found["guid"])
                asked = CloudPaymentRequest((CloudCustomer(account),), view_mode=view)
                return unregistered_user_payment(rest, asked).url
            user = payer.user or _first_user(remote, found["partner"], found["guid"])
            token = rest.remote_authentication(user, payer.password or found["users_password"]).token
            return CloudSso(base, view, allow_http=True).url(token, Redirect[PAGES[name]])
    except (ClientError, FlowFailed) as error:
        raise click.ClickException(str(error)) from error


def _biller(remote: Remote, payer: _Payer, name: str) -> dict[str, Any]:
    """The biller of that name, else the one that has the payer; that of inHance v2 where nobody is named or known."""
    if payer.account:
        return biller_of(remote, name, "account", payer.account)
    if payer.user and not name:
        for row in remote.get("/_sandbox/ic/billers")["billers"]:
            users = remote.get("/_sandbox/ic/users", biller_guid=row["guid"])["users"]
            if payer.user.lower() in (user["username"].lower() for user in users):
                return dict(row)
    return remote.biller(name or "inhance_v2")


def _first_account(remote: Remote, biller_guid: str) -> str:
    customers = remote.get("/_sandbox/ic/customers", biller_guid=biller_guid)["customers"]
    if not customers:
        raise click.UsageError("the biller has no customers; --account names one")
    return str(customers[0]["account_number"])


def _first_user(remote: Remote, biller: str, biller_guid: str) -> str:
    users = remote.get("/_sandbox/ic/users", biller_guid=biller_guid)["users"]
    if not users:
        raise click.UsageError(f"the biller {biller} has no registered users; {GUEST} is the page of guests")
    return str(min(users, key=lambda user: user["created_at"])["username"])
