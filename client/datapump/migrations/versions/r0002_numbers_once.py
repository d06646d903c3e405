"""Numbers are never given twice, what was pruned is known again, and `not_understood` waits for a person too."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LEFT = "state IN ('dead', 'unknown', 'not_understood')"


def upgrade() -> None:
    """In SQLite the numbers' tables are made anew; PostgreSQL never gave one twice."""
    op.drop_index("pump_deliveries_left", "pump_deliveries")
    if op.get_bind().dialect.name == "sqlite":
        for table in tables():
            with op.batch_alter_table(
                table.name, recreate="always", copy_from=table, table_kwargs={"sqlite_autoincrement": True}
            ):
                pass
    where: dict[str, Any] = {"sqlite_where": sa.text(LEFT), "postgresql_where": sa.text(LEFT)}
    op.create_index("pump_deliveries_left", "pump_deliveries", ["state", "number"], **where)
    op.create_index("pump_deliveries_doubt", "pump_deliveries", ["account"], **where)
    op.create_table(
        "pump_pruned",
        sa.Column("lane", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.create_table("pump_version", sa.Column("version", sa.Integer, primary_key=True))
    op.execute("INSERT INTO pump_version (version) VALUES (2)")


def tables() -> tuple[sa.Table, sa.Table]:
    """Accounts and deliveries as they were."""
    found = sa.MetaData()
    accounts = sa.Table(
        "pump_accounts",
        found,
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("biller_guid", sa.Text, nullable=False),
        sa.Column("account_number", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.UniqueConstraint("lane", "biller_guid", "account_number"),
    )
    texts = ("lane", "event_id", "kind", "biller_guid", "account_number")
    deliveries = sa.Table(
        "pump_deliveries",
        found,
        sa.Column("number", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("account", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("run", "attempts", "tries")),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("retry_at", sa.BigInteger),
        sa.Column("accepted_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("lane", "event_id"),
        sa.Index("pump_deliveries_account", "account", "seq"),
    )
    for name, columns, where in (
        ("pump_deliveries_line", ("account", "seq"), "state IN ('accepted', 'sending', 'waiting')"),
        ("pump_deliveries_due", ("retry_at",), "state = 'waiting'"),
    ):
        sa.Index(name, *(deliveries.c[column] for column in columns), sqlite_where=sa.text(where))
    return accounts, deliveries


def downgrade() -> None:
    """Refused: the releases before cannot work with these numbers."""
    raise RuntimeError("the data pump's tables do not go back from revision 0002; use the backup from before")
