"""
Invoice Cloud, simulated: the bill payment platform that every partner speaks with.

One ledger of billers, customers, invoices and payments behind the SOAP services and the control API. Events leave
through a port (the data pump), balances come back through another (real-time data retrieval).
"""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.app import InvoiceCloud, create_simulator
from partnerlab.simulators.ic_webservices.services.outbox import EventRefused
from partnerlab.simulators.ic_webservices.services.postbacks import PostbackSent
from partnerlab.simulators.ic_webservices.settings import Settings

__all__ = ["EventRefused", "InvoiceCloud", "PostbackSent", "Settings", "create_simulator"]
