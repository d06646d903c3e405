"""Formats of this part of the control API's contract."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.simulators.ic_webservices.domain.billers import normal_guid
from partnerlab.simulators.ic_webservices.domain.customers import check_text
from partnerlab.simulators.kit.control.formats import Format

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Format] = {
    "guid": lambda field, text: normal_guid(check_text(text, field)),
    "line": lambda field, text: check_text(text, field),
}
