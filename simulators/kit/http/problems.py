"""What the server answers by itself where no app does."""

from __future__ import annotations

import json

from partnerlab.contracts.database_errors import is_locked, not_reached, said_by_database
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["LATER", "internal_error", "problem", "told"]

LATER = ("Retry-After", "5")
"""With a 503: the file of the database is locked by somebody else, and was for longer than the server waits."""


def problem(status: int, code: str, message: str, field: str = "") -> Response:
    """An answer in the shape of the control API's errors."""
    error = {"code": code, "message": message} | ({"field": field} if field else {})
    return Response(status, json.dumps({"error": error}).encode() + b"\n", "application/json")


def internal_error(id: str, error: BaseException | None = None) -> Response:
    """The answer to a request that failed by an error of ours, or of the database, which is told: 503 if locked."""
    if error is not None and is_locked(error):
        return Response(503, f"Not done. {told(id, error)}\n".encode(), headers=(LATER,))
    return Response(500, f"Internal error. {told(id, error)}\n".encode())


def told(id: str, error: BaseException | None) -> str:
    """
    What is said of an error whose details are for the log: where they stand, and what a database complains of.

    Anybody may be told, so where it could not be reached nothing says where it is.
    """
    said = None if error is None else said_by_database(error)
    log = f"The server's log has it under request {id}."
    if error is not None and not_reached(error):
        return f"There is no connection to the database. {log}"
    return f"The database says: {said}. {log}" if said else log
