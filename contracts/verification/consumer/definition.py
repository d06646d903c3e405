"""
A role: which calls are its own, and the checks that its TOML file makes of them.

    [[operation]]  every call of it is as the contract has it; `done` that none is refused; `fields` are graded apart
    [[value]]      a field of certain operations has a pattern, and stands in each call where it is `required`
    [[story]]      calls in order (`stories`)

What no row can say stands in the role's module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.doors import operations as operations_of
from partnerlab.contracts.masking import MASK, is_secret
from partnerlab.contracts.verification.consumer.call import CONNECT, Call
from partnerlab.contracts.verification.consumer.record import Record, problem
from partnerlab.contracts.verification.consumer.stories import Story, judge
from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.grading.checks import Check, Failed, Kind, NotExercised, Suite
from partnerlab.contracts.verification.grading.model import Problem

__all__ = ["Role", "define", "raise_for"]

MESSAGE_RULES = frozenset(
    {
        "media-type",
        "charset",
        "well-formed",
        "no-dtd",
        "envelope",
        "version",
        "soap-action",
        "must-understand",
        "json",
        "form",
    }
)
PATH_RULES = frozenset({"operation", "method", "path"})
UNSERVED = frozenset({"no such operation", "no such path"})
"""Reasons of a refusal that say that nothing is served there."""
CREDENTIAL_RULES = frozenset({"credential"})


@dataclass(frozen=True, slots=True)
class Role:
    """
    One side of an integration, as it calls a sandbox.

    `partner` is the biller's in the lane; `doors` are its doors, with the operations that are its own there (none:
    all). `names` are the values that a turn may name; `faults` are the operations whose answers
    `--faults` loses, each with the requirement that it shows.
    """

    subject: str
    help: str
    partner: str
    doors: Mapping[str, tuple[str, ...]]
    operations: tuple[str, ...]
    names: Mapping[str, str]
    faults: Mapping[str, str]
    suite: Suite[Record]

    def concerns(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry of the journal, or a call, is this role's."""
        door, operation, path = entry["door"], entry["operation"], entry["path"]
        if door == "nowhere":
            return entry["method"] == "POST" or any(one["hint"] for one in entry["findings"] or ())
        if door == "pages":
            lower = path.lower()
            return lower.endswith(".asmx") or (CONNECT in self.operations and lower.endswith("/cloudsso/connect"))
        if door not in self.doors:
            return False
        own = self.doors[door]
        return not own or operation in own or operation not in operations_of(door)


def define(name: str) -> Role:
    """The role of a file, with the checks that its rows make."""
    rows = read_toml(f"verification/consumer/{name}.toml")
    subject = rows["subject"]
    suite: Suite[Record] = Suite(subject, rows["prefixes"])
    doors = {door: tuple(own) for door, own in rows["doors"].items()}
    role = Role(
        subject,
        rows["help"],
        rows["partner"],
        doors,
        tuple(row["name"] for row in rows["operation"]),
        rows.get("names", {}),
        rows.get("faults", {}),
        suite,
    )
    _declare_whole(role, rows)
    values = rows.get("value", ())
    for row in rows["operation"]:
        own = [one for one in values if row["name"] in one["operations"]]
        _declare_operation(role, row, own, apart=bool(rows.get("messages")))
    for row in values:
        _add(suite, f"{row['id']}", row["sentence"], "contract", row["requirements"], _value(row), row.get("turn", ""))
    for row in rows.get("story", ()):
        story = Story.read({key: row[key] for key in row.keys() - {"id", "sentence", "requirements", "turn"}})
        _add(suite, row["id"], row["sentence"], "story", row["requirements"], _story(story), row.get("turn", ""))
    return role


def raise_for(problems: Collection[Problem]) -> None:
    """Raises `Failed` where there are any."""
    if problems:
        raise Failed(list(problems))


