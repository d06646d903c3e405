"""A sandbox in which a few payments are handed to the thread that writes them, not four thousand."""

from __future__ import annotations

from partnerlab.__main__ import run
from partnerlab.simulators.inhance_soap.services import warm

if __name__ == "__main__":
    warm.MOST_WAITING = 7
    run()
