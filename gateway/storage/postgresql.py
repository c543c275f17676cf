"""Connections to a registry in PostgreSQL: closed when they fail, or have long been silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine, create_engine, event

from gateway.storage.bounded_calls import MAX_CALLS

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from sqlalchemy.engine import URL

CONNECTION_SECONDS = 5.0
"""The time after which a silent connection is closed; a new one may take 2 s, the least that psycopg allows."""

WAKE_SECONDS = 0.1
NETWORK = {
    "connect_timeout": 2,
    "tcp_user_timeout": int(CONNECTION_SECONDS * 1000),
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
"""Network timeouts of PostgreSQL connections in seconds, but for `tcp_user_timeout`, which is in milliseconds."""

Found = TypeVar("Found")


class _Connection(psycopg.Connection):
    """A PostgreSQL connection that closes after a failure, or after *patience* seconds without an answer."""

    patience = CONNECTION_SECONDS

    def wait(self, gen: PQGen[Found], interval: float = WAKE_SECONDS, timeout: float | None = None) -> Found:
        """Run *gen* on the connection, with *patience* as its timeout."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            self.close()
            raise


def create_postgresql_engine(address: URL, seconds: float) -> Engine:
    """Create an engine whose statements and lock waits end after *seconds*."""
    engine = create_engine(address, connect_args=NETWORK, pool_pre_ping=True, pool_size=MAX_CALLS, max_overflow=0)
    patience = max(seconds, CONNECTION_SECONDS)

    def connect(_dialect: object, _record: object, words: list[Any], given: dict[str, Any]) -> _Connection:
        connection = _Connection.connect(*words, **given)
        connection.patience = patience
        return connection

    def prepare(connection: _Connection, _record: object) -> None:
        bounds = {
            "statement_timeout": seconds,
            "lock_timeout": seconds,
            "idle_in_transaction_session_timeout": patience,
        }
        for name, bound in bounds.items():
            connection.execute(SQL("SET {} = {}").format(Identifier(name), int(bound * 1000)))
        connection.commit()

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", prepare)
    return engine
