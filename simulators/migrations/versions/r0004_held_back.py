"""A bill keeps what of the partner's last file is not asked for; WaterSmart, when it says a balance once more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing is known to be held back or to be said once more."""
    op.add_column("ic_invoices", sa.Column("held_cents", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("watersmart_customers", sa.Column("balance_again_at", sa.Text))


def downgrade() -> None:
    """Both are forgotten."""
    op.drop_column("ic_invoices", "held_cents")
    op.drop_column("watersmart_customers", "balance_again_at")
