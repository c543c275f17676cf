"""Work on transfers: what was tried and is to be tried again, and manifests that wait for a signature."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.storage.tables import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "transfer_tries",
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("begun", Instant, nullable=False),
        sa.Column("next_try", Instant, nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.Column("dead", Instant),
        sa.Column("replayed", sa.Boolean, nullable=False),
    )
    op.create_index("transfer_tries_dead", "transfer_tries", ["dead"])
    op.create_table(
        "waiting_manifests",
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sender", sa.String(100), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("made", sa.String(40), nullable=False),
        sa.Column("signature", sa.LargeBinary),
    )
    op.create_index("waiting_manifests_sender", "waiting_manifests", ["sender", "transfer"])
