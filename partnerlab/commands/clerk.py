"""`partnerlab clerk`: what a biller's clerk enters in the biller portal, and in the utility's own books."""

from __future__ import annotations

from typing import Any

import click

from partnerlab import output
from partnerlab.auditing.pages import by_offset, paged
from partnerlab.command_group import Group
from partnerlab.commands.whose import biller_of, whose_option
from partnerlab.contracts.paths import at
from partnerlab.remote import Remote, connect, json_option, lane_options

RTDR_URL = "8"


@click.group(cls=Group)
def command() -> None:
    """What a biller's clerk enters in the biller portal, and in the utility's own books.

    \b
    Example:
        partnerlab clerk payment 20000201 20.00 --check 1042
        partnerlab clerk return IC0000000007 --by Dana
    """


@command.command()
@click.argument("account")
@click.argument("amount")
@click.option("--invoice", help="The invoice.  [default: the account's latest open one]")
@click.option("--check", "check_number", default="", help="Number of the check.")
@click.option("--cash", is_flag=True, help="In cash, not by check.")
@click.option("--reference", default="", help="BillerReference: what the clerk writes on it.")
@click.option("--location", default="", help="LocationReference: where it was taken.")
@whose_option("account")
@json_option
@lane_options
def payment(
    account: str,
    amount: str,
    invoice: str | None,
    check_number: str,
    *,
    as_json: bool,
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
        partnerlab clerk payment 20000201 20.00 --check 1042 --location "Town hall"
    """
    if cash and check_number:
        raise click.UsageError("--cash and --check do not go together")
    remote = connect(url, lane)
    known = biller_of(remote, biller, "account", account)
    body: dict[str, Any] = {
        "biller_guid": known["guid"],
        "account_number": account,
        "amount": amount,
        "tender": "cash" if cash else "check",
        "check_number": check_number,
        "biller_reference": reference,
        "location_reference": location,
    }
    if invoice:
        body["invoice_number"] = invoice
    done = remote.post("/_sandbox/ic/clerk/payments", body)
    output.tell(done, [output.payment(done, "Entered")], as_json=as_json)
    if known["settings"].get(RTDR_URL):
        note = f"the data pump does not tell {known['partner']}, whose next balance counts: enter it in its books too"
        click.echo(f"note: {note}", err=True)


@command.command()
@click.argument("account")
@click.argument("what", type=click.Choice(("cards", "bank")))
@click.argument("state", type=click.Choice(("on", "off")))
@whose_option("account")
@json_option
@lane_options
def block(account: str, what: str, state: str, biller: str, url: str, lane: str, *, as_json: bool) -> None:
    """Block payments by card or from a bank account for ACCOUNT (on), or allow them again (off).

    \b
    Example:
        partnerlab clerk block 20000201 bank on
    """
    remote = connect(url, lane)
    body = {what: state == "on", "biller_guid": biller_of(remote, biller, "account", account)["guid"]}
    done = remote.post(at("/_sandbox/ic/clerk/blocks/{}", account), body)
    output.tell(done, [output.customer(done, what)], as_json=as_json)


@command.command()
@click.argument("account")
@click.argument("what", type=click.Choice(("paperless", "autopay")))
@click.argument("state", type=click.Choice(("on", "off")))
@whose_option("account")
@json_option
@lane_options
def enrol(account: str, what: str, state: str, biller: str, url: str, lane: str, *, as_json: bool) -> None:
    """Switch paperless billing or AutoPay of ACCOUNT on the payer's behalf; partners are told as if the payer did.

    \b
    Example:
        partnerlab clerk enrol 20000201 paperless on
    """
    remote = connect(url, lane)
    body = {"enrolled": state == "on", "biller_guid": biller_of(remote, biller, "account", account)["guid"]}
    done = remote.post(at("/_sandbox/ic/customers/{}/{}", account, what), body)
    output.switched(done, what, remote, as_json=as_json)


@command.command("return")
@click.argument("reference")
@click.option("--by", "clerk", default="Clerk", show_default=True, help="Who enters it.")
@json_option
@lane_options
def enter_return(reference: str, clerk: str, url: str, lane: str, *, as_json: bool) -> None:
    """Enter in inHance's books that the payment REFERENCE came back: no integration of inHance tells it [A-111].

    What the payment had covered is owed there again. Its delivery at the data pump is dismissed after that, by the
    command that is printed; until then Invoice Cloud takes no balance of the account.

    \b
    Example:
        partnerlab clerk return IC0000000007 --by Dana
    """
    remote = connect(url, lane)
    rows = by_offset(remote, "/_sandbox/inhance/payments", "payments")
    posted = next((row for row in rows if row["reference"] == reference), None)
    if posted is None:
        raise click.ClickException(f"no payment {reference} in the books of inHance in lane {lane}")
    place = at("/_sandbox/inhance/accounts/{}/payments/{}/return", posted["account_number"], posted["number"])
    done = remote.post(place, {"clerk": clerk})
    text = f"Returned {posted['amount']} of {reference} on {done['account_number']}, which owes {done['balance']} now"
    output.tell(done, [text], as_json=as_json)
    for event_id in _returns(remote, reference):
        said = f"--reason 'entered by {clerk}'"
        click.echo(f"Now settle it at the data pump: partnerlab deliveries dismiss {lane}:{event_id} {said}", err=True)


def _returns(remote: Remote, reference: str) -> list[str]:
    """The events by which Invoice Cloud told that the payment came back."""
    payments = paged(remote, "/_sandbox/ic/payments", "payments", "reference")
    guid = next((row["payment_guid"] for row in payments if row["reference"] == reference), None)
    events = (row["event"] for row in paged(remote, "/_sandbox/ic/events", "events", "seq", after=0))
    return [one["id"] for one in events if one.get("ach_reject", {}).get("payment_guid") == guid]
