"""
TCCS, the insurer's side: seven form-POST calls over one ledger of policy terms, quotes, charges and payments.

What other code imports stands here; it serves nothing and shares no state until `create_simulator` is called.
"""

from partnerlab.simulators.tccs_rest.app import JobPort, Tccs, create_simulator
from partnerlab.simulators.tccs_rest.settings import Settings

__all__ = ["JobPort", "Settings", "Tccs", "create_simulator"]
