"""Which of inHance's integrations a biller's partner is."""

from __future__ import annotations

from partnerlab.simulators.inhance_soap.domain.accounts import Integration

__all__ = ["integration_of"]


def integration_of(partner: str) -> Integration:
    """The integration of a utility by its biller's partner, `inhance_v1` or `inhance_v2`."""
    return "v1" if partner == "inhance_v1" else "v2"
