"""The tables as they were before they had a version."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """They stand."""


def downgrade() -> None:
    """There is nothing before."""
