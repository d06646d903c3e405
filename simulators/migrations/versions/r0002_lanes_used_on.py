"""A lane knows the day on which it was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Not known of the lanes that are there; they count from today."""
    op.add_column("lanes", sa.Column("used_on", sa.Text))
    op.execute("UPDATE lanes SET used_on = CAST(CURRENT_DATE AS TEXT)")


def downgrade() -> None:
    """The day is forgotten."""
    op.drop_column("lanes", "used_on")
