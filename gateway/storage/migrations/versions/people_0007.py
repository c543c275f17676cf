"""People: persons, roles and sessions, what people write instead of files, and what was told to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.storage.tables import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables; a client that exists keeps its state, and has no steward but the region."""
    _people()
    _acts()
    _written()
    op.add_column("approvals", sa.Column("person", sa.String(32), nullable=False, server_default=""))
    op.add_column("approvals", sa.Column("session", sa.String(20), nullable=False, server_default=""))
    op.add_column("clients", sa.Column("steward", sa.String(100), nullable=False, server_default=""))


def _people() -> None:
    """Make the tables of people, their roles, how they sign in, and their sessions."""
    op.create_table(
        "organisations",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("steward", sa.String(100), nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("mail", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("last_sign_in", Instant),
    )
    lives = sa.text("status <> 'ended'")
    op.create_index("people_mail", "people", ["mail"], unique=True, sqlite_where=lives, postgresql_where=lives)
    op.create_table(
        "memberships",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("person", sa.String(32), sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("org", sa.String(100), nullable=False, index=True),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("begins", Instant, nullable=False),
        sa.Column("ends", Instant),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
    )
    op.create_table(
        "invitations",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("mail", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("org", sa.String(100), nullable=False, index=True),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("made", Instant, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("expires", Instant, nullable=False),
        sa.Column("used", Instant),
        sa.Column("withdrawn", Instant),
        sa.Column("inviter", sa.String(32), nullable=False),
        sa.Column("org_kind", sa.String(20), nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(300), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("person", sa.String(32), sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("added", Instant, nullable=False),
    )
    op.create_table(
        "passwords",
        sa.Column("person", sa.String(32), sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("hash", sa.String(200), nullable=False),
        sa.Column("changed", Instant, nullable=False),
    )
    op.create_table(
        "authenticators",
        sa.Column("person", sa.String(32), sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("added", Instant, nullable=False),
        sa.Column("last_step", sa.Integer, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(32), sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("made", Instant, nullable=False),
        sa.Column("used", Instant),
    )
    op.create_table(
        "passkeys",
        sa.Column("credential", sa.String(1400), primary_key=True),
        sa.Column("person", sa.String(32), sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("added", Instant, nullable=False),
        sa.Column("last_used", Instant),
    )
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(32), sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("made", Instant, nullable=False),
        sa.Column("seen", Instant, nullable=False),
        sa.Column("proved", Instant, nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("ended", Instant),
    )


def _acts() -> None:
    """Make the tables of what organisations chose, acts that wait for a second person, links, and what was told."""
    op.create_table(
        "organisation_settings",
        sa.Column("org", sa.String(100), primary_key=True),
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed", Instant, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("org", sa.String(100), nullable=False, index=True),
        sa.Column("about", sa.String(200), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("made", Instant, nullable=False),
        sa.Column("made_by", sa.String(254), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("decided", Instant),
        sa.Column("decided_by", sa.String(254)),
        sa.Column("answer", sa.String(2000)),
        sa.Column("outcome", sa.String(20)),
    )
    op.create_table(
        "client_links",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("client_id", sa.String(64), sa.ForeignKey("clients.client_id"), nullable=False, index=True),
        sa.Column("keep_old_days", sa.Integer, nullable=False),
        sa.Column("made", Instant, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("maker_kind", sa.String(10), nullable=False),
        sa.Column("maker", sa.String(100), nullable=False),
        sa.Column("expires", Instant, nullable=False),
        sa.Column("used", Instant),
        sa.Column("withdrawn", Instant),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("org", sa.String(100), nullable=False, index=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("made", Instant, nullable=False),
        sa.Column("next_try", Instant, nullable=False),
        sa.Column("sent", Instant),
        sa.Column("given_up", Instant),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
    )
    op.create_table(
        "notice_items",
        sa.Column("recipient", sa.String(254), primary_key=True),
        sa.Column("item", sa.String(100), primary_key=True),
        sa.Column("notice", sa.String(64), sa.ForeignKey("notices.id"), nullable=False, index=True),
    )
    op.create_table(
        "notice_choices",
        sa.Column("person", sa.String(32), sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("mail", sa.Boolean, nullable=False),
        sa.Column("changed", Instant, nullable=False),
    )


def _written() -> None:
    """Make the tables of agreements and districts that people write, their files, and what came of each reading."""
    op.create_table(
        "written_agreements",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("agreement", sa.String(100), nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("district", sa.String(100), nullable=False, index=True),
        sa.Column("recipient", sa.String(100), nullable=False, index=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
    )
    op.create_table(
        "written_districts",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False, index=True),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
    )
    op.create_table(
        "uploads",
        sa.Column("district", sa.String(40), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("district", sa.String(40), nullable=False, index=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("mistakes", sa.JSON, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
    )
