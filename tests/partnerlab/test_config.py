"""Defaults, overridden by a TOML file, overridden by the environment; and what is wrong is named with its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from partnerlab.config import ConfigurationInvalid, configure, read_configuration
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings


@dataclass(frozen=True)
class Section:
    name: str = "default"
    count: int = 1
    enabled: bool = False
    pause_s: float = 0.5


def test_the_environment_wins_over_the_file_and_the_file_over_the_default() -> None:
    document = {"part": {"name": "file", "count": 2}}
    found = configure(Section, "part", document, {"PARTNERLAB_PART_NAME": "environment"})
    assert found == Section("environment", 2)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("0", False), ("On", True), ("no", False)])
def test_a_flag_may_be_written_in_several_ways(text: str, value: bool) -> None:
    assert configure(Section, "part", {}, {"PARTNERLAB_PART_ENABLED": text}).enabled is value


@pytest.mark.parametrize(
    ("document", "environment", "message"),
    [
        (
            {"part": {"nam": "x"}},
            {},
            "part.nam: is no setting; there are name, count, enabled, pause_s; did you mean name?",
        ),
        ({}, {"PARTNERLAB_PART_COUTN": "2"}, "PARTNERLAB_PART_COUTN: is no setting; did you mean count?"),
        ({"part": {"count": "two"}}, {}, "part.count: 'two' is not a whole number"),
        ({"part": {"count": True}}, {}, "part.count: True is not a whole number"),
        ({"part": {"count": 8700.5}}, {}, "part.count: 8700.5 is not a whole number"),
        ({"part": {"count": [8700]}}, {}, "part.count: [8700] is not a whole number"),
        ({"part": {"name": 1}}, {}, "part.name: 1 is not text"),
        ({}, {"PARTNERLAB_PART_ENABLED": "maybe"}, "PARTNERLAB_PART_ENABLED: 'maybe' is not true or false"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_rule(
    document: dict[str, dict[str, object]], environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationInvalid) as found:
        configure(Section, "part", document, environment)
    assert str(found.value) == message


def test_what_an_orchestrator_puts_into_the_environment_is_no_misspelled_setting() -> None:
    """Kubernetes tells of a service `partnerlab-sandbox` so."""
    told = {"PARTNERLAB_SANDBOX_SERVICE_HOST": "10.0.0.1", "PARTNERLAB_SANDBOX_PORT_8700_TCP_ADDR": "10.0.0.1"}
    assert configure(SandboxSettings, "sandbox", {}, told) == SandboxSettings()


def test_how_long_a_file_must_stand_is_refused_where_no_files_are_exchanged() -> None:
    with pytest.raises(ValueError, match="files_quiet_s: would have no effect"):
        Sandbox(SandboxSettings(files_quiet_s=5))


def test_a_file_that_is_no_toml_or_has_no_sections_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "partnerlab.toml"
    for text, rule in (
        ("port =", "Invalid value"),
        ("port = 1", "is not a [section]"),
        ("[prat]", "'[prat]' is no section; there are part"),
    ):
        file.write_text(text, "utf-8")
        with pytest.raises(ConfigurationInvalid, match=str(file)) as found:
            read_configuration(file, ("part",))
        assert rule in str(found.value)


@pytest.mark.parametrize(
    ("database", "store", "pump"),
    [
        ("", "sqlite://", "sqlite:///{folder}/pump.db"),
        ("world.db", "sqlite:///world.db", "sqlite:///world.db.pump"),
        ("sqlite:///world.db", "sqlite:///world.db", "sqlite:///world.db.pump"),
        ("postgresql://host/db", "postgresql+psycopg://host/db", "postgresql://host/db"),
    ],
)
def test_each_kind_of_database_has_a_place_for_the_pump(database: str, store: str, pump: str, tmp_path: Path) -> None:
    found = SandboxSettings(database=database).databases(tmp_path)
    assert found == (store, pump.format(folder=tmp_path))


def test_another_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be a SQLite file or a postgresql:// URL"):
        SandboxSettings(database="mysql://host/db").databases(tmp_path)
