"""
Hypothesis strategies for the formats that the contracts name, so that Schemathesis can make what a schema allows.

    for name, texts in content_info_formats().items():
        schemathesis.openapi.format(name, texts)

Made from the grammar's own data; that what they make is right is shown by the parser, which goes another way.
"""

from __future__ import annotations

import string
from datetime import date

from hypothesis import strategies as st

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.tccs_rest import CONTENT_INFO

__all__ = ["content_info", "content_info_formats"]

ALPHANUMERIC = string.ascii_letters + string.digits
NAME = st.characters(exclude_characters="|:@\u2028\u2029", exclude_categories=("Cc", "Cs"))
DATES = st.dates(date(1000, 1, 1)).map(lambda day: f"{day.month:02}/{day.day:02}/{day.year:04}")
AMOUNTS = st.integers(1, 99_999_999_999).map(lambda cents: f"{cents // 100}.{cents % 100:02}")


def content_info_formats() -> dict[str, st.SearchStrategy[str]]:
    """The texts of every format of `contentInfo`, by the name of the format in OpenAPI: `tccs-payment`."""
    names = dict.fromkeys(name for names in CONTENT_INFO.values() for name in names)
    return {f"tccs-{name}": content_info(name, spaced=True) for name in names}


def content_info(format: str, *, spaced: bool = False) -> st.SearchStrategy[str]:
    """
    Texts of one format; with *spaced* some have spaces around their separators.

    Raises:
        KeyError: There is no such format.
    """
    formats = {row["name"]: row for row in read_toml("tccs_rest/content_info.toml")["format"]}
    row = formats[format]
    sequences = [row["parts"]] + ([row["parts"] + row["optional"]] if "optional" in row else [])
    spaces = st.sampled_from(["", " ", "   "]) if spaced else st.just("")
    return st.one_of([st.tuples(*(_part(part, spaces) for part in parts)).map("".join) for parts in sequences])


def _part(part: str, spaces: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    fields = read_toml("tccs_rest/content_info.toml")["field"]
    if part not in fields:
        return st.tuples(spaces, spaces).map(lambda around: part.join(around))
    field = fields[part]
    if "words" in field:
        return st.sampled_from(field["words"])
    if field["kind"] == "date":
        return DATES
    if field["kind"] == "amount":
        return AMOUNTS
    return {
        "number": _number(ALPHANUMERIC),
        "policy_number": _number(ALPHANUMERIC.replace("Q", "")),
        "quote_number": _number("Q"),
        "insured_name": _names(),
        "payment_guid": _guids(),
    }[part]


def _number(first: str) -> st.SearchStrategy[str]:
    """2 to 50 characters, the first one of *first*; what is inside may be spaces, hyphens, periods and underscores."""
    inside = st.text(ALPHANUMERIC + " ._-", max_size=48)
    return st.tuples(st.sampled_from(first), inside, st.sampled_from(ALPHANUMERIC)).map("".join)


def _names() -> st.SearchStrategy[str]:
    return st.text(NAME, min_size=1, max_size=100).map(lambda text: text.strip(" ")).filter(bool)


def _guids() -> st.SearchStrategy[str]:
    group = st.text(ALPHANUMERIC, min_size=1, max_size=24)
    groups = st.lists(group, min_size=1, max_size=8).map("-".join).filter(lambda text: len(text) < 100)
    return st.one_of(st.uuids().map(str), groups)
