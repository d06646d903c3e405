"""The tables as they were before a database kept its revision."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """They stand."""


def downgrade() -> None:
    """There is nothing before."""
