"""What a pump tells whoever watches it: figures, spans, log lines, readiness."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest
import yaml
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from prometheus_client.parser import text_string_to_metric_families

from partnerlab.client.datapump import DataPump, RetryPolicy, create_service
from partnerlab.client.datapump.engine.in_process import InProcessEngine
from partnerlab.client.datapump.metrics import Metrics
from partnerlab.client.datapump.observing import Attempted, log_attempt
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.tracing import trace_attempts
from partnerlab.client.settings import Biller
from partnerlab.logs import JsonFormatter
from tests.client.datapump.conftest import make_event
from tests.client.datapump.partner import LOSE, OK, REFUSE, THROTTLE, Partner


@pytest.fixture
def pump(billers: Callable[[str, str], Biller]) -> Iterator[DataPump]:
    """Delivers when it is told to."""
    policy = RetryPolicy(attempts=5, first_s=600.0)
    with DataPump("sqlite://", billers, policy, engine=InProcessEngine).start() as pump:
        yield pump


def wills(partner: Partner, *wanted: str) -> None:
    """What the partner does with the next calls, each of another account."""
    following = iter(wanted)
    partner.will = lambda operation, fields: next(following)


def play(pump: DataPump, partner: Partner) -> None:
    """One payment each that is delivered, refused, lost, and that waits."""
    wills(partner, OK, REFUSE, LOSE, THROTTLE)
    for account in ("1", "2", "3", "4"):
        pump.submit(make_event(account_number=account))
    pump.drain()


def figures(text: str) -> dict[str, float]:
    """Samples by `name{labels}`, without the prefix."""
    return {
        f"{sample.name.removeprefix('partnerlab_pump_')}{{{','.join(sample.labels.values())}}}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_count_attempts_by_outcome_and_what_is_not_settled(pump: DataPump, partner: Partner) -> None:
    with create_service(pump).test_client() as http:
        play(pump, partner)
        answer = http.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    found = figures(answer.text)
    for outcome in ("delivered", "refused", "unknown", "failed"):
        assert found[f"attempts_total{{MakePaymentExtended,{outcome}}}"] == 1
    assert found["attempt_seconds_count{MakePaymentExtended}"] == 4
    states = {state: found[f"deliveries{{{state}}}"] for state in ("accepted", "sending", "waiting", "dead", "unknown")}
    assert states == {"accepted": 0, "sending": 0, "waiting": 1, "dead": 1, "unknown": 1}
    assert found["working{}"] == 1


def test_the_oldest_of_a_state_tells_how_far_behind_it_is(
    pump: DataPump, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = Metrics(pump)
    wills(partner, REFUSE, REFUSE)
    for minutes, account in ((0, "1"), (5, "2")):
        monkeypatch.setattr("partnerlab.client.datapump.store.now_ms", lambda at=minutes * 60_000: at)
        pump.submit(make_event(account_number=account))
        pump.drain()
    monkeypatch.setattr("partnerlab.client.datapump.metrics.now_ms", lambda: 600_000)
    text = metrics.render()[0].decode()
    found = figures(text)
    assert (found["oldest_seconds{dead}"], found["oldest_seconds{accepted}"]) == (600, 0)
    for line in ('oldest_seconds{state="dead"} 600.0', 'deliveries{state="dead"} 2.0'):
        assert f"partnerlab_pump_{line}\n" in text


def test_openmetrics_is_given_to_who_asks_for_it(pump: DataPump) -> None:
    with create_service(pump).test_client() as http:
        answer = http.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.content_type.startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_pump_that_does_not_work_is_alive_and_not_ready(billers: Callable[[str, str], Biller]) -> None:
    pump = DataPump("sqlite://", billers, engine=InProcessEngine)
    with create_service(pump).test_client() as http:
        assert http.get("/health").status_code == 200
        assert http.get("/ready").json == {
            "error": {
                "code": "not-ready",
                "message": "the data pump is not running; start it first",
                "permanent": False,
            }
        }
        assert figures(http.get("/metrics").text) == {"working{}": 0}
        pump.start()
        assert http.get("/ready").status_code == 200
        with pump._database.begin() as tx:
            tx.exec_driver_sql("ALTER TABLE pump_deliveries RENAME TO elsewhere")
        assert http.get("/ready").json["error"]["message"] == "the database does not answer: OperationalError"
        assert figures(http.get("/metrics").text) == {"working{}": 0}
        pump.stop()
        assert http.get("/ready").status_code == 503


def test_each_attempt_is_a_span(pump: DataPump, partner: Partner) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    pump.observe(trace_attempts(provider))
    play(pump, partner)
    spans: dict[str, ReadableSpan] = {
        span.attributes["partnerlab.outcome"]: span for span in exporter.get_finished_spans()
    }
    assert set(spans) == {"delivered", "refused", "unknown", "failed"}
    span = spans["unknown"]
    assert (span.name, span.kind, span.status.is_ok) == ("MakePaymentExtended", SpanKind.CLIENT, False)
    assert span.attributes["partnerlab.delivery"] == f"default:{span.attributes['partnerlab.event']}"
    assert span.attributes["partnerlab.state"] == "unknown"
    assert 0 < span.end_time - span.start_time < 60e9
    assert spans["delivered"].status.is_unset


def test_a_json_log_has_the_events_id_and_no_secret(
    pump: DataPump, partner: Partner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pump.observe(log_attempt)
    wills(partner, OK)
    event = make_event()
    pump.submit(event)
    pump.drain()
    record = next(record for record in caplog.records if record.name.endswith("attempts"))
    line = json.loads(JsonFormatter().format(record))
    assert line.pop("time").endswith("+00:00")
    assert line.pop("seconds") > 0
    assert line == {
        "level": "INFO",
        "logger": "partnerlab.client.datapump.attempts",
        "message": f"delivery default:{event['id']}: attempt 1, MakePaymentExtended: delivered",
        "delivery": f"default:{event['id']}",
        "event": event["id"],
        "lane": "default",
        "operation": "MakePaymentExtended",
        "attempt": 1,
        "outcome": "delivered",
        "state": "delivered",
    }
    try:
        raise ValueError("Password=hunter2-and-more\x1b[2J")
    except ValueError:
        logging.getLogger("partnerlab").exception("Password=%s", "hunter2-and-more")
    text = JsonFormatter().format(caplog.records[-1])
    assert "hunter2" not in text
    assert "\n" not in text
    assert json.loads(text)["traceback"].startswith("Traceback")


def test_an_observer_that_fails_stops_nothing(
    pump: DataPump, partner: Partner, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(attempted: Attempted) -> None:
        raise OSError("the collector is away")

    seen: list[Attempted] = []
    pump.observe(fails)
    pump.observe(seen.append)
    wills(partner, OK)
    receipt = pump.submit(make_event())
    pump.drain()
    assert pump.delivery(receipt.id).delivery.state is State.DELIVERED
    assert [attempted.outcome for attempted in seen] == ["delivered"]
    assert "an observer failed" in caplog.text


def test_every_alert_asks_for_figures_that_there_are_and_leads_to_its_page(pump: DataPump, partner: Partner) -> None:
    with create_service(pump).test_client() as http:
        play(pump, partner)
        names = {name.partition("{")[0] for name in figures(http.get("/metrics").text)}
    alerts = yaml.safe_load(files("partnerlab").joinpath("../docs/pump-alerts.yaml").read_text("utf-8"))
    runbook = files("partnerlab").joinpath("../docs/runbook.md").read_text("utf-8")
    rules = alerts["groups"][0]["rules"]
    assert len(rules) >= 6
    for rule in rules:
        asked = set(re.findall(r"partnerlab_pump_(\w+)", rule["expr"]))
        assert asked
        assert asked <= names
        assert f"## {rule['alert']}\n" in runbook
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
