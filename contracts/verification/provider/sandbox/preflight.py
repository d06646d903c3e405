"""Is the run set up rightly: a sandbox at that address, and a token that it knows."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.configuration import Misconfigured, check_http, reaching
from partnerlab.contracts.verification.provider.sandbox.box import LANES, Box

__all__ = ["preflight"]


def preflight(box: Box) -> list[str]:
    """Ask for its lanes and its contract. Raises `Misconfigured`."""
    with reaching():
        reply = box.get(LANES, "default")
        status, found = reply.answer.status, reply.answer.members
        if status in (401, 403) and "error" in found:
            raise Misconfigured("sandbox-token", f"the sandbox refuses: {found['error']}", reply.number)
        if status == 404 or (status == 200 and "lanes" not in found):
            raise Misconfigured("not-a-sandbox", f"{LANES} is answered with status {status}", reply.number)
        check_http(reply)
        if not box.control.document.get("paths"):
            raise Misconfigured("not-a-sandbox", "it gives no contract of its control API", len(box.line.exchanges))
    return []
