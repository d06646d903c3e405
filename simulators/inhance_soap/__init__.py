"""
Harris inHance, the utilities' side, over one ledger of accounts, bills and payments: on v2 the SOAP service
`iCloud.asmx`, on v1 timed jobs that call Invoice Cloud.

What other code imports stands here; it serves nothing and shares no state until `create_simulator` is called.
"""

from partnerlab.simulators.inhance_soap.app import InHance, JobPort, create_simulator
from partnerlab.simulators.inhance_soap.settings import Settings

__all__ = ["InHance", "JobPort", "Settings", "create_simulator"]
