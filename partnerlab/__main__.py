"""`python -m partnerlab`, and the program `partnerlab`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

SERVICES = ("sandbox", "pump")


def run() -> None:
    """
    Run the command line.

    A Ctrl-C while it is loaded, or once it is done, ends it at once and without a traceback: nothing is to be closed.
    So does a SIGTERM a service, with 0 as it does later on: to a container's first process it would mean nothing.
    """

    def interrupted_by(handler: Any) -> None:
        if ours:
            signal.signal(signal.SIGINT, handler)

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if len(sys.argv) > 1 and sys.argv[1] in SERVICES and "prune" not in sys.argv:
        interrupted_by(_done)
        signal.signal(signal.SIGTERM, _done)
    else:
        interrupted_by(signal.SIG_DFL)
    from partnerlab.cli import main

    try:
        main(obj=lambda: interrupted_by(signal.default_int_handler))
    finally:
        interrupted_by(signal.SIG_DFL)


def _done(*_: object) -> None:
    os._exit(0)


if __name__ == "__main__":
    run()
