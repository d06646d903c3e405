"""Sign-in to a sandbox that asks for a token: the token is given once, and a cookie stands for it afterwards."""

from __future__ import annotations

from urllib.parse import parse_qs

from jinja2 import Environment

from partnerlab.console.places import PREFIX
from partnerlab.console.view import html
from partnerlab.simulators.kit.http.guard import SESSION, Guard
from partnerlab.simulators.kit.http.messages import Request, Response

__all__ = ["sign_in"]


def sign_in(request: Request, templates: Environment, guard: Guard | None) -> Response:
    """The page that asks for the token, or the way in."""
    if guard is None or not guard.token:
        return Response(303, b"", headers=(("Location", f"{PREFIX}/"),))
    wrong = False
    if request.method == "POST":
        given = parse_qs(request.body[:10_000].decode("utf-8", "replace")).get("token", [""])[0].strip()
        if guard.is_token(given):
            secure = "; Secure" if request.base_url.startswith("https:") else ""
            cookie = f"{SESSION}={guard.session}; Path=/; HttpOnly; SameSite=Strict{secure}"
            return Response(303, b"", headers=(("Location", f"{PREFIX}/"), ("Set-Cookie", cookie)))
        wrong = True
    return html(templates.get_template("sign_in.html").render(wrong=wrong), 403 if wrong else 200)
