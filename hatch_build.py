"""
The compiled modules, built with a wheel or an editable install where a C compiler and Python's headers are there.

Without them, with `PARTNERLAB_PURE=1`, on Windows and on a Python without its lock the wheel is pure, and one line says
so. `python hatch_build.py` builds them into the checkout (docs/adr/0021-whole-invoices-in-c.md).
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
MODULES = tuple(f"partnerlab/contracts/files/{name}" for name in ("_invoices", "_lines", "_templates"))
"""Each with its source beside it, `.c`."""


class NotCompiled(Exception):
    """The modules cannot be compiled here; in words, why."""


def compile_modules(folder: Path | None = None) -> dict[str, str]:
    """
    Compile all modules into a folder, or each beside its source.

    Returns:
        From each file that was made to its place in the distribution.
    Raises:
        NotCompiled: It cannot be done here.
    """
    if os.environ.get("PARTNERLAB_PURE", "0") not in ("", "0"):
        raise NotCompiled("PARTNERLAB_PURE is set")
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise NotCompiled("the modules are for CPython with its lock")
    if not sysconfig.get_config_var("CCSHARED") or not sysconfig.get_config_var("LDSHARED"):
        raise NotCompiled("Python does not know this system's compiler")
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        raise NotCompiled("Python.h is missing (Debian: python3-dev)")
    return dict(_compile(name, folder) for name in MODULES)


def _compile(name: str, folder: Path | None) -> tuple[str, str]:
    file = Path(name).name + sysconfig.get_config_var("EXT_SUFFIX")
    made = (folder or (ROOT / name).parent) / file
    words = " ".join(sysconfig.get_config_var(one) or "" for one in ("LDSHARED", "CFLAGS", "CCSHARED")).split()
    words[:1] = os.environ.get("CC", words[0]).split()
    try:
        # In a folder of its own first: a process may have the old one open, and another one may be making it too.
        with tempfile.TemporaryDirectory(prefix=".new-", dir=made.parent) as new:
            _run([*words, f"-I{sysconfig.get_path('include')}", str(ROOT / f"{name}.c"), "-o", f"{new}/{file}"])
            os.replace(f"{new}/{file}", made)
    except OSError as error:
        raise NotCompiled(f"{made.parent}: {error.strerror}") from None
    return str(made), str(Path(name).parent / file)


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    except OSError:
        raise NotCompiled(f"there is no C compiler {command[0]} (Debian: gcc)") from None
    except subprocess.CalledProcessError as error:
        raise NotCompiled(f"{command[0]} fails: {(error.stderr.strip() or 'no word').splitlines()[0]}") from None


class CustomBuildHook(BuildHookInterface[Any]):
    """What hatchling calls before it builds a wheel; an editable install has the modules in the checkout."""

    _folder: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and have the wheel named for this Python and system."""
        try:
            if version == "editable":
                compile_modules()
                return
            self._folder = tempfile.TemporaryDirectory()
            build_data["force_include"] |= compile_modules(Path(self._folder.name))
            build_data.update(pure_python=False, infer_tag=True)
        except NotCompiled as error:
            self.app.display_warning(f"Bill files will be read in pure Python: {error}.")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what is in the wheel now."""
        if self._folder is not None:
            self._folder.cleanup()


if __name__ == "__main__":
    try:
        print(*compile_modules(), sep="\n")  # noqa: T201
    except NotCompiled as error:
        sys.exit(f"Not compiled: {error}.")
