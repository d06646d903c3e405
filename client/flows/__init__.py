"""
The partners' user stories, each one call that says what it did.

`sso` has the ten single sign-on stories of the inHance Portal, `cloud_payments` its two Cloud Payments stories,
`agent` TCCS's, `watersmart` WaterSmart's. A story takes a sync client and returns its report, or an async client and
is awaited.
"""

from partnerlab.client.flows import agent, cloud_payments, sso, watersmart
from partnerlab.client.flows.cloud_payments import confirm_payment
from partnerlab.client.flows.story import FlowFailed, Report, Step, StepOutcome

__all__ = [
    "FlowFailed",
    "Report",
    "Step",
    "StepOutcome",
    "agent",
    "cloud_payments",
    "confirm_payment",
    "sso",
    "watersmart",
]
