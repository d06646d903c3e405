"""What a biller's integration supports, by the tables of its source; the rest is refused with the row that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from partnerlab.contracts.capabilities import Capabilities, Feature, capabilities, check_supported, integrations
from partnerlab.contracts.capabilities import NotSupported as RowSaysNo
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, NotSupported, ValueRefused
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.questionnaire import read_answers

__all__ = [
    "ACH_REJECTS",
    "CLOUD_PAY",
    "SSO",
    "answers_of",
    "check_answers",
    "check_setting",
    "refuse_terminal",
    "refuse_unsupported",
    "refuse_void",
    "supporting_row",
]

QUESTIONNAIRE = "questionnaire"
OPEN_ITEMS = {"BalanceForward": "Open Item Billing"}
"""Answers that ask for a feature when they are false."""
ACH_REJECTS, CLOUD_PAY, SSO, VOID = "ACH rejects", "CloudPay", "SSO", "Void"
"""Features by their names in the tables."""
EMV = "Cloud Payments V2: EMV"
SETTINGS_OF = dict.fromkeys(("101", "102", "103"), ACH_REJECTS)
"""Advanced settings that switch a feature on, by id."""


def _tables_of(biller: Biller) -> Capabilities | None:
    """What is known of the biller's integration; None where no source tells of it."""
    return capabilities(biller.partner) if biller.partner in integrations() else None


def refuse_unsupported(biller: Biller, feature: str, *, unknown: bool = True) -> None:
    """
    Refuse what the biller's integration does not support.

    Args:
        feature: As in the table of features.
        unknown: Whether what no source speaks of is let pass.
    Raises:
        NotSupported: The source says that it does not, and in which row.
        NotFound: No row speaks of it, and that is not let pass.
    """
    try:
        check_supported(biller.partner, feature)
    except RowSaysNo as error:
        raise NotSupported(feature, str(error)) from None
    except KeyError:
        if not unknown:
            raise NotFound("feature", f"{feature} of {biller.partner}") from None


def supporting_row(biller: Biller, feature: str) -> Feature:
    """The row that says that the biller's integration supports it. Raises `NotSupported`, `NotFound`."""
    refuse_unsupported(biller, feature, unknown=False)
    return capabilities(biller.partner).feature(feature)


def refuse_void(biller: Biller) -> NoReturn:
    """Refuse to void a payment, with the row that says so or because no source tells of it. Raises `NotSupported`."""
    refuse_unsupported(biller, VOID)
    raise NotSupported(VOID, f"No source of {biller.partner} tells how a payment is voided")


def refuse_terminal(biller: Biller) -> None:
    """Refuse a payment page with a card terminal where its source says there is none. Raises `NotSupported`."""
    try:
        check_supported(partner_of(biller.partner).portal or biller.partner, EMV)
    except RowSaysNo as error:
        raise NotSupported("AllowEMV", str(error)) from None
    except KeyError:
        pass  # no source speaks of it


def check_setting(biller: Biller, id: str) -> None:
    """Refuse to set an advanced setting of a feature that the biller's integration lacks. Raises `NotSupported`."""
    if id in SETTINGS_OF:
        refuse_unsupported(biller, SETTINGS_OF[id])


def check_answers(biller: Biller, configured: object) -> Mapping[str, Any]:
    """
    A biller's answers to the questionnaire, checked against its integration's table of BIF customisations.

    Raises:
        ValueRefused: An answer is none, or its question is not on the questionnaire: the row is named.
        NotSupported: It asks for a feature that the integration does not have.
    """
    answers = read_answers(configured)
    tables = _tables_of(biller)
    for name, answer in answers.items():
        if name in OPEN_ITEMS and answer is False:
            refuse_unsupported(biller, OPEN_ITEMS[name])
        row = next((one for one in tables.bif_customizations if one.feature == name), None) if tables else None
        if tables is not None and row is not None and QUESTIONNAIRE not in row.given:
            place = f"{tables.source}, BIF Customizations, {name}: {row.text}"
            raise ValueRefused(f"Questionnaire.{name}", answer, f"is not on {tables.title}'s questionnaire ({place})")
    return answers


def answers_of(biller: Biller) -> Mapping[str, Any]:
    """The biller's answers, for its bills. Raises as `check_answers`."""
    configured = biller.configuration.get("Questionnaire")
    return {} if configured is None else check_answers(biller, configured)
