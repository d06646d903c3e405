"""A payment keeps the account number that its partner was told it with; a former owner's, whether it was billed."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BILLED = """
UPDATE ic_customers SET billed_apart = 1 WHERE lane = :lane AND biller_guid = :biller AND account_number = :number
AND EXISTS (SELECT 1 FROM ic_invoices WHERE ic_invoices.lane = :lane AND ic_invoices.biller_guid = :biller
AND ic_invoices.account_number = :number AND invoice_date > :day)
"""
TOLD = """
UPDATE ic_payments SET told_as = :before
WHERE lane = :lane AND biller_guid = :biller AND account_number = :number AND paid_at < :at
"""


def upgrade() -> None:
    """Of accounts that were conveyed before, what their times tell of it, as the release before this one had it."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # as 0005 left all others
    op.add_column("ic_payments", sa.Column("told_as", text, nullable=False, server_default=""))
    op.add_column("ic_customers", sa.Column("billed_apart", sa.BigInteger, nullable=False, server_default="0"))
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT lane, biller_guid, account_number FROM ic_customers WHERE conveyed = 1"))
    for lane, biller, number in found.all():
        before, _, digits = number.rpartition("CV-")
        place = {"lane": lane, "biller": biller, "number": number}
        try:
            at = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC).isoformat()
        except ValueError:
            at = ""
        connection.execute(sa.text(BILLED), {**place, "day": at[:10]})
        connection.execute(sa.text(TOLD), {**place, "before": before.removesuffix("-"), "at": at})


def downgrade() -> None:
    """Both are forgotten."""
    op.drop_column("ic_payments", "told_as")
    op.drop_column("ic_customers", "billed_apart")
