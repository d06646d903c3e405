"""
Invoice Cloud: everything a partner calls there, and what it calls back.

`InvoiceCloudClient` speaks SOAP, `RestClient` the REST services and Cloud Payments, each with its async sibling;
`sso_form` opens a page of the portal; `read_postback` checks what Cloud Payments reports. The modules in
`operations` declare each call, without I/O.
"""

from partnerlab.client.http.call import Call
from partnerlab.client.invoice_cloud.account import Account, RestAccount
from partnerlab.client.invoice_cloud.client import (
    AsyncInvoiceCloudClient,
    AsyncRestClient,
    InvoiceCloudClient,
    RestClient,
)
from partnerlab.client.invoice_cloud.models import (
    AccountRegistration,
    BillerStatus,
    CustomerAccount,
    CustomerChange,
    CustomerCreated,
    CustomerView,
    ExportedPayment,
    InvoiceView,
    NewCustomer,
    PortalUser,
    RemoteSession,
    UploadProblem,
    UploadReceipt,
    UserAccount,
)
from partnerlab.client.invoice_cloud.operations.cloud_payments import (
    CloudCustomer,
    CloudInvoice,
    CloudPayment,
    CloudPaymentRequest,
    InvoiceOptions,
    PageResultOptions,
    PaymentSettings,
    ViewMode,
)
from partnerlab.client.invoice_cloud.postback import Expected, Postback, PostbackRefused, read_postback
from partnerlab.client.invoice_cloud.sso import CloudSso, Redirect, SsoForm, sso_form, sso_url

__all__ = [
    "Account",
    "AccountRegistration",
    "AsyncInvoiceCloudClient",
    "AsyncRestClient",
    "BillerStatus",
    "Call",
    "CloudCustomer",
    "CloudInvoice",
    "CloudPayment",
    "CloudPaymentRequest",
    "CloudSso",
    "CustomerAccount",
    "CustomerChange",
    "CustomerCreated",
    "CustomerView",
    "Expected",
    "ExportedPayment",
    "InvoiceCloudClient",
    "InvoiceOptions",
    "InvoiceView",
    "NewCustomer",
    "PageResultOptions",
    "PaymentSettings",
    "PortalUser",
    "Postback",
    "PostbackRefused",
    "Redirect",
    "RemoteSession",
    "RestAccount",
    "RestClient",
    "SsoForm",
    "UploadProblem",
    "UploadReceipt",
    "UserAccount",
    "ViewMode",
    "read_postback",
    "sso_form",
    "sso_url",
]
