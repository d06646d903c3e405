"""`partnerlab lanes`: isolated worlds of a sandbox."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from partnerlab.atomic_files import OUT, out
from partnerlab.command_group import Group
from partnerlab.contracts.paths import at
from partnerlab.moments import moment
from partnerlab.output import tell
from partnerlab.remote import Remote, RemoteMisused, RemoteRefused, json_option, url_option

PIECE = 256 * 1024


@click.group(cls=Group)
def command() -> None:
    """Isolated worlds of a sandbox, each with its own state, clock, faults and journal.

    \b
    Example:
        partnerlab lanes create mine
    """


@command.command(name="list")
@json_option
@url_option
def list_(url: str, *, as_json: bool) -> None:
    """List the lanes with their time.

    \b
    Example:
        partnerlab lanes list
    """
    found = Remote(url).get("/_sandbox/lanes")["lanes"]
    tell(found, map(_line, found), as_json=as_json)


@command.command()
@click.argument("name")
@click.option("--seed", type=click.IntRange(0), help="Seed of the lane's random stream.")
@click.option("--frozen-at", metavar="TIME", help="Where its clock stands still, as in 2026-03-02T11:00:00Z.")
@json_option
@url_option
def create(name: str, seed: int | None, frozen_at: str | None, url: str, *, as_json: bool) -> None:
    """Make the lane NAME, with the seeded accounts.

    \b
    Example:
        partnerlab lanes create mine
        partnerlab lanes create monday --frozen-at 2026-03-02T11:00:00Z
    """
    given = {"seed": seed, "frozen_at": frozen_at}
    body = {"name": name, **{key: value for key, value in given.items() if value is not None}}
    _tell(Remote(url).post("/_sandbox/lanes", body), as_json=as_json)


@command.command()
@click.argument("name")
@json_option
@url_option
def reset(name: str, url: str, *, as_json: bool) -> None:
    """Make the lane NAME as it was when it was new, with its clock in real time.

    \b
    Example:
        partnerlab lanes reset mine
    """
    with _meant(url, name):
        done = Remote(url).patient().post(at("/_sandbox/lanes/{}/reset", name))
    _tell(done, as_json=as_json)


@command.command()
@click.argument("name")
@click.argument("to")
@json_option
@url_option
def fork(name: str, to: str, url: str, *, as_json: bool) -> None:
    """Copy everything that the lane NAME holds to the lane TO, replacing what is there.

    \b
    Example:
        partnerlab lanes fork default before-the-payment
    """
    with _meant(url, name):
        done = Remote(url).patient().post(at("/_sandbox/lanes/{}/fork", name), {"to": to})
    _tell(done, as_json=as_json)


@command.command()
@click.argument("name")
@url_option
def drop(name: str, url: str) -> None:
    """Remove the lane NAME and everything in it.

    \b
    Example:
        partnerlab lanes drop mine
    """
    with _meant(url, name):
        Remote(url).patient().delete(at("/_sandbox/lanes/{}", name))


@command.command()
@click.argument("name")
@click.argument("file", type=OUT, default="-")
@url_option
def export(name: str, file: Path, url: str) -> None:
    """Write everything that the lane NAME holds to FILE, or to standard output.

    \b
    Example:
        partnerlab lanes export trouble trouble.json
    """
    with _meant(url, name), out(file) as stream, _bar("exporting") as grown:

        def write(piece: bytes, size: int) -> None:
            stream.write(piece)
            grown(len(piece), size)

        Remote(url).patient().fetch(at("/_sandbox/lanes/{}/export", name), write)


@command.command(name="import")
@click.argument("name")
@click.argument("file", type=click.File("rb"), default="-")
@json_option
@url_option
def import_(name: str, file: BinaryIO, url: str, *, as_json: bool) -> None:
    """Replace everything that the lane NAME holds by FILE, an export, or by standard input.

    The lane is made where there is none.

    \b
    Example:
        partnerlab lanes import trouble trouble.json
    """
    try:
        size = os.fstat(file.fileno()).st_size
    except (AttributeError, OSError):  # no file of the system's
        size = 0
    with _bar("importing") as grown:

        def pieces() -> Iterator[bytes]:
            while piece := file.read(PIECE):
                yield piece
                grown(len(piece), size)

        try:
            done = Remote(url).patient().send(at("/_sandbox/lanes/{}/import", name), pieces(), "application/json")
        except RemoteMisused as error:
            told = f"{getattr(file, 'name', '-')}: no export of a lane: {error}"
            raise click.BadParameter(told, param_hint="FILE") from None
    _tell(done, as_json=as_json)


@contextmanager
def _meant(url: str, name: str) -> Iterator[None]:
    """Where there is no lane of that *name*, say which was probably meant."""
    try:
        yield
    except RemoteRefused as error:
        if not error.message.startswith("there is no lane"):
            raise
        from partnerlab.contracts.doors import unknown  # for who spells a lane rightly it is a slow import

        lanes = [row["name"] for row in Remote(url).get("/_sandbox/lanes")["lanes"]]
        raise RemoteRefused(unknown("lane", name, lanes)) from None


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; what is given is called with how many bytes more there are, and of how many."""
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def grown(more: int, size: int) -> None:
            bar.length = size
            bar.update(more)

        yield grown


def _line(lane: dict[str, Any]) -> str:
    return f"{lane['name']}  {moment(lane['now'])}{'  (frozen)' if lane['frozen'] else ''}"


def _tell(lane: dict[str, Any], *, as_json: bool) -> None:
    tell(lane, [_line(lane)], as_json=as_json)
