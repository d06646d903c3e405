"""
Verification of a provider: a service is driven over HTTP and graded by what it answers.

`exchange` and `direct` are calls as bytes; `line` paces, counts and keeps them; `run` checks the set-up and runs
a suite. Each subject has a folder: how it is called, `preflight` for the set-up, and modules of checks.
"""
