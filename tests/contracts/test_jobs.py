"""The timetable of the partners' jobs: rows that cannot be meant are refused."""

from __future__ import annotations

import pytest

from partnerlab.contracts.jobs import Job, jobs, partners


def test_every_partner_with_files_or_downloads_has_its_jobs() -> None:
    assert partners() == ("inhance_v1", "inhance_v2", "tccs", "watersmart")
    assert {job.name: job.when for job in jobs("inhance_v1")} == {
        "payments": "every 15 min",
        "invoices": "every 15 min",
        "balances": "every 15 min",
        "all-balances": "Sunday at 02:00",
        "autopay": "daily at 03:00",
        "customers": "daily at 03:30",
    }
    assert [job.when for job in jobs("tccs")] == ["every 4 h"]
    assert jobs("inhance_portal") == ()


@pytest.mark.parametrize(
    "times", [{}, {"every_minutes": 15, "at": "02:00"}, {"at": "25:00"}, {"at": "02:00", "weekday": "Sun"}]
)
def test_a_job_that_runs_at_no_time_or_at_two_is_refused(times: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"hour must be|runs either"):
        Job("p", "n", "t", "x", "r", **times)  # type: ignore[arg-type]
