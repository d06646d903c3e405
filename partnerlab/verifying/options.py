"""The options that every verification has: where its reports go."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["FILE_IN", "REPORT_OPTIONS"]

FILE = click.Path(dir_okay=False, path_type=Path)
FILE_IN = click.Path(exists=True, dir_okay=False, path_type=Path)

REPORT_OPTIONS = (
    click.option("--html", type=FILE, help="Write the report for people."),
    click.option("--junit", type=FILE, help="Write JUnit XML."),
    click.option("--json", "json_file", type=FILE, help="Write the run as JSON, for `partnerlab report compare`."),
    click.option("--ctrf", type=FILE, help="Write CTRF JSON."),
    click.option("--md", type=FILE, help="Write a summary in Markdown, for a pull request."),
    click.option("--pack", type=FILE, help="Write all reports as one signed file; needs --sign-key."),
    click.option("--sign-key", type=FILE_IN, help="Ed25519 private key, PEM."),
)
