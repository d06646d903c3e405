"""The revision stands where Alembic keeps it, and no longer in a table of the pump's own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """`pump_revision` has it already."""
    op.drop_table("pump_version")


def downgrade() -> None:
    """As the release before knows it."""
    op.create_table("pump_version", sa.Column("version", sa.Integer, primary_key=True))
    op.execute("INSERT INTO pump_version (version) VALUES (2)")
