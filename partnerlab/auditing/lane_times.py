"""When the data pump did something, on the lane's clock. The pump itself keeps the wall clock's times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from partnerlab.auditing.pages import Row

__all__ = ["began", "lane_times"]


def lane_times(delivery: Row, calls: Sequence[Row] = ()) -> Mapping[str, str]:
    """
    The lane's time for each time of a delivery that is given whole: accepted, attempts, a person's notes.

    *calls* are the journal's entries of its event, in any order. They have the lane's time, so each of them tells how
    far the lane was ahead at that attempt. Without them it is taken to be as far ahead as when the event occurred.
    """
    occurred = datetime.fromisoformat(delivery["event"]["occurred_at"])
    sent = [one for one in delivery["history"] if one["operation"]]
    operations = {one["operation"] for one in sent}
    came = sorted((call["number"], began(call)) for call in calls if call["operation"] in operations)
    ahead = {}
    if len(came) == len(sent):
        ahead = {
            one["started_at"]: at - datetime.fromisoformat(one["started_at"])
            for one, (_, at) in zip(sent, came, strict=True)
        }
    now_ahead = next(iter(ahead.values()), occurred - datetime.fromisoformat(delivery["accepted_at"]))
    moments = {delivery["accepted_at"]} | {one["started_at"] for one in delivery["history"]}
    times, latest = {}, occurred
    for moment in sorted(moments | {one["at"] for one in delivery["notes"]}):
        now_ahead = ahead.get(moment, now_ahead)
        latest = max(latest, datetime.fromisoformat(moment) + now_ahead)
        times[moment] = latest.isoformat()
    return times


def began(call: Row) -> datetime:
    """When a call came: the journal's entry has the time at which it was answered."""
    return datetime.fromisoformat(call["at"]) - timedelta(milliseconds=call["duration_ms"])
