"""Agreements whole: registers of consents and restrictions, approvals, tasks, acts, and the keys of student tags."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.storage.tables import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    _registers()
    _approvals()
    op.create_table(
        "acts",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("district", sa.String(100), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("recorded", Instant),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("org", sa.String(200), nullable=False),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("opened", Instant, nullable=False),
        sa.Column("due", Instant),
        sa.Column("closed", Instant),
        sa.Column("closed_by", sa.String(200)),
        sa.Column("outcome", sa.String(2000)),
    )
    op.create_table(
        "subject_keys",
        sa.Column("district", sa.String(100), primary_key=True),
        sa.Column("school_year", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("made", Instant, nullable=False),
        sa.Column("destroyed", Instant),
    )


def _registers() -> None:
    """Make the registers: events that only grow, the tags of their students, and a version for each district."""
    op.create_table(
        "register_events",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("district", sa.String(100), nullable=False, index=True),
        sa.Column("register", sa.String(20), nullable=False),
        sa.Column("entry", sa.String(36), nullable=False, index=True),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
    )
    op.create_table(
        "register_versions",
        sa.Column("district", sa.String(100), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )


def _approvals() -> None:
    """Make the table of approvals and of the keys by which parties sign them."""
    op.create_table(
        "party_keys",
        sa.Column("thumbprint", sa.String(64), primary_key=True),
        sa.Column("party", sa.String(200), nullable=False, index=True),
        sa.Column("key", sa.JSON, nullable=False),
        sa.Column("added", Instant, nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("retired", Instant),
    )
    op.create_table(
        "approvals",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("agreement", sa.String(100), nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("party", sa.String(200), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("text", sa.String(64), nullable=False),
        sa.Column("elements", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(4000), nullable=False),
        sa.Column("thumbprint", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("withdrawn", Instant),
    )
