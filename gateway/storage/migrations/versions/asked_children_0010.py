"""Children who were asked for: keyed tags by which a district is told of its own second request for the same one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.storage.tables import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "asked_children",
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), primary_key=True),
        sa.Column("tag", sa.String(64), primary_key=True),
        sa.Column("receiver", sa.String(100), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("asked_children_by_tag", "asked_children", ["receiver", "tag"])
