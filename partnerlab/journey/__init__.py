"""
What payers do on the hosted pages, without a browser, so that a CI job can run it.

`visitor` reads pages and fills in forms as a payer would, by what stands on them. `single_sign_on` and `cloud_payments`
are the stories of the source documents; each is started by the client's flow of that name and told step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from partnerlab.journey import cloud_payments, single_sign_on
from partnerlab.story import Story

__all__ = ["JOURNEYS", "Journey"]


@dataclass(frozen=True, slots=True)
class Journey:
    """
    One payer's story.

    `requirement` is the one that breaks where the story cannot be told to its end; `steps` tells it, in a lane of its
    own of the sandbox at the given URL.
    """

    requirement: str
    steps: Callable[[Story, str], None]

    @property
    def title(self) -> str:
        """What it is about, in a line."""
        return (self.steps.__doc__ or "").strip().splitlines()[0]

    def tell(self, story: Story, url: str) -> None:
        """Tell it as a chapter."""
        with story.chapter(self.title, self.requirement):
            self.steps(story, url)


JOURNEYS: Mapping[str, Journey] = {
    "user-access": Journey("ICP-ACCESS-2", single_sign_on.user_access),
    "user-registration": Journey("ICP-REG-2", single_sign_on.user_registration),
    "registered-payment": Journey("ICP-PAY-2", single_sign_on.registered_payment),
    "scheduled-payments": Journey("ICP-SCHED-1", single_sign_on.scheduled_payments),
    "paperless": Journey("ICP-PAPER-1", single_sign_on.paperless),
    "autopay": Journey("ICP-AUTO-1", single_sign_on.autopay),
    "pay-by-text": Journey("ICP-TEXT-1", single_sign_on.pay_by_text),
    "email-and-password": Journey("ICP-UPD-2", single_sign_on.email_and_password),
    "payment-methods": Journey("ICP-METH-1", single_sign_on.payment_methods),
    "sign-out": Journey("ICP-SSO-5", single_sign_on.sign_out),
    "unregistered-payment": Journey("ICP-GUEST-1", cloud_payments.unregistered_payment),
    "quick-payment": Journey("CPV2-STORY-1", cloud_payments.quick_payment),
    "agent-new-policy": Journey("TCCS-AGT-1", cloud_payments.agent_new_policy),
    "agent-existing-policy": Journey("TCCS-AGT-2", cloud_payments.agent_existing_policy),
}
"""The journeys by name."""
