"""A lane's clock is set back: what Invoice Cloud takes then is downloaded as before, and the audit says so."""

from __future__ import annotations

from datetime import timedelta

from partnerlab.auditing import audit
from partnerlab.contracts.paths import at
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.partnerlab.auditing.town import Town


def test_a_payment_after_the_clock_was_set_back_is_on_its_way_and_not_lost() -> None:
    """Its date is before what inHance v1 has asked for; what it asks by is when payments were recorded [A-89]."""
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        town = Town(sandbox, "inhance_v1", "set-back", accounts=2)
        try:
            town.pay(town.accounts[0])
            town.advance(hours=1)
            sandbox.clock.set(town.lane, sandbox.clock.now(town.lane) - timedelta(hours=3))
            late = town.pay(town.accounts[1])
            said = [(one.verdict, one.detail) for one in audit(town.books()).of(late["payment_guid"])]
            assert said == [("on_its_way", "the next Payment job downloads it")]
            alone = town.control.get(at("/_sandbox/auditing/payments/{}", late["payment_guid"]))["judged"]
            assert [(one["verdict"], one["detail"]) for one in alone] == said
            assert (
                town.control.post("/_sandbox/jobs/inhance_v1/payments/run")["outcome"]
                == "payments: 1 payment downloaded"
            )
            assert [one.detail for one in audit(town.books()).of(late["payment_guid"])] == [
                "it waits in View Pending Payments"
            ]
        finally:
            town.close()
