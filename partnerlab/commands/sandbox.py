"""`partnerlab sandbox`: the simulators and the data pump on one origin."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import click

from partnerlab.certificates import CertificateUnusable
from partnerlab.config import configure, read_configuration
from partnerlab.contracts import seeds
from partnerlab.contracts.catalogue import magic_values
from partnerlab.databases import check_database, database_errors
from partnerlab.entrances import billers, entrances
from partnerlab.listening import cannot_listen
from partnerlab.logs import log_to_stderr
from partnerlab.partners import PARTNERS
from partnerlab.parts import PARTS, Parts
from partnerlab.remote import DEFAULT_URL
from partnerlab.sandbox import Sandbox
from partnerlab.settings import FoldersUnusable, SandboxSettings
from partnerlab.signals import Ending
from partnerlab.simulators import ic_webservices, tccs_rest
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.world.lanes import DEFAULT
from partnerlab.systems import SYSTEMS, Every

OWN_KEYS = "Keys and passwords are this sandbox's own, made from its token: the documented ones are refused."
ASK = "  # first: export PARTNERLAB_TOKEN=, the token that this sandbox was started with"
NARROWEST = 30
SECTIONS = ("sandbox", *(one.section for one in SYSTEMS))


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"A TOML file: {' '.join(f'[{name}]' for name in SECTIONS)}.",
)
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: 8700]")
@click.option("--db", help="A SQLite file or a PostgreSQL URL to keep everything in.  [default: memory]")
@click.option("--soap", type=click.Choice(["codec", "spyne"]), help="Who answers SOAP messages.  [default: codec]")
@click.option(
    "--token",
    help="Token that callers of control API and data pump must send; required where other machines reach them.",
)
@click.option(
    "--files",
    type=click.Path(file_okay=False),
    help="Folder in which partners leave and find files, an inbox and an outbox a biller.  [default: none]",
)
@click.option(
    "--jobs/--no-jobs", default=True, show_default=True, help="Run the partners' timed jobs as their time comes."
)
@click.option(
    "--sftp-port",
    type=click.IntRange(0, 65535),
    help="Serve the folders of --files by SFTP on this port; 0 takes a free one.  [default: no SFTP]",
)
@click.option(
    "--forwarded",
    is_flag=True,
    default=None,
    help="A proxy is in front: believe its X-Forwarded-Proto, -Host and -For.",
)
@click.option(
    "--tls",
    type=click.Path(file_okay=False),
    help="Serve https, with the certificate in this folder; it is made where there is none.  [default: http]",
)
@click.option("--console/--no-console", default=None, help="Serve the console at /.  [default: console]")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(PARTS),
    help="Serve only this part of a sandbox in PostgreSQL; may be repeated.  [default: all]",
)
@click.option(
    "--peer",
    "peers",
    multiple=True,
    metavar="PART=URL",
    help="With --only: the address of another part; may be repeated.",
)
@click.option("--quiet", is_flag=True, help="Print only the URL.")
def command(
    config: Path | None,
    host: str | None,
    port: int | None,
    db: str | None,
    soap: Literal["codec", "spyne"] | None,
    token: str | None,
    files: str | None,
    sftp_port: int | None,
    tls: str | None,
    only: tuple[str, ...],
    peers: tuple[str, ...],
    *,
    forwarded: bool | None,
    jobs: bool,
    console: bool | None,
    quiet: bool,
) -> None:
    """Run the simulators and the data pump on one origin until interrupted.

    Every value can be set: a PARTNERLAB_<SECTION>_<FIELD> environment variable overrides the TOML file, which
    overrides the default, as in PARTNERLAB_SANDBOX_PORT or PARTNERLAB_INHANCE_KEY.

    \b
    Example:
        partnerlab sandbox --db sandbox.db
    """
    log_to_stderr()
    # To be stopped is no failure, however early; to cut the end short is one.
    with Ending() as ending, ExitStack() as running, suppress(KeyboardInterrupt):
        try:
            document = read_configuration(config, SECTIONS)
            settings = configure(SandboxSettings, "sandbox", document)
            settings = replace(
                settings,
                host=settings.host if host is None else host,
                port=settings.port if port is None else port,
                database=settings.database if db is None else db,
                token=settings.token if token is None else token,
                files=settings.files if files is None else files,
                sftp_port=settings.sftp_port if sftp_port is None else sftp_port,
                tls=settings.tls if tls is None else tls,
                forwarded=settings.forwarded if forwarded is None else forwarded,
                console=settings.console if console is None else console,
                only=only or settings.only,
                peers=peers or settings.peers,
            )
            if wrong := settings.problems().get("peers"):
                raise click.BadParameter(wrong, param_hint="--peer")
            if token is not None and (wrong := settings.problems().get("token", "" if token else "must not be empty")):
                raise click.BadParameter(wrong, param_hint="--token")
            systems = [configure(one.settings, one.section, document) for one in SYSTEMS]
            if soap is not None:
                systems = [replace(one, soap=soap) if hasattr(one, "soap") else one for one in systems]
            check_database(settings.database, "sandbox")
            with ending.held(), database_errors(settings.database):
                sandbox = Sandbox(settings, *systems)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        except CertificateUnusable as error:
            raise click.ClickException(str(error)) from error
        running.enter_context(database_errors(settings.database))  # its end may raise one, too
        try:
            with ending.held():
                running.enter_context(sandbox)
        except FoldersUnusable as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(cannot_listen(f"{settings.host}:{settings.port}", error)) from error
        # Whoever reads the address may call, or end it, at once.
        if not quiet:
            sandbox.journal.written.append(_tell)
        if jobs:
            sandbox.run_jobs()
        if quiet:
            click.echo(sandbox.url)
        else:
            click.echo(part_screen(sandbox.address, sandbox.parts) if settings.only else _screen_of(sandbox))
        sandbox.server.run(sandbox.wind_down)
        ending.begun()  # the server has had the signal, and the pump is yet to finish


def _screen_of(sandbox: Sandbox) -> str:
    return screen(
        sandbox.address,
        sandbox.access.settings,
        _exchange(sandbox),
        called_by(sys.argv[0]),
        _authority(sandbox),
        shared=sandbox.settings.shared,
        token=bool(sandbox.settings.token),
    )


def _authority(sandbox: Sandbox) -> str:
    """The file that callers of an https sandbox trust, as a shell takes it."""
    return "" if sandbox.certificate is None else shlex.quote(str(Path(sandbox.certificate.authority).absolute()))


def _tell(lane: str, entry: Entry) -> None:
    """A line on the screen for each exchange, once."""
    if entry.peer:
        return
    from partnerlab.contracts.verification.meaning import outcome_of  # at the first call

    where = "" if lane == DEFAULT else f"{lane}  "
    what = f"{entry.door}  {entry.operation}  {entry.status or '-'}  {entry.duration_ms:.0f} ms"
    line = f"{entry.at[11:19]}Z  {where}{what}  {outcome_of(entry.status, entry.answer, entry.faults)}"
    click.echo(click.style("".join(char if char.isprintable() else " " for char in line), dim=True), err=True)


def _exchange(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    """Where partners leave and find files, for the screen; nothing where nobody asked for it."""
    if sandbox.exchange is None:
        return []
    folders, sftp = sandbox.exchange.folders, sandbox.exchange.sftp
    rows = [("folders", str(folders.root.resolve()), "inbox and outbox of each biller")]
    if sftp is not None:
        host = urlsplit(sandbox.url).hostname
        rows.append(("SFTP", f"sftp -P {sftp.port} watersmart@{host}", f"host key {sftp.fingerprint}"))
    return rows


def called_by(program: str) -> str:
    """What a shell in this folder runs this program by: its name where that is on the PATH, else where it stands."""
    path = Path(program)
    on_path = shutil.which("partnerlab")
    if path.name != "partnerlab" or (on_path and Path(on_path).samefile(path)):
        return "partnerlab"
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)


def part_screen(url: str, parts: Parts) -> str:
    """What a process that serves some parts says: which, and where the others are."""
    rows = [(part, "here" if part in parts.served else parts.peers.get(part, "-")) for part in PARTS]
    return "\n".join(
        [
            click.style(f"partnerlab sandbox  {url}", bold=True),
            "",
            *_table([*rows, ("control API", f"{url}/_sandbox/openapi.json")]),
        ]
    )


def screen(
    url: str,
    settings: Every,
    exchange: Sequence[tuple[str, str, str]] = (),
    command: str = "partnerlab",
    authority: str = "",
    *,
    shared: bool = False,
    token: bool = False,
) -> str:
    """
    The one screen that a tester needs: addresses, seeded accounts, test values, commands to paste.

    *command* is what this program is called by, *authority* the file that callers trust, where it serves https;
    *shared* says that others reach it, *token* that it asks for one.
    """
    accounts = {one.name: seeds.purposes(one.seeds) for one in PARTNERS.values()}
    accounts["TCCS quotes"] = seeds.purposes("quote")
    payers = [f"{email} ({one.name})" for one in PARTNERS.values() for email in seeds.registered(one.seeds)]
    values = [(row.value, f"{row.kind.replace('_', ' ')}: {row.text}") for row in magic_values()]
    ic, tccs = settings.of(ic_webservices.Settings), settings.of(tccs_rest.Settings)
    form = f"-d consumerGUID={tccs.consumer_guid} -d entryKey={tccs.entry_key} -d contentInfo={ic.policy_invoice}"
    option = "" if url == DEFAULT_URL else f" --url {url}"
    return "\n".join(
        [
            click.style(f"partnerlab sandbox  {url}", bold=True),
            "",
            *_table(
                [
                    (one.name, f"{url}{one.path}", f"{one.note}: {one.credential}" if one.credential else one.note)
                    for one in entrances(settings)
                ]
                + list(exchange)
            ),
            "",
            click.style("Billers of Invoice Cloud", bold=True),
            *_table([("", "BillerGUID", "API key", "WebServiceKey"), *billers(ic)]),
            *(["", f"  {OWN_KEYS}"] if shared else []),
            "",
            click.style("Accounts, on both sides", bold=True),
            *_table(
                [(name if at == 0 else "", *row) for name, rows in accounts.items() for at, row in enumerate(rows)]
            ),
            "",
            f"  Registered on the hosted pages, password {ic.utility_password}:",
            *(f"    {payer}" for payer in payers),
            "",
            click.style("Test values", bold=True),
            *_table(values),
            "",
            click.style("Try", bold=True),
            *([ASK] if token else []),
            *([f"  export SSL_CERT_FILE={authority}"] if authority else []),
            f"  {command} trigger pay {ic.utility_account} 40.00{option}",
            f"  {command} journal --operation MakePaymentExtended{option}",
            f"  {command} page bills{option}",
            f"  curl {url}{tccs.bases[0]}/api/ARState_Output {form}",
            "",
            "A world of your own: the header X-Sandbox-Lane, or /lane/<name> before the path. Ctrl-C ends it.",
        ]
    )


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The rows in columns. On a narrow terminal the last column goes on below itself, or stands below the others."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    *before, _ = accumulate((width + 2 for width in widths), initial=2)
    most = shutil.get_terminal_size((1_000, 24)).columns
    room = most - before[-1]
    lines = []
    for *cells, last in rows:
        line = "  " + "".join(cell.ljust(width + 2) for cell, width in zip(cells, widths, strict=False))
        if len(last) <= room:
            lines.append(line + last)
        elif room >= NARROWEST:
            from textwrap import wrap  # its patterns take a millisecond of the start

            first, *more = wrap(last, room)
            lines += [line + first, *(" " * before[-1] + one for one in more)]
        else:
            lines += [line, f"      {last}"]
    return [line.rstrip() for line in lines]
