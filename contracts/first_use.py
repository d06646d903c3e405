"""
`pattern`: a regular expression that is compiled when it is first used.

To compile one takes 70 µs, and a process that answers its first caller has read some 140 of them of which it needs ten:
for modules that every process reads before it answers anybody. A test uses each, so that none is wrong unseen. To type
checkers it is `re.compile`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

__all__ = ["pattern"]

if TYPE_CHECKING:
    from re import compile as pattern
else:

    class pattern:  # noqa: N801 - it stands in the place of a function
        """As `re.compile`; what is asked of the compiled pattern once is kept as an attribute."""

        def __init__(self, text, flags=0):
            self._text, self._flags = text, flags

        def __getattr__(self, name):
            found = getattr(re.compile(self._text, self._flags), name)
            setattr(self, name, found)
            return found

        def __repr__(self):
            return f"pattern({self._text!r})"
