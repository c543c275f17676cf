"""Clients, and the log of what was done about them, which can only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.storage.tables import Instant

revision = "0001"
down_revision = None

SQLITE = """
CREATE TRIGGER client_events_no_{verb} BEFORE {verb} ON client_events
BEGIN SELECT RAISE(ABORT, 'client_events only grows'); END
"""
POSTGRESQL = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME; END $$;
CREATE TRIGGER client_events_only_grows BEFORE UPDATE OR DELETE ON client_events
FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "clients",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("org", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("secret_hash_1", sa.String(200), nullable=False),
        sa.Column("not_after_1", Instant),
        sa.Column("secret_hash_2", sa.String(200)),
        sa.Column("not_after_2", Instant),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("last_used", Instant),
    )
    op.create_table(
        "client_events",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("client_id", sa.String(64), sa.ForeignKey("clients.client_id"), nullable=False, index=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(verb=verb))
    else:
        op.execute(POSTGRESQL)
