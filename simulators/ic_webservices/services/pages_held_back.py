"""
Payment pages that wait to be written, many at once.

Only in memory, where the database is this process's alone and nothing outlives it. Before anybody else's transaction
begins they are written (`kit/world/held_back`), so whoever reads or writes finds them. `cloud_payments` writes a page
the plain way wherever it cannot wait.
"""

from __future__ import annotations

import json
import logging
import threading

from partnerlab.simulators.ic_webservices.services.cloud_payment_requests import KNOWN
from partnerlab.simulators.kit.world.held_back import each_alone, is_of_the_database
from partnerlab.simulators.kit.world.remembered import Remembered
from partnerlab.simulators.kit.world.store import ManyRows, Row, Statement, Store, Tx

__all__ = ["ADD", "ADD_WHERE_KNOWN", "MOST_WAITING", "Account", "PagesHeldBack", "pages_held_back"]

MOST_WAITING = 500
"""Pages that are written together, in about two milliseconds: the next request waits for them."""

_logger = logging.getLogger(__name__)

_COLUMNS = "lane, token_hash, biller_guid, state, created_at, expires_at, username, asked, choice, outcome"
_CELLS = ":lane, :token_hash, :biller_guid, :state, :created_at, :expires_at, :username, :asked, '{}', '{}'"
ADD = Statement(f"INSERT INTO ic_checkouts ({_COLUMNS}) VALUES ({_CELLS})")
"""A page on which nothing was done yet."""
_ADD_ALL = ManyRows(f"INSERT INTO ic_checkouts ({_COLUMNS})" + " SELECT *, '{{}}', '{{}}' FROM (VALUES {rows})", 8)
ADD_WHERE_KNOWN = Statement(f"INSERT INTO ic_checkouts ({_COLUMNS}) SELECT {_CELLS} WHERE EXISTS ({KNOWN.text})")
"""A page of one account, added only where the account is known; its values follow those of the page."""

Account = tuple[str, str, str]
"""Lane, biller and account number."""


def pages_held_back(store: Store) -> PagesHeldBack | None:
    """Who holds pages back, or None where pages are written at once: in a file, in PostgreSQL."""
    if not store.in_memory or any(isinstance(held, PagesHeldBack) for held in store.held_back):
        return None
    pages = PagesHeldBack(store)
    store.held_back.append(pages)
    return pages


def _written(tx: Tx, page: Row) -> None:
    tx.run(ADD, page)


def _left_out(page: Row) -> None:
    lane, _, biller_guid, *_, asked = page
    customers = json.dumps(json.loads(asked)["customers"])  # accounts, invoices and amounts; the token is a key
    _logger.exception("a payment page was answered and cannot be kept: %s, %s, %s", lane, biller_guid, customers)


class PagesHeldBack:
    """The pages of a store in memory that are not in its tables yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: list[Row] = []
        self._accounts: Remembered[Account, Row] = Remembered(store)

    def keep(self, page: Row, account: Account) -> bool:
        """
        Hold back a page, as a row of `ADD`, for one account. False where it is to be written the plain way.

        That is where its account is not known to the ledger, too. Raises what the database raises where pages wait that
        cannot be written.
        """
        if not "".join(page).isascii():
            return False  # the driver refuses some texts, and what cannot be written would hold up everybody
        with self._store.still() as still:
            if still is None or not (self._accounts.get(account) or self._look(account, still.tx)):
                return False
            if len(self._pages) >= MOST_WAITING:
                self.write()
            self._pages.append(page)
            return True

    def _look(self, account: Account, tx: Tx) -> Row | None:
        return self._accounts.look(account, lambda tx: tx.one(KNOWN, account)) or tx.one(KNOWN, account)

    # For the store.

    @property
    def waiting(self) -> bool:
        """Whether pages wait."""
        return len(self._pages) > 0

    def write(self) -> None:
        """Write the pages that wait; where the database fails they wait on. One that no table takes is left out."""
        try:
            with self._store.batch() as tx:
                tx.run_rows(_ADD_ALL, self._pages)
        except Exception as error:
            if is_of_the_database(error):
                raise
            _logger.exception("%d payment pages cannot be written together", len(self._pages))
            with self._store.batch() as tx:
                each_alone(tx, self._pages, lambda page: _written(tx, page), _left_out)
        self._pages = []

    def forget(self) -> None:
        """What is remembered of accounts goes by the store's count of writes."""

    def settle(self, lock: threading.RLock) -> None:
        """Write the pages that wait, while others wait."""
        with lock:
            self.write()

    def wait(self) -> None:
        """No other thread writes."""

    def resume(self) -> None:
        """Nothing is left in memory by a former process."""

    def close(self) -> None:
        """What is in memory ends with the process."""
