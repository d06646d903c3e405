"""
A soak: a whole world on virtual time, in one process, with everything that goes wrong in one.

Bills arrive, payers pay, partners post, banks return, files go, jobs run, calls fail and processes die; clerks and an
operator clear up in the evening. Every day, and at the end, the books are audited. One seed gives one run, to the byte
of its event log: clock, identifiers, faults, payers and the order of events come from the seed, calls go through the
process without sockets (`wire`), and no thread decides anything.
"""

from partnerlab.soak.run import Broken, Options, Outcome, soak

__all__ = ["Broken", "Options", "Outcome", "soak"]
