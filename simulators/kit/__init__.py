"""
What simulators share because it is no partner's own: HTTP, lanes, clock, journal, faults, store, control API, ASMX.

Nothing here knows an account, a bill or a payment, and nothing here imports a simulator.
"""
