"""`python -m benchmarks [--scale 0.2] [name …]`: run the measurements and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from datetime import UTC, datetime
from importlib import import_module

from benchmarks.interpreter import description
from benchmarks.tools import ROOT, Row, left_out

SECTIONS = ("soap", "web", "startup", "client", "files", "pump", "plugin", "scale")

HEAD = """# Benchmarks

Made by `make bench`. Every ratio is ours against the peer's in the same run on the same machine, with everything on:
ledger, journal, masking. A ratio above 1 means that ours is better. The figures themselves mean little elsewhere; the
ratios do. The last column is what a request takes of the processor, user and system, of the server's whole process,
ours and the peer's: it holds where others use the machine and requests a second swing.

One run: {when}, {machine}, {scale:g} of the full scale, {minutes:.0f} minutes{load}.{missing}

| Work | Peer | Ours | Peer's | Ratio | Aim | | µs a request |
|---|---|---|---|---|---|---|---|
"""


def main() -> int:
    """Run the sections that are named, or all and write the page. 1 where one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*SECTIONS, []], help="only these")
    parser.add_argument("--scale", type=float, default=1.0, help="how much work, 1.0 is the report's")
    arguments = parser.parse_args()
    began, busy = time.monotonic(), os.getloadavg()[0]
    rows: list[Row] = []
    missing: dict[str, str] = left_out
    failed: list[str] = []
    for name in arguments.names or SECTIONS:
        print(f"{name} …", file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            for found in import_module(f"benchmarks.{name}").run(arguments.scale):
                rows.append(found)
                print(line(found), flush=True)
        except Exception as error:  # noqa: BLE001 - the other sections are measured
            traceback.print_exc()
            failed.append(name)
            missing[f"the section `{name}`"] = type(error).__name__
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if not arguments.names:
        head = HEAD.format(
            when=f"{datetime.now(UTC):%B %-d, %Y}",
            machine=f"{description()}, {platform.system()}, {os.cpu_count()} cores",
            scale=arguments.scale,
            minutes=(time.monotonic() - began) / 60,
            load=f",\nbeside others (load average {busy:.1f} before it began)" if busy > 0.5 else "",
            missing="".join(f"\nNot measured in it: {name} ({why})." for name, why in missing.items()),
        )
        text = head + "\n".join(map(line, rows)) + "\n" + notes()
        (ROOT / "docs" / "benchmarks.md").write_text(text, "utf-8")
    return 1 if failed else 0


def line(found: Row) -> str:
    """A row of the page."""
    aim = "" if found["aim"] is None else f"≥ {found['aim']:g}"
    mark = "" if found["aim"] is None else "✓" if found["ratio"] >= found["aim"] else "missed"
    figures = f"{_figure(found['ours'])} | {_figure(found['theirs'])} {found['unit']}"
    cpu = " / ".join(f"{us:.0f}" for us in found.get("cpu_us") or ())
    verdict = f"{mark} {found['note']}".strip()
    return f"| {found['work']} | {found['peer']} | {figures} | {found['ratio']:.2f} | {aim} | {verdict} | {cpu} |"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def notes() -> str:
    """What the rows do not say, kept by hand: how to measure, and what stands in the way where an aim is missed."""
    return "\n" + (ROOT / "benchmarks" / "notes.md").read_text("utf-8")


if __name__ == "__main__":
    sys.exit(main())
