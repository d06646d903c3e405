"""The Flask peer served by our own server: what the rest of a simulator costs or saves is the difference."""

from __future__ import annotations

import sys

from benchmarks.flask_peer import app
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.http.wsgi import WsgiApp
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store


def main() -> None:
    """Print the origin, then serve until terminated."""
    lanes = Lanes(Store("sqlite://"))
    site = Site(lanes, Journal(lanes, {}), Faults(lanes))
    door = WsgiApp("flask", lambda: app)
    for path in ("/invoicecloudapi", "/cloudpaymentsapi"):
        site.mount(path, door, door=False)
    server = Server(site, "127.0.0.1", 0)
    server.start()
    sys.stdout.write(server.url + "\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main()
