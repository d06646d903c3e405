"""The collection that the tables stand in."""

from __future__ import annotations

from partnerlab.simulators.kit.world import schema

__all__ = ["TABLES"]

TABLES = schema.Tables()
