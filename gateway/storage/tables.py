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
