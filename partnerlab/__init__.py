"""
The command line and the sandbox: the only room that joins client, simulators and generators.
"""
