"""The kit's own operations of the control API: a class for each thing they control, a method for each operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any

from partnerlab.contracts import catalogue
from partnerlab.contracts.capabilities import capabilities, integrations
from partnerlab.contracts.settings import settings
from partnerlab.contracts.verification.meaning import outcome_of, read_meaning, verdict_line
from partnerlab.simulators.kit.control.contract import merged
from partnerlab.simulators.kit.control.controls import Controls, refuser
from partnerlab.simulators.kit.control.faults import FORMATS, FaultControls
from partnerlab.simulators.kit.control.lane_file import LaneFile, write_lane
from partnerlab.simulators.kit.control.refusals import Invalid, Refused
from partnerlab.simulators.kit.faults.faults import FaultNotFound, Faults, TooManyFaults
from partnerlab.simulators.kit.http.messages import InFile, Request, Response
from partnerlab.simulators.kit.journal.as_program import NotWritable, ProgramPort, no_program
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.journal.feed import Feed, TooManyListeners
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.journal.sent_again import NotReplayable, Resend
from partnerlab.simulators.kit.world.clock import (
    Clock,
    ClockOutOfRange,
    DueFailed,
    TooManySteps,
    check_moment,
    parse_duration,
)
from partnerlab.simulators.kit.world.jobs import JobRow, JobUnknown, TimedJob, TimedJobs
from partnerlab.simulators.kit.world.lane_rows import LoadInvalid
from partnerlab.simulators.kit.world.lanes import (
    ForkOntoItself,
    Lane,
    LaneExists,
    LaneNameInvalid,
    LaneNotFound,
    Lanes,
    TooManyLanes,
)
from partnerlab.simulators.kit.world.pruning import Pruner
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import LaneReplaced

__all__ = ["own_controls"]

Json = dict[str, Any]

_REFUSALS: Mapping[type[Exception], tuple[int, str, str]] = {
    LaneNotFound: (404, "lane_not_found", ""),
    LaneNameInvalid: (400, "field_invalid", "name"),
    LaneExists: (409, "lane_exists", "name"),
    TooManyLanes: (409, "too_many_lanes", ""),
    ForkOntoItself: (409, "fork_onto_itself", "to"),
    TooManySteps: (409, "too_many_steps", "duration"),
    DueFailed: (409, "due_failed", "duration"),
    ClockOutOfRange: (409, "clock_out_of_range", "duration"),
    FaultNotFound: (404, "fault_not_found", ""),
    TooManyFaults: (409, "too_many_faults", ""),
    JobUnknown: (404, "job_not_found", ""),
    NotReplayable: (409, "not_replayable", ""),
    TooManyListeners: (409, "too_many_listeners", ""),
}
_NOT_KEPT = (("Cache-Control", "no-store"),)


def own_controls(
    lanes: Lanes,
    journal: Journal,
    faults: Faults,
    clock: Clock,
    simulators: Sequence[Simulator],
    as_program: ProgramPort = no_program,
    authority: bytes | None = None,
    resend: Resend | None = None,
) -> Controls:
    """What carries out the kit's own contract, `contracts/sandbox/control.yaml`."""
    jobs = [timed for simulator in simulators for timed in simulator.jobs]
    groups = (
        _About(lanes, simulators, authority),
        _Lanes(lanes, Pruner(lanes, [rule for simulator in simulators for rule in simulator.prunes])),
        _Clock(clock),
        _Jobs(jobs),
        FaultControls(faults),
        _Journal(journal, as_program, resend),
    )
    return Controls(groups, refuser(_REFUSALS), FORMATS)


class _About:
    """Health, version, contract, catalogue and capabilities."""

    def __init__(self, lanes: Lanes, simulators: Sequence[Simulator], authority: bytes | None) -> None:
        self._lanes, self._simulators, self._authority = lanes, simulators, authority
        self._document: Json | None = None

    def get_certificate_authority(self) -> Response:
        if self._authority is None:
            raise Refused(404, "no_tls", "this sandbox does not serve https")
        file_name = (("Content-Disposition", 'attachment; filename="ca.pem"'),)
        return Response(200, self._authority, "application/x-pem-file", file_name)

    def get_health(self, request: Request) -> Json:
        self._lanes.refresh(request.lane.name)  # asks the store
        return {"status": "ok"}

    def get_version(self) -> Json:
        from importlib.metadata import version  # with their modules, 10 ms that no start should wait for
        from platform import python_version

        return {"version": version("partnerlab"), "python": python_version()}

    def get_contract(self) -> Json:
        if self._document is None:
            self._document = merged(self._simulators)
        return self._document

    def get_catalogue(self) -> Json:
        return {
            "requirements": [asdict(row) for row in catalogue.requirements().values()],
            "faults": [asdict(row) for row in catalogue.faults().values()],
            "damages": [asdict(row) for row in catalogue.damages().values()],
            "magic_values": [asdict(row) for row in catalogue.magic_values()],
            "settings": [asdict(row) for row in settings().values()],
        }

    def get_capabilities(self, partner: str, feature: str) -> Json:
        found = [asdict(capabilities(name)) for name in ([partner] if partner else integrations())]
        for one in found:
            del one["code"]  # of its requirements' ids
            one["features"] = [row for row in one["features"] if feature.lower() in row["name"].lower()]
            rows = one["bif_customizations"]
            one["bif_customizations"] = [row for row in rows if feature.lower() in row["feature"].lower()]
        return {"integrations": found}


