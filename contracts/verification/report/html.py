"""
The report for people: one HTML file without script, failures first, evidence beside what was expected.

It opens from `file://`, on a phone and on paper, where each failure has its call and all others are left out. A
Content-Security-Policy in it forbids everything but its own styles, so that nothing a partner answered can run or load.
Where it would grow beyond 2 MB the evidence of what passed is cut first, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape

from partnerlab.contracts.verification.grading.model import CheckResult, Exchange, Outcome, RequirementResult, Run
from partnerlab.contracts.verification.report.coverage import coverage
from partnerlab.contracts.verification.report.style import CSS
from partnerlab.contracts.verification.report.text import anchor, clean, exchange_of, sources, worst

__all__ = ["MOST_BYTES", "to_html"]

MOST_BYTES = 2_000_000
CUTS = ((4_500, 4_500), (4_500, 1_200), (2_000, 300), (400, 0), (0, 0))
"""The most characters of a body: of a check that failed, and of others; tried in turn until the page is small."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
MARKS = {Outcome.PASSED: "passed", Outcome.FAILED: "failed"}
LEVELS = {"must": "What must hold", "should": "What should hold", "may": "What may hold"}


def to_html(run: Run) -> str:
    """The run as an HTML page."""
    page = ""
    for failed, others in CUTS:
        page = "".join(_page(run, failed, others))
        if len(page.encode()) <= MOST_BYTES:
            break
    return page


def _page(run: Run, of_failed: int, of_others: int) -> Iterator[str]:
    title = f"{run.subject} ({run.side}): {_verdict(run)[1]}"
    yield f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f'<meta name="referrer" content="no-referrer"><style>{CSS}</style></head><body>'
    yield from _head(run)
    yield "<main>"
    shown: set[int] = set()
    if run.configuration is not None:
        yield from _configuration(run)
    failed = worst(run)
    if failed:
        yield from _contents(failed)
        yield '<h2 id="failures">Failures</h2>'
        for check in failed:
            yield from _failure(run, check, of_failed, shown)
    yield from _coverage(run)
    for level, words in LEVELS.items():
        rows = [one for one in run.requirements if one.requirement.level == level]
        if rows:
            yield f'<h2 id="{level}">{words}</h2>'
            yield from _requirements(rows)
    yield from _checks(run, of_others, shown)
    yield "</main>"
    yield f"<footer>Made by partnerlab {_text(run.version)}. Secrets are masked. Bodies may be cut."
    yield '<span class="paper">All other calls are in the file that this was printed from.</span></footer>'
    yield "</body></html>\n"


def _verdict(run: Run) -> tuple[str, str]:
    """A class of the style sheet, and the words."""
    code = run.exit_code()
    must, others = len(run.failures("must")), len(run.failures("should", "may"))
    if code == 3:
        return "rest", "the run is set up wrongly, nothing was graded"
    if code == 1:
        words = f"{must} of {_tried(run, 'must')} requirements that must hold and were tried failed"
        more = f", and {others} of {_tried(run, 'should', 'may')} that should or may hold" if others else ""
        return "failed", words + more
    if code == 4:
        return "rest", "nothing was verified"
    left = run.count(Outcome.NOT_EXERCISED)
    words = "everything that must hold, and was tried, holds"
    words += f"; {others} of what should or may hold failed" if others else ""
    return "passed", words + (f"; not exercised: {left}" if left else "")


