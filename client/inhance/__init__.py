"""
Harris inHance v2: the calls Invoice Cloud makes to a utility's `iCloud.asmx`.

`InHanceClient` and `AsyncInHanceClient` send; `operations` declares each call, without I/O, for a sender of your own;
`rules` are the integration's rules on values.
"""

from partnerlab.client.inhance.client import AsyncInHanceClient, InHanceClient
from partnerlab.client.inhance.models import Acknowledgement, Balance
from partnerlab.client.inhance.operations import NAMESPACE, Endpoint
from partnerlab.client.inhance.rules import (
    Conventions,
    last_invoice_number,
    payment_type_desc,
    plain_account_number,
)

__all__ = [
    "NAMESPACE",
    "Acknowledgement",
    "AsyncInHanceClient",
    "Balance",
    "Conventions",
    "Endpoint",
    "InHanceClient",
    "last_invoice_number",
    "payment_type_desc",
    "plain_account_number",
]
