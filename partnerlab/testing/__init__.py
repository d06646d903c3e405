"""
What the pytest plugin gives a test: a sandbox, a lane of its own, and views of what is in it.

Everything goes through the control API, so that a test is the same against a sandbox in its own process and one that
runs elsewhere. In the own process only what is done for every test (copy a lane, drop it, deliver) goes past HTTP.
"""
