"""The runner: the lane is looked for, its journal read, perhaps waited for, and each check held to it, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

from partnerlab.contracts.verification.consumer.call import Call
from partnerlab.contracts.verification.consumer.control import Control, Refused
from partnerlab.contracts.verification.consumer.definition import Role
from partnerlab.contracts.verification.consumer.faults import LostAnswers
from partnerlab.contracts.verification.consumer.postbacks import PAGES, Page, pages, try_all
from partnerlab.contracts.verification.consumer.record import Reader, Record, evidence, repeated
from partnerlab.contracts.verification.consumer.waiting import Turn, left, turns
from partnerlab.contracts.verification.grading.checks import Check, Failed, NotExercised, NotHere, Unfinished
from partnerlab.contracts.verification.grading.model import (
    CheckResult,
    Configuration,
    Exchange,
    Outcome,
    Problem,
    Run,
)
from partnerlab.contracts.verification.grading.requirements import graded
from partnerlab.contracts.verification.provider.configuration import Misconfigured
from partnerlab.contracts.verification.provider.exchange import Send

__all__ = ["Options", "grade", "verify"]

POLL_S = 0.5
REMIND_S = 30.0
SHOWN = 5
"""So many calls stand under a check that did not fail."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """
    What a run does.

    `only` are ids of checks and requirements, empty for all; `excluded` requirements that are left out, with the
    reason. `names` are the values that turns name. `wait_s` is how long to wait for calls, 0 for not at all;
    `lose_answers` sets the role's faults meanwhile. `caller` keeps the calls of one User-Agent. `held` asks the partner
    how many payments it holds for a page; with it postbacks are sent, to the loopback or to the origin of
    `postback_url`.
    """

    only: Collection[str] = ()
    excluded: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    lose_answers: bool = False
    caller: str = ""
    held: Callable[[Page], int] | None = None
    postback_url: str = ""


def verify(
    role: Role,
    control: Control,
    options: Options,
    *,
    send: Send,
    say: Say = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Run:
    """Verify the consumer that calls a lane. What is said while it waits goes to *say*, line by line."""
    started, began = datetime.now(UTC), monotonic()
    record = Record(role.partner)
    configuration: Configuration | None = None
    results: list[CheckResult] = []
    exchanges: list[Exchange] = []
    try:
        control.preflight()
        record.billers = _billers(control)
        reader = Reader(control, record, role.concerns, options.caller)
        reader.read()
        if options.wait_s:
            _wait(role, control, record, reader, options, say, sleep, monotonic)
        reader.finish()
        exchanges = [evidence(control, call) for call in (*record.calls, *record.posted_back)]
        if options.held is not None:
            found = pages(control, options.postback_url)
            tried, sent = try_all(control, send, found, options.held, len(exchanges) + 1, say)
            record.postbacks, exchanges = tried, exchanges + sent
        results = [grade(check, record, final=True) for check in _wanted(role, options)]
        wrong = {one.exchange for result in results for one in result.problems}
        for call in record.calls:
            if call.place in wrong:
                exchanges[call.place - 1] = replace(exchanges[call.place - 1], curl=repeated(control, call))
    except Misconfigured as error:
        configuration = Configuration(error.name, str(error), error.advice, error.exchange)
    requirements = graded("consumer", role.suite, results, options.excluded) if configuration is None else []
    return Run(
        side="consumer",
        subject=role.subject,
        target=f"{control.url}, lane {control.lane}",
        started_at=started.isoformat(timespec="seconds"),
        version=version("partnerlab"),
        wrote=bool(record.postbacks) or options.lose_answers,
        configuration=configuration,
        checks=tuple(results),
        requirements=tuple(requirements),
        exchanges=tuple(exchanges),
        operations={name: sum(call.operation == name for call in record.calls) for name in role.operations},
        notes=tuple(_notes(record)) if configuration is None else (),
        elapsed_ms=round((monotonic() - began) * 1000),
    )


def _wait(
    role: Role,
    control: Control,
    record: Record,
    reader: Reader,
    options: Options,
    say: Say,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> None:
    """Wait until everything was seen, or the time is over; say whose turn it is."""
    ends = monotonic() + options.wait_s
    wanted = {id for check in _wanted(role, options) for id in check.requirements}
    losing = [operation for operation, shows in role.faults.items() if options.lose_answers and shows in wanted]
    faults = LostAnswers(control, losing)
    told, told_at = Turn(""), 0.0
    try:
        while True:
            faults.advance()
            for call in reader.read():
                say(f"  seen  {call.at:%H:%M:%S}Z  {call.operation}: {call.outcome}")
            waiting = _turns(role, control, record, options)
            remaining = ends - monotonic()
            if not waiting and faults.done:
                say("Everything that is waited for was seen.")
                return
            if remaining <= 0:
                said = waiting[0].text if waiting else "what --faults loses did not all happen"
                say(f"The time is over; not seen: {said}" + (f", and {len(waiting) - 1} more" * (len(waiting) > 1)))
                return
            now = waiting[0] if waiting else Turn("go on: one more answer is lost")
            if now != told or monotonic() - told_at > REMIND_S:
                last = (
                    f" Seen last: {_named(record.calls[-1]).rstrip('.')}." if record.calls else " Nothing was seen yet."
                )
                begun = f" {now.hint}" if now.hint else ""
                say(f"Your turn: {now.text}; {left(remaining)} left.{begun}{last}")
                told, told_at = now, monotonic()
            sleep(min(POLL_S, remaining))
    except KeyboardInterrupt:
        say("Stopped: what was seen is graded.")
    finally:
        faults.stop()


def _turns(role: Role, control: Control, record: Record, options: Options) -> list[Turn]:
    states = [(check, grade(check, record, final=False)) for check in _wanted(role, options)]
    given = {"faults"} if options.lose_answers else set()
    found = turns(states, {**role.names, **options.names}, given)
    if options.held is not None and (missing := PAGES - len(pages(control, options.postback_url))) > 0:
        account = {**role.names, **options.names}.get("account", "")
        many = "1 more payment page" if missing == 1 else f"{missing} more payment pages"
        text = f"ask for {many} for {account}, each with a BillerReference and a PostBackURL"
        found.append(Turn(text))
    return found


def _wanted(role: Role, options: Options) -> list[Check[Record]]:
    only = set(options.only)
    return [
        check for check in role.suite.checks.values() if not only or check.id in only or only & set(check.requirements)
    ]


def grade(check: Check[Record], record: Record, *, final: bool) -> CheckResult:
    """The result of one check; where it is not *final*, what has begun may still be finished."""
    record.looked_at.clear()
    began = time.monotonic()
    outcome, reason = Outcome.PASSED, ""
    problems: tuple[Problem, ...] = ()
    try:
        check.run(record)
    except Unfinished as error:
        outcome, problems = (Outcome.FAILED if final else Outcome.NOT_EXERCISED), error.problems
        reason = "" if final else f"next: {error.problems[0].expected}"
    except Failed as error:
        outcome, problems = Outcome.FAILED, error.problems
    except NotExercised as error:
        outcome, reason = Outcome.NOT_EXERCISED, str(error)
    except NotHere as error:
        outcome, reason = Outcome.NOT_TESTABLE, str(error)
    except Exception as error:  # noqa: BLE001 - a call that our own code cannot bear must not cost the other results
        outcome, reason = Outcome.NOT_TESTABLE, f"the check itself broke, please report it: {error!r:.200}"
    shown = list(dict.fromkeys([*(one.exchange for one in problems if one.exchange), *record.looked_at]))
    return CheckResult(
        check.id,
        check.sentence,
        check.kind,
        check.requirements,
        outcome,
        reason,
        problems,
        tuple(shown[: max(SHOWN, len({one.exchange for one in problems}))]),
        round((time.monotonic() - began) * 1000),
    )


def _billers(control: Control) -> list[Mapping[str, object]]:
    try:
        found: list[Mapping[str, object]] = control.get("/_sandbox/ic/billers")["billers"]
    except (Refused, KeyError, TypeError):
        return []  # a sandbox without Invoice Cloud's simulator
    return found


def _named(call: Call) -> str:
    return f"{call.operation} at {call.at:%H:%M:%S}Z, {call.outcome.rstrip('.')}"


def _notes(record: Record) -> list[str]:
    """Who called, and how fast at most: what no requirement is about, and people want to know."""
    if not record.calls:
        if not record.of_others:
            return ["The lane's journal has no call of this role."]
        guids = ", ".join(sorted({call.sent.get("BillerGUID") or "" for call in record.of_others}))
        return [f"Calls that name the BillerGUID of another partner were left out, {len(record.of_others)}: {guids}."]
    agents: dict[str, int] = {}
    for call in record.calls:
        agent = call.headers.get("user-agent", "no User-Agent")[:60]
        agents[agent] = agents.get(agent, 0) + 1
    named = ", ".join(f"{agent} ({count})" for agent, count in sorted(agents.items(), key=lambda one: -one[1])[:5])
    seconds: dict[str, int] = {}
    for call in record.calls:
        seconds[f"{call.at:%H:%M:%S}Z"] = seconds.get(f"{call.at:%H:%M:%S}Z", 0) + 1
    at, most = max(seconds.items(), key=lambda one: one[1])
    busiest = f"At most {most} {'call' if most == 1 else 'calls'} in one second, at {at}."
    return [f"Called by {named}.", busiest, *_spelt_otherwise(record)]


def _spelt_otherwise(record: Record) -> list[str]:
    """What Invoice Cloud understood though the contract spells it otherwise: it fails nothing."""
    calls = [call for call in record.calls if call.spelt_otherwise]
    if not calls:
        return []
    words = dict.fromkeys(
        f"{one.where}, {one.found}" if one.found.endswith("as text") else f"{one.found} for {one.expected}"
        for call in calls
        for one in call.spelt_otherwise
    )
    more = f", and {len(words) - SHOWN} more" * (len(words) > SHOWN)
    named = "; ".join([*words][:SHOWN]) + more
    many = "1 call was" if len(calls) == 1 else f"{len(calls)} calls were"
    return [
        f"{many} understood, though the contract spells it otherwise; a biller who reads strictly refuses it: {named}."
    ]
