"""
A soak: a whole world on virtual time, with everything that goes wrong in one.

Bills arrive, payers pay, partners post, banks return, files go, jobs run, calls fail and processes die; clerks and an
operator clear up in the evening. Every day, and at the end, the books are audited.

In this process (`in_process`) one seed gives one run, to the byte of its event log: clock, identifiers, faults, payers
and the order of events come from the seed, calls go through the process without sockets (`wire`), and no thread decides
anything. In `processes` the same seeds meet real kills and real races.
"""

from partnerlab.soak.run import Broken, MakeWorld, Options, Outcome, soak

__all__ = ["Broken", "MakeWorld", "Options", "Outcome", "soak"]