HELD_BYTES = 1024 * 1024
"""A larger export is answered from a file."""


class _Lanes:
    """Lanes: list, create, show, drop, reset, fork, export, import; and what is old in all of them."""

    def __init__(self, lanes: Lanes, pruner: Pruner) -> None:
        self._lanes, self._pruner = lanes, pruner

    def list_lanes(self, text: str, after: str, limit: int) -> Json:
        return {"lanes": [_lane_view(lane) for lane in self._lanes.find(text, after=after, limit=limit)]}

    def create_lane(self, name: str, seed: int | None, frozen_at: datetime | None = None) -> Json:
        if frozen_at is not None:
            try:
                check_moment(frozen_at)
            except ClockOutOfRange as error:
                raise Invalid("frozen_at", str(error)) from error
        return _lane_view(self._lanes.create(name, seed=seed or 0, frozen_at=frozen_at))

    def get_lane(self, name: str) -> Json:
        return _lane_view(self._lanes.refresh(name))

    def drop_lane(self, name: str) -> None:
        self._lanes.drop(name)

    def reset_lane(self, name: str) -> Json:
        self._lanes.refresh(name)
        return _lane_view(self._lanes.reset(name))

    def fork_lane(self, name: str, to: str) -> Json:
        return _lane_view(self._lanes.fork(name, to))

    def export_lane(self, name: str) -> Response:
        file = TemporaryFile()  # noqa: SIM115 - the answer's to close
        try:
            with self._lanes.exporting(name) as tables:
                write_lane(file, name, tables)
            if file.tell() > HELD_BYTES:
                return Response(200, b"", "application/json", file=file)
            file.seek(0)
            with file:
                return Response(200, file.read(), "application/json")
        except OSError as error:
            file.close()
            raise Refused(507, "disk_full", f"the export cannot be kept: {error.strerror}") from error
        except BaseException:
            file.close()
            raise

    def import_lane(self, name: str, body: bytes) -> Json:
        tables = LaneFile(body.file if isinstance(body, InFile) else BytesIO(body))
        try:
            return _lane_view(self._lanes.load(name, tables))
        except LoadInvalid as error:
            where = f"tables.{error.where}"
            raise Refused(400, "import_invalid", f"{where}: {error.rule}", where) from error

    def prune(self, older_than_days: int, lanes_unused_days: int, dry_run: bool) -> Json:
        gone = self._pruner.prune(timedelta(older_than_days), timedelta(lanes_unused_days), dry_run=dry_run)
        return {"dry_run": dry_run, "pruned": [{"what": what, "count": count} for what, count in gone.items()]}


class _Clock:
    """The lane's clock: show, set, freeze, unfreeze, advance."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def get_clock(self, request: Request) -> Json:
        lane = self._clock.lane(request.lane.name)
        return {"lane": lane.name, "now": lane.now().isoformat(), "frozen": lane.frozen_at is not None}

    def set_clock(self, request: Request, now: datetime, frozen: bool | None = None) -> Json:
        return self._set(request, "now", now, frozen=frozen)

    def freeze_clock(self, request: Request, at: datetime | None = None) -> Json:
        if at is not None:
            return self._set(request, "at", at, frozen=True)
        self._clock.freeze(request.lane.name)
        return self.get_clock(request)

    def unfreeze_clock(self, request: Request) -> Json:
        self._clock.unfreeze(request.lane.name)
        return self.get_clock(request)

    def advance_clock(self, request: Request, duration: str) -> Json:
        done = self._clock.advance(request.lane.name, parse_duration(duration))
        timeline = [{"at": one.at.isoformat(), "label": one.label, "outcome": one.outcome} for one in done]
        return {**self.get_clock(request), "timeline": timeline}

    def _set(self, request: Request, field: str, at: datetime, *, frozen: bool | None) -> Json:
        try:
            self._clock.set(request.lane.name, at, frozen=frozen)
        except ClockOutOfRange as error:
            raise Invalid(field, str(error)) from error
        return self.get_clock(request)


class _Jobs:
    """The partners' timed jobs in the lane: list, run now, pause, resume."""

    def __init__(self, jobs: Sequence[TimedJobs]) -> None:
        self._jobs = {timed.owner: timed for timed in jobs}

    def list_jobs(self, request: Request, partner: str = "") -> Json:
        rows = [
            _job_view(timed.owner, job, row)
            for timed in self._jobs.values()
            if partner in ("", timed.owner)
            for job, row in timed.listed(request.lane)
        ]
        return {"jobs": rows}

    def run_job(self, request: Request, partner: str, job: str) -> Json:
        outcome = self._of(partner, job).run_now(request.lane, job)
        return {**self._one(request, partner, job), "outcome": outcome}

    def pause_job(self, request: Request, partner: str, job: str) -> Json:
        self._of(partner, job).pause(request.lane, job)
        return self._one(request, partner, job)

    def resume_job(self, request: Request, partner: str, job: str) -> Json:
        self._of(partner, job).resume(request.lane, job)
        return self._one(request, partner, job)

    def _of(self, partner: str, job: str) -> TimedJobs:
        if partner not in self._jobs:
            raise JobUnknown(partner[:80], job)
        return self._jobs[partner]

    def _one(self, request: Request, partner: str, job: str) -> Json:
        for found, row in self._of(partner, job).listed(request.lane):
            if found.name == job:
                return _job_view(partner, found, row)
        raise LaneReplaced  # the partner has the job, and the lane is dropped


