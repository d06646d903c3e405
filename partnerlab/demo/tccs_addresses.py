"""The addresses and keys of TCCS's services: each service has its own settings."""

from __future__ import annotations

from collections.abc import Callable

from partnerlab.both_sides import TccsSides
from partnerlab.story import Story

__all__ = ["tell"]

PATHS = {"8": "/InvCloudAPI_PROD", "11": "/InvCloudService_PROD", "14": "/InvCloudAPI_PROD", "17": "/invoicecloudapi"}
SERVICES = {"8": "ARState_Output", "11": "Pay_Input", "14": "Paperless_Bill", "17": "Recurring_Pay"}
"""By the setting that has the address; the paths are all that the sandbox serves TCCS under."""


def tell(story: Story, sides: TccsSides, policy: str, invoice: str) -> None:
    """Each service by the settings that are its own."""
    sides.configure(settings={id: f"{sides.url}{path}" for id, path in PATHS.items()})
    calls: dict[str, Callable[[], object]] = {
        "8": lambda: sides.open(invoice),
        "11": lambda: sides.pay(policy, "1.00", invoice_number=invoice),
        "14": lambda: sides.switch("paperless", policy, enrolled=True),
        "17": lambda: sides.switch("autopay", policy, enrolled=True),
    }
    went = {}
    for id, call in calls.items():
        call()
        went[id] = sides.exchange(sides.journal(SERVICES[id])[-1]["id"])["path"].partition("/api/")[0]
    story.expect(
        "TCCS-ADR-1", f"each service at its own address: {', '.join(PATHS.values())}", found=went, expected=PATHS
    )
    sides.configure(settings={"16": "wrong-key"})
    event = sides.switch("paperless", policy, enrolled=False)
    paid = sides.pay(policy, "1.00", invoice_number=invoice)
    story.expect(
        "TCCS-ADR-2",
        f"a wrong entryKey of one service stops that one alone: {sides.delivery(event)['message']}",
        found=(sides.delivery(event)["state"], sides.delivery(paid["payment_guid"])["state"]),
        expected=("dead", "delivered"),
    )
    sides.configure(settings={id: sides.settings[id] for id in (*PATHS, "16")})
    sides.decide(event, "replay", "the key is right again")
    story.expect(
        "TCCS-ADR-2", "with the right one it arrives", found=sides.delivery(event)["state"], expected="delivered"
    )
