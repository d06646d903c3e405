"""Near misses: the name that a caller probably meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nearest", "nearest_path"]

LONGEST = 200
"""Longer texts are no misspelt names, and to compare them takes time."""
ALIKE = 0.75
A_BEGINNING = 5


def nearest(name: str, known: Iterable[str]) -> str:
    """The one of *known* that *name* nearly is, or that alone begins so, in any case; empty where there is none."""
    if not name or len(name) > LONGEST:
        return ""
    from difflib import get_close_matches  # here, because only who misspells something needs it

    by_lower = {each.lower(): each for each in known}
    lower = name.lower()
    found = get_close_matches(lower, by_lower, 1, ALIKE)
    if not found and len(lower) >= A_BEGINNING:
        begin = [each for each in by_lower if each.startswith(lower)]
        found = begin if len(begin) == 1 else []
    return by_lower[found[0]] if found else ""


def nearest_path(path: str, known: Iterable[str]) -> str:
    """
    The path that *path* nearly is: as a whole, then by its beginning, whose rest is kept, then by its last segment.

    Empty where there is none, and where *path* is one of *known* or below one.
    """
    paths = list(known)
    if not path.strip("/") or len(path) > LONGEST:
        return ""
    segments = path.strip("/").split("/")
    beginnings = {each: "/" + "/".join(segments[: each.count("/")]) for each in paths}
    if any(each.lower() == beginning.lower() for each, beginning in beginnings.items()):
        return ""
    if whole := nearest("/" + "/".join(segments), paths):
        return whole
    alike = [(_ratio(each, beginning), each) for each, beginning in beginnings.items() if nearest(beginning, [each])]
    if alike:
        _, best = max(alike)
        return "/".join([best, *segments[best.count("/") :]])
    by_last = {each.rpartition("/")[2]: each for each in paths}
    return by_last.get(nearest(segments[-1], by_last), "")


def _ratio(one: str, other: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, one.lower(), other.lower()).ratio()
