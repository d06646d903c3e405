"""
Billers from a TOML file, for a pump that serves more than a sandbox.

    [[biller]]
    guid = "22222222-2222-4222-8222-222222222222"
    partner = "inhance_v2"

    [biller.settings]
    11 = "https://inhance.example.com/iCloud/iCloud.asmx"
    13 = "env:INHANCE_KEY"          # read from the environment: no password need stand in a file

    [biller.configuration.RTDR]
    UpdateEmail = true
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partnerlab.client.datapump.events import DEFAULT_LANE
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller, BillerDirectory, BillerUnknown
from partnerlab.client.wire.fields import AnswerShapes
from partnerlab.contracts.masking import MASK
from partnerlab.contracts.settings import settings

__all__ = ["read_billers"]

FIELDS = {"guid", "partner", "lane", "settings", "configuration"}
ENVIRONMENT = "env:"
ALLOWED = {"flag": ("0", "1"), "version": ("1", "2")}  # by kind of setting


def read_billers(path: str | Path, environment: Mapping[str, str] | None = None) -> BillerDirectory:
    """
    The directory a file describes, read once.

    Raises `RequestInvalid` naming the place in the file and the rule, `OSError` where it cannot be read.
    """
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestInvalid(str(path), "", f"is not TOML: {error}") from None
    if extra := set(document) - {"biller"}:
        raise RequestInvalid(str(path), ", ".join(sorted(extra)), "only [[biller]] tables may stand here")
    rows = document.get("biller", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RequestInvalid(f"{path}: biller", "", "must be written as [[biller]] tables")
    environment = os.environ if environment is None else environment
    known: dict[tuple[str, str], Biller] = {}
    for number, row in enumerate(rows, 1):
        place = f"{path}: biller {number}"
        key, biller = _biller(place, row, environment)
        if key in known:
            raise RequestInvalid(f"{place}: guid", biller.guid, f"stands twice in lane {key[0]}")
        known[key] = biller

    def directory(lane: str, guid: str) -> Biller:
        try:
            return known[lane, guid]
        except KeyError:
            raise BillerUnknown(lane, guid) from None

    return directory


def _biller(place: str, row: dict[str, Any], environment: Mapping[str, str]) -> tuple[tuple[str, str], Biller]:
    if unknown := set(row) - FIELDS:
        raise RequestInvalid(f"{place}: {min(unknown)}", "", f"is not one of {', '.join(sorted(FIELDS))}")
    guid, partner = _text(place, row, "guid"), _text(place, row, "partner")
    partners = {name for setting in settings().values() for name in setting.partners}
    if partner not in partners:
        raise RequestInvalid(f"{place}: partner", partner, f"is not one of {', '.join(sorted(partners))}")
    configuration = _table(place, row, "configuration")
    try:
        AnswerShapes.of(configuration)
    except RequestInvalid as error:
        raise RequestInvalid(f"{place}: {error.field}", error.value, error.rule) from None
    values = {
        id: _setting(f"{place}: settings.{id}", id, value, partner, environment)
        for id, value in _table(place, row, "settings").items()
    }
    lane = _text(place, row, "lane") if "lane" in row else DEFAULT_LANE
    return (lane, guid), Biller(guid, partner, values, configuration)


def _setting(place: str, id: str, value: Any, partner: str, environment: Mapping[str, str]) -> str:
    setting = settings().get(id)
    if setting is None or partner not in setting.partners:
        raise RequestInvalid(place, "", f"is no setting of {partner}")
    if not isinstance(value, str) or not value.strip():
        raise RequestInvalid(place, MASK if setting.secret else value, "must be text, and not blank")
    if not value.startswith(ENVIRONMENT):
        if setting.kind in ALLOWED and value not in ALLOWED[setting.kind]:
            raise RequestInvalid(place, value, f"must be {' or '.join(ALLOWED[setting.kind])}")
        return value
    name = value.removeprefix(ENVIRONMENT)
    if not environment.get(name):
        raise RequestInvalid(place, value, "the environment has no such variable, or an empty one")
    return environment[name]


def _text(place: str, row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RequestInvalid(f"{place}: {name}", "" if value is None else value, "must be text, and not blank")
    return value


def _table(place: str, row: dict[str, Any], name: str) -> dict[str, Any]:
    value = row.get(name, {})
    if not isinstance(value, dict):
        raise RequestInvalid(f"{place}: {name}", value, "must be a table")
    return value
