"""The bills that a partner's program uploads in one file."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from partnerlab.client import jobs
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["bill_run"]


def bill_run(lane: Lane, biller: Biller, name: str, bills: Sequence[jobs.Bill]) -> jobs.BillRun:
    """The run of a partner's upload: its file is named for *name* and the biller's time."""
    now = lane.now().astimezone(ZoneInfo(biller.time_zone))  # stamps of files are the biller's
    return jobs.BillRun(
        layout=biller.partner,
        file_name=f"{name}-{now:%Y%m%d%H%M%S}.bif",
        biller_guid=biller.guid,
        format_guid=biller.invoice_format_guid,
        invoice_type_id=int(biller.invoice_type_id),
        created_on=now.date(),
        bills=bills,
    )
