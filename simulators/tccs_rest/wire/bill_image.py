"""
The bill of a policy term as a PDF of one page, made with ReportLab.

The same figures on the same day give the same bytes. The font is Bitstream Vera, embedded, which has the letters of
Western Europe; a letter it lacks is drawn without its accent, and one of another script as `?`.

ReportLab is imported when the first bill is asked for: the other calls need not wait for it.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from io import BytesIO
from typing import Any, TypeVar

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.tccs_rest.domain.money import to_text
from partnerlab.simulators.tccs_rest.domain.policies import OpenCharge, bill_dates
from partnerlab.simulators.tccs_rest.services.books import PolicyView

__all__ = ["render"]

_Row = TypeVar("_Row")

REGULAR, BOLD = "Vera", "VeraBd"
WIDTH, HEIGHT = letter
LEFT, RIGHT = 54.0, WIDTH - 54.0
MIDDLE = WIDTH / 2 + 18
SMALLEST = 6.0
NAME_LINES, CHARGES_SHOWN, PAYMENTS_SHOWN = 2, 14, 8
INK, SOFT, LINE, BAND = (HexColor(colour) for colour in ("#1c2733", "#5b6b7a", "#b9c4ce", "#e9eef3"))

_lock = threading.Lock()  # ReportLab's fonts are shared, and remember the document they are in


def render(view: PolicyView, *, insurer: str, days: Days, now: datetime) -> bytes:
    """The bill of a policy term, as of the day that it is *now* in the insurer's zone."""
    today = days.of(now)
    with _lock:
        _fonts()
        buffer = BytesIO()
        # `invariant`: neither the time nor an id of its own stands in the file.
        canvas = Canvas(buffer, pagesize=letter, invariant=1, pageCompression=1, lang="en-US")
        canvas.setTitle(f"Bill {view.policy.invoice_number}")
        canvas.setAuthor(insurer)
        canvas.setSubject(f"Policy {view.policy.number}, as of {_day(today)}")
        _Page(canvas, view, insurer, today, days).draw()
        canvas.showPage()
        canvas.save()
        return buffer.getvalue()


