"""The peer of W2 and W3: what a developer writes in an afternoon, a Flask route with a dictionary behind it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

__all__ = ["INVOICES", "app"]

INVOICES = [f"{460000000 + n}-06/16/2027" for n in range(1000)]

app = Flask(__name__)
balances: dict[str, tuple[float, float]] = dict.fromkeys(INVOICES, (120.0, 340.0))
requests: dict[str, dict[str, Any]] = {}


@app.post("/invoicecloudapi/api/ARState_Output")
def ar_state_output() -> ResponseReturnValue:
    """W2: the balances of one of 1,000 policies."""
    form = request.form
    if form.get("consumerGUID") != "IC-SANDBOX" or form.get("entryKey") != "sandbox-entry-key":
        return jsonify(Message="Authorization has been denied for this request."), 401
    found = balances.get(form.get("contentInfo", ""))
    if found is None:
        return jsonify(Message="There is no such invoice."), 404
    return jsonify({"Record bal": found[0], "Total Balance": found[1]})


@app.post("/cloudpaymentsapi/v2")
def cloud_payments() -> ResponseReturnValue:
    """W3: a payment request is kept in memory, its page's address handed out."""
    if request.authorization is None or request.authorization.username != "sandbox-api-key":
        return jsonify(Success=False, ErrorMessage="The API key is not valid.", Data=None), 401
    body = request.get_json()
    if not body.get("Customers"):
        return jsonify(Success=False, ErrorMessage="Customers: is required", Data=None), 400
    token = uuid.uuid4().hex
    requests[token] = body
    url = f"{request.host_url}cloudpayments/{token}"
    return jsonify(Success=True, ErrorMessage=None, Data={"CloudPaymentURL": url})
