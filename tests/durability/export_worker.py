"""The exporting process that kills itself: arguments are the step to die at, the sandbox's address and the folder."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from partnerlab.cli import main
from partnerlab.client.exports import files
from partnerlab.commands import export
from partnerlab.remote import Remote


def die(*_: object, **__: object) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def half(remote: Any, path: str) -> Iterator[bytes]:
    yield from (page[: len(page) // 2] for page in pages(remote, path))
    die()


pages, placed, post = export._pages, export._place, Remote.post


def post_then_die(self: Remote, path: str, body: Any = None) -> Any:
    post(self, path, body)
    die()


def place_then_die(remote: Any, made: dict[str, Any], folder: Any) -> None:
    placed(remote, made, folder)
    die()


if __name__ == "__main__":
    step, url, folder = sys.argv[1:]
    if step == "before the number":
        Remote.post = die  # type: ignore[method-assign]
    elif step == "numbered, no file":
        export._place = die
    elif step == "half a file":
        export._pages = half
    elif step == "written, not named":
        files._link = die
    elif step == "in the outbox, not marked":
        export._place = place_then_die
    elif step == "marked":
        Remote.post = lambda self, path, body=None: (  # type: ignore[method-assign]
            post_then_die(self, path, body) if path.endswith("/delivered") else post(self, path, body)
        )
    main(["export", "payments", "--biller", "watersmart", "--out", folder, "--url", url])
