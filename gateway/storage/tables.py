"""The registry's tables, as of the newest migration."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class Instant(TypeDecorator[datetime]):
    """A moment, always in UTC, also in a database without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Convert a moment for the database."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Convert a moment from the database."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData()

clients = Table(
    "clients",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("org", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("secret_hash_1", String(200), nullable=False),
    Column("not_after_1", Instant),
    Column("secret_hash_2", String(200)),
    Column("not_after_2", Instant),
    Column("epoch", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("last_used", Instant),
    Column("oauth1_sealed", LargeBinary),
    Column("oauth1_not_after", Instant),
    Column("unknown_members", String(20), nullable=False, server_default="ignore"),
    Column("steward", String(100), nullable=False, server_default=""),
)

marks = Table(
    "marks",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("digest", String(128), nullable=False),
)

client_events = Table(
    "client_events",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("client_id", String(64), ForeignKey("clients.client_id"), nullable=False, index=True),
    Column("action", String(40), nullable=False),
    Column("actor", String(200), nullable=False),
)

register_events = Table(
    "register_events",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("district", String(100), nullable=False, index=True),
    Column("register", String(20), nullable=False),
    Column("entry", String(36), nullable=False, index=True),
    Column("event", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("content", JSON, nullable=False),
    Column("sealed", LargeBinary),
)
"""Consents and restrictions, event by event; a student is known by keyed tags alone, a value by what seals it."""

register_versions = Table(
    "register_versions",
    metadata,
    Column("district", String(100), primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""A number for each district that grows with every change of its registers, so that every process notices it."""

party_keys = Table(
    "party_keys",
    metadata,
    Column("thumbprint", String(64), primary_key=True),
    Column("party", String(200), nullable=False, index=True),
    Column("key", JSON, nullable=False),
    Column("added", Instant, nullable=False),
    Column("added_by", String(200), nullable=False),
    Column("retired", Instant),
)

approvals = Table(
    "approvals",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("agreement", String(100), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("party", String(200), nullable=False),
    Column("method", String(20), nullable=False),
    Column("text", String(64), nullable=False),
    Column("elements", String(64), nullable=False),
    Column("signature", String(4000), nullable=False),
    Column("thumbprint", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("withdrawn", Instant),
    Column("person", String(32), nullable=False, server_default=""),
    Column("session", String(20), nullable=False, server_default=""),
)

acts = Table(
    "acts",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(60), nullable=False),
    Column("district", String(100), nullable=False),
    Column("content", JSON, nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("recorded", Instant),
)
"""Acts of administrators, each written with what it changes; the running gateway carries them over to the audit log."""

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("org", String(200), nullable=False),
    Column("role", String(60), nullable=False),
    Column("content", JSON, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("due", Instant),
    Column("closed", Instant),
    Column("closed_by", String(200)),
    Column("outcome", String(2000)),
)

subject_keys = Table(
    "subject_keys",
    metadata,
    Column("district", String(100), primary_key=True),
    Column("school_year", Integer, primary_key=True),
    Column("sealed", LargeBinary),
    Column("made", Instant, nullable=False),
    Column("destroyed", Instant),
)
"""The sealed keys of the student tags in the audit log; one that is destroyed leaves tags that name nobody."""
