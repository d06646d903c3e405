"""
A run as JSON, versioned, and back; everything else is made from the same values.

`format` is `partnerlab-verification`, `version` 1. A reader refuses another version.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from partnerlab.contracts.catalogue import Requirement
from partnerlab.contracts.verification.grading.model import (
    CheckResult,
    Configuration,
    Exchange,
    Outcome,
    Problem,
    RequirementResult,
    Run,
)
from partnerlab.contracts.verification.report.coverage import coverage

__all__ = ["DocumentInvalid", "read_json", "to_json"]

FORMAT, VERSION = "partnerlab-verification", 1


class DocumentInvalid(ValueError):
    """A text is no report of this format and version."""


def to_json(run: Run) -> str:
    """The run as JSON text."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "outcome": {0: "passed", 1: "failed", 3: "configuration", 4: "nothing verified"}[run.exit_code()],
        "coverage": [asdict(row) for row in coverage(run)],
        "run": asdict(run),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read_json(text: str | bytes) -> Run:
    """The run of a JSON report. Raises `DocumentInvalid`."""
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise DocumentInvalid("it is no report that `partnerlab verify --json` wrote")
        if document["version"] != VERSION:
            raise DocumentInvalid(f"it has version {document['version']}, and this partnerlab reads version {VERSION}")
        return _run(document["run"])
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, DocumentInvalid):
            raise
        raise DocumentInvalid(f"it is no report of partnerlab verify: {error!r:.100}") from None


def _run(row: dict[str, Any]) -> Run:
    return Run(
        **{
            **row,
            "configuration": Configuration(**row["configuration"]) if row["configuration"] else None,
            "checks": tuple(_check(one) for one in row["checks"]),
            "requirements": tuple(_requirement(one) for one in row["requirements"]),
            "exchanges": tuple(Exchange(**one) for one in row["exchanges"]),
            "notes": tuple(row["notes"]),
        }
    )


def _check(row: dict[str, Any]) -> CheckResult:
    return CheckResult(
        **{
            **row,
            "outcome": Outcome(row["outcome"]),
            "requirements": tuple(row["requirements"]),
            "problems": tuple(Problem(**one) for one in row["problems"]),
            "exchanges": tuple(row["exchanges"]),
        }
    )


def _requirement(row: dict[str, Any]) -> RequirementResult:
    return RequirementResult(
        Requirement(**row["requirement"]), Outcome(row["outcome"]), tuple(row["checks"]), row["reason"]
    )
