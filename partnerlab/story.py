"""How a journey is told: chapters, steps that say what changed, and expectations that name a requirement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
import httpx

from partnerlab.client.errors import ClientError
from partnerlab.client.http.transport import default_ssl_context
from partnerlab.contracts.catalogue import requirement
from partnerlab.remote import RemoteRefused

__all__ = ["Broken", "Story", "asked"]

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Broken:
    """An expectation that was not met."""

    requirement: str
    what: str
    expected: object
    found: object


class Story:
    """Collects what a journey shows. *echo* prints a line."""

    def __init__(self, echo: Callable[[str], None] = click.echo) -> None:
        self._echo = echo
        self.broken: list[Broken] = []
        self.met: list[str] = []

    @contextmanager
    def chapter(self, title: str, id: str) -> Iterator[None]:
        """
        A part of the journey, about requirement *id*.

        Where a call in it fails that should not, the part ends there as broken, and the journey goes on.
        """
        self._echo("\n" + click.style(title, bold=True))
        try:
            yield
        except (ClientError, RemoteRefused, httpx.HTTPError, TimeoutError, LookupError) as error:
            self.expect(
                id, "and so on to the end of this part", found=f"{type(error).__name__}: {error}", expected=None
            )

    def tell(self, text: str) -> None:
        """Something that happened and proves nothing."""
        self._echo(f"    {text}")

    def expect(self, id: str, what: str, *, found: object, expected: object) -> None:
        """
        Step *what* is right when *found* equals *expected*, as requirement *id* has it.

        Raises `KeyError` for a requirement that the catalogue does not have.
        """
        rule = requirement(id)
        if found == expected:
            self.met.append(id)
            self._echo(f"  {click.style('✓', fg='green')} {what}  {click.style(id, dim=True)}")
            return
        self.broken.append(Broken(id, what, expected, found))
        self._echo(f"  {click.style('✗', fg='red')} {what}  {click.style(id, fg='red')}")
        self._echo(f"      expected {expected!r}, found {found!r}")
        self._echo(f"      {id}: {rule.text}")
        self._echo(f"      {rule.source}, {rule.row}" + (f" [{rule.assumption}]" if rule.assumption else ""))

    def conclude(self, seconds: float) -> int:
        """Say how it ended; the exit code."""
        if self.broken:
            names = ", ".join(dict.fromkeys(broken.requirement for broken in self.broken))
            many = len(self.met) + len(self.broken)
            self._echo(click.style(f"\n{len(self.broken)} of {many} steps broken: {names}", fg="red"))
            return 1
        shown = len(set(self.met))
        text = f"\n{len(self.met)} steps as the contract says, {shown} requirements shown, {seconds:.1f} s"
        self._echo(click.style(text, fg="green"))
        return 0


def asked(method: str, url: str, **more: Any) -> httpx.Response:
    """The answer to a call that no client here makes; as with those, past the proxies that the environment names."""
    return httpx.request(method, url, timeout=TIMEOUT_S, trust_env=False, verify=default_ssl_context(), **more)