class _Journal:
    """The lane's journal: list, show an entry, also as something to run again, send it again, listen, clear."""

    def __init__(self, journal: Journal, as_program: ProgramPort, resend: Resend | None) -> None:
        self._journal, self._as_program, self._resend = journal, as_program, resend
        self._feed = Feed(journal)

    def list_journal(
        self,
        request: Request,
        invalid: bool,
        limit: int,
        door: str = "",
        operation: str = "",
        status: int | None = None,
        since: int | None = None,
        direction: str = "",
        event: str = "",
        search: str = "",
    ) -> Json:
        entries = self._journal.find(
            request.lane.name,
            door=door,
            operation=operation,
            status=status,
            since=since,
            direction=direction,
            event=event,
            search=search,
            only_invalid=invalid,
            limit=limit,
        )
        return {"entries": [_entry_view(entry, whole=False) for entry in entries]}

    def get_entry(self, request: Request, id: str) -> Json:
        return _entry_view(self._one(request, id), whole=True)

    def repeat_entry(self, request: Request, id: str, language: str) -> Json:
        try:
            return self._as_program(self._one(request, id), request.lane.name, language)._asdict()
        except NotWritable as error:
            raise Refused(409, "entry_not_repeatable", f"entry {id[:80]}: {error}") from error

    def _one(self, request: Request, id: str) -> Entry:
        entry = self._journal.get(request.lane.name, id)
        if entry is None:
            raise Refused(404, "entry_not_found", f"the journal of this lane has no entry {id[:80]!r}")
        return entry

    def listen(self, request: Request, lane: str = "") -> Response:
        missed = "last-event-id" in request.headers  # it was away, and what came meanwhile is not kept for it
        return Response(200, b"", "text/event-stream", _NOT_KEPT, self._feed.listen(lane, missed=missed))

    def replay_entry(self, request: Request, id: str, body: str | None = None) -> Json:
        entry = self._journal.get(request.lane.name, id)
        if entry is None:
            raise Refused(404, "entry_not_found", f"the journal of this lane has no entry {id[:80]!r}")
        if self._resend is None:
            raise Refused(409, "not_replayable", "nothing is served here that could be asked again")
        return asdict(self._resend(request.lane, entry, body))

    def clear_journal(self, request: Request) -> None:
        self._journal.clear(request.lane.name)


def _lane_view(lane: Lane) -> Json:
    return {
        "name": lane.name,
        "now": lane.now().isoformat(),
        "frozen": lane.frozen_at is not None,
        "seed": lane.seed,
        "made_at": lane.made_at,
        "active_faults": lane.faults,
    }


def _job_view(partner: str, job: TimedJob, row: JobRow) -> Json:
    return {
        "partner": partner,
        "name": job.name,
        "title": job.title,
        "when": job.when,
        "state": row.state,
        "next_at": row.next_at.isoformat(),
        "last_at": None if row.last_at is None else row.last_at.isoformat(),
        "last_message": row.last_message,
    }


_WHOLE = tuple(field.name for field in fields(Entry))
_LISTED = tuple(name for name in _WHOLE if name not in ("headers", "request", "answer"))


def _entry_view(entry: Entry, *, whole: bool) -> Json:
    """An entry as JSON; in a list without headers and bodies."""
    view: Json = {name: getattr(entry, name) for name in (_WHOLE if whole else _LISTED)}  # asdict copies what is in it
    if entry.findings:
        view["findings"] = [asdict(finding) for finding in entry.findings]
    meaning = read_meaning(entry.status, entry.answer)
    view["form"] = "unjudged" if entry.findings is None else "broken" if entry.findings else "valid"
    view["meaning"] = {"kind": meaning.kind, "reason": meaning.reason, "words": meaning.words}
    view["verdict"] = verdict_line(entry.findings, meaning)
    view["outcome"] = outcome_of(entry.status, entry.answer, entry.faults)
    return view
