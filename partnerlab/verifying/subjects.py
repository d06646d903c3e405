"""What can be verified as a provider: the settings of each subject, and how its checks are brought to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from partnerlab.contracts.verification.grading import Suite
    from partnerlab.contracts.verification.provider.line import Line

__all__ = ["PROVIDERS", "Bound", "Provider", "Setting", "SettingInvalid"]


class SettingInvalid(ValueError):
    """A setting's value cannot be read; `name` is the setting's."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Setting:
    """
    One thing that a run must know of its subject.

    `variable` is the environment variable of a secret; empty for other settings. `read` turns the text into a value.
    """

    name: str
    help: str
    required: bool = False
    variable: str = ""
    read: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class Bound:
    """A subject at the end of a line."""

    suite: Suite[Any]
    probe: Any
    preflight: Callable[[Any], list[str]]
    operations: Collection[str]


@dataclass(frozen=True, slots=True)
class Provider:
    """A subject: its settings, and what binds it to a line with these values. Loads its checks when it is bound."""

    name: str
    help: str
    example: str
    settings: tuple[Setting, ...]
    bind: Callable[[Line, Mapping[str, Any]], Bound]

    def suite(self) -> Suite[Any]:
        """Its checks."""
        package = self.name.replace("-", "_")
        found: Suite[Any] = import_module(f"partnerlab.contracts.verification.provider.{package}").SUITE
        return found

    @property
    def secrets(self) -> dict[str, str]:
        """The environment variable of each secret, by the setting's name."""
        return {one.name: one.variable for one in self.settings if one.variable}

    def values(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """The values of these texts by name; what was not given is left out. Raises `SettingInvalid`."""
        found = {}
        for setting in self.settings:
            if text := texts.get(setting.name, ""):
                try:
                    found[setting.name] = setting.read(text)
                except (ValueError, InvalidOperation) as error:
                    raise SettingInvalid(setting.name, str(error) or f"{text!r} cannot be read") from None
        return found


def _amount(text: str) -> Decimal:
    value = Decimal(text)
    if not Decimal(0) < value <= 100 or value != value.quantize(Decimal("0.01")):
        raise ValueError(f"{text!r} is no amount from 0.01 to 100.00")
    return value.quantize(Decimal("0.01"))


def _flag(text: str) -> bool:
    words = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
    if text.lower() not in words:
        raise ValueError(f"{text!r} is neither on nor off")
    return words[text.lower()]


def _version(text: str) -> int:
    if text not in ("1", "2"):
        raise ValueError(f"{text!r} is neither 1 nor 2")
    return int(text)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,4})(s|m|min)?", text.strip())
    if found is None or not int(found[1]):
        raise ValueError(f"{text!r} is not a time such as 60s or 5m")
    return int(found[1]) * (1 if found[2] in (None, "s") else 60)


def _layout(text: str) -> str:
    if text not in LAYOUTS:
        raise ValueError(f"{text!r} is none of {', '.join(LAYOUTS)}")
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{text!r} is no name of a time zone, as America/New_York is") from None


def _url(text: str) -> str:
    return text.rstrip("/")


LAYOUTS = ("inhance_v2", "tccs")
URL = Setting("url", "Address of the service.", required=True, read=_url)
TIME_ZONE = Setting("time_zone", "The biller's, as America/New_York.  [default: this machine's]", read=_zone)
AMOUNT = Setting("amount", "Amount of a test payment.  [default: 1.37]", read=_amount)


FUZZ = (
    Setting("fuzz", "Also try random messages, for this time in all (60s, 5m).", read=_seconds),
    Setting("fuzz_seed", "The same seed draws the same messages.  [default: 1]", read=int),
)


def _inhance(line: Line, values: Mapping[str, Any]) -> Bound:
    from partnerlab.contracts.verification.provider.inhance import SUITE, Target, Utility, preflight

    utility = Utility(line, Target(**values))
    return Bound(SUITE, utility, preflight, list(utility.contract.operations))


def _tccs(line: Line, values: Mapping[str, Any]) -> Bound:
    from partnerlab.contracts.doors import operations
    from partnerlab.contracts.verification.provider.tccs import SUITE, Insurer, Target, preflight

    return Bound(SUITE, Insurer(line, Target(**values)), preflight, sorted(operations("tccs")))


