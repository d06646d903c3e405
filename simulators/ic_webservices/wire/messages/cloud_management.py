"""The messages of CloudManagement. Made from its declaration by `make reference`; do not edit."""

from collections.abc import Sequence
from typing import Annotated, Protocol

from partnerlab.simulators.kit.asmx import xs
from partnerlab.simulators.kit.asmx.message import Array, Complex, Message, Operation, Service
from partnerlab.simulators.kit.http.messages import Request

__all__ = [
    "SERVICE",
    "CloudManagement",
    "CustomerChange",
    "ExportCustomerChangesRequest",
    "ExportCustomerChangesResult",
    "UpdateCustomerRecordRequest",
    "UpdateCustomerRecordResult",
    "ViewCustomerRecordRequest",
    "ViewCustomerRecordResult",
]


class ViewCustomerRecordRequest(Message):
    """What ViewCustomerRecord is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    AccountNumber: xs.String = None


class ViewCustomerRecordResult(Message):
    """A customer's record."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None
    CustomerID: xs.String = None
    AccountNumber: xs.String = None
    CustomerName: xs.String = None
    Address1: xs.String = None
    Address2: xs.String = None
    City: xs.String = None
    State: xs.String = None
    Zip: xs.String = None
    Phone: xs.String = None
    EmailAddress: xs.String = None
    AutoPay: xs.Boolean = False
    PaperInvoices: xs.Boolean = False
    Registered: xs.Boolean = False
    RegistrationDate: xs.DateTime = xs.MIN_VALUE
    LoginName: xs.String = None


class UpdateCustomerRecordRequest(Message):
    """What UpdateCustomerRecord is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    AccountNumber: xs.String = None
    CustomerName: xs.String = None
    CustomerName2: xs.String = None
    Address1: xs.String = None
    Address2: xs.String = None
    City: xs.String = None
    State: xs.String = None
    Zip: xs.String = None
    Phone: xs.String = None
    EmailAddress: xs.String = None
    EmailAddressCC: xs.String = None
    CustomerVATNumber: xs.String = None
    RegistrationValue: xs.String = None
    PIN: xs.String = None
    BlockPaymentsCC: xs.Boolean = False
    BlockPaymentsEFT: xs.Boolean = False


class UpdateCustomerRecordResult(Message):
    """Whether it was changed."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class ExportCustomerChangesRequest(Message):
    """What ExportCustomerChanges is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    Since: xs.DateTime = xs.MIN_VALUE


class CustomerChange(Message):
    """What a payer changed of one account, with the columns of WaterSmart's change log; a date not set is MinValue."""

    AccountNumber: xs.String = None
    AutoPaySignUpDate: xs.DateTime = xs.MIN_VALUE
    AutoPayCancelDate: xs.DateTime = xs.MIN_VALUE
    EmailAddress: xs.String = None
    EmailAddressChangeDate: xs.DateTime = xs.MIN_VALUE
    PhoneNumber: xs.String = None
    PhoneNumberChangeDate: xs.DateTime = xs.MIN_VALUE
    PaperlessSignUpDate: xs.DateTime = xs.MIN_VALUE
    PaperlessCancelDate: xs.DateTime = xs.MIN_VALUE


class ExportCustomerChangesResult(Message):
    """The changes, one an account, by account number."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None
    Changes: Annotated[
        Sequence[CustomerChange | None] | None,
        Array("ArrayOfCustomerChange", "CustomerChange", Complex(CustomerChange, nillable=True)),
    ] = None


class CloudManagement(Protocol):
    """What answers the operations."""

    def ViewCustomerRecord(
        self, request: Request, sent: ViewCustomerRecordRequest, /
    ) -> ViewCustomerRecordResult | None: ...
    def UpdateCustomerRecord(
        self, request: Request, sent: UpdateCustomerRecordRequest, /
    ) -> UpdateCustomerRecordResult | None: ...
    def ExportCustomerChanges(
        self, request: Request, sent: ExportCustomerChangesRequest, /
    ) -> ExportCustomerChangesResult | None: ...


SERVICE: Service[CloudManagement] = Service(
    "CloudManagement",
    "https://www.invoicecloud.com/portal/webservices/CloudManagement/",
    Operation(
        "ViewCustomerRecord",
        ViewCustomerRecordRequest,
        Complex(ViewCustomerRecordResult),
        "A customer's record as it stands.",
    ),
    Operation(
        "UpdateCustomerRecord",
        UpdateCustomerRecordRequest,
        Complex(UpdateCustomerRecordResult),
        "Changes a customer's record.",
    ),
    Operation(
        "ExportCustomerChanges",
        ExportCustomerChangesRequest,
        Complex(ExportCustomerChangesResult),
        "What payers changed since a moment: AutoPay, paperless, e-mail address, phone number.",
    ),
)
