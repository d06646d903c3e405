"""The kit's own routes of the control API: one blueprint for each thing they control."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from platform import python_version
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from partnerlab.contracts import catalogue
from partnerlab.contracts.settings import settings
from partnerlab.simulators.kit.control.body import (
    Body,
    Refused,
    invalid,
    query_flag,
    query_integer,
    query_text,
    refusal,
)
from partnerlab.simulators.kit.control.contract import merged
from partnerlab.simulators.kit.faults import faults as faults_
from partnerlab.simulators.kit.http.wsgi import current_request
from partnerlab.simulators.kit.journal.journal import Entry, Journal
from partnerlab.simulators.kit.world import clock as clock_
from partnerlab.simulators.kit.world import lanes as lanes_
from partnerlab.simulators.kit.world.simulator import Simulator

__all__ = ["about", "clock", "faults", "journal", "lanes"]

MAX_ENTRIES = 1_000
MAX_INT = 2**63 - 1


def about(lanes: lanes_.Lanes, simulators: Sequence[Simulator]) -> Blueprint:
    """Health, version, contract and catalogue."""
    routes = Blueprint("about", __name__, url_prefix="/_sandbox")
    document = cache(lambda: merged(simulators))

    @routes.get("/health")
    def health() -> ResponseReturnValue:
        lanes.refresh(current_request().lane.name)  # asks the store
        return jsonify(status="ok")

    @routes.get("/version")
    def show_version() -> ResponseReturnValue:
        return jsonify(version=version("partnerlab"), python=python_version())

    @routes.get("/openapi.json")
    def openapi() -> ResponseReturnValue:
        return jsonify(document())

    @routes.get("/catalogue")
    def show_catalogue() -> ResponseReturnValue:
        return jsonify(
            requirements=[asdict(row) for row in catalogue.requirements().values()],
            faults=[asdict(row) for row in catalogue.faults().values()],
            damages=[asdict(row) for row in catalogue.damages().values()],
            magic_values=[asdict(row) for row in catalogue.magic_values()],
            settings=[asdict(row) for row in settings().values()],
        )

    return routes


def lanes(lanes: lanes_.Lanes) -> Blueprint:
    """Lanes: list, create, show, drop, reset, fork, export, import."""
    routes = Blueprint("lanes", __name__, url_prefix="/_sandbox/lanes")
    routes.register_error_handler(lanes_.LaneNotFound, _refuser(404, "lane_not_found"))
    routes.register_error_handler(lanes_.LaneNameInvalid, _refuser(400, "lane_invalid", "name"))
    routes.register_error_handler(lanes_.LaneExists, _refuser(409, "lane_exists", "name"))
    routes.register_error_handler(lanes_.TooManyLanes, _refuser(409, "too_many_lanes"))
    routes.register_error_handler(lanes_.ForkOntoItself, _refuser(409, "fork_onto_itself", "to"))

    @routes.get("")
    def list_lanes() -> ResponseReturnValue:
        return jsonify(lanes=[_lane_view(lane) for lane in lanes.all()])

    @routes.post("")
    def create_lane() -> ResponseReturnValue:
        body = Body("name", "seed")
        lane = lanes.create(body.text("name"), seed=body.integer("seed", 0, MAX_INT) or 0)
        return jsonify(_lane_view(lane)), 201

    @routes.get("/<name>")
    def show_lane(name: str) -> ResponseReturnValue:
        return jsonify(_lane_view(lanes.refresh(name)))

    @routes.delete("/<name>")
    def drop_lane(name: str) -> ResponseReturnValue:
        lanes.drop(name)
        return "", 204

    @routes.post("/<name>/reset")
    def reset_lane(name: str) -> ResponseReturnValue:
        Body()
        lanes.refresh(name)
        return jsonify(_lane_view(lanes.reset(name)))

    @routes.post("/<name>/fork")
    def fork_lane(name: str) -> ResponseReturnValue:
        return jsonify(_lane_view(lanes.fork(name, Body("to").text("to")))), 201

    @routes.get("/<name>/export")
    def export_lane(name: str) -> ResponseReturnValue:
        return jsonify(lane=name, tables=lanes.export(name))

    @routes.post("/<name>/import")
    def import_lane(name: str) -> ResponseReturnValue:
        body = Body("lane", "tables")
        body.text("lane", default="")
        try:
            return jsonify(_lane_view(lanes.load(name, body.rows_by_table("tables"))))
        except lanes_.LoadInvalid as error:
            raise Refused(400, "import_invalid", str(error), f"tables.{error.where}") from error

    return routes


def clock(clock: clock_.Clock) -> Blueprint:
    """The lane's clock: show, set, freeze, unfreeze, advance."""
    routes = Blueprint("clock", __name__, url_prefix="/_sandbox/clock")
    routes.register_error_handler(clock_.TooManySteps, _refuser(409, "too_many_steps", "duration"))
    routes.register_error_handler(clock_.DueFailed, _refuser(409, "due_failed", "duration"))
    routes.register_error_handler(clock_.ClockOutOfRange, _refuser(409, "clock_out_of_range", "duration"))

    def view(**more: Any) -> ResponseReturnValue:
        lane = clock.lane(_lane())
        return jsonify(lane=lane.name, now=lane.now().isoformat(), frozen=lane.frozen_at is not None, **more)

    @routes.get("")
    def show_clock() -> ResponseReturnValue:
        return view()

    @routes.put("")
    def set_clock() -> ResponseReturnValue:
        body = Body("now", "frozen")
        at, frozen = body.time("now"), body.flag("frozen")
        with _out_of_range("now"):
            clock.set(_lane(), at, frozen=frozen)
        return view()

    @routes.post("/freeze")
    def freeze_clock() -> ResponseReturnValue:
        body = Body("at")
        with _out_of_range("at"):
            clock.set(_lane(), body.time("at"), frozen=True) if "at" in body.values else clock.freeze(_lane())
        return view()

    @routes.post("/unfreeze")
    def unfreeze_clock() -> ResponseReturnValue:
        Body()
        clock.unfreeze(_lane())
        return view()

    @routes.post("/advance")
    def advance_clock() -> ResponseReturnValue:
        text = Body("duration").text("duration")
        try:
            by = clock_.parse_duration(text)
        except clock_.DurationInvalid as error:
            invalid("duration", str(error))
        timeline = clock.advance(_lane(), by)
        return view(
            timeline=[{"at": done.at.isoformat(), "label": done.label, "outcome": done.outcome} for done in timeline]
        )

    return routes


