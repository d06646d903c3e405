"""
Which pacts each version of a provider was verified with: what a broker would know, kept in git.

`contracts/pacts/matrix.toml` has a row for each verification: consumer, provider, the SHA-256 of the pact file, the
provider's version, whether all of it held, and when. What has no row is not known, and counts as no.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["MATRIX", "PACTS", "Answer", "Row", "can_deploy", "digest", "pact_files", "read_matrix", "record"]

PACTS = Path(__file__).parents[2] / "pacts"
MATRIX = PACTS / "matrix.toml"
HEADING = (
    "# Which pacts which version of a provider was verified with; written by `partnerlab verify matrix --record`.\n"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One verification. `pact` is the digest of the file, `verified_on` a date in ISO form."""

    consumer: str
    provider: str
    pact: str
    version: str
    holds: bool
    verified_on: str


@dataclass(frozen=True, slots=True)
class Answer:
    """
    Whether a provider's version may be deployed beside a consumer's pact.

    `holds` is None where nothing is known; `reason` says what is known, in a sentence.
    """

    consumer: str
    provider: str
    holds: bool | None
    reason: str


def digest(content: bytes) -> str:
    """What names a pact file: the SHA-256 of its bytes, which are the same from run to run."""
    return hashlib.sha256(content).hexdigest()


def pact_files(folder: Path = PACTS) -> list[Path]:
    """The pact files."""
    return sorted(folder.glob("*.json"))


def read_matrix(path: Path = MATRIX) -> list[Row]:
    """The rows, oldest first; none where there is no file. Raises `ValueError` where it is no matrix."""
    if not path.exists():
        return []
    try:
        return [Row(**row) for row in tomllib.loads(path.read_text("utf-8")).get("verified", [])]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None


def can_deploy(version: str, *, rows: Iterable[Row], folder: Path = PACTS, provider: str = "") -> Iterator[Answer]:
    """An answer for each pact in the folder, of one *provider* where named, about that version of it."""
    known = list(rows)
    for path in pact_files(folder):
        content = path.read_bytes()
        pact = json.loads(content)
        consumer, of = pact["consumer"]["name"], pact["provider"]["name"]
        if provider and of != provider:
            continue
        own = [row for row in known if (row.consumer, row.provider, row.version) == (consumer, of, version)]
        this = [row for row in own if row.pact == digest(content)]
        if this:
            held = "holds" if this[-1].holds else "was broken"
            yield Answer(consumer, of, this[-1].holds, f"{held} on {this[-1].verified_on}")
        elif own:
            yield Answer(consumer, of, None, f"the pact changed since version {version} was verified")
        else:
            yield Answer(consumer, of, None, f"version {version} was never verified")


def record(row: Row, path: Path = MATRIX) -> None:
    """Write a verification down; of the same pact and version the newest counts."""
    same = (row.consumer, row.provider, row.pact, row.version)
    rows = [one for one in read_matrix(path) if (one.consumer, one.provider, one.pact, one.version) != same]
    text = HEADING + "".join(_written(one) for one in [*rows, row])
    path.write_text(text, "utf-8")


def _written(row: Row) -> str:
    lines = [f"{name} = {json.dumps(value)}" for name, value in asdict(row).items()]
    return "\n".join(["", "[[verified]]", *lines]) + "\n"
