"""
Answers written by templates: of an answer only the values differ from call to call.

A template is made of an operation whose result is a message of simple values: one Python expression, compiled at the
first answer, with the text of each member between what is the same each time. What else an operation may answer is
written the plain way (`OperationCodec.write`, `Version.envelope`), and so is everything where templates are off; the
bytes are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from partnerlab.simulators.kit.asmx.codec import Field, OperationCodec
from partnerlab.simulators.kit.asmx.faults import Version

__all__ = ["Writer", "plain_writer", "template"]

Writer = Callable[[Any], bytes]
"""From an operation's result to the answer's body. Raises `TypeError` for None where a value must be."""


def plain_writer(operation: OperationCodec, version: Version) -> Writer:
    """Writes an answer member by member."""
    return lambda result: version.envelope(operation.write(result))


def template(operation: OperationCodec, version: Version) -> Writer:
    """Writes an answer by a template; plainly where the operation has no result of that kind."""
    plain, result = plain_writer(operation, version), operation.result
    if result is None or result.message is None or any(member.scalar is None for member in result.members):
        return plain
    if all(member.absent == "" for member in result.members):
        return plain  # where none is there, the message itself is written as an empty element
    hole = "\0"
    inner = f"<{result.name}>{hole}</{result.name}>"
    envelope = version.envelope(
        f'<{operation.name}Response xmlns="{operation.namespace}">{inner}</{operation.name}Response>'
    )
    before, after = envelope.decode().split(hole)
    names: dict[str, Any] = {"before": before, "after": after, "plain": plain}
    parts = ", ".join(_part(member, names) for member in result.members)
    # Made of names of our own messages alone.
    write = eval(f"lambda result: plain(None) if result is None else ''.join((before, {parts}, after)).encode()", names)  # noqa: S307
    return cast(Writer, write)


def _part(member: Field, names: dict[str, Any]) -> str:
    """The expression that writes one member; what it calls is added to *names*."""
    name = member.name
    names[f"write_{name}"] = member.write
    absent = "plain(result)" if member.absent is None else repr(member.absent)  # the first raises
    filled = f"f'<{name}>{{text}}</{name}>' if (text := write_{name}(value)) else '<{name} />'"
    return f"({absent} if (value := result.{name}) is None else {filled})"
