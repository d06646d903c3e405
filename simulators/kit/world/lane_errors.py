"""Why there is no such lane, or none can be made."""

from __future__ import annotations

__all__ = ["MAX_LANES", "ForkOntoItself", "LaneExists", "LaneNameInvalid", "LaneNotFound", "TooManyLanes"]

MAX_LANES = 4_000


class LaneNameInvalid(ValueError):
    """A lane's name breaks the rule: 1 to 64 letters, digits, `.`, `_` or `-`, a letter or digit first."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"lane {name[:80]!r}: a name is 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first"
        )


class LaneNotFound(LookupError):
    """No lane of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no lane {name[:80]!r}")


class LaneExists(ValueError):
    """A lane of that name is there already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a lane {name!r} already")


class ForkOntoItself(ValueError):
    """A lane cannot be copied onto itself."""

    def __init__(self, name: str) -> None:
        super().__init__(f"lane {name!r} cannot be forked onto itself")


class TooManyLanes(RuntimeError):
    """The server holds as many lanes as it may."""

    def __init__(self) -> None:
        super().__init__(f"there are {MAX_LANES} lanes already; drop some")
