"""`python -m benchmarks [--scale 0.2] [name …]`: run the measurements and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from importlib import import_module

from benchmarks.tools import ROOT, Row

# Module -> what stands in the way where an aim is missed, by work.
MODULES = ("soap", "web", "startup", "client", "files", "pump", "plugin")

HEAD = """# Benchmarks

Made by `make bench`. Every ratio is ours against the peer's in the same run on the same machine, with everything on:
ledger, journal, masking. A ratio above 1 means that ours is better. The figures themselves mean
little elsewhere; the ratios do.

Last run: {machine}, {scale} scale.

| Work | Peer | Ours | Peer's | Ratio | Aim | |
|---|---|---|---|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MODULES, []], help="only these")
    parser.add_argument("--scale", type=float, default=1.0, help="how much work, 1.0 is the report's")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name in arguments.names or MODULES:
        print(f"{name} …", file=sys.stderr, flush=True)
        began = time.monotonic()
        for found in import_module(f"benchmarks.{name}").run(arguments.scale):
            rows.append(found)
            print(line(found), flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if not arguments.names:
        machine = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
        text = HEAD.format(machine=machine, scale=arguments.scale) + "\n".join(map(line, rows)) + "\n" + notes()
        (ROOT / "docs" / "benchmarks.md").write_text(text, "utf-8")
    return 0


def line(found: Row) -> str:
    aim = "" if found["aim"] is None else f"≥ {found['aim']:g}"
    mark = "" if found["aim"] is None else "✓ " if found["ratio"] >= found["aim"] else "missed "
    figures = f"{found['ours']:,.4g} | {found['theirs']:,.4g} {found['unit']}"
    return f"| {found['work']} | {found['peer']} | {figures} | {found['ratio']:.2f} | {aim} | {mark}{found['note']} |"


def notes() -> str:
    """What stands in the way of the aims that are missed, kept by hand."""
    return "\n" + (ROOT / "benchmarks" / "notes.md").read_text("utf-8")


if __name__ == "__main__":
    sys.exit(main())
