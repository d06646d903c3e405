"""What each fault of the layer `file` does to a file on its way: a hole in it, or something twice."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["FILE_FAULTS", "Draw", "arrives"]

Draw = Callable[[int], int]
"""A number below the one given, from the lane's random stream."""


def _line_missing(content: bytes, draw: Draw) -> list[bytes]:
    lines = content.splitlines(keepends=True)
    if lines:
        del lines[draw(len(lines))]
    return [b"".join(lines)]


def _line_twice(content: bytes, draw: Draw) -> list[bytes]:
    lines = content.splitlines(keepends=True)
    if lines:
        number = draw(len(lines))
        lines.insert(number, lines[number])
    return [b"".join(lines)]


def _batch_missing(_: bytes, __: Draw) -> list[bytes]:
    return []


def _batch_twice(content: bytes, _: Draw) -> list[bytes]:
    return [content, content]


FILE_FAULTS: dict[str, Callable[[bytes, Draw], list[bytes]]] = {
    "line-missing": _line_missing,
    "line-twice": _line_twice,
    "batch-missing": _batch_missing,
    "batch-twice": _batch_twice,
}
"""By name of the catalogue: what arrives of a file, each time that it arrives."""


def arrives(names: list[str], content: bytes, draw: Draw) -> list[bytes]:
    """What arrives of a file that these faults strike."""
    files = [content]
    for name in names:
        files = [one for file in files for one in FILE_FAULTS[name](file, draw)]
    return files
