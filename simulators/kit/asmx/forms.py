"""Form POST to an ASMX operation: reading the fields, and the answer that is the result alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from lxml import etree

from partnerlab.simulators.kit.asmx.codec import OperationCodec
from partnerlab.simulators.kit.http.charsets import known, text_of

__all__ = ["FormUnreadable", "read_fields", "write_answer"]

MAX_FIELDS = 200
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\r\n'
_NAMESPACES = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'


class FormUnreadable(ValueError):
    """A form body that is not what its content type says."""


def read_fields(body: bytes, charset: str | None) -> dict[str, list[str]]:
    """
    Form fields by lower-case name, as .NET matches them; a charset that it does not know is UTF-8.

    Raises `FormUnreadable`.
    """
    encoding = charset if charset is not None and known(charset) else "utf-8"
    if body.count(b"&") >= MAX_FIELDS:
        raise FormUnreadable(f"More than {MAX_FIELDS} form fields.")
    form: dict[str, list[str]] = {}
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        try:
            key, text = (text_of(unquote_to_bytes(part.replace(b"+", b" ")), encoding) for part in (name, value))
        except UnicodeDecodeError as error:
            raise FormUnreadable(f"The form is not {encoding}: {error.reason}.") from None
        if key:
            form.setdefault(key.strip().lower(), []).append(text)
    return form


def write_answer(operation: OperationCodec, result: Any) -> bytes:
    """The result without an envelope, its root named for its type, indented as .NET indents it."""
    field = operation.result
    if field is None:
        return b""
    name = field.type_name
    if result is None:
        return f'{_DECLARATION}<{name}{_NAMESPACES} xsi:nil="true" />'.encode()
    start = f'<{name}{_NAMESPACES} xmlns="{operation.namespace}">'
    document = f"{start}{field.write(result)}</{name}>"
    if field.scalar is None:
        root = etree.fromstring(document)
        etree.indent(root, space="  ")
        document = etree.tostring(root, encoding="unicode").replace("\n", "\r\n").replace("/>", " />")
    return (_DECLARATION + document).encode()
