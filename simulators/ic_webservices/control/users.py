"""`/_sandbox/ic/users…`: portal users with their accounts and tokens; never a password, never a token itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.control.requests import (
    asked_biller,
    asked_page,
    current_lane,
    read_body,
    read_text,
)
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.users import RemoteToken, User
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["add_routes"]


def add_routes(routes: Blueprint, services: Services) -> None:
    """Add the routes."""

    @routes.get("/_sandbox/ic/users")
    def list_users() -> ResponseReturnValue:
        found = asked_page(services.records.users, {"biller_guid": asked_biller(services)})
        return jsonify(users=[_user(services, current_lane(), user) for user in found])

    @routes.post("/_sandbox/ic/users")
    def register_user() -> ResponseReturnValue:
        body = read_body("username", "password", "email_address", "account_numbers")
        numbers = body.get("account_numbers")
        if not isinstance(numbers, list):
            raise ValueRefused("account_numbers", "…", "must be a list of account numbers")
        guid, username = asked_biller(services, body), read_text(body, "username")
        registered = services.user_accounts.register(
            current_lane(),
            guid,
            username,
            body.get("password"),
            numbers,
            email_address=read_text(body, "email_address"),
        )
        unknown = [one.account_number for one in registered if one.customer is None]
        if len(unknown) == len(registered):
            raise NotFound("customer", unknown[0])
        return jsonify(**shown(guid, username), unknown_accounts=unknown), 201

    @routes.get("/_sandbox/ic/users/<username>")
    def get_user(username: str) -> ResponseReturnValue:
        return jsonify(shown(asked_biller(services), username))

    @routes.get("/_sandbox/ic/users/<username>/tokens")
    def list_tokens(username: str) -> ResponseReturnValue:
        guid = asked_biller(services)
        name = str(shown(guid, username)["username"])
        now = current_lane().now()
        return jsonify(
            tokens=[_token(token, now) for token in services.authentication.tokens(current_lane(), guid, name)]
        )

    @routes.post("/_sandbox/ic/users/<username>/tokens/expire")
    def expire_tokens(username: str) -> ResponseReturnValue:
        guid = asked_biller(services, read_body())
        name = str(shown(guid, username)["username"])
        return jsonify(expired=services.authentication.expire(current_lane(), guid, name))

    def shown(guid: str, username: str) -> dict[str, Any]:
        return _user(services, current_lane(), services.records.user(current_lane(), guid, username))


def _user(services: Services, lane: Lane, user: User) -> dict[str, Any]:
    return {
        "biller_guid": user.biller_guid,
        "username": user.username,
        "email_address": user.email_address,
        "created_at": user.created_at,
        "text_phone": user.text_phone,
        "account_numbers": list(services.authentication.accounts(lane, user.biller_guid, user.username)),
    }


def _token(token: RemoteToken, now: datetime) -> dict[str, Any]:
    live = datetime.fromisoformat(token.expires_at) > now
    return {
        "state": "ended" if token.ended_at else "live" if live else "expired",
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "ended_at": token.ended_at or None,
    }
