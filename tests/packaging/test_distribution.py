"""What `pip install partnerlab` brings without extras, seen in an environment that has nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.packaging

NOT_IN_THE_CORE = ("flask", "spyne", "dbos", "sqlalchemy", "faker", "pytest", "httptools", "schemathesis", "pact")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment with the distribution and no extra."""
    folder = tmp_path_factory.mktemp("core")
    assert run(sys.executable, "-m", "venv", "--without-pip", str(folder)).returncode == 0
    pip = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"))
    installed = run(*pip, "install", "--quiet", "--disable-pip-version-check", "--no-compile", str(wheel))
    assert installed.returncode == 0, installed.stderr
    return folder / "bin"


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd or Path("/"), capture_output=True, text=True, timeout=300, check=False)


def test_the_wheel_holds_every_data_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for room in ("client", "contracts", "generators", "partnerlab", "simulators"):
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                place = path.relative_to(ROOT).as_posix()
                assert (place if room == "partnerlab" else f"partnerlab/{place}") in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"partnerlab"}


def test_a_project_with_packages_of_the_same_names_runs_beside_it(core: Path, tmp_path: Path) -> None:
    for name in ("client", "contracts", "generators", "simulators", "tests"):
        tmp_path.joinpath(name).mkdir()
        tmp_path.joinpath(name, "__init__.py").write_text(f"WHO = 'their {name}'\n")
    tmp_path.joinpath("client", "errors.py").write_text("class ClientError(Exception): ...\n")
    program = (
        "import client, contracts, generators, simulators, tests\n"
        "from client.errors import ClientError as theirs\n"
        "from partnerlab.client.errors import ClientError as ours\n"
        "from partnerlab.contracts.files import load_layout\n"
        "import partnerlab.client.inhance\n"
        "print(client.WHO, contracts.WHO, generators.WHO, simulators.WHO, tests.WHO)\n"
        "print(theirs is not ours, load_layout('tccs').name)\n"
    )
    done = run(str(core / "python"), "-c", program, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "their client their contracts their generators their simulators their tests"
    assert second == "True tccs"
    assert run(str(core / "partnerlab"), "catalogue", "faults", cwd=tmp_path).returncode == 0


def test_the_core_is_the_client_and_the_codec_alone(core: Path) -> None:
    program = (
        "from partnerlab.client import flows, inhance, intake, invoice_cloud, rtdr, tccs\n"
        "from partnerlab.contracts import catalogue, files\n"
        "import importlib.util, sys\n"
        f"print([name for name in {NOT_IN_THE_CORE!r} if importlib.util.find_spec(name)])\n"
    )
    done = run(str(core / "python"), "-c", program)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_commands_without_their_extra_say_which_to_install(core: Path) -> None:
    for arguments, extra in (
        (("sandbox", "--help"), "sandbox"),
        (("demo",), "sandbox"),
        (("generate", "bif", "--invoices", "1", "--out", "-"), "sandbox"),
        (("pump", "--billers", "/dev/null", "--db", "pump.db"), "pump"),
    ):
        done = run(str(core / "partnerlab"), *arguments)
        assert done.returncode == 1, arguments
        assert f"pip install 'partnerlab[{extra}]'" in done.stderr


def test_commands_of_the_core_run_without_extras(core: Path) -> None:
    assert run(str(core / "partnerlab"), "--help").returncode == 0
    assert "commit-then-drop" in run(str(core / "partnerlab"), "catalogue", "faults").stdout
    for name in ("files", "trigger", "clock", "deliveries", "journal"):
        done = run(str(core / "partnerlab"), name, "--help")
        assert done.returncode == 0, done.stderr
