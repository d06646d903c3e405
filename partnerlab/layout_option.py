"""The option `--layout`: a layout of the project by its name, or one of the user's own by its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from partnerlab.contracts.files import Layout, LayoutInvalid, layouts, load_layout, read_layout

__all__ = ["layout_option"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class _LayoutType(click.ParamType[Layout]):
    name = "layout"

    def convert(self, value: str | Layout, param: click.Parameter | None, ctx: click.Context | None) -> Layout:
        if isinstance(value, Layout):
            return value
        if value.replace("-", "_") in layouts():
            return load_layout(value.replace("-", "_"))
        if not Path(value).is_file():
            self.fail(f"{value!r} is neither a file nor one of {', '.join(layouts())}", param, ctx)
        try:
            return read_layout(value)
        except (LayoutInvalid, OSError) as error:
            self.fail(str(error), param, ctx)


def layout_option(function: Decorated) -> Decorated:
    """The option, given as a `Layout`."""
    return click.option(
        "--layout",
        type=_LayoutType(),
        default="inhance_v2",
        show_default=True,
        help=f"Whose file: {', '.join(layouts())}, or a TOML file of your own.",
    )(function)
