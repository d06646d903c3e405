"""Numbers that options take."""

from __future__ import annotations

import math
import re
from typing import Any

import click

__all__ = ["DAYS", "Number", "above_zero"]


class Number(click.FloatRange):
    """A number in a range; `nan` and `inf`, which Python reads as floats, are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


class _Days(click.IntRange):
    """Whole days, as `30` or, as durations are written elsewhere, `30d`."""

    name = "number of days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        given: Any = value.removesuffix("d") if isinstance(value, str) else value
        return super().convert(given, param, ctx)


DAYS = _Days(1, 36500)


def above_zero(argument: str) -> type[click.Command]:
    """A command whose *argument*, where it begins with a minus and a digit, is no unknown option but below zero."""

    class AboveZero(click.Command):
        def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
            given = list(args)
            try:
                return super().parse_args(ctx, args)
            except click.NoSuchOption:
                below = next((each for each in given if re.fullmatch(r"-[0-9][0-9.,a-z]*", each)), None)
                if below is None:
                    raise
                raise click.BadParameter(f"{below} is not more than 0", ctx, param_hint=argument) from None

    return AboveZero
