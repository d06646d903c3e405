"""
The production client: every call Invoice Cloud makes to a partner, and every call a partner makes to it.

Nothing here is for testing, and nothing here imports `simulators`, `generators` or `partnerlab`.
"""

import logging

# A library says nothing by itself; whoever wants to hear it configures the logger `client`.
logging.getLogger("partnerlab.client").addHandler(logging.NullHandler())
