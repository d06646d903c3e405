"""Below which paths the calls stand."""

from __future__ import annotations

__all__ = ["IMAGE", "PREFIXES"]

PREFIXES = ("/api", "")
IMAGE = "Retrieve_Bill_Image"
