"""What can be set about the simulator; the defaults are the sandbox's made-up constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit import settings as rules

__all__ = ["Settings"]

BILLERS = ("utility", "insurance", "watersmart", "utility_v1")
RULES: Mapping[str, rules.Rule] = {
    **{f"{name}_guid": rules.guid for name in (*BILLERS, "invoice_format")},
    **{f"{name}_{key}": rules.filled for name in BILLERS for key in ("api_key", "web_service_key")},
    "invoice_type_id": rules.whole_number,
    "time_zone": rules.time_zone,
    "inhance_path": rules.path,
    "inhance_key": rules.filled,
    "tccs_path": rules.path,
    "tccs_consumer_guid": rules.filled,
    "tccs_entry_key": rules.filled,
    "utility_account": rules.filled,
    "utility_customer": rules.filled,
    "utility_email": rules.email_address,
    "utility_invoice": rules.filled,
    "utility_balance": rules.amount,
    "utility_password": rules.filled,
    "policy_number": rules.filled,
    "policy_customer": rules.filled,
    "policy_invoice": rules.filled,
    "policy_balance": rules.amount,
    "policy_total": rules.amount,
    "max_upload_bytes": rules.positive,
    "retry_s": rules.positive,
}


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """
    Settings of the Invoice Cloud simulator. The values are made up: nothing here is a real biller's.

    `*_path` are paths of this sandbox at which the partners' simulators answer; `retry_s` is the first pause before
    an event that the data pump did not take is offered again, doubled each time up to 30 s; `password_cost` is
    scrypt's N: 2 ms a login here, where a real portal would take fifty times that; `soap` is who reads and writes SOAP
    messages. Without `warm` nothing is remembered between calls, nor held back.
    """

    utility_guid: str = "22222222-2222-4222-8222-222222222222"
    utility_api_key: str = "sandbox-api-key"
    utility_web_service_key: str = "33333333-3333-4333-8333-333333333333"
    insurance_guid: str = "44444444-4444-4444-8444-444444444444"
    insurance_api_key: str = "sandbox-api-key-tccs"
    insurance_web_service_key: str = "55555555-5555-4555-8555-555555555555"
    watersmart_guid: str = "66666666-6666-4666-8666-666666666666"
    watersmart_api_key: str = "sandbox-api-key-watersmart"
    watersmart_web_service_key: str = "77777777-7777-4777-8777-777777777777"
    utility_v1_guid: str = "12121212-1212-4212-8212-121212121212"
    utility_v1_api_key: str = "sandbox-api-key-v1"
    utility_v1_web_service_key: str = "13131313-1313-4313-8313-131313131313"
    invoice_format_guid: str = "88888888-8888-4888-8888-888888888888"
    invoice_type_id: str = "1"
    time_zone: str = "America/New_York"
    inhance_path: str = "/iCloud/iCloud.asmx"
    inhance_key: str = "11111111-1111-4111-8111-111111111111"
    tccs_path: str = "/invoicecloudapi"
    tccs_consumer_guid: str = "IC-SANDBOX"
    tccs_entry_key: str = "sandbox-entry-key"
    utility_account: str = "10000101"
    utility_customer: str = "Willows Laundry"
    utility_email: str = "willows@example.com"
    utility_invoice: str = "500001"
    utility_balance: str = "125.50"
    utility_password: str = "Sandbox!2345"  # noqa: S105 - the sandbox's made-up constant
    policy_number: str = "454100010"
    policy_customer: str = "Harbor Street Bakery"
    policy_invoice: str = "454100010-06/16/2020"
    policy_balance: str = "120.00"
    policy_total: str = "340.00"
    max_upload_bytes: int = 64 * 1024 * 1024
    retry_s: float = 0.5
    password_cost: int = 1024
    soap: Literal["codec", "spyne"] = "codec"
    warm: bool = True

    def problems(self) -> dict[str, str]:
        """What cannot be, by field."""
        found = rules.found_by(RULES, self)
        for key in ("guid", "api_key"):
            values = [getattr(self, f"{name}_{key}").lower() for name in BILLERS]
            for name, value in zip(BILLERS, values, strict=True):
                if values.count(value) > 1:
                    found.setdefault(f"{name}_{key}", "is that of two billers")
        if self.password_cost < 2 or self.password_cost & (self.password_cost - 1) or self.password_cost > 1 << 20:
            found["password_cost"] = "is not a power of 2 from 2 to 1048576"  # noqa: S105 - no password
        return found

    def __repr__(self) -> str:
        return f"Settings(utility_guid={self.utility_guid!r})"
