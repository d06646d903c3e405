"""`/_sandbox/ic/billers`: the billers with their keys and settings, seen and changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from partnerlab.contracts.capabilities import capabilities
from partnerlab.contracts.settings import settings as known_settings
from partnerlab.simulators.ic_webservices.control.common import Json, Part
from partnerlab.simulators.ic_webservices.control.views import biller_view, lane_address
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.configuration import check_configuration
from partnerlab.simulators.ic_webservices.domain.customers import check_text
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.services.support import check_answers, check_setting, supporting_row
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Billers"]

LONGEST_CONFIGURATION = 20_000


class Billers(Part):
    """Billers: list, show, change, ask for a feature."""

    def list_billers(self, request: Request) -> Json:
        found = self._services.records.billers(request.lane)
        return {"billers": [self._view(request, biller) for biller in found]}

    def get_biller(self, request: Request, guid: str) -> Json:
        return self._view(request, self._services.ledger.biller(request.lane, guid))

    def change_biller(
        self,
        request: Request,
        guid: str,
        settings: Mapping[str, str | None] | None = None,
        configuration: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Json:
        biller = self._services.ledger.biller(request.lane, guid)
        if settings is not None:
            for id, value in settings.items():
                if value is not None:
                    check_setting(biller, id)
            changes["settings"] = _merged(biller.settings, settings, partial(self._setting, request))
        if configuration is not None:
            changes["configuration"] = _merged(biller.configuration, configuration, lambda _, value: value)
            if (answers := changes["configuration"].get("Questionnaire")) is not None:
                check_answers(biller, answers)
            if len(json.dumps(changes["configuration"])) > LONGEST_CONFIGURATION:
                rule = f"must have at most {LONGEST_CONFIGURATION} characters of JSON"
                raise ValueRefused("configuration", "…", rule)
            check_configuration(biller, changes["configuration"])
        for name in ("api_key", "web_service_key"):
            if name in changes:
                changes[name] = self._services.keys.kept(changes[name])
        if "time_zone" in changes:
            time_zone(changes["time_zone"])
        saved = self._services.ledger.save_biller(request.lane, guid, changes)
        return self._view(request, saved)

    def get_support(self, request: Request, guid: str, feature: str) -> Json:
        biller = self._services.ledger.biller(request.lane, guid)
        row = supporting_row(biller, feature)
        found = capabilities(biller.partner)
        place = ", ".join(part for part in (found.source, row.table, row.row) if part)
        return {"integration": found.title, "feature": row.name, "text": row.text, "source": place}

    def _view(self, request: Request, biller: Biller) -> Json:
        return biller_view(biller, _origin(request), request.lane, self._services.keys, self._services.settings)

    def _setting(self, request: Request, id: str, value: str) -> str:
        """What is kept of a setting: an address of this lane, as callers see it, is a path again."""
        text = _setting(id, value)
        here = lane_address(_origin(request), request.lane)
        path = text.removeprefix(here)
        if text.startswith(f"{here}/") and not path.startswith("/lane/"):
            return path
        return self._services.keys.kept(text)


def _origin(request: Request) -> str:
    """The origin that the caller used: what reaches it there is an address that it can use."""
    return request.base_url.partition("/lane/")[0].rstrip("/")


def _merged(existing: Mapping[str, Any], given: Mapping[str, Any], check: Callable[[str, Any], Any]) -> dict[str, Any]:
    """*given* over what stands, at the top level; null removes."""
    merged = {**existing, **{id: None if value is None else check(id, value) for id, value in given.items()}}
    return {id: value for id, value in merged.items() if value is not None}


def _setting(id: str, value: str) -> str:
    if id not in known_settings():
        raise ValueRefused(f"settings.{id}", "…", f"is not an advanced setting; {', '.join(known_settings())} are")
    text = check_text(value, f"settings.{id}")
    if text and (rule := known_settings()[id].rule(text)):
        raise ValueRefused(f"settings.{id}", text[:80], rule)
    return text
