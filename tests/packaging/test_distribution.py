"""
What `pip install partnerlab` brings without extras, seen in an environment that has nothing else.

The pure wheel, which is the one to publish, and those that a machine with a C compiler makes for itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.packaging

NOT_IN_THE_CORE = ("flask", "spyne", "dbos", "sqlalchemy", "faker", "pytest", "httptools", "schemathesis", "pact")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found, _ = build("wheel", tmp_path_factory.mktemp("dist"), PARTNERLAB_PURE="1")
    return found


def build(target: str, folder: Path, root: Path = ROOT, **environment: str) -> tuple[Path, str]:
    """What hatchling builds, and what it says."""
    command = (sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder))
    inherited = {name: value for name, value in os.environ.items() if name not in ("PARTNERLAB_PURE", "CC")}
    built = run(*command, cwd=root, environment={**inherited, **environment})
    assert built.returncode == 0, built.stderr
    (found,) = folder.iterdir()
    return found, built.stdout + built.stderr


@pytest.fixture(scope="session")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment with the distribution and no extra."""
    folder = tmp_path_factory.mktemp("core")
    assert run(sys.executable, "-m", "venv", "--without-pip", str(folder)).returncode == 0
    pip = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"))
    installed = run(*pip, "install", "--quiet", "--disable-pip-version-check", "--no-compile", str(wheel))
    assert installed.returncode == 0, installed.stderr
    return folder / "bin"


def run(
    *command: str, cwd: Path | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd or Path("/"), capture_output=True, text=True, timeout=300, check=False, env=environment
    )


def test_the_wheel_holds_every_data_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for room in ("client", "contracts", "generators", "partnerlab", "simulators"):
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".so":
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


def modules(wheel: Path) -> list[str]:
    return [Path(name).name.partition(".")[0] for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".so")]


def test_the_pure_wheel_is_for_every_machine(wheel: Path, core: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    assert modules(wheel) == []
    assert "bill files are read in pure Python" in run(str(core / "partnerlab"), "--version").stdout


@pytest.mark.parametrize(
    ("environment", "said"),
    [({"PARTNERLAB_PURE": "1"}, "PARTNERLAB_PURE is set"), ({"CC": "/there/is/none"}, "no C compiler /there/is/none")],
)
def test_a_machine_that_does_not_compile_makes_the_pure_wheel(
    environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    made, words = build("wheel", tmp_path, **environment)
    assert made.name.endswith("-py3-none-any.whl")
    assert modules(made) == []
    (line,) = [line for line in words.splitlines() if "pure Python" in line]
    assert said in line


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler: without one the wheel is pure, as tested above")
def test_a_machine_with_a_compiler_makes_a_wheel_of_its_own(tmp_path: Path) -> None:
    """From the checkout and from the source distribution alike; it reads by the compiled module unless told not to."""
    made, words = build("wheel", tmp_path / "dist")
    assert not made.name.endswith("-any.whl")
    assert sorted(modules(made)) == ["_invoices", "_lines", "_templates"]
    assert "pure Python" not in words
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target")
    installed = run(*pip, str(tmp_path / "site"), str(made))
    assert installed.returncode == 0, installed.stderr
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PARTNERLAB_PURE": "0"}
    version = (sys.executable, "-m", "partnerlab.cli", "--version")
    done = run(*version, cwd=tmp_path, environment=environment)
    assert "bill files are read by the compiled module" in done.stdout, done.stderr
    pure = run(*version, cwd=tmp_path, environment={**environment, "PARTNERLAB_PURE": "1"})
    assert "bill files are read in pure Python" in pure.stdout, pure.stderr
    sources, _ = build("sdist", tmp_path / "sdist")
    with tarfile.open(sources) as archive:
        archive.extractall(tmp_path, filter="data")
    again, _ = build("wheel", tmp_path / "again", root=tmp_path / sources.name.removesuffix(".tar.gz"))
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(made).namelist())
