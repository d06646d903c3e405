"""Attempts as OpenTelemetry spans. Needs the extra `telemetry`; where spans go, the environment's `OTEL_…` say."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider

from partnerlab.client.datapump.observing import Attempted, Observer

__all__ = ["trace_attempts"]

DELIVERED = "delivered"


def trace_attempts(provider: TracerProvider | None = None) -> Observer:
    """
    An observer that makes a span of each attempt: its operation, with delivery, event, lane, attempt and outcome.

    Without *provider* spans go to the process's own.
    """
    tracer = trace.get_tracer("partnerlab.client.datapump", tracer_provider=provider)

    def observe(attempted: Attempted) -> None:
        delivery = attempted.delivery
        span = tracer.start_span(
            attempted.operation,
            kind=SpanKind.CLIENT,
            start_time=attempted.started_ns,
            attributes={
                "partnerlab.delivery": delivery.id,
                "partnerlab.event": delivery.event_id,
                "partnerlab.lane": delivery.lane,
                "partnerlab.kind": delivery.kind,
                "partnerlab.biller": delivery.biller_guid,
                "partnerlab.attempt": delivery.attempts,
                "partnerlab.outcome": attempted.outcome,
                "partnerlab.state": attempted.state.value,
            },
        )
        if attempted.outcome != DELIVERED:
            span.set_status(Status(StatusCode.ERROR, attempted.outcome))
        span.end(end_time=attempted.started_ns + attempted.duration_ns)

    return observe
