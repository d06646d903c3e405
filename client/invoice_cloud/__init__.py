"""
Invoice Cloud's web services: the calls a partner makes.

`InvoiceCloudClient` and `AsyncInvoiceCloudClient` send; `protocol` builds and reads without I/O.
"""

from client.invoice_cloud.client import AsyncInvoiceCloudClient, CustomerChanges, InvoiceCloudClient
from client.invoice_cloud.models import CustomerView, InvoiceView, UploadProblem, UploadReceipt
from client.invoice_cloud.protocol import Account

__all__ = [
    "Account",
    "AsyncInvoiceCloudClient",
    "CustomerChanges",
    "CustomerView",
    "InvoiceCloudClient",
    "InvoiceView",
    "UploadProblem",
    "UploadReceipt",
]
