"""Pact sends no telemetry: said before its library is first loaded, which reads it once."""

from __future__ import annotations

import os

os.environ["PACT_DO_NOT_TRACK"] = "true"
