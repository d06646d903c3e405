"""
The sandbox: simulators, data pump and the ports that join them, in one process on one origin.

`sandbox` makes the whole; the modules beside it are its parts, which nobody else needs.
"""

from partnerlab.sandbox.sandbox import PUMP_PATH, Sandbox, SandboxRuns

__all__ = ["PUMP_PATH", "Sandbox", "SandboxRuns"]
