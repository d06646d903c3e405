"""How many payments a partner holds for a reference: asked by an address, by a command, or of a person."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from urllib.parse import quote

import click

from partnerlab.contracts.verification.consumer.postbacks import Page
from partnerlab.contracts.verification.provider.configuration import Misconfigured
from partnerlab.contracts.verification.provider.exchange import Asked, NoAnswer, Send

__all__ = ["by_address", "by_command", "by_question"]

REFERENCE = "{reference}"
TIMEOUT_S = 30.0
SHOWN = 80
Held = Callable[[Page], int]


def by_address(url: str, send: Send) -> Held:
    """Ask by GET; `{reference}` in the address is the page's. The answer is a number, or JSON that has one."""

    def held(page: Page) -> int:
        asked = Asked("held", "GET", url.replace(REFERENCE, quote(page.reference, safe="")))
        try:
            answer = send(asked, TIMEOUT_S)
        except NoAnswer as error:
            raise Misconfigured("held-unknown", f"{url}: {error}") from None
        if answer.status != 200:
            raise Misconfigured("held-unknown", f"{url}: status {answer.status}")
        return _number(url, answer.text)

    return held


def by_command(command: str) -> Held:
    """
    Ask by a command, which prints the number; `{reference}` in it is the page's, as is `PARTNERLAB_REFERENCE`.

    No shell reads it: a reference cannot be taken for a command.
    """
    words = shlex.split(command)

    def held(page: Page) -> int:
        said = [word.replace(REFERENCE, page.reference) for word in words]
        variables = {**os.environ, "PARTNERLAB_REFERENCE": page.reference}
        try:
            done = subprocess.run(said, env=variables, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)  # noqa: S603 - the command is the user's own
        except subprocess.CalledProcessError as error:
            text = f"{words[0]} ended with {error.returncode}: {error.stderr.strip()[:SHOWN]}"
            raise Misconfigured("held-unknown", text) from None
        except (OSError, subprocess.TimeoutExpired, IndexError) as error:
            raise Misconfigured("held-unknown", f"{command}: {error}") from None
        return _number(command, done.stdout)

    return held


def by_question(page: Page) -> int:
    """Ask whoever sits there."""
    found: int = click.prompt(
        f"How many payments do you hold for reference {page.reference}?",
        type=click.IntRange(0),
        prompt_suffix=" ",
        err=True,
    )
    return found


def _number(source: str, text: str) -> int:
    """`3`, `{"payments": 3}` or a list of three."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict):
        value = next(
            (one for one in value.values() if isinstance(one, (int, list)) and not isinstance(one, bool)), None
        )
    if isinstance(value, list):
        return len(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if found := re.fullmatch(r"\s*(\d{1,9})\s*", text):
        return int(found[1])
    raise Misconfigured("held-unknown", f"{source} answers {text.strip()[:SHOWN]!r}, which is no number")
