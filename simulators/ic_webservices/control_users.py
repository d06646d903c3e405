"""`/_sandbox/ic/users…`: portal users with their accounts and tokens; never a password, never a token itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.access import linked_accounts
from partnerlab.simulators.ic_webservices.app import World
from partnerlab.simulators.ic_webservices.control_requests import (
    asked_biller,
    asked_page,
    current_lane,
    read_body,
    read_text,
)
from partnerlab.simulators.ic_webservices.domain.billers import normal_guid
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.users import RemoteToken, User, username_key
from partnerlab.simulators.ic_webservices.store import USERS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["add_routes"]


def add_routes(routes: Blueprint, world: World) -> None:
    """Add the routes, on that world."""

    @routes.get("/_sandbox/ic/users")
    def list_users() -> ResponseReturnValue:
        found = asked_page(world, USERS, {"biller_guid": asked_biller(world)}, order="username")
        with world.store.read() as tx:
            return jsonify(users=[_user(tx, current_lane(), user) for user in found])

    @routes.post("/_sandbox/ic/users")
    def register_user() -> ResponseReturnValue:
        body = read_body("username", "password", "email_address", "account_numbers")
        numbers = body.get("account_numbers")
        if not isinstance(numbers, list):
            raise ValueRefused("account_numbers", "…", "must be a list of account numbers")
        guid, username = asked_biller(world, body), read_text(body, "username")
        registered = world.registrations.register(
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
        return jsonify(shown(asked_biller(world), username))

    @routes.get("/_sandbox/ic/users/<username>/tokens")
    def list_tokens(username: str) -> ResponseReturnValue:
        guid = asked_biller(world)
        name = str(shown(guid, username)["username"])
        now = current_lane().now()
        return jsonify(tokens=[_token(token, now) for token in world.access.tokens(current_lane(), guid, name)])

    @routes.post("/_sandbox/ic/users/<username>/tokens/expire")
    def expire_tokens(username: str) -> ResponseReturnValue:
        guid = asked_biller(world, read_body())
        name = str(shown(guid, username)["username"])
        return jsonify(expired=world.access.expire(current_lane(), guid, name))

    def shown(guid: str, username: str) -> dict[str, Any]:
        with world.store.read() as tx:
            user = USERS.get(tx, current_lane().name, normal_guid(guid), username_key(username))
            if user is None:
                raise NotFound("user", username)
            return _user(tx, current_lane(), user)


def _user(tx: Tx, lane: Lane, user: User) -> dict[str, Any]:
    return {
        "biller_guid": user.biller_guid,
        "username": user.username,
        "email_address": user.email_address,
        "created_at": user.created_at,
        "text_phone": user.text_phone,
        "account_numbers": list(linked_accounts(tx, lane, user.biller_guid, user.username)),
    }


def _token(token: RemoteToken, now: datetime) -> dict[str, Any]:
    live = datetime.fromisoformat(token.expires_at) > now
    return {
        "state": "ended" if token.ended_at else "live" if live else "expired",
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "ended_at": token.ended_at or None,
    }
