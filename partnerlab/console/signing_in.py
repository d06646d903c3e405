"""Sign-in to a sandbox that asks for a token: the token is given once, and a cookie stands for it afterwards."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from jinja2 import Environment

from partnerlab.console.places import PREFIX
from partnerlab.console.view import html
from partnerlab.simulators.kit.http.guard import SESSION, Guard
from partnerlab.simulators.kit.http.messages import Request, Response

__all__ = ["sign_in"]


OWN = re.compile(r"(/lane/[\w.-]+)?(/|/console([/?][!-\[\]-~]*)?)", re.ASCII)
"""An address of the console, in a lane or not, and nobody else's."""


def sign_in(request: Request, templates: Environment, guard: Guard | None) -> Response:
    """The page that asks for the token, or the way in: to the page that was asked for at first."""
    form = request.method == "POST"
    sent = dict(parse_qsl(request.body[:10_000].decode("utf-8", "replace") if form else request.query))
    to = sent.get("to", "") if OWN.fullmatch(sent.get("to", "")) else f"{PREFIX}/"
    if guard is None or not guard.token:
        return Response(303, b"", headers=(("Location", to),))
    if form and guard.is_token(sent.get("token", "").strip()):
        secure = "; Secure" if request.base_url.startswith("https:") else ""
        cookie = f"{SESSION}={guard.session}; Path=/; HttpOnly; SameSite=Strict{secure}"
        return Response(303, b"", headers=(("Location", to), ("Set-Cookie", cookie)))
    return html(templates.get_template("sign_in.html").render(wrong=form, to=to), 403 if form else 200)
