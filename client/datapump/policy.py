"""Whether, and after how long, a delivery is tried again: a pure function of the number of attempts made."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RetryPolicy"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    Exponential backoff with jitter.

    Before attempt *n* + 1 the pump waits

        d(n) · (1 - jitter · r),   d(n) = min(longest_s, first_s · factor^(n - 1)),   r random in [0, 1)

    so the wait is never longer than d(n) and, with the default jitter of ½, never shorter than half of it: accounts
    that failed together do not come back together. The defaults try 20 times over two to three hours; then the
    delivery is dead (assumed [A-28]: no source gives a number).
    """

    attempts: int = 20
    first_s: float = 2.0
    factor: float = 2.0
    longest_s: float = 900.0
    jitter: float = 0.5

    def wait_s(self, made: int, r: float) -> float | None:
        """Seconds until the next attempt after *made* of them, with *r* in [0, 1); None where there is no next."""
        if made >= self.attempts:
            return None
        # Past this exponent the cap holds anyway, and a float would overflow.
        grown = self.first_s * self.factor ** min(made - 1, 64) if made > 0 else self.first_s
        return min(self.longest_s, grown) * (1 - self.jitter * r)
