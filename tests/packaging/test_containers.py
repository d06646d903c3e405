"""
The container files, as far as they can be checked without a container engine: a linter, a schema, and our own rules.

That the image builds and that `docker compose up` comes up healthy is not shown here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from partnerlab.cli import COMMANDS

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
            assert "healthcheck" in services[name]


def test_our_services_run_with_no_more_than_they_need(services: dict[str, dict[str, Any]]) -> None:
    ours = [service for service in services.values() if service.get("image") == "partnerlab"]
    assert len(ours) == 2
    for service in ours:
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["command"][0] in COMMANDS
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("FROM ") == 2
    assert "HEALTHCHECK" in DOCKERFILE


def test_each_simulator_is_known_by_its_own_name(services: dict[str, dict[str, Any]]) -> None:
    sandbox = services["sandbox"]
    names = sandbox["networks"]["default"]["aliases"]
    assert names == ["inhance", "tccs", "invoice-cloud", "watersmart"]
    assert sandbox["environment"]["PARTNERLAB_SANDBOX_HOSTS"].split(",") == ["sandbox", *names]


def test_the_build_has_what_the_wheel_needs_and_no_more() -> None:
    ignored = ROOT.joinpath(".dockerignore").read_text("utf-8").splitlines()
    assert ignored[0] == "*"
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert kept == {"client", "contracts", "generators", "partnerlab", "simulators", "docs", "*.md", "pyproject.toml"}
