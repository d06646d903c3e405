"""The roles that can be verified; a role's checks are made when it is first asked for."""

from __future__ import annotations

from importlib import import_module

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.verification.consumer.definition import Role

__all__ = ["ROLES", "role"]

ROLES = ("inhance-portal", "watersmart", "inhance-v1", "inhance-v2", "tccs", "cloud-payments")


def role(name: str) -> Role:
    """One of `ROLES`. Raises `KeyError` for another."""
    if name not in ROLES:
        raise KeyError(name)
    with importing:
        found: Role = import_module(f"partnerlab.contracts.verification.consumer.{name.replace('-', '_')}").ROLE
    return found
