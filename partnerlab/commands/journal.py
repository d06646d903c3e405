"""`partnerlab journal`: what was asked and answered, with the contract's verdict."""

from __future__ import annotations

import click

from partnerlab.remote import Remote, lane_options, print_json


@click.command()
@click.argument("entry", required=False)
@click.option("--door", help="Only one door, as in `inhance`.")
@click.option("--operation", help="Only one operation, as in `BalanceCheck`.")
@click.option("--invalid", is_flag=True, help="Only entries that break the contract.")
@click.option("--limit", default=50, show_default=True, help="The newest N entries.")
@click.option("--json", "as_json", is_flag=True, help="JSON in place of text.")
@lane_options
def command(
    entry: str | None,
    *,
    door: str | None,
    operation: str | None,
    invalid: bool,
    limit: int,
    as_json: bool,
    url: str,
    lane: str,
) -> None:
    """List the lane's journal, or show ENTRY whole.

    \b
    Example:
        partnerlab journal --operation MakePaymentExtended --invalid
    """
    remote = Remote(url, lane)
    if entry:
        print_json(remote.get(f"/_sandbox/journal/{entry}"))
        return
    found = remote.get(
        "/_sandbox/journal", door=door, operation=operation, invalid="true" if invalid else None, limit=limit
    )["entries"]
    if as_json:
        print_json(found)
        return
    for row in found:
        findings = row["findings"] or []
        verdict = "valid" if not findings else f"{len(findings)} broken: {findings[0]['rule']}"
        click.echo(f"{row['id']}  {row['at']}  {row['door']:<10} {row['operation']:<24} {row['status']}  {verdict}")
