"""
What costs nothing until it is used: `pattern`, a regular expression, and `importing`, around an import in a function.

To compile a regular expression takes 70 µs, and a process that answers its first caller has read some 140 of them of
which it needs ten: for modules that every process reads before it answers anybody. A test uses each, so that none is
wrong unseen. To type checkers it is `re.compile`.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

__all__ = ["importing", "pattern"]

importing = threading.RLock()
"""
Held by whoever imports a module of ours from a function: one thread at a time. A package and its modules import one
another, so two threads that begin at different ones would wait for each other; Python then gives one of them a module
that is not whole ("cannot import name … from partially initialized module").
"""

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
