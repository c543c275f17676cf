"""Unknown members of an Ed-Fi body: whether a client's are ignored or refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; those that are registered already get what is new by default."""
    op.add_column("clients", sa.Column("unknown_members", sa.String(20), nullable=False, server_default="ignore"))