def _declare_whole(role: Role, rows: Mapping[str, Any]) -> None:
    """The checks of all calls of a role: a path that exists, a message that is one, credentials that are right."""

    def paths(record: Record) -> None:
        calls = _some_calls(record)
        raise_for([one for call in calls for one in _path_problems(role, call)])

    def messages(record: Record) -> None:
        calls = _some_calls(record)
        raise_for([_finding(call, one) for call in calls for one in call.problems if one.rule in MESSAGE_RULES])

    def credentials(record: Record) -> None:
        calls = _some_calls(record)
        found = [_finding(call, one) for call in calls for one in call.problems if one.rule in CREDENTIAL_RULES]
        found += [
            problem(call, "credentials", "those of the biller", call.outcome)
            for call in calls
            if call.operation != CONNECT and _refused_for_key(call) and not _hides_key(call)
        ]
        raise_for(found)

    sentences = {
        "paths": "Every call goes to an operation of the contract, at a path that exists.",
        "messages": "Every message is one of its protocol: content type, SOAPAction, envelope, encoding.",
        "credentials": "Every call carries the credentials of the biller.",
    }
    checks = {"paths": paths, "messages": messages, "credentials": credentials}
    for name, check in checks.items():
        if requirements := rows.get(name):
            _add(role.suite, name, sentences[name], "contract", requirements, check, "")


def _declare_operation(role: Role, row: Mapping[str, Any], values: Sequence[Mapping[str, Any]], *, apart: bool) -> None:
    name, fields, turn = row["name"], row.get("fields", {}), row.get("turn", "")
    within = {field: (row["text"], re.compile(pattern)) for field, pattern in row.get("within", {}).items()}
    in_text = "text" in row
    parts: dict[str, Mapping[str, Any]] = {part["id"]: part for part in row.get("apart", ())}

    def part_of(call: Call) -> str:
        """The part of an operation's calls that a call is of, empty for those that are graded together."""
        for id, part in parts.items():
            if re.search(part["pattern"], call.sent.get(part["field"]) or ""):
                return id
        return ""

    def own(finding: Finding, part: str) -> str:
        """
        The field that a finding is graded under, empty for the operation's own.

        A call of a part of its own is graded as a whole, but for the value of a field.
        """
        if finding.rule in PATH_RULES | CREDENTIAL_RULES or (apart and finding.rule in MESSAGE_RULES):
            return "-"
        last = finding.where.rpartition("/")[2].partition(",")[0]
        told = finding.expected.startswith if part else finding.expected.__contains__
        return next((field for field in fields if field == last or (in_text and told(field))), "")

    def form(field: str, part: str | None = None) -> Callable[[Record], None]:
        def check(record: Record) -> None:
            calls = [one for one in record.some([name]) if part is None or part_of(one) == part]
            found = [_finding(call, one) for call in calls for one in call.problems if own(one, part_of(call)) == field]
            if not found and not any(_has(call, field, within.get(field)) for call in calls):
                raise NotExercised(f"no {name} had {field or part or 'what this is about'}")
            raise_for(found)

        return check

    def done(record: Record) -> None:
        calls = record.some([name])
        first = {one.request: one for one in reversed(calls)}.values()  # what is sent again, other checks are about
        sound = [one for one in first if not one.problems and not any(_wrong(value, one) for value in values)]
        refused = [one for one in sound if one.refused and not _refused_for_key(one) and one.reason not in UNSERVED]
        told = [one for one in refused if not one.unanswered]
        raise_for([problem(one, "its meaning", "a call that the service accepts", one.outcome) for one in told])
        if not any(one.done for one in calls):
            raise NotExercised(f"no {name} was accepted")

    if row.get("requirements"):
        sentence = f"Each {name} is as the contract has it."
        _add(role.suite, _id(name), sentence, "contract", row["requirements"], form("", ""), turn)
    for id, part in parts.items():
        _add(role.suite, id, part["sentence"], "contract", part["requirements"], form("", id), part.get("turn", ""))
    for field, requirements in fields.items():
        sentence = row.get("sentences", {}).get(field) or f"{field} of each {name} is as the contract has it."
        _add(role.suite, f"{_id(name)}-{_id(field)}", sentence, "contract", requirements, form(field), "")
    if row.get("done"):
        sentence = f"Each {name} is for something that the service knows, and is accepted."
        _add(role.suite, f"{_id(name)}-accepted", sentence, "meaning", row["done"], done, turn)


