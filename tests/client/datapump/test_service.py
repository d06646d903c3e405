"""The data pump over HTTP, held against its contract."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from openapi_spec_validator.readers import read_from_filename
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from partnerlab.client.datapump import DataPump, EventConflict, Receipt, create_service
from partnerlab.client.datapump.policy import RetryPolicy
from partnerlab.client.datapump.service import serve
from partnerlab.client.datapump.states import State
from partnerlab.client.errors import RequestInvalid
from partnerlab.contracts.data import read_yaml
from tests.client.datapump.conftest import KEY, make_event, state_of, wait_for
from tests.client.datapump.partner import BUSY, LOSE, OK, REFUSE, Partner

CONTRACT = read_yaml("datapump/openapi.yaml")
REGISTRY: Registry[Any] = Registry().with_resource("urn:pump", DRAFT202012.create_resource(CONTRACT))


def conforms(response: TestResponse) -> Any:
    """The answer's JSON, after a look at the contract: is this status declared here, and its body as it says?"""
    rule = response.request.path
    segments = rule.strip("/").split("/")
    path = "/" + "/".join("{id}" if n == 1 and segments[0] == "deliveries" else s for n, s in enumerate(segments))
    declared = CONTRACT["paths"][path][response.request.method.lower()]["responses"]
    answer = declared[str(response.status_code)]
    if "$ref" in answer:
        answer = CONTRACT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    schema = answer["content"]["application/json"]["schema"]
    schema = {"$ref": "urn:pump" + schema["$ref"]}
    Draft202012Validator(schema, registry=REGISTRY).validate(response.json)
    return response.json


@pytest.fixture
def http(pump: DataPump) -> Iterator[FlaskClient]:
    with create_service(pump).test_client() as client:
        yield client


@pytest.fixture
def refused(pump: DataPump, partner: Partner) -> str:
    """Id of a delivery the partner refused; the next call it would take."""
    wills = iter([REFUSE])
    partner.will = lambda operation, fields: next(wills, OK)
    id = pump.submit(make_event()).id
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    return id


def test_the_contract_is_valid_openapi() -> None:
    document, base = read_from_filename(str(files("partnerlab.contracts").joinpath("datapump/openapi.yaml")))
    validate(document, base_uri=base)


