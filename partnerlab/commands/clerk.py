"""`partnerlab clerk`: what a biller's clerk enters in the biller portal."""

from __future__ import annotations

from typing import Any

import click

from partnerlab.remote import connect, lane_options, print_json

biller_option = click.option(
    "--biller", default="inhance_v2", show_default=True, help="Whose clerk: partner or BillerGUID."
)


@click.group()
def command() -> None:
    """What a biller's clerk enters in the biller portal.

    \b
    Example:
        partnerlab clerk payment 20000201 20.00 --check 1042 --biller watersmart
    """


@command.command()
@click.argument("account")
@click.argument("amount")
@click.option("--invoice", help="The invoice; else the account's latest open one.")
@click.option("--check", "check_number", default="", help="Number of the check.")
@click.option("--cash", is_flag=True, help="In cash, not by check.")
@click.option("--reference", default="", help="BillerReference: what the clerk writes on it.")
@click.option("--location", default="", help="LocationReference: where it was taken.")
@biller_option
@lane_options
def payment(
    account: str,
    amount: str,
    invoice: str | None,
    check_number: str,
    *,
    cash: bool,
    reference: str,
    location: str,
    biller: str,
    url: str,
    lane: str,
) -> None:
    """Enter a payment of AMOUNT (40.00) that was taken over the counter for ACCOUNT.

    It lowers the balance, moves no money, and stands in the payment file with Offline True.

    \b
    Example:
        partnerlab clerk payment 20000201 20.00 --check 1042 --location "Town hall" --biller watersmart
    """
    if cash and check_number:
        raise click.UsageError("--cash and --check do not go together")
    remote = connect(url, lane)
    body: dict[str, Any] = {
        "biller_guid": remote.biller(biller)["guid"],
        "account_number": account,
        "amount": amount,
        "tender": "cash" if cash else "check",
        "check_number": check_number,
        "biller_reference": reference,
        "location_reference": location,
    }
    if invoice:
        body["invoice_number"] = invoice
    print_json(remote.post("/_sandbox/ic/clerk/payments", body))


@command.command()
@click.argument("account")
@click.argument("what", type=click.Choice(("cards", "bank")))
@click.argument("state", type=click.Choice(("on", "off")))
@biller_option
@lane_options
def block(account: str, what: str, state: str, biller: str, url: str, lane: str) -> None:
    """Block payments by card or from a bank account for ACCOUNT (on), or allow them again (off).

    \b
    Example:
        partnerlab clerk block 20000201 bank on --biller watersmart
    """
    remote = connect(url, lane)
    body = {what: state == "on", "biller_guid": remote.biller(biller)["guid"]}
    print_json(remote.post(f"/_sandbox/ic/clerk/blocks/{account}", body))


@command.command()
@click.argument("account")
@click.argument("what", type=click.Choice(("paperless", "autopay")))
@click.argument("state", type=click.Choice(("on", "off")))
@biller_option
@lane_options
def enrol(account: str, what: str, state: str, biller: str, url: str, lane: str) -> None:
    """Switch paperless billing or AutoPay of ACCOUNT on the payer's behalf; partners are told as if the payer did.

    \b
    Example:
        partnerlab clerk enrol 20000201 paperless on --biller watersmart
    """
    remote = connect(url, lane)
    body = {"enrolled": state == "on", "biller_guid": remote.biller(biller)["guid"]}
    print_json(remote.post(f"/_sandbox/ic/customers/{account}/{what}", body))
