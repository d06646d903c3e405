"""The lock is whole and agrees with pyproject.toml, nothing known is against it, and what is not so is found."""

from __future__ import annotations

import importlib.util
import json
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement

CI = Path(__file__).resolve().parents[2] / ".ci"
LOCK = (CI / "lock.txt").read_text("utf-8")
KNOWN = json.loads((CI / "advisories.json").read_text("utf-8"))
PYPROJECT = tomllib.loads((CI.parent / "pyproject.toml").read_text("utf-8"))


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dependencies", CI / "dependencies.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


deps = _module()


def test_the_lock_has_what_the_project_asks_for_and_nothing_is_known_against_it() -> None:
    versions = deps.locked(LOCK)
    assert list(deps.gaps(versions, deps.required(PYPROJECT))) == []
    assert list(deps.hits(versions, KNOWN)) == []
    assert "http" not in "".join(
        line for line in LOCK.splitlines() if not line.lstrip().startswith("#") and "://" in line
    )


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (("flask==", "flaskette=="), "flask>=3.0: is not in lock.txt"),
        (("itsdangerous==", "itsharmless=="), "flask needs itsdangerous, which is not in lock.txt"),
    ],
)
def test_a_lock_that_is_not_whole_is_found(damage: tuple[str, str], says: str) -> None:
    versions = deps.locked(LOCK.replace(*damage))
    assert any(says in line for line in deps.gaps(versions, deps.required(PYPROJECT)))


def test_a_lock_of_other_versions_is_found() -> None:
    versions = deps.locked(LOCK) | {"httpx": [deps.Version("0.19.0")], "werkzeug": [deps.Version("3.0.0")]}
    found = list(deps.gaps(versions, iter([Requirement("httpx>=0.27,<1")])))
    assert any("httpx" in line and "0.19.0" in line for line in found)
    known = list(deps.hits(versions, KNOWN))
    assert [line.split(":")[0] for line in known] == ["httpx 0.19.0", "werkzeug 3.0.0"]


@pytest.mark.parametrize("line", ["flask==3.1.3", "flask>=3 \\", "-e .", "flask==3.1.3 \\\n    --hash=md5:00"])
def test_a_package_without_a_version_or_its_hash_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="make lock"):
        deps.locked(f"{LOCK}{line}\n")


def test_security_says_of_which_day_the_advisories_are() -> None:
    assert f"at present {KNOWN['as_of']}" in " ".join((CI.parent / "SECURITY.md").read_text("utf-8").split())


def test_old_advisories_are_called_old() -> None:
    known = {"as_of": "2026-01-01", "advisories": []}
    assert deps.age(known, date(2026, 4, 1)) == "0 advisories as of 2026-01-01"
    assert "as of 2026-01-01, 91 days ago: what became known since is not checked" in deps.age(known, date(2026, 4, 2))


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that is served on the loopback, and its address."""
    served = tmp_path / "mirror"
    served.mkdir()
    with HTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=served)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield served, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_advisories_are_fetched_and_checked(
    tmp_path: Path, mirror: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be fetched leaves the file as it was."""
    served, address = mirror
    folder = tmp_path / "checkout" / ".ci"
    folder.mkdir(parents=True)
    (folder / "lock.txt").write_text(LOCK, "utf-8")
    (folder / "advisories.json").write_text(json.dumps(KNOWN), "utf-8")
    (folder.parent / "pyproject.toml").write_bytes((CI.parent / "pyproject.toml").read_bytes())
    assert deps.main(["update", f"{address}/all.zip"], folder) == 1
    assert "The advisories were not fetched, the old ones stay: HTTP Error 404" in capsys.readouterr().out
    assert json.loads((folder / "advisories.json").read_text("utf-8")) == KNOWN
    (version,) = deps.locked(LOCK)["flask"]
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": str(version)}]}]
    record = {"id": "A-1", "affected": [{"package": {"name": "flask", "ecosystem": "PyPI"}, "ranges": ranges}]}
    with zipfile.ZipFile(served / "all.zip", "w") as files:
        files.writestr("A-1.json", json.dumps(record))
    began = datetime.now(UTC).date()
    assert deps.main(["update", f"{address}/all.zip"], folder) == 1
    said = capsys.readouterr().out
    assert f"flask {version}: A-1: raise it" in said
    assert any(f"1 advisories as of {day}" in said for day in (began, datetime.now(UTC).date()))


def test_advisories_are_read_from_an_archive_of_osv(tmp_path: Path) -> None:
    def record(id: str, name: str, events: list[dict[str, str]], **more: Any) -> tuple[str, str]:
        ranges = [{"type": "GIT", "events": [{"introduced": "0"}]}, {"type": "ECOSYSTEM", "events": events}]
        body = {"id": id, "affected": [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}], **more}
        return f"{id}.json", json.dumps(body)

    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as files:
        for one in (
            record("A-1", "Flask", [{"introduced": "0"}, {"fixed": "2"}, {"introduced": "3"}], aliases=["CVE-1"]),
            record("A-2", "waitress", [{"introduced": "1"}, {"last_affected": "2"}]),
            record("A-3", "waitress", [{"introduced": "0"}], withdrawn="2026-01-01T00:00:00Z"),
            record("A-4", "somebody-elses", [{"introduced": "0"}]),
        ):
            files.writestr(*one)
    known = json.loads(deps.update(LOCK, archive.as_uri()))
    assert {one["id"]: one["affected"] for one in known["advisories"]} == {
        "A-1": [["0", "2"], ["3", None]],
        "A-2": [["1", None, "2"]],
    }
    at = {name: [deps.Version(version)] for name, version in {"flask": "3.1", "waitress": "2"}.items()}
    assert [line.split(": make")[0].split(":")[1].strip() for line in deps.hits(at, known)] == ["A-1, CVE-1", "A-2"]
    assert list(deps.hits({"flask": [deps.Version("2.5")], "waitress": [deps.Version("2.0.1")]}, known)) == []