def _invoice_cloud(line: Line, values: Mapping[str, Any]) -> Bound:
    from partnerlab.contracts.verification.provider.invoice_cloud import (
        OPERATIONS,
        SUITE,
        Platform,
        Target,
        preflight,
    )

    return Bound(SUITE, Platform(line, Target(**values)), preflight, OPERATIONS)


def _sandbox(line: Line, values: Mapping[str, Any]) -> Bound:
    from partnerlab.contracts.verification.provider.sandbox import OPERATIONS, SUITE, Box, Target, preflight

    return Bound(SUITE, Box(line, Target(**values)), preflight, OPERATIONS)


PROVIDERS = {
    "inhance": Provider(
        "inhance",
        "Grade a Harris inHance v2 web service, `iCloud.asmx`.",
        "--url http://127.0.0.1:8700/iCloud/iCloud.asmx --account 10000101 --invoice 500001",
        (
            URL,
            Setting("key", "Web service key.", required=True, variable="INHANCE_KEY"),
            Setting("account", "An account that may be used for tests.", required=True),
            Setting("invoice", "Number of its latest invoice.", read=int),
            Setting("namespace", "Target namespace, where it is not http://tempuri.org/."),
            AMOUNT,
            Setting("paperless", "on or off: how the account stands now, and is left.  [default: off]", read=_flag),
            Setting("autopay", "on or off: how the account stands now, and is left.  [default: off]", read=_flag),
            TIME_ZONE,
            *FUZZ,
        ),
        _inhance,
    ),
    "tccs": Provider(
        "tccs",
        "Grade a TCCS service, form POST below a base address.",
        "--url http://127.0.0.1:8700/invoicecloudapi --consumer-guid IC-SANDBOX --invoice 454100010-06/16/2020",
        (
            URL,
            Setting("consumer_guid", "consumerGUID, the user of the biller's settings.", required=True),
            Setting("entry_key", "entryKey, the password.", required=True, variable="TCCS_ENTRY_KEY"),
            Setting("invoice", "Invoice number of a policy term that may be used for tests.", required=True),
            Setting("quote", "Number of a quote whose deposit may be paid."),
            Setting("version", "Service version (setting 35): 2 takes a PaymentGUID.  [default: 2]", read=_version),
            AMOUNT,
            Setting("paperless", "on or off: how the policy stands now, and is left.  [default: off]", read=_flag),
            Setting("recurring", "on or off: how the policy stands now, and is left.  [default: off]", read=_flag),
            TIME_ZONE,
            *FUZZ,
        ),
        _tccs,
    ),
    "invoice-cloud": Provider(
        "invoice-cloud",
        "Grade Invoice Cloud's web services, REST and SOAP.",
        "--url http://127.0.0.1:8700 --biller-guid G --account 10000101 --invoice 500001",
        (
            replace(URL, help="Origin of the platform."),
            Setting("api_key", "The biller's API key.", required=True, variable="IC_API_KEY"),
            Setting("biller_guid", "BillerGUID.", required=True),
            Setting("web_service_key", "WebServiceKey.", required=True, variable="IC_WEB_SERVICE_KEY"),
            Setting("account", "An account of the biller that may be used for tests.", required=True),
            Setting("invoice", "Number of its open invoice.", required=True),
            Setting("username", "A portal user of that account, for the checks of single sign-on."),
            Setting("password", "That user's password.", variable="IC_PASSWORD"),
            Setting("layout", "Of the biller's bill files, for damaged ones: inhance_v2 or tccs.", read=_layout),
            Setting("format_guid", "InvoiceFormatGuid of its bill files."),
            Setting("invoice_type", "InvoiceTypeID of its bill files.  [default: 1]"),
            *FUZZ,
        ),
        _invoice_cloud,
    ),
    "sandbox": Provider(
        "sandbox",
        "Try random requests on a sandbox's own interfaces: control API and data pump.",
        "--url http://127.0.0.1:8700 --fuzz 60s --allow-writes",
        (
            replace(URL, help="Origin of the sandbox."),
            Setting("lane", "Name for the lane that is made, tried in and dropped at the end.  [default: verify]"),
            Setting("token", "Access token of a sandbox that others reach.", variable="PARTNERLAB_TOKEN"),
            replace(FUZZ[0], help="Try random requests, for this time in all (60s, 5m).", required=True),
            FUZZ[1],
        ),
        _sandbox,
    ),
}
