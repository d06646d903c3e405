"""A user of the portal: who it is, and what one does on its pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import httpx

from partnerlab.sandbox import Sandbox

UTILITY = "22222222-2222-4222-8222-222222222222"
USER, PASSWORD = "willows@example.com", "Sandbox!2345"
ACCOUNT, INVOICE, VISA = "10000101", "500001", "4111 1111 1111 1111"
AMEX = "3782 822463 10005"

Connect = Callable[..., str]


def heading(frame: Any, text: str) -> None:
    frame.get_by_role("heading", name=text, exact=True).first.wait_for()


def fill_card(frame: Any, number: str = VISA) -> None:
    frame.get_by_label("Card number").fill(number)
    frame.get_by_label("Expires").fill("09/49")
    frame.get_by_label("Security code").fill("123")
    frame.get_by_label("Name on the card").fill("Ada Willow")


def press(frame: Any, name: str) -> None:
    button(frame, name).click()


def button(frame: Any, name: str) -> Any:
    """The button of that name, behind which the amount may stand."""
    return frame.get_by_role("button", name=re.compile(rf"^{re.escape(name)}( \$.*| the amount above)?$"))


def follow(frame: Any, name: str) -> None:
    frame.get_by_role("link", name=name, exact=True).first.click()


def control(sandbox: Sandbox, lane: str, path: str, *, of: str = "ic") -> Any:
    return httpx.get(f"{sandbox.url}/lane/{lane}/_sandbox/{of}/{path}").raise_for_status().json()


def partner_payments(sandbox: Sandbox, lane: str) -> Any:
    """What the partner has posted on the account."""
    return control(sandbox, lane, f"accounts/{ACCOUNT}", of="inhance")["payments"]


def eventually(look: Callable[[], Any], *, within_s: float = 60.0) -> Any:
    """What *look* gives once it gives something."""
    until = time.monotonic() + within_s
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def add_card(frame: Any) -> None:
    follow(frame, "Payment options")
    heading(frame, "Payment options")
    follow(frame, "Add a card")
    fill_card(frame)
    press(frame, "Save")
    frame.get_by_text("The payment method was added.").wait_for()
