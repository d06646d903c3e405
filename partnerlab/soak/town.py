"""The accounts of a soak and their bills, at four partners; each partner's own job takes its bills to Invoice Cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from partnerlab.contracts.paths import at
from partnerlab.soak.world import World

__all__ = ["Account", "Town"]

SHARES = {"inhance_v2": 40, "inhance_v1": 20, "tccs": 25, "watersmart": 15}
"""Accounts of each partner, in percent."""
BILL_DAYS = {"inhance_v2": 30, "inhance_v1": 30, "tccs": 20, "watersmart": 20}
"""Days from a bill to its due date."""
NOTICES = {"FirstNotifyRequestedDate": 2, "SecondNotifyRequestedDate": 5, "ThirdNotifyRequestedDate": 8}
"""Days from a bill to its notices."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a partner; `term` is the invoice number at TCCS, where a policy has one."""

    partner: str
    number: str
    term: str
    biller_guid: str


class Town:
    """The accounts of a world; `billed` counts the bills of each, `entered` what the utility entered itself."""

    def __init__(self, world: World, accounts: int) -> None:
        self.world = world
        self._invoices = count(7_000_001)
        self.billed: Counter[Account] = Counter()
        self.entered: Counter[Account] = Counter()
        self.accounts = [self._open(number) for number in range(accounts)]
        world.control.patch("/_sandbox/inhance/v1", {"payments": world.dice.choice(("live", "pending"))})
        for partner, days in BILL_DAYS.items():
            self._send_notices(world.billers[partner], days)

    def _open(self, number: int) -> Account:
        dice, control = self.world.dice, self.world.control
        (partner,) = dice.choices(tuple(SHARES), tuple(SHARES.values()))
        guid = self.world.billers[partner]["guid"]
        if partner == "tccs":
            policy = f"81{number:07}"
            term = f"{policy}-06/01/2028"
            control.put(at("/_sandbox/tccs/policies/{}", term), {"insured_name": f"Insured {number}"})
            return Account(partner, policy, term, guid)
        if partner == "watersmart":
            account = f"71{number:07}"
            control.put(at("/_sandbox/watersmart/customers/{}", account), {"customer_name": f"Customer {number}"})
            return Account(partner, account, "", guid)
        account = f"{'91' if partner == 'inhance_v2' else '92'}{number:07}"
        body = {"customer_name": f"Customer {number}", "integration": partner.removeprefix("inhance_")}
        control.put(at("/_sandbox/inhance/accounts/{}", account), body)
        return Account(partner, account, "", guid)

    def _send_notices(self, biller: dict[str, Any], days: int) -> None:
        """Payers are told of a bill on days that are counted from its due date, which is *days* after it is made."""
        asked = {name: day - days for name, day in NOTICES.items()}
        configuration = {**biller["configuration"], "Questionnaire": asked}
        self.world.control.patch(at("/_sandbox/ic/billers/{}", biller["guid"]), {"configuration": configuration})

    def bill(self, account: Account) -> None:
        """The partner bills the account."""
        amount = f"{self.world.dice.randint(500, 25_000) / 100:.2f}"
        control = self.world.control
        match account.partner:
            case "tccs":
                control.post("/_sandbox/tccs/instalments", {"invoice_number": account.term, "amount": amount})
            case "watersmart":
                control.post(at("/_sandbox/watersmart/customers/{}/bills", account.number), {"amount": amount})
            case _:
                body = {"invoice_number": f"{next(self._invoices)}", "amount": amount}
                control.post(at("/_sandbox/inhance/accounts/{}/bills", account.number), body)
        self.billed[account] += 1
        self.world.log(f"{account.partner} bills {account.number}: {amount}")

    def has_office(self, account: Account) -> bool:
        """Whether the partner's simulator has entries of the utility's own."""
        return account.partner == "watersmart"

    def enter(self, account: Account) -> None:
        """The utility takes money at its own counter, or corrects what the account owes."""
        dice, path = self.world.dice, at("/_sandbox/watersmart/customers/{}", account.number)
        owed = Decimal(self.world.control.get(path)["balance"])
        if owed > 0 and dice.random() < 0.7:
            part = (owed * dice.randint(10, 100) / 100).quantize(Decimal("0.01"))
            body = {"kind": "counter_payment", "amount": f"{max(part, Decimal('0.01'))}"}
        else:
            body = {"kind": "adjusted", "amount": f"{dice.randint(100, 2_000) / 100:.2f}"}
        self.world.control.post(f"{path}/entries", body)
        self.entered[account] += 1
        self.world.log(f"{account.partner} enters {body['kind']} {body['amount']} of {account.number}")

    def invoices(self, account: Account) -> list[dict[str, Any]]:
        """What Invoice Cloud has of the account and is not closed."""
        found = self.world.control.get(
            "/_sandbox/ic/invoices", biller_guid=account.biller_guid, account_number=account.number, limit=1000
        )
        return [row for row in found["invoices"] if row["status"] != "closed"]

    def open_invoices(self, account: Account) -> list[dict[str, Any]]:
        """What Invoice Cloud asks the account's payer for."""
        return [row for row in self.invoices(account) if Decimal(row["balance_due"]) > 0]

    def settled(self, account: Account) -> bool:
        """Whether nothing is asked of the account, and the data pump has every event of it."""
        waiting = self.world.control.get("/_sandbox/ic/events", account_number=account.number, limit=1000)["events"]
        return not self.open_invoices(account) and all(row["state"] == "accepted" for row in waiting)

    def by_partner(self, *partners: str) -> Iterator[Account]:
        """The accounts of these partners."""
        return (one for one in self.accounts if one.partner in partners)
