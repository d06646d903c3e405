"""
An account's bills stand together; payments and events are kept in the order they come.

SQLite cannot change a table's key, so the tables are made anew there. PostgreSQL has no order of rows to change.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

BILLS = (
    "lane TEXT NOT NULL, account_number TEXT NOT NULL, invoice_number TEXT NOT NULL, billed_on TEXT NOT NULL,"
    " due_on TEXT NOT NULL, amount_cents BIGINT NOT NULL, open_cents BIGINT NOT NULL, billed INTEGER NOT NULL,"
    " revision BIGINT NOT NULL, sent_revision BIGINT NOT NULL, refused TEXT NOT NULL"
)
PAYMENTS = (
    "lane TEXT NOT NULL, account_number TEXT NOT NULL, reference TEXT NOT NULL, number INTEGER NOT NULL,"
    " document_number TEXT NOT NULL, type TEXT NOT NULL, amount_cents BIGINT NOT NULL, fee_cents BIGINT NOT NULL,"
    " paid_at TEXT NOT NULL, duplicate_of INTEGER, request_id TEXT NOT NULL, posted_at TEXT NOT NULL, returned_at TEXT"
)
EVENTS = (
    "lane TEXT NOT NULL, account_number TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL,"
    " detail TEXT NOT NULL, request_id TEXT NOT NULL, at TEXT NOT NULL"
)
BILLS_KEY = "lane, account_number, invoice_number"
PAYMENTS_KEY = "lane, account_number, reference, number"
NUMBERED = "lane, account_number, number"
UNSENT = "CREATE INDEX inhance_bills_unsent ON inhance_bills (lane) WHERE revision > sent_revision"


def upgrade() -> None:
    """Every row is kept."""
    if op.get_bind().dialect.name == "sqlite":
        _made_anew("inhance_bills", BILLS, BILLS_KEY, "WITHOUT ROWID")
        _made_anew("inhance_payments", PAYMENTS, PAYMENTS_KEY, order="posted_at")
        _made_anew("inhance_events", EVENTS, NUMBERED, order="at")
        op.execute(UNSENT)
    else:
        for index in ("inhance_bills_account", "inhance_bills_due", "inhance_payments_reference"):
            op.execute(f"DROP INDEX {index}")
        _keyed("inhance_bills", BILLS_KEY)
        _keyed("inhance_payments", PAYMENTS_KEY)
    op.execute("CREATE UNIQUE INDEX inhance_bills_invoice ON inhance_bills (lane, invoice_number)")
    op.execute("CREATE INDEX inhance_bills_due ON inhance_bills (lane, billed_on) WHERE billed = 0")


def downgrade() -> None:
    """The keys and indexes as they were."""
    if op.get_bind().dialect.name == "sqlite":
        _made_anew("inhance_bills", BILLS, "lane, invoice_number", "WITHOUT ROWID")
        _made_anew("inhance_payments", PAYMENTS, NUMBERED, "WITHOUT ROWID")
        _made_anew("inhance_events", EVENTS, NUMBERED, "WITHOUT ROWID")
        op.execute(UNSENT)
    else:
        for index in ("inhance_bills_invoice", "inhance_bills_due"):
            op.execute(f"DROP INDEX {index}")
        _keyed("inhance_bills", "lane, invoice_number")
        _keyed("inhance_payments", NUMBERED)
    op.execute("CREATE INDEX inhance_bills_account ON inhance_bills (lane, account_number, open_cents, billed_on)")
    op.execute("CREATE INDEX inhance_bills_due ON inhance_bills (lane, billed, billed_on)")
    op.execute("CREATE INDEX inhance_payments_reference ON inhance_payments (lane, account_number, reference)")


def _made_anew(table: str, columns: str, key: str, tail: str = "", order: str = "lane") -> None:
    """The table with another key, its rows in an *order*; its indexes are gone."""
    names = ", ".join(column.split()[0] for column in columns.split(", "))
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    op.execute(f"CREATE TABLE {table} ({columns}, PRIMARY KEY ({key})) {tail}".rstrip())
    op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_before ORDER BY {order}, {key}")
    op.execute(f"DROP TABLE {table}_before")


def _keyed(table: str, key: str) -> None:
    """The table of PostgreSQL with another key."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
    op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({key})")
