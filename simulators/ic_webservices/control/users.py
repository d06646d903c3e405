"""`/_sandbox/ic/users…`: portal users with their accounts and tokens; never a password, never a token itself."""

from __future__ import annotations

from datetime import datetime

from partnerlab.simulators.ic_webservices.control.common import Json, Part
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.users import RemoteToken, User
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["Users"]


class Users(Part):
    """Users: list, register, show; their tokens: list, let expire."""

    def list_users(self, request: Request, after: str, limit: int, biller_guid: str = "") -> Json:
        search = {"biller_guid": self._guid(biller_guid)}
        found = self._services.records.users(request.lane, search, after=after, limit=limit)
        return {"users": [self._view(request.lane, user) for user in found]}

    def register_user(
        self,
        request: Request,
        username: str,
        password: str,
        account_numbers: list[str],
        email_address: str = "",
        biller_guid: str = "",
    ) -> Json:
        guid = self._guid(biller_guid)
        registered = self._services.user_accounts.register(
            request.lane, guid, username, password, account_numbers, email_address=email_address
        )
        unknown = [one.account_number for one in registered if one.customer is None]
        if len(unknown) == len(registered):
            raise NotFound("customer", unknown[0])
        user = self._services.records.user(request.lane, guid, username)
        return {**self._view(request.lane, user), "unknown_accounts": unknown}

    def get_user(self, request: Request, username: str, biller_guid: str = "") -> Json:
        user = self._services.records.user(request.lane, self._guid(biller_guid), username)
        return self._view(request.lane, user)

    def list_tokens(self, request: Request, username: str, biller_guid: str = "") -> Json:
        guid = self._guid(biller_guid)
        name = self._services.records.user(request.lane, guid, username).username
        now = request.lane.now()
        found = self._services.authentication.tokens(request.lane, guid, name)
        return {"tokens": [_token(token, now) for token in found]}

    def expire_tokens(self, request: Request, username: str, biller_guid: str = "") -> Json:
        guid = self._guid(biller_guid)
        name = self._services.records.user(request.lane, guid, username).username
        return {"expired": self._services.authentication.expire(request.lane, guid, name)}

    def _view(self, lane: Lane, user: User) -> Json:
        return {
            "biller_guid": user.biller_guid,
            "username": user.username,
            "email_address": user.email_address,
            "created_at": user.created_at,
            "text_phone": user.text_phone,
            "account_numbers": list(self._services.authentication.accounts(lane, user.biller_guid, user.username)),
        }


def _token(token: RemoteToken, now: datetime) -> Json:
    live = datetime.fromisoformat(token.expires_at) > now
    return {
        "state": "ended" if token.ended_at else "live" if live else "expired",
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "ended_at": token.ended_at or None,
    }
