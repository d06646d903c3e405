"""
WaterSmart, the customer portal of a water utility: its books, the files it exchanges with Invoice Cloud, its users.

It is called by nobody: it sends and fetches files at its times and calls Invoice Cloud when its users do something,
each by a port. What other code imports stands here.
"""

from partnerlab.simulators.watersmart.app import ExchangePort, WaterSmart, create_simulator
from partnerlab.simulators.watersmart.services.ports import Call, Told
from partnerlab.simulators.watersmart.settings import Settings

__all__ = ["Call", "ExchangePort", "Settings", "Told", "WaterSmart", "create_simulator"]
