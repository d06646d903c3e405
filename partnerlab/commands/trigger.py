"""`partnerlab trigger`: make something happen at the simulated Invoice Cloud."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from partnerlab import output
from partnerlab.command_group import Group
from partnerlab.commands.ranges import above_zero
from partnerlab.commands.whose import biller_of, biller_of_file, whose_option
from partnerlab.contracts.paths import at
from partnerlab.remote import connect, json_option, lane_options, print_json

TENDERS = ("credit_card", "debit_card", "ach", "online_bank_direct", "paypal")
CARD, BANK_ACCOUNT = "4111111111111111", "000123456789"
NOT_PAID = ("declined", "failed")
NUMBER_OF = {
    "credit_card": "card_number",
    "debit_card": "card_number",
    "paypal": "",
    "online_bank_direct": "bank_account",
}


@click.group(cls=Group)
def command() -> None:
    """Make something happen at the simulated Invoice Cloud, as a payer or a partner would.

    \b
    Example:
        partnerlab trigger pay 10000101 40.00
    """


@command.command(cls=above_zero("AMOUNT"))
@click.argument("account")
@click.argument("amount")
@click.option("--invoice", help="The invoice.  [default: the account's latest open one]")
@click.option(
    "--tender", type=click.Choice(TENDERS), default="credit_card", show_default=True, help="What it is paid with."
)
@click.option(
    "--number",
    help="A test card or bank account number (`partnerlab catalogue magic`).  [default: one that is approved]",
)
@click.option("--fee", default="0.00", show_default=True, help="Service fee.")
@click.option(
    "--donation",
    type=click.Choice(("none", "standalone", "inline")),
    default="none",
    show_default=True,
    help="Whether it is a donation: of its own, or inline with a bill.",
)
@whose_option("account")
@json_option
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
    *,
    as_json: bool,
) -> None:
    """Pay AMOUNT (40.00) on ACCOUNT, and print what was paid and where it goes from there.

    Exit code 1 where it is declined or fails.

    \b
    Example:
        partnerlab trigger pay 10000101 40.00 --tender ach --number 000111111113
    """
    remote = connect(url, lane)
    known = biller_of(remote, biller, "account", account)
    body: dict[str, Any] = {
        "biller_guid": known["guid"],
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
    payment = remote.post("/_sandbox/ic/payments", body)
    if payment["state"] in NOT_PAID:
        if as_json:
            print_json(payment)
        click.echo(f"Error: not paid: {payment['state']}: {payment.get('message') or 'no reason given'}", err=True)
        sys.exit(1)
    output.tell(payment, [output.payment(payment)], as_json=as_json, then=output.way_of(payment, known, remote))


def _enrolment(kind: str, title: str) -> None:
    @command.command(
        name=kind,
        help=f"Switch {title} of ACCOUNT on or off.\n\n\b\nExample:\n    partnerlab trigger {kind} 10000101 on",
    )
    @click.argument("account")
    @click.argument("state", type=click.Choice(("on", "off")))
    @whose_option("account")
    @json_option
    @lane_options
    def switch(account: str, state: str, biller: str, url: str, lane: str, *, as_json: bool) -> None:
        remote = connect(url, lane)
        body = {"enrolled": state == "on", "biller_guid": biller_of(remote, biller, "account", account)["guid"]}
        done = remote.post(at("/_sandbox/ic/customers/{}/{}", account, kind), body)
        output.switched(done, kind, remote, as_json=as_json)


_enrolment("paperless", "paperless billing")
_enrolment("autopay", "AutoPay")


@command.command()
@click.argument("account")
@click.argument("address")
@whose_option("account")
@json_option
@lane_options
def email(account: str, address: str, biller: str, url: str, lane: str, *, as_json: bool) -> None:
    """Change the e-mail address of ACCOUNT.

    \b
    Example:
        partnerlab trigger email 10000101 laundry@example.com
    """
    remote = connect(url, lane)
    body = {"email_address": address, "biller_guid": biller_of(remote, biller, "account", account)["guid"]}
    done = remote.post(at("/_sandbox/ic/customers/{}/email", account), body)
    output.switched(done, "email", remote, as_json=as_json)


@command.command(name="open")
@click.argument("invoice")
@whose_option("invoice")
@json_option
@lane_options
def open_(invoice: str, biller: str, url: str, lane: str, *, as_json: bool) -> None:
    """Open INVOICE as its payer: Invoice Cloud asks the partner for the balance first.

    \b
    Example:
        partnerlab trigger open 454100010-06/16/2020
    """
    remote = connect(url, lane)
    body = {"biller_guid": biller_of(remote, biller, "invoice", invoice)["guid"]}
    answer = remote.post(at("/_sandbox/ic/invoices/{}/open", invoice), body)
    output.tell(answer, output.opened(answer), as_json=as_json)


@command.command()
@click.argument("payment_guid")
@json_option
@lane_options
def void(payment_guid: str, url: str, lane: str, *, as_json: bool) -> None:
    """Ask for a payment to be voided. No integration supports it: the answer is the row that says so, exit code 1.

    \b
    Example:
        partnerlab trigger void 0a6cf1de-2f7b-4f0c-9f2f-4f6a1f0d4a11
    """
    done = connect(url, lane).post(at("/_sandbox/ic/payments/{}/void", payment_guid))
    output.tell(done, [output.payment(done, "Voided")], as_json=as_json)


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--biller",
    default="",
    help="The biller: its partner or BillerGUID.  [default: the one that the file names; of a .csv that of WaterSmart]",
)
@json_option
@lane_options
def upload(file: Path, biller: str, url: str, lane: str, *, as_json: bool) -> None:
    """Upload FILE through UploadInvoiceFile, as the partner does: a bill file, or a .csv of WaterSmart.

    Exit code 1 where a row of it is rejected or nothing was loaded, but 0 where the same file was loaded before or it
    waits for a person (`partnerlab uploads`): the message says so.

    \b
    Example:
        partnerlab trigger upload bills.bif
    """
    from dataclasses import asdict

    from partnerlab.client.errors import ClientError
    from partnerlab.client.invoice_cloud import InvoiceCloudClient

    remote = connect(url, lane)
    found = remote.biller(biller) if biller else biller_of_file(remote, file)
    layout = found["partner"]
    try:
        with InvoiceCloudClient(f"{remote.url}/lane/{lane}", found["guid"], found["web_service_key"]) as invoice_cloud:
            receipt = invoice_cloud.upload_invoice_file(file.name, file.read_bytes())
    except ClientError as error:
        raise click.ClickException(f"{error}{_whose(file, layout)}") from error
    row = asdict(receipt)
    then = f"partnerlab uploads show {receipt.upload_id}{output.address(remote)}"
    output.tell(row, output.upload(row), as_json=as_json, then=then)
    if receipt.invoices_rejected or not (receipt.invoices_accepted or receipt.message):
        sys.exit(1)


def _whose(file: Path, layout: str) -> str:
    """A hint where the file is of the form of another partner's."""
    from partnerlab.contracts.files import check, layouts, load_layout

    if layout not in layouts() or check(file, load_layout(layout)).loaded:
        return ""
    found = [name for name in layouts() if name != layout and check(file, load_layout(name)).loaded]
    return f"\nIt reads as a file of {found[0]}: try --biller {found[0]}" if found else ""
