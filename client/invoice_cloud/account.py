"""A biller's access to Invoice Cloud: one for the SOAP services, one for the REST services."""

from __future__ import annotations

import base64
from dataclasses import field

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.wire.soap import Service, SoapVersion
from partnerlab.client.wire.values import MAX_TEXT, render_text
from partnerlab.contracts.masking import MASK, mask
from partnerlab.contracts.records import dataclass

__all__ = ["CLOUD_INVOICING", "CLOUD_MANAGEMENT", "REMOTE_AUTHENTICATION_WS", "Account", "RestAccount"]

CLOUD_INVOICING = "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"
CLOUD_MANAGEMENT = "https://www.invoicecloud.com/portal/webservices/CloudManagement/"
REMOTE_AUTHENTICATION_WS = "https://www.invoicecloud.com/portal/webservices/RemoteAuthenticationWS/"
INVOICING_PATH = "/portal/webservices/CloudInvoicing.asmx"
MANAGEMENT_PATH = "/portal/webservices/CloudManagement.asmx"
REMOTE_AUTHENTICATION_PATH = "/portal/webservices/RemoteAuthenticationWS.asmx"


@dataclass(frozen=True, slots=True)
class Account:
    """A biller's access to the SOAP services: their origin, its BillerGUID and its web service key."""

    base_url: str
    biller_guid: str
    web_service_key: str = field(repr=False)
    soap: SoapVersion = "1.1"
    invoicing: Service = field(init=False, repr=False, compare=False)
    management: Service = field(init=False, repr=False, compare=False)
    remote_authentication: Service = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.web_service_key.strip() or len(self.web_service_key) > MAX_TEXT:
            raise RequestInvalid("WebServiceKey", MASK, f"must have 1 to {MAX_TEXT} characters")
        render_text("BillerGUID", self.biller_guid)
        origin = self.base_url.rstrip("/")
        for name, path, namespace in (
            ("invoicing", INVOICING_PATH, CLOUD_INVOICING),
            ("management", MANAGEMENT_PATH, CLOUD_MANAGEMENT),
            ("remote_authentication", REMOTE_AUTHENTICATION_PATH, REMOTE_AUTHENTICATION_WS),
        ):
            object.__setattr__(self, name, Service(origin + path, namespace, self.soap))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may show."""
        return (self.web_service_key,)

    def __repr__(self) -> str:
        key = mask(self.web_service_key)
        return f"Account({self.base_url!r}, {self.biller_guid!r}, web_service_key={key!r}, soap={self.soap!r})"


@dataclass(frozen=True, slots=True)
class RestAccount:
    """
    A biller's access to the REST services and Cloud Payments: their origin and its API key.

    The credential is HTTP Basic with the API key as the user and no password. Source: public integrations; the
    portal's page says "API KEY" and no more.
    """

    base_url: str
    api_key: str = field(repr=False)
    authorization: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = self.api_key
        if not key.strip() or len(key) > MAX_TEXT or not key.isascii() or not key.isprintable():
            raise RequestInvalid("API key", MASK, f"must have 1 to {MAX_TEXT} printable ASCII characters")
        if ":" in key:
            raise RequestInvalid("API key", MASK, "must not hold a colon: HTTP Basic would take it for the separator")
        object.__setattr__(self, "authorization", "Basic " + base64.b64encode(f"{key}:".encode()).decode("ascii"))

    def url(self, path: str) -> str:
        """The address of *path* at the origin."""
        return self.base_url.rstrip("/") + path

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may show: the key, and the key as it stands in the header."""
        return (self.api_key, self.authorization.removeprefix("Basic "))

    def __repr__(self) -> str:
        return f"RestAccount({self.base_url!r}, api_key={mask(self.api_key)!r})"
