"""Text is ordered by code points on PostgreSQL, whatever the database's locale."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
pump_accounts pump_deliveries pump_attempts pump_notes pump_pruned
"""
TEXTS = """
SELECT table_name, column_name, collation_name IS NOT NULL FROM information_schema.columns
WHERE table_schema = current_schema() AND data_type = 'text' ORDER BY table_name, ordinal_position
"""


def upgrade() -> None:
    """No row is written anew: PostgreSQL makes the indexes of these columns again."""
    _ordered("C")


def downgrade() -> None:
    """By the database's locale."""
    _ordered("default")


def _ordered(collation: str) -> None:
    """The text of the tables that stand; SQLite has no other order than this one."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    wanted, changes = {*TABLES.split()}, dict[str, list[str]]()
    for table, column, named in connection.exec_driver_sql(TEXTS):
        if table in wanted and named != (collation == "C"):
            changes.setdefault(table, []).append(f'ALTER COLUMN "{column}" TYPE TEXT COLLATE "{collation}"')
    for table, columns in changes.items():
        op.execute(f"ALTER TABLE {table} {', '.join(columns)}")
