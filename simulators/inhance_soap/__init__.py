"""
Harris inHance v2, the utility's side: the SOAP service `iCloud.asmx` over one ledger of accounts, bills and payments.

What other code imports stands here; it serves nothing and shares no state until `create_simulator` is called.
"""

from partnerlab.simulators.inhance_soap.app import create_simulator
from partnerlab.simulators.inhance_soap.settings import Settings

__all__ = ["Settings", "create_simulator"]
