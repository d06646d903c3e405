"""
The container files, as far as they can be checked without a container engine: a linter, a schema, and our own rules.

That the image builds and that `docker compose up` comes up healthy is not shown here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from partnerlab.cli import COMMANDS
from partnerlab.config import configure
from partnerlab.parts import PARTS, Parts, check_parts
from partnerlab.settings import SandboxSettings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT.joinpath("docker-compose.yml").read_text("utf-8")
DOCKERFILE = ROOT.joinpath("Dockerfile").read_text("utf-8")


def resolved(text: str) -> str:
    """What compose makes of the file where no variable is set: defaults put in, anchors merged."""
    return yaml.safe_dump(yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)))


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(resolved(COMPOSE))["services"]
    return found


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(linter), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_is_one() -> None:
    PyCompose.from_yaml(resolved(COMPOSE))
    broken = resolved(COMPOSE).replace("condition: service_healthy", "condition: service_feels_fine", 1)
    with pytest.raises(ValueError, match="service_feels_fine"):
        PyCompose.from_yaml(broken)


def test_every_variable_has_a_default() -> None:
    assert re.findall(r"\$\{(\w+)\}", COMPOSE) == []


def test_ports_are_open_to_this_machine_alone(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_what_is_waited_for_is_there_and_says_when_it_is_healthy(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for name, needed in service.get("depends_on", {}).items():
            assert needed["condition"] == "service_healthy"
            assert "healthcheck" in services[name] or services[name]["image"] == "partnerlab"  # the image has one


def test_our_services_run_with_no_more_than_they_need(services: dict[str, dict[str, Any]]) -> None:
    ours = [service for service in services.values() if service.get("image") == "partnerlab"]
    assert len(ours) == len(PARTS)
    for service in ours:
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "user" not in service  # the image's own, which is not root
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("FROM ") == 2
    assert "HEALTHCHECK" in DOCKERFILE


def test_each_system_has_a_service_that_serves_it_alone(services: dict[str, dict[str, Any]]) -> None:
    assert services.keys() == {*PARTS, "postgres"}
    for part in PARTS:
        name, *arguments = services[part]["command"]
        assert (name, arguments) == ("sandbox", ["--only", part])
        assert name in COMMANDS


def test_what_the_services_are_set_to_is_what_a_sandbox_takes(services: dict[str, dict[str, Any]]) -> None:
    """The settings are read and checked as the process in the container does; each finds the others by their names."""
    for part in PARTS:
        environment = services[part]["environment"]
        settings = replace(configure(SandboxSettings, "sandbox", {}, environment), only=(part,))
        settings.check_reach()
        check_parts(settings.only, settings.peers, settings.database)
        assert not settings.shared
        assert set(PARTS) <= set(settings.hosts)
        assert all(name.startswith("PARTNERLAB_SANDBOX_") for name in environment)
        for name, origin in Parts.of(settings.only, settings.peers).peers.items():
            assert origin == f"http://{name}:8700"
        assert services[part]["ports"][0].endswith(":8700")
    assert len({service["ports"][0] for service in services.values() if "ports" in service}) == len(PARTS)


def test_the_build_has_what_the_wheel_needs_and_no_more() -> None:
    ignored = ROOT.joinpath(".dockerignore").read_text("utf-8").splitlines()
    assert ignored[0] == "*"
    kept = {line[1:] for line in ignored if line.startswith("!")}
    rooms = {"client", "contracts", "generators", "partnerlab", "simulators"}
    assert kept == {*rooms, "docs", "*.md", "pyproject.toml", "hatch_build.py"}