class _Page:
    def __init__(self, canvas: Any, view: PolicyView, insurer: str, today: date, days: Days) -> None:
        self._canvas = canvas
        self._view = view
        self._insurer = insurer
        self._today, self._days = today, days
        self._billed_on, self._due_on = bill_dates(view.policy, view.charges)
        self._y = HEIGHT - 60

    def draw(self) -> None:
        self._head()
        self._parties()
        self._amounts()
        self._charges()
        self._payments()
        self._slip()

    def _head(self) -> None:
        self._text(LEFT, self._insurer, size=18, bold=True, width=330)
        self._right("Premium bill", size=18, colour=SOFT)
        self._y -= 12
        self._rule()
        self._y -= 22

    def _parties(self) -> None:
        policy = self._view.policy
        insured = policy.insured
        top = self._y
        self._label(LEFT, "Insured")
        town = " ".join(
            part for part in (f"{insured.city}," if insured.city else "", insured.state, insured.zip) if part
        )
        width = MIDDLE - LEFT - 18
        for line in _wrapped(insured.name, BOLD, 11, width):
            self._text(LEFT, line, size=11, bold=True, width=width)
            self._y -= 14
        for line in (insured.address1, insured.address2, town, insured.phone):
            if line:
                self._text(LEFT, line, size=10, width=width)
                self._y -= 14
        bottom, self._y = self._y, top
        for label, value in (
            ("Policy number", policy.number),
            ("Invoice number", policy.invoice_number),
            ("Policy term", f"{_day(policy.effective_on)} – {_day(policy.expires_on)}"),
            ("Bill date", _day(self._billed_on)),
            ("Due date", _day(self._due_on)),
            ("Billing", "Paperless" if policy.paperless else "By mail"),
            ("Recurring payments", "On" if policy.recurring else "Off"),
        ):
            self._text(MIDDLE, label, colour=SOFT)
            self._text(MIDDLE + 112, value, width=RIGHT - MIDDLE - 112)
            self._y -= 14
        self._y = min(bottom, self._y) - 10

    def _amounts(self) -> None:
        canvas, owed = self._canvas, self._view.balances
        canvas.setFillColor(BAND)
        canvas.rect(LEFT, self._y - 40, RIGHT - LEFT, 48, stroke=0, fill=1)
        self._y -= 8
        self._text(LEFT + 12, "Billed and due", colour=SOFT)
        self._text(MIDDLE, "Total outstanding", colour=SOFT)
        self._y -= 20
        self._text(LEFT + 12, _money(owed.billed_due_cents), size=17, bold=True)
        self._text(MIDDLE, _money(owed.outstanding_cents), size=17, bold=True)
        self._y -= 28
        fee = self._view.policy.late_fee_cents
        self._text(
            LEFT,
            f"A late fee of {_money(fee)} is charged for an instalment that is open after its due date."
            if fee
            else "No late fee is charged on this policy.",
            size=8,
            colour=SOFT,
        )
        self._y -= 26

    def _charges(self) -> None:
        self._heading("Instalments and charges")
        columns = (LEFT, LEFT + 150, LEFT + 230, LEFT + 310, LEFT + 410, RIGHT)
        self._columns(columns, ("", "Billed", "Due", "Status", "Amount", "Open"), head=True)
        charges = sorted(self._view.charges, key=lambda one: (one.charge.billed_on, one.charge.number))
        numbers = {id(one): number for number, one in enumerate(_instalments(charges), 1)}
        hidden, shown = _last(charges, CHARGES_SHOWN)
        if hidden:
            total, left = sum(one.charge.amount_cents for one in hidden), sum(one.open_cents for one in hidden)
            self._columns(columns, (f"{len(hidden)} earlier", "", "", "", _money(total), _money(left)))
        for one in shown:
            charge = one.charge
            name = f"Instalment {numbers[id(one)]}" if id(one) in numbers else "Late fee"
            self._columns(
                columns,
                (
                    name,
                    _day(charge.billed_on),
                    _day(charge.due_on),
                    self._status(one),
                    _money(charge.amount_cents),
                    _money(one.open_cents),
                ),
            )
        if not charges:
            self._columns(columns, ("None", "", "", "", "", ""))
        self._y -= 14

    def _payments(self) -> None:
        self._heading("Payments")
        columns = (LEFT, LEFT + 80, LEFT + 130, LEFT + 130, LEFT + 410, RIGHT)
        self._columns(columns, ("Posted", "Type", "Reference", "", "", "Amount"), head=True)
        hidden, shown = _last(self._view.payments, PAYMENTS_SHOWN)
        if hidden:
            total = sum(one.payment.amount_cents for one in hidden if one.returned_at is None)
            self._columns(columns, (f"{len(hidden)} earlier", "", "", "", "", _money(total)))
        for posted in shown:
            payment = posted.payment
            reference = payment.payment_guid or f"No. {posted.number}"
            if posted.returned_at is not None:
                reference = f"Returned {_day(self._days.of(posted.returned_at))}: {reference}"
            values = (
                _day(self._days.of(posted.posted_at)),
                payment.type,
                reference,
                "",
                "",
                _money(payment.amount_cents),
            )
            self._columns(columns, values)
        if not shown:
            self._columns(columns, ("None", "", "", "", "", ""))

    def _slip(self) -> None:
        canvas = self._canvas
        self._y = 96
        canvas.setStrokeColor(LINE)
        canvas.setDash(3, 3)
        canvas.line(LEFT, self._y, RIGHT, self._y)
        canvas.setDash()
        self._y -= 16
        self._text(LEFT, f"Pay to {self._insurer}", bold=True, width=MIDDLE - LEFT - 18)
        self._text(MIDDLE, "Amount due", colour=SOFT)
        self._right(_money(self._view.balances.billed_due_cents), bold=True)
        self._y -= 14
        self._text(LEFT, f"Invoice {self._view.policy.invoice_number}", width=MIDDLE - LEFT - 18)
        self._text(MIDDLE, "Due date", colour=SOFT)
        self._right(_day(self._due_on))
        self._y -= 22
        self._text(LEFT, f"As of {_day(self._today)}. A simulated bill: no money is real.", size=7, colour=SOFT)

    def _status(self, one: OpenCharge) -> str:
        if not one.open_cents:
            return "Paid"
        if not one.billed:
            return "To come"
        return "Overdue" if one.charge.due_on < self._today else "Due"

    # Drawing

    def _heading(self, text: str) -> None:
        self._text(LEFT, text, size=11, bold=True)
        self._y -= 16

    def _label(self, x: float, text: str) -> None:
        self._text(x, text, size=8, colour=SOFT)
        self._y -= 14

    def _rule(self) -> None:
        self._canvas.setStrokeColor(LINE)
        self._canvas.line(LEFT, self._y, RIGHT, self._y)

    def _columns(self, places: Sequence[float], values: Sequence[str], *, head: bool = False) -> None:
        """A row of a table; the last two columns are money and stand to the right of their places."""
        colour = SOFT if head else INK
        for place, following, value in zip(places[:4], places[1:5], values[:4], strict=True):
            # A column that shares its place with the next one has the room of both.
            room = (following if following > place else places[4]) - place - 8
            if value:
                self._text(place, value, size=8 if head else 9, colour=colour, width=room)
        for place, value in zip(places[4:], values[4:], strict=True):
            self._right(value, to=place, size=8 if head else 9, colour=colour)
        if head:
            self._y -= 5
            self._rule()
        self._y -= 13

    def _text(
        self, x: float, text: str, *, size: float = 9, bold: bool = False, colour: Any = INK, width: float = 500
    ) -> None:
        face = BOLD if bold else REGULAR
        text, size = _fitted(_printable(text), face, size, width)
        self._canvas.setFillColor(colour)
        self._canvas.setFont(face, size)
        self._canvas.drawString(x, self._y, text)

    def _right(self, text: str, *, to: float = RIGHT, size: float = 9, bold: bool = False, colour: Any = INK) -> None:
        self._canvas.setFillColor(colour)
        self._canvas.setFont(BOLD if bold else REGULAR, size)
        self._canvas.drawRightString(to, self._y, _printable(text))


