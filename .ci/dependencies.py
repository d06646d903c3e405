"""
The dependencies, held offline: `python .ci/dependencies.py` compares lock.txt with pyproject.toml and advisories.json.

lock.txt has every package of every extra at one version with its hashes (`make lock`). advisories.json has what is
known against its packages, of any version, so that a lock that goes back is found too; `make advisories` fetches it
anew from OSV, where the network allows it, or from a mirror: `python .ci/dependencies.py update URL`.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HERE = Path(__file__).parent
OSV = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
OLD_DAYS = 90

_PACKAGE = r"^([A-Za-z0-9._-]+)==(\S+)(?: ; [^\\]+)? \\\n"
_LINE = re.compile(_PACKAGE + r"(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", re.MULTILINE)


def locked(lock: str) -> dict[str, list[Version]]:
    """
    The versions of each package by its normal name: two where Pythons differ.

    Raises `ValueError` for a line without a version or hashes.
    """
    found: dict[str, list[Version]] = {}
    for name, version in _LINE.findall(lock):
        found.setdefault(canonicalize_name(name), []).append(Version(version))
    rest = [line for line in _LINE.sub("", lock).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if rest:
        raise ValueError(f"lock.txt: {rest[0]!r} is no package at a version with hashes: run `make lock`")
    return found


def required(pyproject: Mapping[str, Any]) -> Iterator[Requirement]:
    """What the project and its extras ask for, its own extras left out."""
    project = pyproject["project"]
    for text in (
        *project["dependencies"],
        *(one for each in project["optional-dependencies"].values() for one in each),
    ):
        if (requirement := Requirement(text)).name != project["name"]:
            yield requirement


def gaps(versions: Mapping[str, list[Version]], requirements: Iterator[Requirement]) -> Iterator[str]:
    """What the lock has not, or at another version, of what the project asks for and what is installed here needs."""
    for requirement in requirements:
        name = canonicalize_name(requirement.name)
        if name not in versions:
            yield f"{requirement}: is not in lock.txt: run `make lock`"
        elif not any(requirement.specifier.contains(one, prereleases=True) for one in versions[name]):
            yield f"{requirement}: lock.txt has {', '.join(map(str, versions[name]))}: run `make lock`"
    for name in versions:
        try:
            asked = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        for one in asked:
            if canonicalize_name(one.name) not in versions and (
                one.marker is None or one.marker.evaluate({"extra": ""})
            ):
                yield f"{name} needs {one.name}, which is not in lock.txt: run `make lock`"


def hits(versions: Mapping[str, list[Version]], known: Mapping[str, Any]) -> Iterator[str]:
    """The locked versions against which something is known."""
    for one in known["advisories"]:
        for version in versions.get(one["package"], ()):
            if any(_within(version, *span) for span in one["affected"]):
                names = ", ".join((one["id"], *one["aliases"]))
                yield f"{one['package']} {version}: {names}: raise it in pyproject.toml, or lock it anew (`make lock`)"


def _within(version: Version, introduced: str, fixed: str | None, last: str | None = None) -> bool:
    begun = introduced == "0" or version >= Version(introduced)
    return begun and (fixed is None or version < Version(fixed)) and (last is None or version <= Version(last))


def advisories(archive: bytes, names: set[str]) -> Iterator[dict[str, Any]]:
    """What an archive of OSV records has about these packages."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for file in sorted(files.namelist()):
            record = json.loads(files.read(file))
            for affected in record.get("affected", ()) if "withdrawn" not in record else ():
                name = canonicalize_name(affected.get("package", {}).get("name", ""))
                spans = [
                    span for one in affected.get("ranges", ()) if one["type"] == "ECOSYSTEM" for span in _spans(one)
                ]
                if name in names and spans:
                    aliases = sorted(record.get("aliases", ()))
                    yield {"id": record["id"], "aliases": aliases, "package": name, "affected": spans}


def _spans(found: Mapping[str, Any]) -> Iterator[list[str | None]]:
    begun: str | None = None
    for event in found["events"]:
        if "introduced" in event:
            if begun is not None:
                yield [begun, None]
            begun = event["introduced"]
        elif begun is not None and ("fixed" in event or "last_affected" in event):
            yield [begun, event["fixed"]] if "fixed" in event else [begun, None, event["last_affected"]]
            begun = None
    if begun is not None:
        yield [begun, None]


def update(lock: str, url: str = OSV) -> str:
    """advisories.json anew."""
    with urlopen(url, timeout=120) as answer:  # noqa: S310 - the address above
        found = list(advisories(answer.read(), set(locked(lock))))
    return (
        json.dumps({"source": url, "as_of": datetime.now(UTC).date().isoformat(), "advisories": found}, indent=1) + "\n"
    )


def age(known: Mapping[str, Any], today: date) -> str:
    """Of which day the advisories are, and once they are old what that means."""
    as_of = date.fromisoformat(known["as_of"])
    days = (today - as_of).days
    old = f", {days} days ago: what became known since is not checked until you run `make advisories`"
    return f"{len(known['advisories'])} advisories as of {as_of}{old if days > OLD_DAYS else ''}"


def main(arguments: Sequence[str], folder: Path = HERE) -> int:
    """Check, or with `update [URL]` fetch; 1 where something is to be done."""
    lock = (folder / "lock.txt").read_text("utf-8")
    kept = folder / "advisories.json"
    if arguments[:1] == ["update"]:
        try:
            kept.write_text(update(lock, *arguments[1:2]), "utf-8")
        except (OSError, zipfile.BadZipFile) as error:
            print(f"The advisories were not fetched, the old ones stay: {error}")  # noqa: T201
            return 1
    known = json.loads(kept.read_text("utf-8"))
    versions = locked(lock)
    pyproject = tomllib.loads((folder.parent / "pyproject.toml").read_text("utf-8"))
    problems = [*gaps(versions, required(pyproject)), *hits(versions, known)]
    print(*problems, sep="\n", end="\n" if problems else "")  # noqa: T201
    print(f"{len(versions)} packages locked; {age(known, datetime.now(UTC).date())}")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
