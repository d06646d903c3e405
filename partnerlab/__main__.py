"""`python -m partnerlab`, and the program `partnerlab`."""

from __future__ import annotations

import signal
from typing import Any


def run() -> None:
    """
    Run the command line.

    A Ctrl-C while it is loaded, or once it is done, ends it at once and without a traceback: nothing is to be closed.
    """

    def interrupted_by(handler: Any) -> None:
        if ours:
            signal.signal(signal.SIGINT, handler)

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    interrupted_by(signal.SIG_DFL)
    from partnerlab.cli import main

    try:
        main(obj=lambda: interrupted_by(signal.default_int_handler))
    finally:
        interrupted_by(signal.SIG_DFL)


if __name__ == "__main__":
    run()
