"""Groups of commands, listed with the whole sentence on each."""

from __future__ import annotations

import click

__all__ = ["Group"]

LONGEST = 1_000


class Group(click.Group):
    """A group whose list cuts no sentence off, as Click does after 45 characters: it goes on below instead."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list."""
        listed = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, each.get_short_help_str(LONGEST)) for name, each in listed if each is not None]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
