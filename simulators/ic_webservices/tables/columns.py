"""Columns as the tables write them, and the collection of tables they stand in."""

from __future__ import annotations

from partnerlab.simulators.kit.world import schema

__all__ = ["TABLES", "key", "maybe", "text", "whole"]

TABLES = schema.Tables()


def key(name: str, type: schema.Kind = schema.Text) -> schema.Column:
    """A column of the primary key."""
    return schema.Column(name, type, primary_key=True)


def text(*names: str) -> list[schema.Column]:
    """Text columns, never NULL."""
    return [schema.Column(name, schema.Text, nullable=False) for name in names]


def whole(*names: str) -> list[schema.Column]:
    """Columns of whole numbers, money in cents among them; never NULL."""
    return [schema.Column(name, schema.BigInteger, nullable=False) for name in names]


def maybe(*names: str) -> list[schema.Column]:
    """Text columns that may be NULL."""
    return [schema.Column(name, schema.Text) for name in names]
