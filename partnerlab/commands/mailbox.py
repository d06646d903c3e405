"""`partnerlab mailbox`: the e-mails and texts that payers would have been sent."""

from __future__ import annotations

import click

from partnerlab.command_group import Group
from partnerlab.contracts.masking import printable
from partnerlab.contracts.paths import at
from partnerlab.moments import moment
from partnerlab.output import tell
from partnerlab.remote import connect, json_option, lane_options, print_json


@click.group(cls=Group)
def command() -> None:
    """The e-mails and texts that Invoice Cloud would have sent to payers; nothing leaves the sandbox.

    \b
    Example:
        partnerlab mailbox list
    """


@command.command(name="list")
@click.option("--biller", default="", help="Only one biller: its partner or BillerGUID.")
@click.option("--account", help="Only about one account number.")
@click.option("--to", "recipient", help="Only to one e-mail address or telephone number.")
@click.option(
    "--kind", type=click.Choice(("bill_notice", "reminder", "receipt", "text_confirmation")), help="Only one kind."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="The newest N messages.")
@json_option
@lane_options
def list_(
    biller: str,
    account: str | None,
    recipient: str | None,
    kind: str | None,
    limit: int,
    *,
    as_json: bool,
    url: str,
    lane: str,
) -> None:
    """List messages, the newest first: number, time, kind, recipient, subject.

    \b
    Example:
        partnerlab mailbox list --account 10000101 --kind receipt
    """
    remote = connect(url, lane)
    guid = remote.biller(biller)["guid"] if biller else None
    found = remote.get(
        "/_sandbox/ic/mailbox", biller_guid=guid, account_number=account, recipient=recipient, kind=kind, limit=limit
    )["messages"]
    if as_json:
        print_json(found)
        return
    for one in found:
        line = f"{one['kind']:<17}  {one['recipient']}  {one['subject'] or one['body']}"
        click.echo(printable(f"{one['number']:>5}  {moment(one['sent_at'])}  {line}"))
    if not found:
        click.echo("the mailbox has no such message", err=True)


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@json_option
@lane_options
def show(number: int, *, as_json: bool, url: str, lane: str) -> None:
    """Show a message.

    \b
    Example:
        partnerlab mailbox show 1
    """
    one = connect(url, lane).get(at("/_sandbox/ic/mailbox/{}", number))
    if as_json:
        print_json(one)
        return
    head = {"To": one["recipient"], "Date": moment(one["sent_at"]), "Subject": one["subject"]}
    lines = [*(f"{name}: {value}" for name, value in head.items() if value), "", one["body"]]
    click.echo(printable("\n".join(lines), lines=True))


@command.command()
@json_option
@lane_options
def clear(url: str, lane: str, *, as_json: bool) -> None:
    """Empty the lane's mailbox.

    \b
    Example:
        partnerlab mailbox clear --lane mine
    """
    done = connect(url, lane).delete("/_sandbox/ic/mailbox")
    tell(done, [f"dropped {done['dropped']} message{'' if done['dropped'] == 1 else 's'}"], as_json=as_json)
