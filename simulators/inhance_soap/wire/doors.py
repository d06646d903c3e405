"""The one door: the ASMX service over the ledger, under its path."""

from __future__ import annotations

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.first_use import importing
from partnerlab.simulators.inhance_soap.settings import WSDL_NAMESPACE, Settings
from partnerlab.simulators.inhance_soap.wire.messages import icloud
from partnerlab.simulators.inhance_soap.wire.operations import Operations
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.http.messages import App

__all__ = ["create_doors"]

SAMPLES = {
    "AccountNumber": "10000101",
    "LastInvoiceNumber": "500001",
    "PaymentReference": "TEST-1",
    "DocumentNumber": "500001",
    "PaymentTypeDesc": "Credit Card",
    "PaymentAmount": "1.00",
    "ConvenienceFee": "0.00",
    "PaperlessOnOff": "On",
    "AutoPayOnOff": "On",
    "NewEmail": "willows@example.com",
    "WebServiceKey": Settings().key,
}
"""What test forms begin with: the sandbox's constants. A key that was set is never shown."""


def create_doors(world: World) -> dict[str, App]:
    """The doors by path."""
    settings = world.settings
    wsdl = read_bytes("inhance_soap/iCloud.wsdl")
    if settings.namespace != WSDL_NAMESPACE:
        wsdl = wsdl.replace(WSDL_NAMESPACE.encode(), settings.namespace.encode())
    service = AsmxService(
        name="inhance",
        service=icloud.SERVICE,
        handlers=Operations(world),
        namespace=settings.namespace,
        wsdl=wsdl,
        samples=SAMPLES,
        inline=world.store.sqlite,  # a call is microseconds there; a database server may keep the event loop waiting
        group_commit=True,
    )
    if settings.soap == "spyne":
        with importing:
            from partnerlab.simulators.inhance_soap.wire.declarations.icloud import ICloud
            from partnerlab.simulators.kit.asmx.spyne_front import answer_with_spyne

        answer_with_spyne(service, ICloud)
    return {settings.path: service}
