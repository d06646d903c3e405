"""`partnerlab capabilities`: what each integration supports, from the tables of its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from partnerlab.commands.names import PartnerName
from partnerlab.contracts.capabilities import Capabilities, NotSupported, capabilities, check_supported, integrations
from partnerlab.contracts.doors import meant
from partnerlab.remote import print_json


@click.command()
@click.argument("partner", required=False, type=PartnerName(integrations()))
@click.option("--feature", default="", help="Only features with this in their name.")
@click.option(
    "--supports",
    default="",
    metavar="NAME",
    help="Say whether PARTNER supports this feature; exit code 1 with its row if not.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON in place of text, with all tables.")
def command(partner: str | None, feature: str, supports: str, *, as_json: bool) -> None:
    """Show what PARTNER's integration supports, or all integrations side by side.

    \b
    Example:
        partnerlab capabilities inhance_v1
        partnerlab capabilities --feature rejects
        partnerlab capabilities inhance_v1 --supports Conveyance
    """
    if supports:
        _check(partner, supports)
        return
    found = [capabilities(name) for name in ([partner] if partner else integrations())]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    lines = list(_one(found[0], feature) if partner else _side_by_side(found, feature))
    if not lines:
        raise click.ClickException(
            f"no source speaks of {feature!r}; `partnerlab capabilities` lists all they speak of"
        )
    for line in lines:
        click.echo(line)


def _check(partner: str | None, feature: str) -> None:
    if partner is None:
        raise click.UsageError("--supports needs PARTNER")
    known = {one.name.lower(): one.name for one in capabilities(partner).features}
    feature = known.get(feature.lower(), feature)
    try:
        check_supported(partner, feature)
        row = capabilities(partner).feature(feature)
    except NotSupported as error:
        raise click.ClickException(f"{error}") from error
    except KeyError as error:
        near = meant(feature, known.values()) or f"; `partnerlab capabilities {partner}` lists what it speaks of"
        raise click.ClickException(f"{error.args[0]}{near}") from error
    click.echo(f"{row.name}: {row.text}")


def _one(integration: Capabilities, wanted: str) -> Sequence[str]:
    features = [one for one in integration.features if wanted.lower() in one.name.lower()]
    width = max((len(one.name) for one in features), default=0)
    lines = [f"{one.name:{width}}  {'yes' if one.supported else 'no ':3}  {one.text}" for one in features]
    given = [one for one in integration.bif_customizations if wanted.lower() in one.feature.lower()]
    if given:
        width = max(len(one.feature) for one in given)
        lines += ["", "Where a bill's value comes from:"] if not wanted else []
        lines += [f"{one.feature:{width}}  {one.text}" for one in given]
    return lines


def _side_by_side(found: Sequence[Capabilities], wanted: str) -> Sequence[str]:
    names: dict[str, None] = {}
    for integration in found:
        names.update(dict.fromkeys(one.name for one in integration.features if wanted.lower() in one.name.lower()))
    if not names:
        return []
    width = max(map(len, names))
    head = f"{'':{width}}  " + "  ".join(one.name for one in found)
    said = [{one.name: "yes" if one.supported else "no" for one in each.features} for each in found]
    rows = [
        f"{name:{width}}  "
        + "  ".join(f"{said[at].get(name, ''):{len(each.name)}}" for at, each in enumerate(found)).rstrip()
        for name in sorted(names, key=str.lower)
    ]
    return [head, *rows]
