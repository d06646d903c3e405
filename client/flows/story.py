"""
What a flow is: a generator that decides, and two drivers that send.

A flow yields each `Call` it wants made and gets the answer or the error back, so it reads like plain code and knows
neither transport nor event loop. A `Story` runs it with a sync or an async client and returns its report. The report
lists every step with its outcome, and where a flow stops half-way `FlowFailed` lists those before it: what was done
stays done.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar, overload

from partnerlab.client.errors import ClientError, PartnerFault, TransportError
from partnerlab.client.http.call import Call
from partnerlab.client.invoice_cloud.account import Account, RestAccount
from partnerlab.client.invoice_cloud.client import (
    AsyncInvoiceCloudClient,
    AsyncRestClient,
    InvoiceCloudClient,
    RestClient,
)

__all__ = [
    "Flow",
    "FlowFailed",
    "Report",
    "RestStory",
    "SoapStory",
    "Step",
    "StepOutcome",
    "Steps",
    "refused",
    "rest_story",
    "run",
    "run_async",
    "soap_story",
]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

Flow: TypeAlias = Generator[Call[Any], Any, R]


class StepOutcome(StrEnum):
    """What became of a step."""

    DONE = "done"
    REFUSED = "refused"
    """Invoice Cloud said no: nothing was changed."""
    FAILED = "failed"
    """Nothing usable came back, and nothing was changed: it never arrived, or it only looked something up."""
    UNKNOWN = "unknown"
    """Nothing usable came back from a call that changes something: it may have been carried out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the operation's name on the wire (`CloudSSO` for what is handed to the browser), and what it did."""

    operation: str
    outcome: StepOutcome
    said: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.outcome}" + (f": {self.said}" if self.said else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a story did, step by step."""

    story: str
    steps: tuple[Step, ...]

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of the steps, in order."""
        return tuple(step.operation for step in self.steps)

    def __str__(self) -> str:
        return "\n".join([self.story, *(f"{number}. {step}" for number, step in enumerate(self.steps, 1))])


class FlowFailed(ClientError):
    """
    A story that stopped: `error` is why, `steps` what was done before and what failed. Steps that are done stay done.

    Where a value is wrong before anything is sent, `RequestInvalid` is raised as it is.
    """

    def __init__(self, story: str, steps: tuple[Step, ...], error: ClientError) -> None:
        self.story, self.steps, self.error = story, steps, error
        done = ", ".join(step.operation for step in steps if step.outcome is StepOutcome.DONE) or "nothing"
        super().__init__(f"{story}: {error} (done before: {done})")


class Steps:
    """The steps of one run, as they are made."""

    def __init__(self, story: str) -> None:
        self.story = story
        self._made: list[Step] = []

    def take(self, call: Call[T], say: Callable[[T], str] = lambda _: "") -> Flow[T]:
        """Have a call made: its answer, after a step that *say* describes; or its error, after one that says it."""
        try:
            answer: T = yield call
        except ClientError as error:
            words = str(error).removeprefix(f"{call.operation}: ")
            self._made.append(Step(call.operation, _outcome(call, error), words))
            raise
        self._made.append(Step(call.operation, StepOutcome.DONE, say(answer)))
        return answer

    def note(self, operation: str, said: str) -> None:
        """A step that sends nothing: something made for the browser."""
        self._made.append(Step(operation, StepOutcome.DONE, said))

    @property
    def made(self) -> tuple[Step, ...]:
        """The steps so far."""
        return tuple(self._made)

    def whole(self, flow: Flow[T]) -> Flow[T]:
        """*flow*, its errors told together with the steps before them."""
        try:
            return (yield from flow)
        except ClientError as error:
            if not self._made:
                raise
            raise FlowFailed(self.story, self.made, error) from error


def refused(error: PartnerFault) -> bool:
    """Whether Invoice Cloud understood the call and said no: not a wrong key or address, not a fault of its own."""
    return error.code == "Success=false"


def run(flow: Flow[R], perform: Callable[[Call[Any]], Any]) -> R:
    """Drive a flow with what performs a call."""
    advance: Callable[[], Call[Any]] = functools.partial(next, flow)
    while True:
        try:
            call = advance()
        except StopIteration as end:
            result: R = end.value
            return result
        try:
            advance = functools.partial(flow.send, perform(call))
        except ClientError as error:
            advance = functools.partial(flow.throw, error)


async def run_async(flow: Flow[R], perform: Callable[[Call[Any]], Coroutine[Any, Any, Any]]) -> R:
    """`run` for asyncio."""
    advance: Callable[[], Call[Any]] = functools.partial(next, flow)
    while True:
        try:
            call = advance()
        except StopIteration as end:
            result: R = end.value
            return result
        try:
            advance = functools.partial(flow.send, await perform(call))
        except ClientError as error:
            advance = functools.partial(flow.throw, error)


class RestStory(Generic[P, R]):
    """A story over the REST services: call it with a `RestClient`, or await it with an `AsyncRestClient`."""

    def __init__(self, decide: Callable[Concatenate[Steps, RestAccount, P], Flow[R]], name: str) -> None:
        functools.update_wrapper(self, decide)
        self._decide, self.name = decide, name

    @overload
    def __call__(self, client: RestClient, /, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @overload
    def __call__(self, client: AsyncRestClient, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]: ...

    def __call__(
        self, client: RestClient | AsyncRestClient, /, *args: P.args, **kwargs: P.kwargs
    ) -> R | Coroutine[Any, Any, R]:
        """Run it."""
        steps = Steps(self.name)
        flow = steps.whole(self._decide(steps, client.endpoint, *args, **kwargs))
        if isinstance(client, AsyncRestClient):
            return run_async(flow, client.perform)
        return run(flow, client.perform)


class SoapStory(Generic[P, R]):
    """A story over the SOAP services: call it with `InvoiceCloudClient`, or await it with `AsyncInvoiceCloudClient`."""

    def __init__(self, decide: Callable[Concatenate[Steps, Account, P], Flow[R]], name: str) -> None:
        functools.update_wrapper(self, decide)
        self._decide, self.name = decide, name

    @overload
    def __call__(self, client: InvoiceCloudClient, /, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @overload
    def __call__(
        self, client: AsyncInvoiceCloudClient, /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, R]: ...

    def __call__(
        self, client: InvoiceCloudClient | AsyncInvoiceCloudClient, /, *args: P.args, **kwargs: P.kwargs
    ) -> R | Coroutine[Any, Any, R]:
        """Run it."""
        steps = Steps(self.name)
        flow = steps.whole(self._decide(steps, client.endpoint, *args, **kwargs))
        if isinstance(client, AsyncInvoiceCloudClient):
            return run_async(flow, client.perform)
        return run(flow, client.perform)


def rest_story(
    name: str,
) -> Callable[[Callable[Concatenate[Steps, RestAccount, P], Flow[R]]], RestStory[P, R]]:
    """Make a generator function a story of that name, as the source calls it."""
    return lambda decide: RestStory(decide, name)


def soap_story(name: str) -> Callable[[Callable[Concatenate[Steps, Account, P], Flow[R]]], SoapStory[P, R]]:
    """Make a generator function a story of that name over the SOAP services."""
    return lambda decide: SoapStory(decide, name)


def _outcome(call: Call[Any], error: ClientError) -> StepOutcome:
    if isinstance(error, PartnerFault) and error.refused:
        return StepOutcome.REFUSED
    if call.lookup or (isinstance(error, TransportError) and not error.sent):
        return StepOutcome.FAILED
    return StepOutcome.UNKNOWN
