"""The process that gets killed: a pump with its service. Arguments: database URL, partner's address, port."""

from __future__ import annotations

import sys

from partnerlab.client.datapump import DataPump, RetryPolicy
from partnerlab.client.datapump.service import serve
from partnerlab.client.settings import Biller

KEY = "11111111-1111-4111-8111-111111111111"


def main(database: str, partner: str, port: str) -> None:
    settings = {"11": partner, "13": KEY, "14": partner, "16": KEY}
    policy = RetryPolicy(attempts=1000, first_s=0.05, longest_s=0.2)
    pump = DataPump(database, lambda lane, guid: Biller(guid, "inhance_v2", settings), policy, poll_s=0.05)
    pump.start()
    serve(pump, port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
