"""The calls behind the doors: what is common to them, from the form to the answer."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from partnerlab.contracts.tccs_rest import ContentInfo, ContentInfoInvalid, format_of, parse_content_info
from partnerlab.simulators.kit.http.messages import Ready, Request, Response
from partnerlab.simulators.kit.http.routes import Handler, Route, Routes
from partnerlab.simulators.tccs_rest.domain.errors import CredentialsWrong, DomainError
from partnerlab.simulators.tccs_rest.settings import Settings
from partnerlab.simulators.tccs_rest.wire import answers
from partnerlab.simulators.tccs_rest.wire.faults import refusal
from partnerlab.simulators.tccs_rest.wire.forms import Form, FormRefused
from partnerlab.simulators.tccs_rest.wire.forms_before import FormsBefore
from partnerlab.simulators.tccs_rest.wire.negotiation import preferred
from partnerlab.simulators.tccs_rest.wire.operations import Act, operations
from partnerlab.simulators.tccs_rest.wire.paths import IMAGE, PREFIXES
from partnerlab.simulators.tccs_rest.world import World

__all__ = ["create_calls", "create_images"]

REMEMBERED, LONGEST_REMEMBERED = 1_024, 300


def create_calls(world: World, base: str, name: str) -> Routes:
    """The calls below *base* but for the bill image, as an app of that name."""
    return Routes(name, _routes(world, base, lambda call: call != IMAGE), refuse=_refuse)


def create_images(world: World, base: str, name: str) -> Routes:
    """The bill image below *base*."""
    return Routes(name, _routes(world, base, lambda call: call == IMAGE), refuse=_refuse)


def _routes(world: World, base: str, wanted: Callable[[str], bool]) -> Iterator[Route]:
    settings = world.settings
    forms = FormsBefore(_guard(settings), remember=settings.warm)
    for call, act in operations(world).items():
        if wanted(call):
            handle, ready = _handlers(call, act, forms)
            for prefix in PREFIXES:
                yield Route("POST", f"{base}{prefix}/{call}", call, handle, ready)


def _handlers(name: str, act: Act, forms: FormsBefore) -> tuple[Handler, Callable[[Request], Ready | None]]:
    """What answers a call, and what is known of one that came before."""

    def parse(text: str) -> ContentInfo:
        return parse_content_info(format_of(name, text), text)

    remembered = lru_cache(REMEMBERED)(parse)

    def read(request: Request) -> ContentInfo:
        text = forms.content_info(request)
        return remembered(text) if len(text) <= LONGEST_REMEMBERED else parse(text)

    def handle(request: Request, _: Mapping[str, str]) -> Response:
        media_type = preferred(request.headers.get("accept", ""))
        try:
            return act(read(request), media_type)(request)
        except FormRefused as refused:
            return answers.error(refused.status, refused.message, media_type)
        except ContentInfoInvalid as invalid:
            return answers.error(400, f"contentInfo, {invalid}", media_type)
        except DomainError as error:
            return refusal(error, media_type)

    def ready(request: Request) -> Ready | None:
        media_type = preferred(request.headers.get("accept", ""))
        try:
            done = act(read(request), media_type)
        except (FormRefused, ContentInfoInvalid, DomainError):
            return None

        def again(request: Request) -> Response:
            try:
                return done(request)
            except DomainError as error:
                return refusal(error, media_type)

        return again

    return handle, ready


def _guard(settings: Settings) -> Callable[[Form], None]:
    user, key = settings.consumer_guid.encode(), settings.entry_key.encode()

    def check(form: Form) -> None:
        # Both are always compared: how long it takes tells nothing of either.
        right_user = hmac.compare_digest(form.consumer_guid.encode(), user)
        right_key = hmac.compare_digest(form.entry_key.encode(), key)
        if not (right_user and right_key):
            raise CredentialsWrong

    return check


def _refuse(request: Request, status: int, allowed: Iterable[str]) -> Response:
    """What no call takes, in the words of ASP.NET Web API."""
    media_type = preferred(request.headers.get("accept", ""))
    if status == 405:
        message = f"The requested resource does not support http method '{request.method}'."
        return answers.error(405, message, media_type, (("Allow", ", ".join(allowed)),))
    uri = f"{request.base_url}{request.path}"[:500]
    return answers.error(status, f"No HTTP resource was found that matches the request URI '{uri}'.", media_type)
