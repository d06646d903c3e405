"""
TCCS InsPro, insurance policy administration: the calls Invoice Cloud makes to an insurer's form-POST endpoints.

`TccsClient` and `AsyncTccsClient` send; `operations` declares each call, without I/O, for a sender of your own;
`rules` are the integration's rules on values.
"""

from partnerlab.client.tccs.client import AsyncTccsClient, TccsClient
from partnerlab.client.tccs.models import Acknowledgement, Balance
from partnerlab.client.tccs.operations import Endpoint
from partnerlab.client.tccs.rules import insured_name, is_quote, payment_type

__all__ = [
    "Acknowledgement",
    "AsyncTccsClient",
    "Balance",
    "Endpoint",
    "TccsClient",
    "insured_name",
    "is_quote",
    "payment_type",
]