def faults(faults: faults_.Faults) -> Blueprint:
    """The lane's faults: list, add, clear."""
    routes = Blueprint("faults", __name__, url_prefix="/_sandbox/faults")
    routes.register_error_handler(faults_.FaultNotFound, _refuser(404, "fault_not_found"))
    routes.register_error_handler(faults_.TooManyFaults, _refuser(409, "too_many_faults"))

    @routes.get("")
    def list_faults() -> ResponseReturnValue:
        return jsonify(faults=[asdict(fault) for fault in faults.all(_lane())])

    @routes.post("")
    def add_fault() -> ResponseReturnValue:
        body = Body("name", "operation", "path", "count", "probability", "params")
        try:
            fault = faults.add(
                _lane(),
                body.text("name"),
                operation=body.text("operation", default=""),
                path=body.text("path", default=""),
                count=body.integer("count", 1, faults_.MAX_COUNT),
                probability=body.number("probability", 1.0),
                params=body.numbers("params"),
            )
        except faults_.FaultInvalid as error:
            raise Refused(400, "fault_invalid", error.rule, error.field) from error
        return jsonify(asdict(fault)), 201

    @routes.delete("")
    def clear_faults() -> ResponseReturnValue:
        faults.clear(_lane())
        return "", 204

    @routes.delete("/<int:number>")
    def clear_fault(number: int) -> ResponseReturnValue:
        faults.clear(_lane(), min(number, MAX_INT))
        return "", 204

    return routes


def journal(journal: Journal) -> Blueprint:
    """The lane's journal: list, show an entry, clear."""
    routes = Blueprint("journal", __name__, url_prefix="/_sandbox/journal")

    @routes.get("")
    def list_entries() -> ResponseReturnValue:
        limit = query_integer("limit", 1, MAX_ENTRIES)
        entries = journal.find(
            _lane(),
            door=query_text("door"),
            operation=query_text("operation"),
            status=query_integer("status", 0, 599),
            since=query_integer("since", 0, MAX_INT),
            only_invalid=query_flag("invalid"),
            limit=100 if limit is None else limit,
        )
        return jsonify(entries=[_entry_view(entry, whole=False) for entry in entries])

    @routes.get("/<id>")
    def show_entry(id: str) -> ResponseReturnValue:
        entry = None if "\x00" in id else journal.get(_lane(), id)
        if entry is None:
            raise Refused(404, "entry_not_found", f"the journal of this lane has no entry {id[:80]!r}")
        return jsonify(_entry_view(entry, whole=True))

    @routes.delete("")
    def clear_journal() -> ResponseReturnValue:
        journal.clear(_lane())
        return "", 204

    return routes


def _lane() -> str:
    return current_request().lane.name


def _lane_view(lane: lanes_.Lane) -> dict[str, Any]:
    return {
        "name": lane.name,
        "now": lane.now().isoformat(),
        "frozen": lane.frozen_at is not None,
        "seed": lane.seed,
        "active_faults": lane.faults,
    }


def _entry_view(entry: Entry, *, whole: bool) -> dict[str, Any]:
    """An entry as JSON; in a list without headers and bodies."""
    view = asdict(entry)
    if not whole:
        for name in ("headers", "request", "answer"):
            del view[name]
    return view


def _refuser(status: int, code: str, field: str = "") -> Callable[[Exception], ResponseReturnValue]:
    """A handler that answers an error of the kit in its own words."""

    def refuse(error: Exception) -> ResponseReturnValue:
        return refusal(status, code, str(error), field)

    return refuse


@contextmanager
def _out_of_range(field: str) -> Iterator[None]:
    try:
        yield
    except clock_.ClockOutOfRange as error:
        invalid(field, str(error))
