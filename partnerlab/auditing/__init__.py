"""
Audit and reconciliation of a lane: what became of each payment, and whether all books agree.

`reading` collects both sides' records over the control API; `judging` and `comparing` are pure functions on those
records and know no HTTP; `report` puts their findings into JSON and text. What the books of a partner are, and how a
payment gets there, stands in `ways`, a row a partner.
"""

from partnerlab.auditing.comparing import Reconciliation, reconcile
from partnerlab.auditing.differences import Difference
from partnerlab.auditing.judging import FINDINGS, VERDICTS, Audit, Judged, audit
from partnerlab.auditing.reading import Control, read_lane
from partnerlab.auditing.records import LaneBooks

__all__ = [
    "FINDINGS",
    "VERDICTS",
    "Audit",
    "Control",
    "Difference",
    "Judged",
    "LaneBooks",
    "Reconciliation",
    "audit",
    "read_lane",
    "reconcile",
]
