"""
One HTTP POST to an address that was checked: the connection goes to exactly that address.

No redirect is followed, no proxy is used, an answer is read up to a limit, and the whole exchange ends at a deadline
however slowly the other side sends. Certificates are verified against the host name, as any client would.
"""

from __future__ import annotations

from collections.abc import Sequence

from partnerlab.contracts.first_use import importing
from partnerlab.simulators.kit.egress.allow_list import Target
from partnerlab.simulators.kit.egress.answers import DEADLINE_S, NoAnswer, PostAnswer

__all__ = ["DEADLINE_S", "NoAnswer", "PostAnswer", "post_form"]


def post_form(targets: Sequence[Target], body: str, *, deadline_s: float = DEADLINE_S) -> PostAnswer:
    """
    Post a form to the first of *targets* that can be reached; the others are the same host's other addresses.

    Raises `NoAnswer`.
    """
    # With `http.client` and the modules of `email` it needs: 6 ms that no start should wait for.
    with importing:
        from partnerlab.simulators.kit.egress.pinned_connection import post

    return post(targets, body, deadline_s)