def _value(row: Mapping[str, Any]) -> Callable[[Record], None]:
    def check(record: Record) -> None:
        calls = record.some(row["operations"])
        if "required" not in row and not any(call.sent.get(row["field"]) is not None for call in calls):
            raise NotExercised(f"no call had {row['field']}")
        raise_for([one for call in calls for one in _wrong(row, call)])

    return check


def _wrong(row: Mapping[str, Any], call: Call) -> list[Problem]:
    """The values of a call that a `[[value]]` row refuses, or that it lacks; a masked one is taken to be right."""
    values = call.sent.all(row["field"])
    if "required" in row and not values:
        return [problem(call, row["field"], row["expected"], "nothing")]
    return [
        problem(call, row["field"], row["expected"], repr(value))
        for value in values
        if MASK not in value and not re.fullmatch(row["pattern"], value)
    ]


def _story(story: Story) -> Callable[[Record], None]:
    return lambda record: judge(story, record)


def _add(
    suite: Suite[Record],
    name: str,
    sentence: str,
    kind: Kind,
    requirements: Collection[str],
    run: Callable[[Record], None],
    turn: str,
) -> None:
    suite.add(Check(f"{suite.subject}/{name}", sentence, kind, tuple(requirements), False, (), run, turn))


def _some_calls(record: Record) -> list[Call]:
    if not record.calls:
        raise NotExercised("no call was seen")
    record.look_at(record.calls[-3:])
    return record.calls


def _path_problems(role: Role, call: Call) -> list[Problem]:
    found = [_finding(call, one) for one in call.problems if one.rule in PATH_RULES]
    told = any(one.rule in MESSAGE_RULES for one in call.problems)
    unknown = call.operation not in role.operations and call.status in (404, 405, 500)
    if not found and not told and (unknown or call.reason in UNSERVED):
        received = f"{call.method} {call.path}, {call.outcome}"
        return [problem(call, "path or operation", " or ".join(role.operations), received)]
    return found


def _finding(call: Call, finding: Finding) -> Problem:
    meant = f"; did you mean {finding.hint}?" if finding.hint else ""
    found = call.method if finding.rule == "method" else finding.found  # the contract's verdict knows no method
    return problem(call, finding.where, finding.expected, found + meant)


def _has(call: Call, field: str, within: tuple[str, re.Pattern[str]] | None) -> bool:
    """Whether a call has that field: as a name, or, where it stands in a text with others, by its pattern."""
    if not field:
        return True
    if within is not None:
        text, pattern = within
        return pattern.search(call.sent.get(text) or "") is not None
    document = call.document
    if " " in field or call.sent.get(field) is not None:
        return True
    return isinstance(document, dict) and field.lower() in map(str.lower, document)


def _hides_key(call: Call) -> bool:
    """Whether what is wrong with a message may keep its key from being read: in XML all, else a finding on a key."""
    if "xml" in call.headers.get("content-type", "").lower():
        return bool(call.problems)
    said = (text for one in call.problems for text in (one.where, one.found))
    return any(is_secret(name) for text in said for name in re.findall("[A-Za-z]+", text))


def _refused_for_key(call: Call) -> bool:
    return call.refused and call.reason == "wrong key"


def _id(name: str) -> str:
    """`MakePaymentExtended` as `make-payment-extended`, `the insured's name` as `insureds-name`."""
    plain = re.sub(r"^(?:an?|the) |'", "", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[ _]+", "-", plain).lower()
