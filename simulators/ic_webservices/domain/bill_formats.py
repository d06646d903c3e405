"""
How a bill is presented: by Invoice Cloud's template alone, or as a PDF too.

Source: TCCS Technical Design, PDF Linking; Harris inHance v2, Bill Presentment ("template or PDF if the biller has a
PDF vendor"); both files, InvoiceFormatGuid. How a GUID says which is assumed [A-99].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller, normal_guid
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused

__all__ = ["EXTRACTED", "FORMATS", "LINKED", "TEMPLATE", "BillImage", "check_formats", "format_of"]

TEMPLATE, LINKED, EXTRACTED = "template", "linked_pdf", "extracted_pdf"
FORMATS = (TEMPLATE, LINKED, EXTRACTED)
"""Invoice Cloud's template; the PDF that the partner is asked for; the PDF that Invoice Cloud was given and keeps."""
CONFIGURATION = "InvoiceFormats"
REMOTE_PDF_URL = "20"


@dataclass(frozen=True, slots=True)
class BillImage:
    """The PDF of an invoice that Invoice Cloud keeps itself, in base64."""

    biller_guid: str
    invoice_number: str
    content: str
    received_at: str


def format_of(biller: Biller, invoice_format_guid: str) -> str:
    """
    The format of bills with that InvoiceFormatGuid: as the biller's configuration `{"InvoiceFormats": {GUID: format}}`
    has it, else the linked PDF where setting 20 is set, else the template.
    """
    given = biller.configuration.get(CONFIGURATION)
    for guid, word in given.items() if isinstance(given, Mapping) else ():
        if normal_guid(guid) == normal_guid(invoice_format_guid):
            return str(word)
    return LINKED if biller.settings.get(REMOTE_PDF_URL) else TEMPLATE


def check_formats(configuration: Mapping[str, Any]) -> None:
    """Check a configuration's `InvoiceFormats`. Raises `ValueRefused`."""
    given = configuration.get(CONFIGURATION, {})
    if not isinstance(given, Mapping):
        raise ValueRefused(f"configuration.{CONFIGURATION}", given, "must be an object of formats by InvoiceFormatGuid")
    for guid, word in given.items():
        if word not in FORMATS:
            raise ValueRefused(f"configuration.{CONFIGURATION}.{guid}", word, f"must be one of {', '.join(FORMATS)}")
