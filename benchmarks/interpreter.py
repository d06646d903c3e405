"""
How the Python that runs this was built: `python benchmarks/interpreter.py` says it, and ends with 0 where the
benchmarks want it.

A Python that was compiled without its optimizations, as pyenv does it unless told, takes a sixth to a third longer for
all that it does; those that people install (Debian's, Docker's, python.org's, uv's) have them.
"""

from __future__ import annotations

import platform
import sys
import sysconfig
from importlib.util import find_spec

__all__ = ["description", "optimized"]


def optimized() -> bool:
    """Whether it was compiled with the profile of a run. Debian does so and keeps no word of it, so /usr counts."""
    return "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") or sys.base_prefix == "/usr"


def description() -> str:
    """Version and build, as in `Python 3.13.1, built with optimizations`."""
    return f"Python {platform.python_version()}, built {'with' if optimized() else 'without'} optimizations"


def main() -> int:
    """0 where the benchmarks can be run in it: new enough, optimized, and able to make an environment."""
    print(description())
    return 0 if sys.version_info >= (3, 11) and optimized() and find_spec("ensurepip") else 1


if __name__ == "__main__":
    sys.exit(main())
