"""Paths of requests made from names: whatever a name holds, it is one segment of the path."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["NameInvalid", "at"]


class NameInvalid(ValueError):
    """A name that no path can hold: an empty one, or one that is no text."""


def at(path: str, *names: object) -> str:
    """
    The *path* with each `{}` replaced by a name, percent-encoded: `at("/_sandbox/lanes/{}/reset", "mine")`.

    No name leads elsewhere: a slash in it is `%2F`, and a name that is `.` or `..` is encoded too, which a client or a
    proxy would else resolve. Raises `NameInvalid`.
    """
    return path.format(*map(_segment, names))


def _segment(name: object) -> str:
    text = str(name)
    if not text:
        raise NameInvalid("a name is empty")
    try:
        return quote(text, safe=":@!$'()*,;=+") if text.strip(".") else text.replace(".", "%2E")
    except UnicodeEncodeError as error:  # bytes of a command line that are no UTF-8
        raise NameInvalid(f"what was given is no text: {error}") from None
