"""Verification: the calls of the lane graded as those of a consumer, and what is still to be done for a whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from partnerlab.console.view import Page
from partnerlab.contracts.first_use import importing
from partnerlab.simulators.kit.http.messages import Response

if TYPE_CHECKING:
    from partnerlab.contracts.verification.provider.exchange import Answered, Asked

__all__ = ["index"]


def index(page: Page) -> Response:
    """The roles, and the grades of the one that is chosen, made from the lane's journal."""
    try:
        with importing:
            from partnerlab.contracts.verification.consumer.control import Control
            from partnerlab.contracts.verification.consumer.roles import ROLES, role
            from partnerlab.contracts.verification.consumer.run import Options, verify
            from partnerlab.contracts.verification.consumer.waiting import turns
    except ModuleNotFoundError as error:
        message = f"Verification needs {error.name}: pip install 'partnerlab[sandbox,verify]'."
        return page.render("problem.html", "verify", "Verification", status=503, message=message)
    names = list(ROLES)
    name = page.query.get("role", "")
    values: dict[str, Any] = {"roles": names, "name": name, "run": None, "found": None, "turns": (), "groups": ()}
    if name in names:
        subject = role(name)

        def find() -> Any:
            return verify(subject, Control(_sender(page), page.origin_only, page.lane), Options(), send=_sender(page))

        found = page.remembered.get(("verify", name, page.lane), find, anew=not page.by_script)
        run = found.value
        states = [(subject.suite.checks[one.check], one) for one in run.checks]
        groups = {str(outcome): [one for one in run.checks if one.outcome is outcome] for outcome in _outcomes()}
        values |= {"found": found, "run": run, "turns": turns(states, subject.names, ()), "groups": groups}
    return page.render("verify.html", "verify", "Verify", **values)


def _outcomes() -> list[Any]:
    with importing:
        from partnerlab.contracts.verification.grading.model import Outcome

    return [Outcome.FAILED, Outcome.PASSED, Outcome.NOT_EXERCISED, Outcome.NOT_TESTABLE]


def _sender(page: Page) -> Any:
    """What sends a verification's own questions to the control API, in process."""
    with importing:
        from partnerlab.contracts.verification.provider.exchange import Answered

    def send(asked: Asked, _timeout_s: float) -> Answered:
        target = asked.url.removeprefix(page.origin_only)
        response = page.api.ask(asked.method, target, asked.headers, asked.body)
        return Answered(response.status, {"content-type": response.content_type}, response.body)

    return send
