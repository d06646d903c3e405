"""
The pump's figures for Prometheus.

| Metric | Type | Labels | |
|---|---|---|---|
| `partnerlab_pump_attempts_total` | counter | operation, outcome | attempts of this process that ended |
| `partnerlab_pump_attempt_seconds` | histogram | operation | how long partners took to answer this process |
| `partnerlab_pump_deliveries` | gauge | state | deliveries that are not settled, in the whole database |
| `partnerlab_pump_oldest_seconds` | gauge | state | how long ago the oldest of them was accepted |
| `partnerlab_pump_working` | gauge | | 1 where this process delivers and its database answers |

Deliveries are counted when they are asked for, by two partial indexes: however many are settled, it stays quick.
Several workers on one database all tell the same gauges; counters and durations are each worker's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from partnerlab.client.datapump.delivery import DataPump
from partnerlab.client.datapump.observing import Attempted
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.states import IN_DOUBT

__all__ = ["Metrics"]

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The figures of one pump, in a registry of their own. They begin when this is made."""

    def __init__(self, pump: DataPump) -> None:
        self._registry = CollectorRegistry()
        self._attempts = Counter(
            "partnerlab_pump_attempts_total",
            "Attempts of this process that ended.",
            ("operation", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "partnerlab_pump_attempt_seconds",
            "How long a partner took to answer.",
            ("operation",),
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(_Open(pump))
        pump.observe(self._count)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The figures now, and their content type, in the form that *accept* asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _count(self, attempted: Attempted) -> None:
        self._attempts.labels(attempted.operation, attempted.outcome).inc()
        self._seconds.labels(attempted.operation).observe(attempted.seconds)


class _Open(Collector):
    """What is not settled, read from the database when it is asked for."""

    def __init__(self, pump: DataPump) -> None:
        self._pump = pump

    def describe(self) -> list[GaugeMetricFamily]:
        return list(self._families())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        deliveries, oldest, working = self._families()
        problem = self._pump.problem()
        working.add_metric((), float(not problem))
        yield working
        if problem:
            return
        now, standing = now_ms(), self._pump.standing()
        for state in sorted(IN_DOUBT):
            count, since = standing.get(state, (0, now))
            deliveries.add_metric((state.value,), count)
            oldest.add_metric((state.value,), max(0, now - since) / 1000)
        yield deliveries
        yield oldest

    def _families(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("partnerlab_pump_deliveries", "Deliveries that are not settled.", labels=("state",)),
            GaugeMetricFamily(
                "partnerlab_pump_oldest_seconds", "How long ago the oldest of them was accepted.", labels=("state",)
            ),
            GaugeMetricFamily("partnerlab_pump_working", "1 where this process delivers and its database answers."),
        )
