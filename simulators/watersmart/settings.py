"""What can be set of WaterSmart."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit import settings as rules

__all__ = ["Settings"]

_COST = "is not a power of 2 from 2 to 1048576"


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """
    What can be set of WaterSmart.

    `time_zone` is the biller's: files are written and jobs run by it. With `balance_forward` a new invoice's total
    carries what the account owed before, as a biller has it whose questionnaire says so. `split_payments` asks for the
    payment file in three. `sync_links`: a sign-in links all of the user's accounts at Invoice Cloud. `user_password` is
    that of the users that a lane begins with; `password_cost` scrypt's N.
    """

    time_zone: str = "America/New_York"
    balance_forward: bool = False
    split_payments: bool = False
    sync_links: bool = False
    user_password: str = "Sandbox!2345"  # noqa: S105 - the sandbox's made-up constant
    password_cost: int = 1024

    def problems(self) -> dict[str, str]:
        """What cannot be, by field."""
        found = rules.found_by({"time_zone": rules.time_zone, "user_password": rules.filled}, self)
        if self.password_cost < 2 or self.password_cost & (self.password_cost - 1) or self.password_cost > 1 << 20:
            found["password_cost"] = _COST
        return found

    def __repr__(self) -> str:
        return f"Settings(time_zone={self.time_zone!r})"
