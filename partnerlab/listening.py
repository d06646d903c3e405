"""Addresses that a server cannot listen on, said in a line."""

from __future__ import annotations

import errno

__all__ = ["cannot_listen"]

ANSWER_S = 5.0
"""On a busy machine a sandbox that just started takes a second to answer its first question."""


def cannot_listen(address: str, error: OSError) -> str:
    """Why a server cannot listen on *address*, as in `127.0.0.1:8700`, and what to do."""
    if error.errno == errno.EADDRINUSE:
        if _is_sandbox(address):
            return f"a sandbox runs on {address} already: use that one, or give --port another port"
        return f"{address} is taken by another program: give --port another port"
    return f"{address}: {error.strerror or error}"


def _is_sandbox(address: str) -> bool:
    """Whether a sandbox answers there, without a token or by asking for one."""
    import httpx  # only who finds a port taken waits for it

    try:
        answer = httpx.get(f"http://{address}/_sandbox/health", timeout=ANSWER_S, trust_env=False)
        return answer.status_code in (200, 401) and "application/json" in answer.headers.get("content-type", "")
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
