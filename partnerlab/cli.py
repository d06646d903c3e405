"""
The command `partnerlab`.

Commands are loaded when they are called, so that an installation without an extra has the commands it can run and says
of the others which extra they need. Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 misused.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from importlib import import_module
from typing import Any

import click

from partnerlab.contracts.paths import NameInvalid

__all__ = ["COMMANDS", "main"]

# name -> (module below partnerlab.commands, extra it needs, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "sandbox": ("sandbox", "sandbox", "Run the simulators and the data pump on one origin."),
    "demo": ("demo", "sandbox", "The whole journey, from bill file to posted payment, checked step by step."),
    "journey": ("journey", "sandbox", "What payers do on the hosted pages, story by story, without a browser."),
    "page": ("page", "", "The address of a hosted page, for a browser."),
    "generate": ("generate", "sandbox", "Write realistic fixture files, whole or damaged."),
    "files": ("files", "", "Check and convert bill files and WaterSmart's CSV files."),
    "uploads": ("uploads", "", "The files that Invoice Cloud was sent, and those that wait for a person."),
    "trigger": ("trigger", "", "Make something happen at the simulated Invoice Cloud."),
    "clerk": ("clerk", "", "What a biller's clerk enters: payments over the counter, blocks, enrolments."),
    "mailbox": ("mailbox", "", "The e-mails and texts that payers would have been sent."),
    "clock": ("clock", "", "Read and move a lane's clock."),
    "jobs": ("jobs", "", "What partners run on a timer: list, run, pause, resume."),
    "lanes": ("lanes", "", "Isolated worlds of a sandbox: list, create, reset, fork, export, import, drop."),
    "prune": ("prune", "", "Forget what was over long ago in a sandbox, and lanes that nobody uses."),
    "faults": ("faults", "", "What a lane gets wrong on purpose: list, add, clear."),
    "deliveries": ("deliveries", "", "See, replay and settle what the data pump delivers."),
    "journal": ("journal", "", "What was asked and answered, with the contract's verdict."),
    "audit": ("audit", "", "What became of each payment: posted once, lost, doubled, unknown, wrong."),
    "reconcile": ("reconcile", "", "Whether all books agree: deliveries, partners, Invoice Cloud, postbacks, files."),
    "soak": ("soak", "sandbox", "A whole world on virtual time from one seed, audited every day."),
    "catalogue": ("catalogue", "", "Everything that has a name: requirements, faults, damages, values, settings."),
    "export": ("export", "", "What Invoice Cloud sends to a partner, as files in a folder."),
    "capabilities": ("capabilities", "", "What each integration supports, by the tables of its source."),
    "verify": ("verify", "verify", "Grade an implementation by the requirements of the sources, with evidence."),
    "report": ("report", "verify", "Compare two reports of verification, or check a signed pack of them."),
    "pump": ("pump", "pump", "Run the data pump as a service."),
}


class _Commands(click.Group):
    def main(self, *args: Any, **extra: Any) -> Any:
        try:
            return super().main(*args, **extra)
        except OSError as error:  # what a disk or a folder refuses
            if (told := _told(error)) is None:
                raise
            click.echo(f"Error: {told}", err=True)
            sys.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            command: click.Command = import_module(f"partnerlab.commands.{COMMANDS[cmd_name][0]}").command
        except ModuleNotFoundError as error:
            raise _explained(error, cmd_name) from error
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # here, because only who misspells something needs it

            meant = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean '{meant[0]}'?" if meant else ""
            raise click.UsageError(f"No such command '{args[0]}'.{hint}", ctx)
        # What is imported stays: to look through it for garbage, now or later, would take a tenth of the start.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return super().resolve_command(ctx, args)
        finally:
            gc.freeze()
            if collecting:
                gc.enable()
            if ctx.obj is not None:  # the program waits for it: from here on Ctrl-C closes what was begun
                ctx.obj()

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:  # some rooms import what they need late
            raise _explained(error, ctx.invoked_subcommand or "") from error
        except NameInvalid as error:
            raise click.UsageError(f"{error}.") from None
        finally:
            gc.unfreeze()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # Not from the commands themselves: listing them would load them all.
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


def _told(error: OSError) -> str | None:
    """What a person is told of a disk or a folder that refuses; None where the error is about neither."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"What was written is not whole: {error.strerror}."
    if isinstance(error, FileNotFoundError) and not error.filename:  # as `os.getcwd` says it
        return "the current folder was deleted: go to another"
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else None


def _explained(error: ModuleNotFoundError, command: str) -> Exception:
    """Which extra brings what is missing, or the error itself where it is ours."""
    _, extra, _ = COMMANDS.get(command, ("", "", ""))
    if not extra or (error.name or "").partition(".")[0] == "partnerlab":
        return error
    return click.ClickException(f"'{command}' needs {error.name}: pip install 'partnerlab[{extra}]'")


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """The version, and whether bill files are read by the compiled module."""
    if asked and not context.resilient_parsing:
        from importlib.metadata import version

        from partnerlab.contracts.files.in_c import way

        click.echo(f"partnerlab {version('partnerlab')}, {way()}")
        context.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
@click.pass_context
def main(context: click.Context) -> None:
    """Client, simulators, contracts and fixtures for the systems that exchange bills and payments with Invoice Cloud.

    Exit codes: 0 done, 1 failed, 2 misused. Where a command has others, its help says so.

    \b
    Example:
        partnerlab sandbox
    """
    if os.environ.get("NO_COLOR"):  # https://no-color.org
        context.color = False


if __name__ == "__main__":
    main()
