"""Once a page was answered the others are made ahead, in the background, in the lane and on behalf of its reader."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from partnerlab.console import Console, pages
from partnerlab.console.view import NAVIGATION
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.world.lanes import Lane

OTHERS = [f"/console/{path}" for path, _ in NAVIGATION if path != "audit"]
"""All but the one that reads the books whole."""


class Asked:
    """Stands for the pages: keeps what they were asked, and answers with *status*."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.paths, self.requests = status, list[str](), list[Request]()
        self.all_made, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()

    def __call__(self, request: Request) -> Response:
        self.paths.append(request.path)
        self.requests.append(request)
        if len(self.paths) > len(OTHERS):
            self.all_made.set()
        elif len(self.paths) > 1:
            self.may_go_on.wait(60)
        return Response(self.status, b"")


def console_over(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.setattr(pages, "Pages", lambda *_: asked)
    return Console(lambda: cast(Any, None))


def ask(path: str, method: str = "GET") -> Request:
    return Request(method, path, "a=b", {"cookie": "session=x"}, b"", "http://127.0.0.1", "1", Lane("mine"))


def test_the_others_are_made_once_for_who_asked_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    console = console_over(asked := Asked(), monkeypatch)
    console(ask("/"))
    assert asked.all_made.wait(60)
    console(ask("/console/books"))
    console.close()
    assert asked.paths[0] == "/"
    assert sorted(asked.paths[1:]) == sorted([*OTHERS, "/console/books"])
    assert {(r.lane.name, r.headers["cookie"]) for r in asked.requests} == {("mine", "session=x")}
    assert asked.requests[1].query == ""


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/console/traffic", 404),
        ("GET", "/console/traffic", 303),
        ("POST", "/console/try/pay", 200),
        ("GET", "/console/sign-in", 200),
        ("GET", "/console/static/icon.svg", 200),
    ],
)
def test_nothing_is_made_ahead_where_no_page_was_answered(
    method: str, path: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = console_over(asked := Asked(status), monkeypatch)
    console(ask(path, method))
    console.close()
    assert asked.paths == [path]


def test_one_that_ends_makes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    console = console_over(asked := Asked(), monkeypatch)
    asked.may_go_on.clear()
    console(ask("/"))
    ending = threading.Thread(target=console.close)
    ending.start()
    while not console._closed.is_set():
        pass
    asked.may_go_on.set()
    ending.join(60)
    assert not ending.is_alive()
    assert len(asked.paths) < len(OTHERS)
    console(ask("/"))
    assert len(asked.paths) < len(OTHERS)