def test_contract_and_service_have_the_same_routes(pump: DataPump) -> None:
    app = create_service(pump)
    served = {
        (str(rule.rule).replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    declared = {
        (path, method) for path, item in CONTRACT["paths"].items() for method in item if method in ("get", "post")
    }
    assert served == declared


def test_nothing_of_the_current_folder_is_served(
    pump: DataPump, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flask served the folder `static` of wherever the pump was started, and failed where that was deleted."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "keys.txt").write_text("secret", "utf-8")
    monkeypatch.chdir(tmp_path)
    with create_service(pump).test_client() as client:
        assert client.get("/static/keys.txt").status_code == 404


def test_the_contracts_states_are_the_codes() -> None:
    assert CONTRACT["components"]["schemas"]["State"]["enum"] == [state.value for state in State]


def test_an_event_is_accepted_once(http: FlaskClient, pump: DataPump) -> None:
    event = make_event()
    first = http.post("/events", json=event)
    assert first.status_code == 202
    assert conforms(first) == {
        "id": f"default:{event['id']}",
        "status": "accepted",
        "delivery": f"/deliveries/default:{event['id']}",
    }
    again = http.post("/events", json=event)
    assert again.status_code == 200
    assert conforms(again)["status"] == "duplicate"
    assert pump.drain()
    assert conforms(http.get(first.json["delivery"]))["state"] == "delivered"  # type: ignore[index]


def test_a_changed_event_is_a_conflict(http: FlaskClient) -> None:
    event = make_event("email")
    http.post("/events", json=event)
    answer = http.post("/events", json={**event, "email_address": "other@example.com"})
    assert answer.status_code == 409
    assert conforms(answer)["error"]["field"] == "email_address"


def test_a_conflict_with_what_was_pruned_names_no_field(
    http: FlaskClient, pump: DataPump, monkeypatch: pytest.MonkeyPatch
) -> None:
    def submit(event: dict[str, Any]) -> Receipt:
        raise EventConflict("event-1", ())

    monkeypatch.setattr(pump, "submit", submit)
    answer = http.post("/events", json=make_event())
    assert (answer.status_code, conforms(answer)["error"].get("field", "")) == (409, "")


@pytest.mark.parametrize(
    ("body", "field"),
    [({"json": make_event(tender="cash")}, "payment.tender"), ({"json": []}, "body"), ({"data": b"{"}, "body")],
)
def test_an_invalid_event_names_field_and_rule(http: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = http.post("/events", **body)
    assert answer.status_code == 400
    error = conforms(answer)["error"]
    assert (error["code"], error["field"]) == ("invalid", field)
    assert error["rule"]


def test_a_body_without_its_type_is_not_read(http: FlaskClient) -> None:
    answer = http.post("/events", data=b'{"id": "x"}', content_type="text/plain")
    assert conforms(answer)["error"]["field"] == "body"


def test_a_huge_body_is_not_read(http: FlaskClient) -> None:
    answer = http.post("/events", json={"id": "x" * 70_000})
    assert answer.status_code == 413
    conforms(answer)


def test_deliveries_come_in_pages(http: FlaskClient, pump: DataPump) -> None:
    ids = [pump.submit(make_event()).id for _ in range(3)]
    page = conforms(http.get("/deliveries?limit=2&lane=default"))
    assert [row["id"] for row in page["deliveries"]] == [ids[2], ids[1]]
    rest = conforms(http.get(f"/deliveries?limit=2&before={page['next']}"))
    assert [row["id"] for row in rest["deliveries"]] == [ids[0]]
    assert rest["next"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "before=-1", "state=lost"])
def test_a_wrong_filter_is_named(http: FlaskClient, query: str) -> None:
    answer = http.get(f"/deliveries?{query}")
    assert answer.status_code == 400
    assert conforms(answer)["error"]["field"] == query.partition("=")[0]


def test_a_dead_delivery_shows_its_history_and_is_replayed(http: FlaskClient, pump: DataPump, refused: str) -> None:
    shown = conforms(http.get(f"/deliveries/{refused}"))
    assert (shown["state"], shown["message"]) == ("dead", "Success=false: Account is closed")
    assert shown["history"][0]["outcome"] == "refused"
    assert shown["event"]["payment"]["amount"] == "125.50"
    answer = conforms(http.post(f"/deliveries/{refused}/replay", json={"reason": "reopened", "by": "kim"}))
    assert answer["notes"][0] | {"at": ""} == {
        "at": "",
        "by": "kim",
        "verb": "replay",
        "reason": "reopened",
        "from": "dead",
        "to": "accepted",
    }
    wait_for(lambda: state_of(pump, refused) is State.DELIVERED)
    late = http.post(f"/deliveries/{refused}/dismiss", json={"reason": "no"})
    assert late.status_code == 409
    assert conforms(late)["error"]["code"] == "wrong-state"


def test_a_dead_delivery_is_dismissed(http: FlaskClient, refused: str) -> None:
    answer = http.post(f"/deliveries/{refused}/dismiss", json={"reason": "posted by hand"})
    assert conforms(answer)["state"] == "dismissed"


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("replay", {}, "reason"),
        ("dismiss", {"reason": " "}, "reason"),
        ("replay", {"reason": "x", "by": 3}, "by"),
        ("resolve", {"reason": "x"}, "posted"),
        ("resolve", {"reason": "x", "posted": "yes"}, "posted"),
    ],
)
def test_a_decision_must_be_whole(http: FlaskClient, refused: str, verb: str, body: dict[str, Any], field: str) -> None:
    answer = http.post(f"/deliveries/{refused}/{verb}", json=body)
    assert answer.status_code == 400
    assert conforms(answer)["error"]["field"] == field


def test_an_unknown_payment_is_looked_at_and_resolved(http: FlaskClient, pump: DataPump, partner: Partner) -> None:
    wills = iter([LOSE])
    partner.will = lambda operation, fields: next(wills, OK)
    id = pump.submit(make_event()).id
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    assert conforms(http.get(f"/deliveries/{id}/balance")) == {"balance": "12.50", "future_balance": "20.00"}
    partner.will = lambda operation, fields: REFUSE
    answer = http.get(f"/deliveries/{id}/balance")
    assert answer.status_code == 502
    conforms(answer)
    resolved = http.post(f"/deliveries/{id}/resolve", json={"posted": True, "reason": "in their ledger"})
    assert conforms(resolved)["state"] == "delivered"


@pytest.mark.parametrize(
    "call", ["get /deliveries/none", "post /deliveries/none/replay", "get /deliveries/none/balance"]
)
def test_a_delivery_that_is_not_there_is_not_found(http: FlaskClient, call: str) -> None:
    method, path = call.split()
    answer = http.open(path, method=method.upper(), json={"reason": "x"} if method == "post" else None)
    assert answer.status_code == 404
    conforms(answer)


def test_health_counts(http: FlaskClient, refused: str) -> None:
    assert conforms(http.get("/ready")) == {"status": "ready", "deliveries": {"dead": 1}}
    assert conforms(http.get("/health")) == {"status": "ok"}


def test_it_says_whether_all_is_settled(make_pump: Callable[..., DataPump], partner: Partner) -> None:
    """What is being sent is not; what waits for a later attempt is, and so is what stands behind it."""
    answering = threading.Event()
    partner.will = lambda operation, fields: BUSY if answering.wait(30) else OK
    pump = make_pump(RetryPolicy(first_s=60))
    for _ in range(2):
        pump.submit(make_event("paperless"))
    with create_service(pump).test_client() as http:
        wait_for(lambda: bool(http.get("/deliveries?state=sending").json["deliveries"]))
        assert conforms(http.get("/settled?lane=default")) == {"settled": False}
        assert conforms(http.get("/settled")) == {"settled": False}
        assert conforms(http.get("/settled?lane=another")) == {"settled": True}
        answering.set()
        wait_for(lambda: http.get("/settled?lane=default").json["settled"])
        states = [delivery["state"] for delivery in http.get("/deliveries").json["deliveries"]]
        assert states == ["accepted", "waiting"]


def test_a_stopped_pump_is_not_ready(make_pump: Callable[..., DataPump]) -> None:
    with create_service(make_pump(start=False)).test_client() as client:
        answer = client.get("/ready")
        assert answer.status_code == 503
        conforms(answer)


@pytest.mark.parametrize("given", ["", "Bearer wrong", "right-token", "Basic right-token", "Bearer "])
def test_a_token_is_required_where_there_is_one(pump: DataPump, given: str) -> None:
    with create_service(pump, "right-token").test_client() as client:
        answer = client.get("/deliveries", headers={"Authorization": given})
        assert answer.status_code == 401
        conforms(answer)
        assert client.get("/health").status_code == 200
        good = client.get("/deliveries", headers={"Authorization": "Bearer right-token"})
        assert good.status_code == 200


@pytest.mark.parametrize(
    ("address", "host", "status"),
    [
        ("127.0.0.1", "localhost:8710", 200),
        ("::1", "[::1]:8710", 200),
        ("127.0.0.1", "127.0.0.1", 200),
        ("::1", "[::1]", 200),
        ("192.0.2.7", "localhost:8710", 403),
        ("127.0.0.1", "rebound.example.com", 403),
    ],
)
def test_without_a_token_only_this_machine_is_served(pump: DataPump, address: str, host: str, status: int) -> None:
    with create_service(pump).test_client() as client:
        answer = client.get("/deliveries", headers={"Host": host}, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == status
        conforms(answer)


@pytest.mark.parametrize("token", ["", " ", "short", "with a\nbreak", "caf\u00e9-caf\u00e9"])
def test_a_token_that_protects_nothing_is_refused(make_pump: Callable[..., DataPump], token: str) -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        with pytest.raises(RequestInvalid, match="token"):
            serve(make_pump(start=False), host=host, token=token)
    with pytest.raises(RequestInvalid, match="token"):
        create_service(make_pump(start=False), token)


def test_a_name_that_stands_twice_is_refused(http: FlaskClient) -> None:
    event = json.dumps(make_event()).replace('"amount": ', '"amount": "1.00", "amount": ')
    answer = http.post("/events", data=event, content_type="application/json")
    assert answer.status_code == 400
    assert conforms(answer)["error"]["field"] == "amount"


@pytest.mark.parametrize("body", ["[" * 30_000, '{"a":' * 10_000, "\ud800", '{"a": 1e999}', "{", "\x00"])
def test_json_that_is_no_event_is_refused(http: FlaskClient, body: str) -> None:
    answer = http.post("/events", data=body.encode("utf-8", "surrogatepass"), content_type="application/json")
    assert answer.status_code == 400
    conforms(answer)


def test_the_service_does_not_open_to_others_without_a_token(make_pump: Callable[..., DataPump]) -> None:
    with pytest.raises(RequestInvalid, match="set a token"):
        serve(make_pump(start=False), host="0.0.0.0")


def test_secrets_are_masked(http: FlaskClient, pump: DataPump, tmp_path: Path) -> None:
    card = "4111111111111111"
    id = pump.submit(make_event(payer_name=f"pays with {card}", account_number=card)).id
    assert pump.drain()
    shown = conforms(http.get(f"/deliveries/{id}"))
    assert shown["event"]["payment"]["payer_name"] == "pays with •••1111"
    assert shown["account_number"] == card  # it names the account, whatever it looks like
    assert KEY not in str(shown)
