"""`/_sandbox/watersmart/users…`: what users do on the portal; each makes WaterSmart call Invoice Cloud."""

from __future__ import annotations

from typing import Any, cast

from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.watersmart.control.views import cause_of, told_view, user_view
from partnerlab.simulators.watersmart.domain.customers import Who
from partnerlab.simulators.watersmart.services.portal import Portal

__all__ = ["UserRoutes"]

Json = dict[str, Any]


class UserRoutes:
    """Users: see, register, sign in, move between pages, change password and accounts."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def list_water_users(self, request: Request, limit: int, after: str) -> Json:
        found = self._portal.users(request.lane, after=after, limit=limit)
        last = found[-1][0].username if len(found) == limit else None
        return {"users": [user_view(*one) for one in found], "next": last}

    def register_water_user(self, request: Request, username: str, password: str, account_number: str) -> Json:
        cause = cause_of(request)
        return told_view(self._portal.register(request.lane, cause, username, password, account_number))

    def get_water_user(self, request: Request, username: str) -> Json:
        return user_view(*self._portal.user(request.lane, username))

    def sign_in_water_user(self, request: Request, username: str, password: str) -> Json:
        return told_view(self._portal.sign_in(request.lane, cause_of(request), username, password))

    def open_water_page(self, request: Request, username: str, redirect_id: int) -> Json:
        return told_view(self._portal.open_page(request.lane, cause_of(request), username, redirect_id))

    def change_water_password(self, request: Request, username: str, password: str, new_password: str) -> Json:
        cause = cause_of(request)
        return told_view(self._portal.change_password(request.lane, cause, username, password, new_password))

    def add_water_account(self, request: Request, username: str, account_number: str) -> Json:
        return told_view(self._portal.add_account(request.lane, cause_of(request), username, account_number))

    def remove_water_account(self, request: Request, username: str, account_number: str, by: str) -> Json:
        cause, who = cause_of(request), cast(Who, by)
        return told_view(self._portal.remove_account(request.lane, cause, username, account_number, who))
