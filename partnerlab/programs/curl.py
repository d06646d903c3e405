"""A call as a command for a POSIX shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from partnerlab.contracts.masking import printable
from partnerlab.programs.call import FORM, Call, Piece, Variable
from partnerlab.simulators.kit.journal.entries import Entry

__all__ = ["render_curl"]


def render_curl(entry: Entry, call: Call) -> str:
    """The command; before it, a line for each variable that stops where it is not set."""
    lines = [f"# {entry.operation}, journal entry {entry.id}"]
    whats = {one.name: one.what for one in (*call.path, call.basic, *call.body) if isinstance(one, Variable)}
    lines += [f': "${{{name}:?set it to the value of {whats[name]}}}"' for name in call.variables]
    words = ["curl -sS -i"]
    if call.method == "HEAD":
        words[0] += " --head"
    elif call.method != ("POST" if call.body else "GET"):
        words[0] += f" -X {shlex.quote(call.method)}"
    if call.basic:
        words.append(f'-u "${call.basic.name}:"')
    for name, value in call.headers:
        if not (call.form is not None and (name, value) == ("content-type", FORM)):
            words.append(f"-H {shlex.quote(f'{name}: {value}')}")
    if call.form is not None:
        words += [f"--data-urlencode {_word([f'{name}=', value])}" for name, value in call.form]
    elif call.body:
        words.append(f"--data-binary {_word(call.body)}")
    lines.append(" \\\n  ".join([*words, _word(call.url)]))
    return printable("\n".join(lines), lines=True) + "\n"


def _word(pieces: Iterable[Piece]) -> str:
    """Pieces as one word of a shell."""
    return "".join(f'"${one.name}"' if isinstance(one, Variable) else shlex.quote(one) for one in pieces if one)
