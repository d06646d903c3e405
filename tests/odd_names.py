"""Names that a page must show as they are: in scripts from right to left, without a blank, with what is no letter."""

from __future__ import annotations

from typing import Any

from lxml import html

__all__ = ["ODD_NAMES", "bare_places"]

ODD_NAMES = {
    "right-to-left": "\u05d9\u05e2\u05dc \u05d1\u05df\u05be\u05d3\u05d5\u05d3 (2)",
    "override": "Ada \u202eLovelace",
    "emoji": "Zo\u00eb \U0001f469\U0001f3fd\u200d\U0001f692 & S\u00f8n",
    "endless": "W" * 200,
    "script": "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>",
    "zero-width": "Ad\u200ba\u200d Wil\u2060low",
}
ISOLATED = {"bdi", "title", "option", "textarea", "pre", "code"}
"""Elements that keep the direction of what is in them to themselves, or are no running text."""


def bare_places(page: str, *texts: str) -> list[str]:
    """
    Where a page has one of *texts* in running text that its direction reaches, with a few words around.

    Raises AssertionError where the page has none of them at all, or made an element of one.
    """
    tree = html.document_fromstring(page)
    assert not tree.xpath("//img[@onerror] | //script[not(@src)]"), "a name became an element"
    found, bare = 0, []
    for node in tree.xpath("//text()"):
        if any(text in node for text in texts):
            found += 1
            if not {one.tag for one in _around(node)} & ISOLATED:
                bare.append(str(node).strip()[:120])
    found += len([value for value in tree.xpath("//input[@dir='auto']/@value") if value in texts])
    assert found, f"none of {texts} on the page"
    return bare


def _around(node: Any) -> list[Any]:
    parent = node.getparent() if not node.is_tail else node.getparent().getparent()
    return [parent, *parent.iterancestors()]
