"""Groups of commands, listed with the whole sentence on each; and options that would have no effect, refused."""

from __future__ import annotations

import click
from click.core import ParameterSource

__all__ = ["Group", "refuse_before", "refuse_typed"]

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


def refuse_typed(context: click.Context, names: tuple[str, ...], why: str) -> None:
    """Raises `click.UsageError` where one of these parameters was given on the command line: *why* it has no effect."""
    for parameter in context.command.params:
        if parameter.name in names and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]}: {why}", context)


def refuse_before(context: click.Context, *but: str) -> None:
    """The same for the options of a group that stand before one of its commands, *but* those that count there."""
    names = tuple(each.name for each in context.command.params if each.name and each.name not in but)
    refuse_typed(context, names, f"has no effect before `{context.invoked_subcommand}`; its options stand behind it")
