"""The run's own secrets: blotted out in what is shown, named by environment variables in what is repeated."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, quote_plus
from xml.sax.saxutils import escape

from partnerlab.contracts.masking import MASK, is_secret, mask, mask_excerpt, printable
from partnerlab.contracts.verification.provider.exchange import Asked

__all__ = ["Secrets"]

SHORTEST = 4
"""A shorter one would be found in ordinary text; it is masked where a secret's name stands before it."""
ESCAPED = '"$(printf %s "${0}" | sed \'s/&/\\&amp;/g;s/</\\&lt;/g;s/>/\\&gt;/g\')"'
"""A variable's value as it stands in XML, for a shell."""
FORM = "application/x-www-form-urlencoded"


class Secrets:
    """The secrets of a run by the name of the environment variable that would hold each, as `TCCS_ENTRY_KEY`."""

    def __init__(self, by_variable: Mapping[str, str]) -> None:
        self.by_variable = {name: value for name, value in by_variable.items() if value}
        forms = {form: value for value in self.by_variable.values() for form in _forms(value) if len(form) >= SHORTEST}
        # The longest first: one may be part of another.
        self._forms = dict(sorted(forms.items(), key=lambda one: -len(one[0])))

    def masked(self, text: str, most: int = 4_000) -> str:
        """At most *most* characters of a text, without any secret in it; what is unprintable is written out."""
        left_out = len(text) - most
        beginning = text if left_out <= 0 else text[: most + 500]
        for form, secret in self._forms.items():
            beginning = beginning.replace(form, mask(secret))
        shown = printable(mask_excerpt(beginning, most), lines=True)
        return shown if left_out <= 0 else f"{shown}\n… ({left_out:,} more characters)"

    def header(self, name: str, value: str) -> str:
        """A header's value as it may be shown."""
        if is_secret(name):
            scheme, space, _ = value.partition(" ")
            return f"{scheme} {MASK}" if space else MASK
        return self.masked(value, 500)

    def curl(self, asked: Asked) -> str:
        """
        The call as a command for a shell, its secrets as variables; empty where its body is no text.

        A secret that stands in it in a way that no variable can take is masked.
        """
        try:
            body = asked.body.decode("utf-8")
        except UnicodeDecodeError:
            return ""
        words = ["curl", "-sS", "-i"] + ([] if asked.method in ("GET", "POST") else ["-X", asked.method])
        parts = [" ".join(words)]
        is_form = asked.headers.get("content-type", "").partition(";")[0].strip() == FORM
        for name, value in asked.headers.items():
            if name == "authorization":
                parts.append(f"-H {self._basic(value)}")
            elif not (is_form and name == "content-type" and value == FORM):
                parts.append(f"-H {self._quoted(f'{name}: {value}')}")
        if is_form and body == _form(body):
            parts += [f"--data-urlencode {self._quoted(f'{name}={value}')}" for name, value in _pairs(body)]
        elif body or asked.method == "POST":
            parts.append(f"--data-binary {self._quoted(body)}")
        command = " \\\n  ".join([*parts, shlex.quote(asked.url)])
        for form, secret in self._forms.items():
            command = command.replace(form, mask(secret))
        return printable(command, lines=True)

    def _quoted(self, text: str) -> str:
        """A text as a shell's word, in which each secret is its variable."""
        pieces = [text]
        for variable, secret in self.by_variable.items():
            for form, written in ((secret, f'"${variable}"'), (escape(secret), ESCAPED.format(variable))):
                pieces = [part for piece in pieces for part in _split(piece, form, written)]
        words = [piece[1:] if piece.startswith("\0") else shlex.quote(piece) for piece in pieces if piece]
        return "".join(words) or "''"

    def _basic(self, value: str) -> str:
        for variable, secret in self.by_variable.items():
            for user, written in ((secret, f"${variable}"), (f"{secret}:", f"${variable}:")):
                if value == f"Basic {base64.b64encode(user.encode()).decode()}":
                    return f'"authorization: Basic $(printf %s "{written}" | base64 | tr -d \'\\n\')"'
        return (
            f"'authorization: {MASK}'"
            if any(form in value for form in self._forms)
            else shlex.quote(f"authorization: {value}")
        )


def _forms(secret: str) -> list[str]:
    """How a secret may stand in a message: bare, escaped, encoded."""
    coded = [base64.b64encode(one.encode()).decode() for one in (secret, f"{secret}:")]
    return [secret, escape(secret), quote(secret), quote_plus(secret), *coded]


def _split(piece: str, form: str, written: str) -> list[str]:
    """A piece of text cut where the secret stands, with what a shell reads in its place, marked by a NUL."""
    if piece.startswith("\0") or form not in piece:
        return [piece]
    return [one for part in piece.split(form) for one in (part, f"\0{written}")][:-1]


def _pairs(body: str) -> list[tuple[str, str]]:
    return parse_qsl(body, keep_blank_values=True)


def _form(body: str) -> str:
    """The form as `curl --data-urlencode` would send it, but for how blanks are written."""
    return "&".join(f"{name}={quote_plus(value)}" for name, value in _pairs(body))
