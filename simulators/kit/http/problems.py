"""What the server answers by itself where no app does."""

from __future__ import annotations

import json

from partnerlab.simulators.kit.http.messages import Response

__all__ = ["internal_error", "problem"]


def problem(status: int, code: str, message: str, field: str = "") -> Response:
    """An answer in the shape of the control API's errors."""
    error = {"code": code, "message": message} | ({"field": field} if field else {})
    return Response(status, json.dumps({"error": error}).encode() + b"\n", "application/json")


def internal_error(id: str) -> Response:
    """The answer to a request that failed by an error of ours."""
    return Response(500, f"Internal error. The server's log has it under request {id}.\n".encode())
