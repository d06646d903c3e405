"""
Answers as bytes, from templates: JSON as Web API writes it, XML as its DataContractSerializer does [A-12].

In XML a space in a name is `_x0020_`, and members stand in alphabetical order; no namespace, no declaration.
"""

from __future__ import annotations

import json

from partnerlab.contracts.first_use import pattern
from partnerlab.simulators.kit.http.messages import Response
from partnerlab.simulators.tccs_rest.domain.money import to_text
from partnerlab.simulators.tccs_rest.domain.policies import Balances
from partnerlab.simulators.tccs_rest.wire.negotiation import JSON, XML

__all__ = ["balance", "error", "image", "result"]

_BALANCE = '{"Record bal":%s,"Total Balance":%s}'
_BALANCE_XML = "<Balance><Record_x0020_bal>%s</Record_x0020_bal><Total_x0020_Balance>%s</Total_x0020_Balance></Balance>"
_RESULT = '{"Success":%s,"Message":%s}'
_RESULT_XML = "<Result><Message>%s</Message><Success>%s</Success></Result>"
_ERROR = '{"Message":%s}'
_ERROR_XML = "<Error><Message>%s</Message></Error>"

_TYPES = {media_type: f"{media_type}; charset=utf-8" for media_type in (JSON, *XML)}

_to_json = json.JSONEncoder(ensure_ascii=False).encode
_NO_XML = pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def balance(balances: Balances, media_type: str) -> Response:
    """`Record bal` and `Total Balance`, numbers with two decimals."""
    template = _BALANCE if media_type == JSON else _BALANCE_XML
    return _answer(
        200, template % (to_text(balances.billed_due_cents), to_text(balances.outstanding_cents)), media_type
    )


def result(success: bool, message: str, media_type: str) -> Response:
    """`Success` and `Message`."""
    word = "true" if success else "false"
    if media_type == JSON:
        return _answer(200, _RESULT % (word, _to_json(message)), media_type)
    return _answer(200, _RESULT_XML % (_to_xml(message), word), media_type)


def error(status: int, message: str, media_type: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Web API's HttpError: `Message` alone."""
    text = _ERROR % _to_json(message) if media_type == JSON else _ERROR_XML % _to_xml(message)
    return _answer(status, text, media_type, headers)


def image(pdf: bytes, file_name: str) -> Response:
    """A bill, shown in the browser and saved under *file_name*."""
    disposition = ("Content-Disposition", f'inline; filename="{file_name}"')
    return Response(200, pdf, "application/pdf", (disposition,))


def _answer(status: int, text: str, media_type: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(status, text.encode(), _TYPES[media_type], headers)


def _to_xml(text: str) -> str:
    text = _NO_XML.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
