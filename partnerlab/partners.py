"""The partners: a row for each, with what the rest of this room must know of it. Plain data, which imports nothing."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.contracts.records import dataclass

__all__ = ["BY_CALL", "BY_DOWNLOAD", "BY_FILE", "PARTNERS", "Accounts", "Partner"]

BY_CALL, BY_DOWNLOAD, BY_FILE = "call", "download", "file"


@dataclass(frozen=True, slots=True)
class Accounts:
    """
    How the control API lists a partner's accounts.

    Attributes:
        path: Where, under the path's last word; an account stands below it under its number.
        number, holder, balance: The fields of a row.
        integration: The `integration` that its rows have, where two partners share the list.
    """

    path: str
    number: str
    holder: str
    balance: str
    integration: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """
    A partner, and how it learns of payments.

    Attributes:
        id: What a biller's `partner` says.
        name: The partner, in words.
        biller: What the settings of its seeded biller begin with (`utility_guid`).
        seeds: The table of its seeded accounts in `contracts/sandbox/seeds.toml`.
        accounts: Its books, in the control API.
        how: The data pump calls it, it downloads payments, or files take them there: `BY_CALL` and so on.
        interface: The operation, job or file.
        key: The field of Invoice Cloud's payment that names it in the partner's books: `reference` or `guid`.
        place: What the partner credits: the `account` or the `invoice`.
        not_due: Payments that never go there, by what is special about them, and why.
        returns: How the return of a payment gets there: `call`, `file`, or empty where a clerk enters it.
        door: The door where it is called, whose contract judges the calls; empty where it calls.
    """

    id: str
    name: str
    biller: str
    seeds: str
    accounts: Accounts
    how: str
    interface: str
    key: str
    place: str
    not_due: Mapping[str, str]
    returns: str = ""
    door: str = ""


_INLINE = "an inline donation is not posted (INT-2997)"
_COUNTER = "a clerk's entry: the biller's own system has it"

PARTNERS: Mapping[str, Partner] = {
    one.id: one
    for one in (
        Partner(
            id="inhance_v2",
            name="inHance v2",
            biller="utility",
            seeds="utility",
            accounts=Accounts("/_sandbox/inhance/accounts", "account_number", "customer_name", "balance", "v2"),
            how=BY_CALL,
            interface="MakePaymentExtended",
            key="reference",
            place="account",
            not_due={"offline": _COUNTER, "inline": _INLINE},
            door="inhance",
        ),
        Partner(
            id="inhance_v1",
            name="inHance v1",
            biller="utility_v1",
            seeds="utility_v1",
            accounts=Accounts("/_sandbox/inhance/accounts", "account_number", "customer_name", "balance", "v1"),
            how=BY_DOWNLOAD,
            interface="ExportPayments",
            key="reference",
            place="account",
            not_due={"inline": _INLINE},
        ),
        Partner(
            id="tccs",
            name="TCCS",
            biller="insurance",
            seeds="policy",
            accounts=Accounts("/_sandbox/tccs/policies", "invoice_number", "insured_name", "record_bal"),
            how=BY_CALL,
            interface="Pay_Input",
            key="guid",
            place="invoice",
            not_due={
                "offline": _COUNTER,
                "inline": "TCCS takes no donations",
                "standalone": "TCCS takes no donations",
            },
            returns=BY_CALL,
            door="tccs",
        ),
        Partner(
            id="watersmart",
            name="WaterSmart",
            biller="watersmart",
            seeds="watersmart",
            accounts=Accounts("/_sandbox/watersmart/customers", "account_number", "customer_name", "balance"),
            how=BY_FILE,
            interface="ICPayments",
            key="guid",
            place="account",
            not_due={"inline": "files carry no inline donation"},
            returns=BY_FILE,
        ),
    )
}
"""By their ids, in the order in which they are shown."""
