"""Which tests one worker runs together, where several run them: xdist's own groups are not heeded by pytest 9.2."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

FILES = (
    "tests/browser/",
    "tests/durability/",
    "tests/e2e/",
    "tests/fuzz/",
    "tests/packaging/",
    "tests/pacts/",
    "tests/partnerlab/",
    "tests/test_",
)
"""In these a file is one piece: its tests share a sandbox, a browser or what was read of all sources."""
FOLDERS = ("tests/interop/",)
"""One piece as a whole: npm installs the packages for all of them once."""


def piece_of(nodeid: str) -> str:
    """The name of the piece of work that a test belongs to; elsewhere it is one by itself."""
    for start in FOLDERS:
        if nodeid.startswith(start):
            return start
    return nodeid.partition("::")[0] if nodeid.startswith(FILES) else nodeid


class Pieces(LoadScopeScheduling):
    """Gives a piece to a worker that has almost nothing left to do; those of many tests first, so that none is last."""

    def _split_scope(self, nodeid: str) -> str:
        return piece_of(nodeid)
