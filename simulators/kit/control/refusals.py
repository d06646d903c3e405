"""What the control API answers when it says no."""

from __future__ import annotations

from typing import Any

__all__ = ["Invalid", "Refused", "error_body"]


class Refused(Exception):
    """An answer that says no: `code` is for programs, the text for people, `field` what it is about."""

    def __init__(self, status: int, code: str, message: str, field: str = "") -> None:
        self.status, self.code, self.field = status, code, field
        super().__init__(message)


class Invalid(Refused):
    """A value breaks a rule of the contract, or one that only its function knows."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(400, "field_invalid", f"{field}: {rule}", field)


def error_body(code: str, message: str, field: str = "") -> dict[str, Any]:
    """An error in the shape of the contract."""
    return {"error": {"code": code, "message": message} | ({"field": field} if field else {})}
