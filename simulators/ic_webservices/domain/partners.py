"""What Invoice Cloud does otherwise for one partner's billers than for another's: a row a partner."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.contracts.records import dataclass

__all__ = ["PARTNERS", "Partner", "partner_of"]


@dataclass(frozen=True, slots=True)
class Partner:
    """
    How a partner bills and answers. The defaults hold for a partner of which no source says more.

    Attributes:
        sends_csv: Its files are CSV, in which a balance is what the whole account owes [A-100]. Source: WaterSmart,
            Invoice File and Adjustment/Daily Balance File.
        carries_forward: Its seeded bills take up what earlier ones ask. WaterSmart's files say no, unless a biller's
            questionnaire says otherwise.
        answers_for_account: A balance that it is asked for is the whole account's, not the invoice's [A-83].
        states_account: Its SetInvoiceBalance says what the whole account owes, for its newest bill [A-109].
        downloads: It fetches payments itself, by ExportPayments. Source: "Harris inHance v1 Integration Details",
            Payments.
        bills_terms: An invoice is a policy term, billed in instalments. Source: "TCCS Technical Design", field mapping
            10 and 11: InvoiceDate is the newest bill date of the term.
        portal: The integration that asks for payment pages, where that is another than the biller's own.
    """

    sends_csv: bool = False
    carries_forward: bool = True
    answers_for_account: bool = False
    states_account: bool = False
    downloads: bool = False
    bills_terms: bool = False
    portal: str = ""


PARTNERS: Mapping[str, Partner] = {
    "inhance_v2": Partner(answers_for_account=True, portal="inhance_portal"),
    "inhance_v1": Partner(states_account=True, downloads=True),
    "tccs": Partner(bills_terms=True),
    "watersmart": Partner(sends_csv=True, carries_forward=False),
}
_OTHER = Partner()


def partner_of(name: str) -> Partner:
    """The row of a biller's partner."""
    return PARTNERS.get(name, _OTHER)