@cache
def _fonts() -> frozenset[int]:
    """Registers the faces; the characters that both have."""
    letters = []
    for name in (REGULAR, BOLD):
        font = TTFont(name, f"{name}.ttf")
        pdfmetrics.registerFont(font)
        letters.append(frozenset(font.face.charToGlyph))
    return letters[0] & letters[1]


def _printable(text: str) -> str:
    """*text* in the letters of the font."""
    return "".join(_letter(one) for one in unicodedata.normalize("NFC", text))


def _letter(character: str) -> str:
    if ord(character) in _fonts():
        return character
    if unicodedata.category(character) in ("Cf", "Mn", "Me", "Sk"):
        return ""  # an accent that joined no letter, a mark that is not seen, the skin of an emoji
    return "".join(one for one in unicodedata.normalize("NFKD", character) if ord(one) in _fonts()) or "?"


def _fitted(text: str, face: str, size: float, width: float) -> tuple[str, float]:
    """Text and font size that fit: smaller down to `SMALLEST`, and then shorter, with an ellipsis."""
    while pdfmetrics.stringWidth(text, face, size) > width and size > SMALLEST:
        size -= 0.5
    if pdfmetrics.stringWidth(text, face, size) <= width:
        return text, size
    while text and pdfmetrics.stringWidth(text + "…", face, size) > width:
        text = text[:-1]
    return text + "…", size


def _wrapped(text: str, face: str, size: float, width: float) -> list[str]:
    """Up to `NAME_LINES` lines; what is beyond stands on the last of them, which is then made to fit."""
    lines = simpleSplit(_printable(text), face, size, width)
    return [*lines[: NAME_LINES - 1], *([" ".join(lines[NAME_LINES - 1 :])] if len(lines) >= NAME_LINES else [])]


def _instalments(charges: Sequence[OpenCharge]) -> list[OpenCharge]:
    return [one for one in charges if one.charge.kind == "instalment"]


def _last(rows: Sequence[_Row], count: int) -> tuple[Sequence[_Row], Sequence[_Row]]:
    """The rows that do not fit, and the last ones, which with the line that sums up the others are *count*."""
    if len(rows) <= count:
        return (), rows
    return rows[: -(count - 1)], rows[-(count - 1) :]


def _day(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _money(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    whole, _, part = to_text(abs(cents)).partition(".")
    return f"{sign}${int(whole):,}.{part}"
