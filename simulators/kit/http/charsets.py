"""
Encodings of a request's text, by the names .NET knows them under.

ASMX reads a request through .NET's `StreamReader`: a byte order mark decides; else the `charset` of the Content-Type;
where there is none, or one that .NET does not know, `text/xml` is US-ASCII (RFC 3023), every other byte a question
mark, and `application/…` is what the document declares.

Stricter than .NET, which puts U+FFFD in their place: bytes that are none of their encoding are refused.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping

__all__ = ["CODECS", "US_ASCII", "CharsetUnknown", "as_utf8", "known", "text_of"]

US_ASCII = "us-ascii"
CODECS: Mapping[str, str] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    US_ASCII: "ascii",
    "ascii": "ascii",
    "utf-16": "utf-16-le",
    "unicode": "utf-16-le",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "unicodefffe": "utf-16-be",
    "utf-32": "utf-32-le",
    "utf-32le": "utf-32-le",
    "utf-32be": "utf-32-be",
    "latin1": "iso-8859-1",
    "cp1252": "windows-1252",
    "x-ansi": "windows-1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "euc-jp": "euc-jp",
    "gb2312": "gbk",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "big5": "cp950",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "euc-kr",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "macintosh": "mac-roman",
    **{f"iso-8859-{part}": f"iso-8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15)},
    **{f"windows-{page}": f"windows-{page}" for page in range(1250, 1259)},
    **{f"ibm{page}": f"cp{page}" for page in (437, 737, 775, 850, 852, 855, 857, 860, 861, 863, 864, 865, 869)},
}
"""What .NET knows, to the name in Python. Not those in which `<` is another byte (EBCDIC) or several (UTF-7)."""

# The longest first: UTF-32's mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_QUESTION_MARKS = bytes(byte if byte < 128 else ord("?") for byte in range(256))


class CharsetUnknown(ValueError):
    """A name that .NET does not know."""

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name[:40]}' is not a supported encoding name.")


def known(name: str) -> bool:
    """Whether .NET knows an encoding of that name."""
    return name.lower() in CODECS


def as_utf8(body: bytes, name: str) -> bytes:
    """
    *body*, in the encoding that its byte order mark says or else *name*, in UTF-8 without a mark.

    Raises `CharsetUnknown`, and `UnicodeDecodeError` for bytes of no such encoding; UTF-8 itself is left to the parser.
    """
    codec, body = _codec(body, name)
    if codec == "utf-8" or (body.isascii() and codec == "ascii"):
        return body
    if codec == "ascii":
        return body.translate(_QUESTION_MARKS)
    return body.decode(codec).encode("utf-8")


def text_of(raw: bytes, name: str) -> str:
    """Text in the encoding *name*. Raises as `as_utf8` does."""
    codec = CODECS.get(name.lower())
    if codec is None:
        raise CharsetUnknown(name)
    return raw.translate(_QUESTION_MARKS).decode("ascii") if codec == "ascii" else raw.decode(codec)


def _codec(body: bytes, name: str) -> tuple[str, bytes]:
    if body[:1] in (b"\xef", b"\xff", b"\xfe", b"\x00"):
        for mark, codec in _MARKS:
            if body.startswith(mark):
                return codec, body[len(mark) :]
    codec_named = CODECS.get(name) or CODECS.get(name.lower())
    if codec_named is None:
        raise CharsetUnknown(name)
    return codec_named, body
