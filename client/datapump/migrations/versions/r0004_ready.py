"""What is to be done now is found by account, without what waits."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

READY = "state IN ('accepted', 'sending')"


def upgrade() -> None:
    """One index more."""
    where: dict[str, Any] = {"sqlite_where": sa.text(READY), "postgresql_where": sa.text(READY)}
    op.create_index("pump_deliveries_ready", "pump_deliveries", ["account"], **where)


def downgrade() -> None:
    """As the release before knows it."""
    op.drop_index("pump_deliveries_ready", "pump_deliveries")