def _at(moment: str) -> str:
    """`2026-11-28 18:32:39 UTC` of an ISO 8601 moment."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _tried(run: Run, *levels: str) -> int:
    return sum(one.outcome in MARKS and one.requirement.level in levels for one in run.requirements)


def _head(run: Run) -> Iterator[str]:
    kind, words = _verdict(run)
    yield f"<header><h1>Verification of {_text(run.subject)} as {_text(run.side)}</h1>"
    wrote = "It changed data there." if run.wrote else "It only read."
    yield f'<p class="soft">{_text(run.target)}, {_text(_at(run.started_at))}, {run.elapsed_ms / 1000:.1f} s, '
    calls = len(run.exchanges)
    yield f"{calls} {'call' if calls == 1 else 'calls'}. {wrote}</p>"
    yield f'<p class="verdict {kind}">{_text(words[:1].upper() + words[1:])}.</p>'
    if run.requirements:
        rows = "; ".join(f"{row.name} {row.covered} of {row.total}" for row in coverage(run))
        yield f'<p>Coverage of the specification: {_text(rows)}. <a href="#coverage">What is missing</a></p>'
    yield from (f"<p>{_text(note)}</p>" for note in run.notes)
    yield "</header>"


def _configuration(run: Run) -> Iterator[str]:
    found = run.configuration
    assert found is not None
    yield f'<h2 id="configuration">Configuration: {_text(found.name)}</h2><p>{_text(found.text)}</p>'
    yield f"<p><b>What to do:</b> {_text(found.advice)}</p>"
    if 0 < found.exchange <= len(run.exchanges):
        yield from _exchange(run.exchanges[found.exchange - 1], 4_500, set())


def _contents(failed: list[CheckResult]) -> Iterator[str]:
    yield '<nav aria-label="Failures"><ul>'
    for check in failed:
        yield f'<li><a href="#{anchor(check.check)}">{_text(check.check)}</a>: {_sentence(check.sentence)}</li>'
    yield "</ul></nav>"


def _failure(run: Run, check: CheckResult, most: int, shown: set[int]) -> Iterator[str]:
    yield f'<section class="one"><h3 id="{anchor(check.check)}">✗ {_text(check.check)}</h3>'
    yield f"<p>{_sentence(check.sentence)}</p>"
    for problem in check.problems[:20]:
        yield f'<p class="soft">Where: {_text(problem.where)}</p>'
        yield f'<div class="sides"><div><b>Expected</b>{_text(problem.expected)}</div>'
        yield f"<div><b>Received</b>{_text(problem.received)}</div></div>"
    if len(check.problems) > 20:
        yield f"<p>{len(check.problems) - 20} more of the kind.</p>"
    yield from (f'<p class="soft">{_text(line)}</p>' for line in sources(run, check))
    exchange = exchange_of(run, check.problems[0] if check.problems else None)
    if exchange is not None:
        yield from _exchange(exchange, most, shown)
    others = [number for number in check.exchanges if exchange is None or number != exchange.number]
    yield from _folded(run, others, most, shown)
    yield "</section>"


def _exchange(exchange: Exchange, most: int, shown: set[int]) -> Iterator[str]:
    """A call and its answer; a link where it is *shown* already."""
    if exchange.number in shown:
        yield f'<p><a href="#call-{exchange.number}">Call {exchange.number}</a>: {_text(exchange.label)}, '
        yield f"status {exchange.status}; it is shown above.</p>"
        return
    shown.add(exchange.number)
    asked = f"{exchange.method} {exchange.url}\n" + _headers(exchange.request_headers)
    answered = f"status {exchange.status}\n" + _headers(exchange.response_headers)
    if exchange.error:
        answered = f"no answer: {exchange.error}"
    number = exchange.number
    yield f'<div class="sides" id="call-{number}"><div><b>Sent (call {number}, {_text(exchange.label)})</b>'
    yield _pre(asked + "\n" + _cut(exchange.request_body, most), f"Sent in call {number}")
    yield f"</div><div><b>Received after {exchange.elapsed_ms} ms</b>"
    yield _pre(answered + "\n" + _cut(exchange.response_body, most), f"Received in call {number}")
    yield "</div></div>"
    if exchange.curl and most:
        yield "<details><summary>Repeat this call with curl</summary>"
        yield _pre(_cut(exchange.curl, max(most, 2_000)), f"Call {number} as a curl command") + "</details>"


def _folded(run: Run, numbers: list[int], most: int, shown: set[int]) -> Iterator[str]:
    if not numbers:
        return
    yield f'<details class="screen"><summary>{len(numbers)} call{"s" if len(numbers) > 1 else ""}</summary>'
    for number in numbers:
        exchange = run.exchanges[number - 1]
        if most:
            yield from _exchange(exchange, most, shown)
        else:
            yield f"<p>Call {number}: {_text(exchange.label)}, status {exchange.status}. Left out for its size.</p>"
    yield "</details>"


def _coverage(run: Run) -> Iterator[str]:
    rows = coverage(run)
    if not run.requirements:
        return
    yield '<h2 id="coverage">Coverage of the specification</h2><div class="box"><table class="wide ids"><thead><tr>'
    yield "<th>What</th><th>Looked at</th><th>Not looked at</th></tr></thead><tbody>"
    for row in rows:
        missing = ", ".join(row.missing) or "nothing"
        yield f"<tr><td>{_text(row.name)}</td><td>{row.covered} of {row.total}, {row.percent} %</td>"
        yield f"<td>{_text(missing)}</td></tr>"
    counts = ", ".join(f"{run.count(outcome)} {outcome.value}" for outcome in Outcome)
    yield f"</tbody></table></div><p>Requirements: {counts}.</p>"


def _requirements(rows: list[RequirementResult]) -> Iterator[str]:
    shown = [one for one in rows if one.outcome is not Outcome.NOT_TESTABLE]
    order = (Outcome.FAILED, Outcome.NOT_EXERCISED, Outcome.PASSED)
    yield from _table(sorted(shown, key=lambda one: order.index(one.outcome)))
    hidden = [one for one in rows if one.outcome is Outcome.NOT_TESTABLE]
    if hidden:
        yield f'<details class="screen"><summary>{len(hidden)} that cannot be tested here, with the reason</summary>'
        yield from _table(hidden)
        yield "</details>"
        yield f'<div class="paper"><p>{len(hidden)} that cannot be tested here:</p><ul>'
        for reason in dict.fromkeys(one.reason for one in hidden):
            ids = ", ".join(one.requirement.id for one in hidden if one.reason == reason)
            yield f"<li>{_text(reason)} {_text(ids)}.</li>"
        yield "</ul></div>"


def _table(rows: list[RequirementResult]) -> Iterator[str]:
    if not rows:
        return
    yield '<div class="box"><table class="wide ids"><thead><tr><th>Id</th><th>Outcome</th>'
    yield "<th>Requirement</th><th>Source</th></tr></thead><tbody>"
    for one in rows:
        rule = one.requirement
        mark = MARKS.get(one.outcome, "rest")
        yield f'<tr><td id="{anchor(rule.id)}">{_text(rule.id)}</td>'
        yield f'<td><span class="mark {mark}">{one.outcome.value}</span></td><td>{_sentence(rule.text)}'
        reason = f"Some of its checks were not made: {one.reason}" if one.outcome is Outcome.PASSED else one.reason
        yield f'<br><span class="soft">{_text(reason)}</span>' if one.reason else ""
        links = ", ".join(f'<a href="#{anchor(check)}">{_text(check)}</a>' for check in one.checks)
        yield f"<br>{links}" if links else ""
        assumed = f" [{rule.assumption}]" if rule.assumption else ""
        yield f'</td><td class="soft">{_text(rule.source)}: {_text(rule.row)}{_text(assumed)}</td></tr>'
    yield "</tbody></table></div>"


def _checks(run: Run, most: int, shown: set[int]) -> Iterator[str]:
    rest = [one for one in run.checks if one.outcome is not Outcome.FAILED]
    if not rest:
        return
    yield '<h2 id="checks">Checks that did not fail</h2>'
    idle = [one for one in rest if one.outcome is Outcome.NOT_EXERCISED and not one.exchanges]
    for check in (one for one in rest if one not in idle):
        mark = MARKS.get(check.outcome, "rest")
        yield f'<section class="one"><h3 id="{anchor(check.check)}">{_text(check.check)} '
        yield f'<span class="mark {mark}">{check.outcome.value}</span></h3><p>{_sentence(check.sentence)}</p>'
        yield f"<p>{_text(check.reason)}</p>" if check.reason else ""
        ids = ", ".join(f'<a href="#{anchor(id)}">{_text(id)}</a>' for id in check.requirements)
        yield f'<p class="soft">Grades {ids}.</p>' if ids else ""
        yield from _folded(run, list(check.exchanges), most, shown)
        yield "</section>"
    if idle:
        yield f"<details><summary>{len(idle)} that were not exercised, with the reason</summary>"
        yield '<div class="box"><table class="wide"><thead><tr><th>Check</th><th>What holds</th><th>Why not</th></tr>'
        yield "</thead><tbody>"
        for check in idle:
            yield f'<tr><td id="{anchor(check.check)}">{_text(check.check)}</td><td>{_sentence(check.sentence)}</td>'
            yield f"<td>{_text(check.reason)}</td></tr>"
        yield "</tbody></table></div></details>"


def _headers(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in headers.items())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n… ({len(text) - most:,} more characters, left out for size)"


def _pre(text: str, label: str) -> str:
    return f'<pre tabindex="0" role="region" aria-label="{escape(label)}">{_text(text)}</pre>'


def _text(text: str) -> str:
    return escape(clean(text), quote=True)


def _sentence(text: str) -> str:
    """A sentence of the catalogue or of a check. What stands between backticks is code."""
    parts = _text(text).split("`")
    if len(parts) % 2 == 0:
        return _text(text)
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
