"""
A call as a Python program, and as a test for the pytest plugin.

Where the production client has the operation and would send the same, the program calls the client; else it sends the
bytes with httpx. The test always sends the bytes, into a lane of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from partnerlab.contracts.verification.meaning import read_meaning, verdict_line
from partnerlab.programs.call import Call, Piece, Variable
from partnerlab.programs.client import client_call
from partnerlab.programs.literals import text_literal
from partnerlab.simulators.kit.journal.entries import Entry

__all__ = ["render_program", "render_test"]

_ENCODERS = {
    "xml": ("from xml.sax.saxutils import escape", "escape({})"),
    "json": ("import json", "json.dumps({})[1:-1]"),
    "form": ("from urllib.parse import quote_plus", "quote_plus({})"),
}


def render_program(entry: Entry, call: Call) -> str:
    """The program."""
    found = client_call(entry, call)
    if found is not None:
        return _joined(_heading(entry, call), found.imports, "", found.lines)
    sent = [
        *_request(call, _quoted_url(call.url)),
        'print(answer.status_code, answer.headers.get("content-type", ""))',
        "print(answer.text)",
    ]
    return _joined(_heading(entry, call), _imports(call), "", sent)


def render_test(entry: Entry, call: Call) -> str:
    """The test: the call in a lane of the test's own, and what must come of it again."""
    body = [f"    {line}" for line in _request(call, _in_lane(entry, call))]
    if entry.status and not entry.faults:
        body.append(f"    assert answer.status_code == {entry.status}, answer.text")
    if entry.direction == "in" and not entry.faults:
        said = verdict_line(entry.findings, read_meaning(entry.status, entry.answer))
        body.append(f'    assert journal.entries()[-1]["verdict"] == {text_literal(said)}')
    fixtures = "lane, journal" if entry.direction == "in" else ""
    name = "".join(char if char.isalnum() else "_" for char in entry.operation).strip("_").lower() or "call"
    return _joined(_heading(entry, call), _imports(call), f"def test_{name[:60]}({fixtures}):", body)


def _heading(entry: Entry, call: Call) -> str:
    needed = f" Set {' and '.join(call.variables)} first." if call.variables else ""
    what = "".join(char for char in entry.operation if char.isprintable() and char not in '"\\')
    return f'"""{what}, as in journal entry {entry.id}.{needed}"""'


def _joined(heading: str, imports: Iterable[str], opening: str, body: Iterable[str]) -> str:
    plain = sorted((one for one in imports if one.split()[1].partition(".")[0] in _STANDARD), key=_order)
    other = sorted((one for one in imports if one not in plain), key=_order)
    blocks = [heading, "\n".join(plain), "\n".join(other)]
    text = "\n\n".join(block for block in blocks if block)
    gap = "\n\n\n" if opening else "\n\n"
    return text + gap + "\n".join([*([opening] if opening else []), *body]) + "\n"


_STANDARD = ("datetime", "decimal", "json", "os", "urllib", "xml")


def _order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _imports(call: Call) -> list[str]:
    found = ["import httpx"]
    if call.variables:
        found.append("import os")
    if any(isinstance(one, Variable) for one in call.body) and call.form is None and call.encoding in _ENCODERS:
        found.append(_ENCODERS[call.encoding][0])
    return found


def _request(call: Call, url: str) -> Iterator[str]:
    yield "answer = httpx.request("
    yield f"    {text_literal(call.method)},"
    yield f"    {url},"
    if call.headers:
        yield "    headers={"
        yield from (f"        {text_literal(name)}: {text_literal(value)}," for name, value in call.headers)
        yield "    },"
    if call.basic:
        yield f'    auth=({_environment(call.basic)}, ""),'
    if call.form is not None:
        yield "    data={"
        yield from (f"        {text_literal(name)}: {_value(value)}," for name, value in call.form)
        yield "    },"
    elif call.body:
        yield "    content=("
        yield from (f"        {line}" for line in _content(call))
        yield "    ).encode(),"
    yield "    timeout=30,"
    yield ")"


def _content(call: Call) -> Iterator[str]:
    """The body as a sum of literals, a line each."""
    first = True
    for piece in call.body:
        lines = [_encoded(piece, call.encoding)] if isinstance(piece, Variable) else _literals(piece)
        for line in lines:
            yield line if first else f"+ {line}"
            first = False


def _literals(text: str) -> Iterator[str]:
    """A text as literals of at most 90 characters, cut behind a tag where there is one."""
    while text:
        end = text.find("\n") + 1 or len(text)
        end = min(end, 90)
        if end == 90 and (tag := text.rfind(">", 30, 90)) > 0:
            end = tag + 1
        yield text_literal(text[:end])
        text = text[end:]


def _encoded(variable: Variable, encoding: str) -> str:
    value = _environment(variable)
    return _ENCODERS[encoding][1].format(value) if encoding in _ENCODERS else value


def _value(piece: Piece) -> str:
    return _environment(piece) if isinstance(piece, Variable) else text_literal(piece)


def _environment(variable: Variable) -> str:
    return f'os.environ["{variable.name}"]'


def _quoted_url(pieces: Iterable[Piece]) -> str:
    return " + ".join(_value(piece) for piece in pieces)


def _in_lane(entry: Entry, call: Call) -> str:
    """The address in the test's lane; a call that Invoice Cloud made elsewhere keeps its own."""
    return _quoted_url(call.url) if entry.direction == "out" else "lane.url + " + _quoted_url(call.path)
