"""Files that partners sent, and what was wrong in them."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused

__all__ = ["BALANCES", "BIF", "EFFECTS", "INVOICES", "STATES", "Adjustment", "Problem", "Upload", "effects_of"]

BIF, INVOICES, BALANCES = "bif", "csv_invoices", "csv_balances"
"""What a file is: a bill file, or one of WaterSmart's two, told apart by their columns."""

RECEIVED = "received"
LOADED, REJECTED, REPEATED, WAITING, DISMISSED = "loaded", "rejected", "repeated", "waiting", "dismissed"
STATES: Mapping[str, frozenset[str]] = {
    RECEIVED: frozenset((LOADED, REJECTED, REPEATED, WAITING)),
    WAITING: frozenset((LOADED, DISMISSED)),
    LOADED: frozenset(),
    REJECTED: frozenset(),
    REPEATED: frozenset(),
    DISMISSED: frozenset(),
}
"""What becomes of a file: loaded, rejected as a whole, the same as the latest, or waiting for a person [A-87]."""

SETS, ADDS = "set", "add"
EFFECTS = (SETS, ADDS)
"""What an adjustment does: the account's balance becomes its amount, or the amount is added to it [A-80]."""


@dataclass(frozen=True, slots=True)
class Upload:
    """
    A file that came. `kind` is `BIF`, `INVOICES` or `BALANCES`, empty where a `.csv` is neither; `message` is what the
    sender was told.

    `total_amount_due` is the sum of all its invoices or adjustments, good and broken as far as they can be read, as
    text: a hostile file's may be of any size. `content` identifies the rows of a CSV file, `repeats` is the upload with
    the same rows [A-87]. `notes` is a JSON list of what was tolerated or done, in words.
    """

    upload_id: str
    biller_guid: str
    file_name: str
    received_at: str
    state: str
    message: str
    size_bytes: int
    accepted: int
    rejected: int
    total_amount_due: str
    kind: str = BIF
    content: str = ""
    repeats: str = ""
    notes: str = "[]"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    What was wrong in a file: the place, the value, the rule's name and the reason in words.

    `column_number` is the position in a CSV file, counted from 1; 0 in a bill file and for a row as a whole.
    """

    upload_id: str
    position: int
    line: int
    invoice_number: str
    field: str
    file_spec_id: int
    value: str
    rule: str
    reason: str
    column_number: int = 0


@dataclass(frozen=True, slots=True)
class Adjustment:
    """
    A row of a balance file that was applied, `position` counted from 1 in its upload.

    `effect` is of `EFFECTS`; `before_cents` and `after_cents` are what the account owed before and after it.
    """

    upload_id: str
    position: int
    line: int
    biller_guid: str
    account_number: str
    type_id: str
    effect: str
    amount_cents: int
    before_cents: int = 0
    after_cents: int = 0


def effects_of(configured: object) -> dict[str, str] | None:
    """
    What a biller's own AdjustmentTypeIDs do, by id, from its configuration `{"Adjustments": {"1": "set", "7": "add"}}`.

    None where it has none of its own. Raises `ValueRefused`.
    """
    if configured is None:
        return None
    if not isinstance(configured, Mapping) or not configured or {*configured.values()} - {*EFFECTS}:
        rule = 'of the biller\'s configuration maps AdjustmentTypeIDs to "set" or "add"'
        raise ValueRefused("Adjustments", str(configured)[:100], rule)
    for key in configured:
        if not key.isdecimal() or not key.isascii() or str(int(key)) != key:
            raise ValueRefused("Adjustments", key[:100], "of the biller's configuration: an id is a whole number")
    return dict(configured)
