"""A visit to the pages without a browser: links and forms of the real HTML, followed and sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from lxml import html

from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.store import INVOICES
from partnerlab.simulators.kit.http.messages import Response
from tests.simulators.ic_webservices.harness import ACCOUNT, INVOICE, UTILITY, VISA, Harness

CONNECT = "/cloudsso/connect"
USER, PASSWORD = "willows@example.com", "Sandbox!2345"
CARD = {"Method": "card", "CardNumber": VISA, "CardExpiry": "09/49", "CVV": "123", "CardHolder": "Ada Willow"}
BANK = {
    "Method": "bank",
    "RoutingNumber": "110000000",
    "BankAccountNumber": "000123456789",
    "AccountHolder": "Ada Willow",
}


@dataclass
class Shown:
    """An answer as a page."""

    url: str
    response: Response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def text(self) -> str:
        return self.response.body.decode()

    @property
    def markup(self) -> str:
        """The page without its random tokens, which hold any three digits sooner or later."""
        return re.sub(r"\(S\([^)]*\)\)|[\w-]{32,}", "", self.text)

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.response.headers)

    @property
    def tree(self) -> Any:
        return html.document_fromstring(self.text)

    @property
    def leads_to(self) -> str:
        """Where the page goes on to by itself."""
        return str(self.tree.xpath("string(//meta[@http-equiv='refresh']/@content)")).partition("url=")[2]

    @property
    def heading(self) -> str:
        return " ".join(self.tree.xpath("string(//h1)").split())

    @property
    def words(self) -> str:
        tree = html.document_fromstring(re.sub(r"</?bdi>", "", self.text))  # no break: a comma may follow
        return " ".join(" ".join(tree.xpath("//main//text()")).split())

    @property
    def errors(self) -> dict[str, str]:
        """What the summary says, by the field it links to."""
        found = {}
        for item in self.tree.xpath("//*[@id='problems']//li"):
            links = item.xpath("./a/@href")
            found[links[0].removeprefix("#") if links else ""] = item.text_content().strip()
        return found

    def links(self) -> dict[str, str]:
        """Addresses by the accessible name of the link."""
        return {
            " ".join((link.get("aria-label") or link.text_content()).split()): link.get("href")
            for link in self.tree.xpath("//a[@href]")
        }

    def form(self, button: str) -> Any:
        """The form of the button with that name, behind which an amount may stand."""
        for form in self.tree.forms:
            for one in form.xpath(".//button"):
                said = " ".join(one.text_content().split())
                if button in (one.get("aria-label"), said) or said.startswith(f"{button} $"):
                    return form
        raise AssertionError(f"no button {button!r} on {self.url}: {self.text}")

    def fields(self, button: str) -> dict[str, str]:
        """What a browser would send for that form."""
        return {name: value for name, value in self.form(button).form_values() if value is not None}


@dataclass
class Visit:
    """One payer's way through the pages."""

    harness: Harness
    seen: list[Shown] = field(default_factory=list)

    @property
    def base(self) -> str:
        return "http://127.0.0.1:9" if self.harness.lane_name == "default" else self.harness_base

    @property
    def harness_base(self) -> str:
        return f"http://127.0.0.1:9/lane/{self.harness.lane_name}"

    def token(self, username: str = USER, password: str = PASSWORD, biller: str = UTILITY) -> str:
        """A RemoteAuthenticationToken."""
        access = self.harness.sim.world.services.authentication
        return access.authenticate(self.harness.lane, biller, username, password)[0]

    def get(self, url: str, *, follow: bool = True) -> Shown:
        """Ask for a page, and go where a redirect of ours leads."""
        return self._send("GET", url, b"", {}, follow)

    def post(self, url: str, values: Mapping[str, str], *, follow: bool = True) -> Shown:
        """Send a form."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self._send("POST", urldefrag(url).url, urlencode(values).encode(), kind, follow)

    def connect(self, redirect_id: str = "1", *, token: str | None = None, follow: bool = True, **more: str) -> Shown:
        """Arrive by single sign-on."""
        given = {
            "RemoteAuthenticationToken": self.token() if token is None else token,
            "ViewMode": "1",
            "RedirectID": redirect_id,
            **more,
        }
        query = urlencode({name: value for name, value in given.items() if value})
        return self.get(f"{self.base}{CONNECT}?{query}", follow=follow)

    def click(self, page: Shown, name: str) -> Shown:
        """Follow a link by its accessible name."""
        return self.get(urljoin(page.url, page.links()[name]))

    def submit(self, page: Shown, button: str, **values: str) -> Shown:
        """Press a button, with fields changed by name."""
        form = page.form(button)
        return self.post(form.get("action"), page.fields(button) | values)

    def page(self, page: Shown, path: str) -> Shown:
        """Another page of the same session."""
        return self.get(re.sub(r"(\)\)/).*", rf"\g<1>{path}", page.url))

    def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str], follow: bool) -> Shown:
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == "http://127.0.0.1:9", url
        path = parts.path.removeprefix(f"/lane/{self.harness.lane_name}")
        door = "/" + path.split("/")[1]
        request = self.harness.request(method, path, body, headers, parts.query)
        shown = Shown(url, self.harness.sim.doors[door](request))
        self.seen.append(shown)
        location = shown.headers.get("Location", "")
        if follow and shown.status == 303 and location.startswith("http://127.0.0.1:9/"):
            return self.get(location)
        return shown


def add_bill(harness: Harness, number: str, due: str, *, account: str = ACCOUNT, **own: Any) -> Invoice:
    """Another bill, like the seeded one but for what is given."""
    lane = harness.lane.name
    with harness.store.write() as tx:
        like = INVOICES.get(tx, lane, UTILITY, INVOICE)
        assert like is not None
        cents = int(Decimal(due) * 100)
        invoice = replace(
            like,
            **{
                "invoice_number": number,
                "account_number": account,
                "balance_due_cents": cents,
                "total_amount_due_cents": cents,
                "status": "open" if cents > 0 else "paid",
                **own,
            },
        )
        INVOICES.put(tx, lane, invoice)
        return invoice
