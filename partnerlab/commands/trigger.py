"""`partnerlab trigger`: make something happen at the simulated Invoice Cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from partnerlab.remote import Remote, lane_options, print_json

TENDERS = ("credit_card", "debit_card", "ach", "online_bank_direct", "paypal")
CARD, BANK_ACCOUNT = "4111111111111111", "000123456789"
NUMBER_OF = {
    "credit_card": "card_number",
    "debit_card": "card_number",
    "paypal": "",
    "online_bank_direct": "bank_account",
}


biller_option = click.option("--biller", default="inhance_v2", show_default=True, help="Whose: partner or BillerGUID.")


@click.group()
def command() -> None:
    """Make something happen at the simulated Invoice Cloud, as a payer or a partner would.

    \b
    Example:
        partnerlab trigger pay 10000101 40.00
    """


@command.command()
@click.argument("account")
@click.argument("amount")
@click.option("--invoice", help="The invoice; without it the account's open one.")
@click.option("--tender", type=click.Choice(TENDERS), default="credit_card", show_default=True)
@click.option("--number", help="A test card or bank account number; see `partnerlab catalogue magic`.")
@click.option("--fee", default="0.00", show_default=True, help="Service fee.")
@click.option("--donation", type=click.Choice(("none", "standalone", "inline")), default="none", show_default=True)
@biller_option
@lane_options
def pay(
    account: str,
    amount: str,
    invoice: str | None,
    tender: str,
    number: str | None,
    fee: str,
    donation: str,
    biller: str,
    url: str,
    lane: str,
) -> None:
    """Pay AMOUNT (40.00) on ACCOUNT. An approved payment goes to the partner through the data pump.

    \b
    Example:
        partnerlab trigger pay 10000101 40.00 --tender ach --number 000111111113
    """
    remote = Remote(url, lane)
    body: dict[str, Any] = {
        "biller_guid": remote.biller(biller)["guid"],
        "account_number": account,
        "amount": amount,
        "tender": tender,
        "service_fee": fee,
        "donation": donation,
    }
    if invoice:
        body["invoice_number"] = invoice
    field = NUMBER_OF.get(tender, "bank_account")
    if number or field:
        default = CARD if field == "card_number" else BANK_ACCOUNT
        body[field or "card_number"] = number or default
    print_json(remote.post("/_sandbox/ic/payments", body))


def _enrolment(kind: str, title: str) -> None:
    @command.command(
        name=kind,
        help=f"Switch {title} of ACCOUNT on or off.\n\n\b\nExample:\n    partnerlab trigger {kind} 10000101 on",
    )
    @click.argument("account")
    @click.argument("state", type=click.Choice(("on", "off")))
    @biller_option
    @lane_options
    def switch(account: str, state: str, biller: str, url: str, lane: str) -> None:
        remote = Remote(url, lane)
        body = {"enrolled": state == "on", "biller_guid": remote.biller(biller)["guid"]}
        print_json(remote.post(f"/_sandbox/ic/customers/{account}/{kind}", body))


_enrolment("paperless", "paperless billing")
_enrolment("autopay", "AutoPay")


@command.command()
@click.argument("account")
@click.argument("address")
@biller_option
@lane_options
def email(account: str, address: str, biller: str, url: str, lane: str) -> None:
    """Change the e-mail address of ACCOUNT.

    \b
    Example:
        partnerlab trigger email 10000101 laundry@example.com
    """
    remote = Remote(url, lane)
    body = {"email_address": address, "biller_guid": remote.biller(biller)["guid"]}
    print_json(remote.post(f"/_sandbox/ic/customers/{account}/email", body))


@command.command(name="open")
@click.argument("invoice")
@biller_option
@lane_options
def open_(invoice: str, biller: str, url: str, lane: str) -> None:
    """Open INVOICE as its payer: Invoice Cloud asks the partner for the balance first.

    \b
    Example:
        partnerlab trigger open 454100010-06/16/2020 --biller tccs
    """
    remote = Remote(url, lane)
    print_json(remote.post(f"/_sandbox/ic/invoices/{invoice}/open", {"biller_guid": remote.biller(biller)["guid"]}))


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@biller_option
@lane_options
def upload(file: Path, biller: str, url: str, lane: str) -> None:
    """Upload the bill FILE through UploadInvoiceFile, as the partner does.

    \b
    Example:
        partnerlab trigger upload bills.bif
    """
    from dataclasses import asdict

    from partnerlab.client.errors import ClientError
    from partnerlab.client.invoice_cloud import InvoiceCloudClient

    remote = Remote(url, lane)
    found = remote.biller(biller)
    try:
        with InvoiceCloudClient(f"{remote.url}/lane/{lane}", found["guid"], found["web_service_key"]) as invoice_cloud:
            receipt = invoice_cloud.upload_invoice_file(file.name, file.read_bytes())
    except ClientError as error:
        raise click.ClickException(str(error)) from error
    print_json(asdict(receipt))
