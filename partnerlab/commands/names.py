"""Names that commands take: a partner's, with a hyphen too, as roles and subjects of `verify` have it."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["PartnerName"]


class PartnerName(click.Choice[str]):
    """One of some partners: `inhance-v1` is `inhance_v1`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found: str = super().convert(value.replace("-", "_") if isinstance(value, str) else value, param, ctx)
        return found
