"""Text is ordered by code points on PostgreSQL, whatever the database's locale."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
lanes timed_jobs ic_billers ic_customers ic_invoices ic_bill_images ic_payments ic_events ic_counters ic_changes
ic_users ic_wrong_passwords ic_user_accounts ic_tokens ic_methods ic_schedules ic_autopays ic_shown_pages
ic_page_sessions ic_text_enrolments ic_checkouts ic_reminders ic_messages ic_postbacks ic_postback_attempts
ic_export_batches ic_export_files ic_export_chunks ic_exported ic_uploads ic_balance_questions
ic_upload_problems ic_upload_chunks ic_adjustments inhance_accounts inhance_bills inhance_payments
inhance_events inhance_downloads inhance_changes inhance_values journal faults tccs_policies tccs_quotes
tccs_charges tccs_payments tccs_events watersmart_customers watersmart_invoices watersmart_entries
watersmart_payments watersmart_rejects watersmart_users watersmart_links watersmart_files watersmart_counters
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
