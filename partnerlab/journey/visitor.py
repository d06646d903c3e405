"""
A payer's browser reduced to what the hosted pages need: HTML, links and forms, no scripts.

Fields are found by their labels and buttons by their texts, as a screen reader finds them: a page that cannot be used
so is refused with what it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx
from lxml import html

from partnerlab.client.http.transport import default_ssl_context

__all__ = ["Page", "Unusable", "Visitor"]

BUTTONS = "//*[self::button or self::input[@type='submit']]"
CHOICES = ".//input[@type='radio' or @type='checkbox']"
FIELDS = ".//input[not(@type='hidden' or @type='radio' or @type='checkbox')] | .//select | .//textarea"
TIMEOUT_S = 30.0
MOST_REDIRECTS = 10


class Unusable(LookupError):
    """A page does not have what the payer looks for: says what, and what there is."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was shown. `url` is where it is, `status` HTTP's, `tree` the parsed document."""

    url: str
    status: int
    tree: Any

    @property
    def heading(self) -> str:
        """The main heading."""
        return _text(next(iter(self.tree.iter("h1")), None))

    @property
    def text(self) -> str:
        """Everything there is to read, blanks collapsed."""
        body = self.tree.find("body")
        return _text(self.tree if body is None else body)

    @property
    def says(self) -> tuple[str, ...]:
        """What the page announces: status messages and alerts."""
        return tuple(_text(node) for node in self.tree.xpath("//*[@role='status' or @role='alert']"))

    def links(self) -> dict[str, str]:
        """The links by text."""
        return {_name(node): urljoin(self.url, node.get("href")) for node in self.tree.xpath("//a[@href]")}

    def buttons(self) -> list[str]:
        """The texts of the buttons."""
        return [_name(node) for node in self.tree.xpath(BUTTONS)]

    def titles(self) -> list[str]:
        """The tooltips."""
        return [str(title) for title in self.tree.xpath("//@title")]

    def form(self, button: str) -> tuple[Any, Any]:
        """The form that has that button, or the only one whose text begins so, and the button. Raises `Unusable`."""
        found = [(form, node) for form in self.tree.iter("form") for node in form.xpath("." + BUTTONS)]
        return found[self._pick("button", button, [_name(node) for _, node in found])]

    def link(self, text: str) -> str:
        """The address of the link of that text, or of the only one whose text begins so. Raises `Unusable`."""
        links = self.links()
        return list(links.values())[self._pick("link", text, list(links))]

    def field(self, form: Any, label: str, *, choice: bool = False) -> Any:
        """
        The form's field of that label, or the only one whose label begins so; with *choice* a box or radio button.

        Raises `Unusable`.
        """
        fields = form.xpath(CHOICES if choice else FIELDS)
        names = [self._label(node) or f"(no label: {node.get('name')})" for node in fields]
        return fields[self._pick("field", label, names)]

    def _pick(self, kind: str, name: str, names: list[str]) -> int:
        """Which of *names* is meant: the one that is *name*, or begins with it where only one does."""
        for fits in (name.__eq__, lambda text: text.startswith(name)):
            found = [index for index, text in enumerate(names) if fits(text)]
            if len(found) == 1:
                return found[0]
        raise Unusable(f"{self._here}: there is no one {kind} {name!r}; there are: {', '.join(names) or 'none'}")

    def _label(self, node: Any) -> str:
        if own := node.get("aria-label"):
            return str(own)
        if identity := node.get("id"):
            for label in self.tree.xpath("//label[@for=$id]", id=identity):
                return _text(label)
        around = next(node.iterancestors("label"), None)
        return _text(around)

    @property
    def _here(self) -> str:
        return f"page {self.heading or urlsplit(self.url).path!r} ({self.status})"


class Visitor:
    """
    A payer in front of the hosted pages. `page` is what stands before him.

    A redirect to another origin is not followed: `sent_to` is where the browser was sent. *transport* stands in for
    sockets.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            timeout=TIMEOUT_S,
            follow_redirects=False,
            # Past the proxies of the environment, as all the other calls of a story go.
            transport=transport or httpx.HTTPTransport(verify=default_ssl_context()),
        )
        self._page: Page | None = None
        self.sent_to: str | None = None

    @property
    def page(self) -> Page:
        """The page before the payer. Raises `Unusable` where none was opened yet."""
        if self._page is None:
            raise Unusable("no page is open")
        return self._page

    def open(self, url: str) -> Page:
        """Go to an address."""
        return self._go(self._http.get(url))

    def back(self, page: Page) -> Page:
        """Go back to a page as it was shown, with what was filled in."""
        self._page = page
        return page

    def post(self, url: str, fields: Mapping[str, str]) -> Page:
        """Send a form that stands on somebody else's page, such as a single sign-on form."""
        return self._go(self._http.post(url, data=dict(fields)))

    def follow(self, link: str) -> Page:
        """Follow the link of that text, or the only one whose text begins so. Raises `Unusable`."""
        return self.open(self.page.link(link))

    def submit(self, button: str, fields: Mapping[str, str | bool] | None = None) -> Page:
        """
        Fill in *fields* by label and press *button*.

        A box is ticked with True and cleared with False; of radio buttons the one whose label is given is taken.
        Raises `Unusable`.
        """
        page = self.page
        form, pressed = page.form(button)
        for label, value in (fields or {}).items():
            _fill(page.field(form, label, choice=isinstance(value, bool)), value)
        data = list(form.form_values())
        if pressed.get("name"):
            data.append((pressed.get("name"), pressed.get("value", "")))
        action = urljoin(page.url, pressed.get("formaction") or form.get("action") or page.url)
        many: dict[str, list[str]] = {}
        for name, value in data:
            many.setdefault(name, []).append(value)
        if (form.get("method") or "get").lower() == "post":
            return self._go(self._http.post(action, data=many))
        return self._go(self._http.get(action, params=many))

    def _go(self, answer: httpx.Response) -> Page:
        for _ in range(MOST_REDIRECTS):
            if not answer.is_redirect:
                break
            target = urljoin(str(answer.url), answer.headers["location"])
            if urlsplit(target)[:2] != urlsplit(str(answer.url))[:2]:
                self.sent_to = target
                break
            answer = self._http.get(target)
        if answer.content and "html" in answer.headers.get("content-type", ""):
            tree = html.fromstring(answer.text)
        else:
            tree = html.Element("html")
        for content in tree.xpath("//meta[@http-equiv='refresh']/@content"):  # type: ignore[union-attr]  # a list, for this expression
            self.sent_to = str(content).partition("url=")[2]
        self._page = Page(str(answer.url), answer.status_code, tree)
        return self._page

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _fill(node: Any, value: str | bool) -> None:
    if node.tag == "select":
        options = {_text(option): option.get("value", _text(option)) for option in node.iter("option")}
        if value not in options:
            raise Unusable(f"{node.get('name')}: there is no option {value!r}; there are: {', '.join(options)}")
        node.value = options[str(value)]
    elif node.get("type") in ("checkbox", "radio"):
        if node.get("type") == "radio" and value:
            for other in node.getroottree().xpath("//input[@type='radio' and @name=$name]", name=node.get("name")):
                other.checked = False
        node.checked = bool(value)
    else:
        node.value = str(value)


def _name(node: Any) -> str:
    return str(node.get("aria-label") or (node.get("value") if node.tag == "input" else "") or _text(node))


def _text(node: Any) -> str:
    return "" if node is None else " ".join(node.text_content().split())
