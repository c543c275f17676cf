"""Transfers: their events and projections, what is sealed of them, and the public keys of districts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.storage.tables import Instant

revision = "0008"
down_revision = "0007"

SQLITE = """
CREATE TRIGGER transfer_events_no_{verb} BEFORE {verb} ON transfer_events
BEGIN SELECT RAISE(ABORT, 'transfer_events only grows'); END
"""
POSTGRESQL = """
CREATE TRIGGER transfer_events_only_grows BEFORE UPDATE OR DELETE ON transfer_events
FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Make the tables; the events only grow."""
    _transfers()
    _transfer_events()
    _transfer_idempotency()
    _transfer_misses()
    _asked_values()
    _transfer_attachments()
    _sealed_packages()
    _district_keys()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(SQLITE.format(verb=verb.lower()))


def _transfers() -> None:
    """Make the table of transfers."""
    op.create_table(
        "transfers",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("sender", sa.String(100), nullable=False),
        sa.Column("receiver", sa.String(100), nullable=False),
        sa.Column("first_sender", sa.String(100), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("outward", sa.String(20), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("delivered", sa.Integer, nullable=False),
        sa.Column("military", sa.Boolean, nullable=False),
        sa.Column("hold", sa.String(20), nullable=False),
        sa.Column("asked", Instant, nullable=False),
        sa.Column("opened", Instant, nullable=False),
        sa.Column("told_due", Instant, nullable=False),
        sa.Column("changed", Instant, nullable=False),
        sa.Column("leaves", Instant),
        sa.Column("lapses", Instant),
        sa.Column("info_amber", Instant),
        sa.Column("info_due", Instant),
        sa.Column("info_done", Instant),
        sa.Column("full_amber", Instant),
        sa.Column("full_due", Instant),
        sa.Column("full_done", Instant),
        sa.Column("next_amber", Instant, nullable=False),
        sa.Column("next_due", Instant, nullable=False),
        sa.Column("calendar_missing", sa.Boolean, nullable=False),
    )
    op.create_index("transfers_in", "transfers", ["sender", "next_due", "id"])
    op.create_index("transfers_out", "transfers", ["receiver", "told_due", "id"])
    op.create_index("transfers_asked", "transfers", ["receiver", "asked"])
    op.create_index("transfers_open", "transfers", ["receiver", "outward", "first_sender"])
    op.create_index("transfers_leaving", "transfers", ["state", "leaves"])
    op.create_index("transfers_lapsing", "transfers", ["state", "lapses"])


def _transfer_events() -> None:
    """Make the table of transfer events."""
    op.create_table(
        "transfer_events",
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("party", sa.String(20), nullable=False),
        sa.Column("org", sa.String(100), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("agreement", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )


def _transfer_idempotency() -> None:
    """Make the table of transfer idempotency."""
    op.create_table(
        "transfer_idempotency",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), index=True, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )


def _transfer_misses() -> None:
    """Make the table of transfer misses."""
    op.create_table(
        "transfer_misses",
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), primary_key=True),
        sa.Column("receiver", sa.String(100), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("transfer_misses_recent", "transfer_misses", ["receiver", "at"])


def _asked_values() -> None:
    """Make the table of asked values."""
    op.create_table(
        "asked_values",
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )


def _transfer_attachments() -> None:
    """Make the table of transfer attachments."""
    op.create_table(
        "transfer_attachments",
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("section", sa.String(20), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("transfer_attachments_old", "transfer_attachments", ["at"])


def _sealed_packages() -> None:
    """Make the table of sealed packages."""
    op.create_table(
        "sealed_packages",
        sa.Column("transfer", sa.String(32), sa.ForeignKey("transfers.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("file", sa.String(100), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("receiver", sa.String(100), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("expires", Instant, nullable=False),
        sa.Column("deleted", Instant),
    )
    op.create_index("sealed_packages_expiring", "sealed_packages", ["deleted", "expires"])


def _district_keys() -> None:
    """Make the table of district keys."""
    op.create_table(
        "district_keys",
        sa.Column("district", sa.String(100), primary_key=True),
        sa.Column("kid", sa.String(64), primary_key=True),
        sa.Column("use", sa.String(10), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("key", sa.JSON, nullable=False),
        sa.Column("added", Instant, nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("changed", Instant, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
    )
