"""A second secret for clients that sign their requests (OAuth 1.0a), sealed, and the moment it ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.storage.tables import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the two columns; no client has such a secret yet."""
    op.add_column("clients", sa.Column("oauth1_sealed", sa.LargeBinary))
    op.add_column("clients", sa.Column("oauth1_not_after", Instant))
