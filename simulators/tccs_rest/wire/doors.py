"""
The doors: each call is a form POST, below every base address with `/api` and without.

Source: "TCCS Technical Design", Details. It shows `/api/Pay_input`, `/Pay_input` and `/Retrieve_Bill_Image` at billers,
so every one is served both ways.
"""

from __future__ import annotations

from functools import partial

from partnerlab.contracts.first_use import importing
from partnerlab.simulators.kit.http.at_first_request import AtFirstRequest
from partnerlab.simulators.kit.http.messages import App
from partnerlab.simulators.tccs_rest.wire.paths import IMAGE, PREFIXES
from partnerlab.simulators.tccs_rest.world import World

__all__ = ["create_doors"]

NAME = "tccs"


def create_doors(world: World) -> dict[str, App]:
    """
    The doors by path. Each is made at its first request.

    Those of the bill image are apart: a page takes milliseconds to make, for which the event loop does not wait.
    """
    inline = world.store.sqlite  # a call is microseconds there; a database server may keep the event loop waiting
    doors: dict[str, App] = {}
    for base in ("/" + base.strip("/") for base in world.settings.bases):
        doors[base] = AtFirstRequest(NAME, partial(_calls, world, base), inline=inline, group_commit=True)
        images = AtFirstRequest(NAME, partial(_images, world, base), inline=False)
        for prefix in PREFIXES:
            doors[f"{base}{prefix}/{IMAGE}"] = images
    return doors


def _calls(world: World, base: str, name: str) -> App:
    with importing:
        from partnerlab.simulators.tccs_rest.wire.calls import create_calls

    return create_calls(world, base, name)


def _images(world: World, base: str, name: str) -> App:
    with importing:
        from partnerlab.simulators.tccs_rest.wire.calls import create_images

    return create_images(world, base, name)
