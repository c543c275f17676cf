"""The registry's database: opened, migrated, and queried with timeouts shorter than a request can wait."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from gateway.storage.bounded_calls import MAX_CALLS
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.abc import PQGen

LOCK_WAIT_SECONDS = 0.8
"""The share of a call's time limit for a statement or its wait for a lock: the database's own timeout comes first."""

CONNECTION_SECONDS = 5.0
"""The time after which a silent connection is closed; a new one may take 2 s, the least that psycopg allows."""

MIGRATION_SECONDS = 60.0
"""The time limit of a start to wait for another worker's migration, and to migrate itself."""

WAKE_SECONDS = 0.1
MIGRATION_LOCK = 7_203_411  # any fixed number: every starting worker must ask PostgreSQL for the same lock
NETWORK = {
    "connect_timeout": 2,
    "tcp_user_timeout": int(CONNECTION_SECONDS * 1000),
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
"""Network timeouts of PostgreSQL connections in seconds, but for `tcp_user_timeout`, which is in milliseconds."""

Found = TypeVar("Found")


@contextmanager
def transaction(engine: Engine, *, write: bool = False) -> Iterator[Connection]:
    """Run the block in a transaction on *engine*: all of it is committed, or nothing.

    Raises:
        StoreUnavailable: the database cannot be used.
    """
    try:
        with engine.execution_options(write=write).begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except (SQLAlchemyError, sqlite3.Error):
        raise StoreUnavailable("The registry cannot be used.") from None


def open_database(url: str, seconds: float) -> Engine:
    """Open the database at *url* for calls of *seconds*; create and migrate it where needed.

    Many workers may start at once.
    """
    address = _address(url)
    _make_file(address)
    starting = _engine(address, MIGRATION_SECONDS)
    try:
        _migrate(starting)
    finally:
        starting.dispose()
    return _engine(address, LOCK_WAIT_SECONDS * seconds)


def look_into(url: str, seconds: float) -> Engine | None:
    """Open the database at *url* unchanged, for calls of *seconds*; None where there is none yet.

    Raises:
        StoreUnavailable: it cannot be used, or another version of this program wrote it.
    """
    address = _address(url)
    if address.drivername == "sqlite" and not Path(address.database or "").exists():
        return None
    engine = _engine(address, LOCK_WAIT_SECONDS * seconds)
    try:
        _check_version(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _check_version(engine: Engine) -> None:
    with transaction(engine) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != ScriptDirectory.from_config(_steps()).get_current_head():
        raise StoreUnavailable(
            "The registry was written by another version of this program; the next start changes it."
        )


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise StoreUnavailable("The registry's address cannot be read.") from None
    if address.drivername in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    if address.drivername in ("sqlite", "postgresql+psycopg"):
        return address
    raise StoreUnavailable("The registry's address must begin with sqlite:// or postgresql://.")


def _make_file(address: URL) -> None:
    """Create the file of an SQLite registry, readable by its owner alone."""
    if address.drivername != "sqlite":
        return
    try:
        path = Path(address.database or "")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError:
        raise StoreUnavailable("The registry's file cannot be opened.") from None


def _engine(address: URL, seconds: float) -> Engine:
    """Create an engine whose statements and lock waits end after *seconds*."""
    if address.drivername == "sqlite":
        engine = create_engine(address, connect_args={"timeout": seconds}, pool_size=MAX_CALLS, max_overflow=0)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
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


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late for a write that reads first
    for pragma in ("foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _steps() -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return settings


def _migrate(engine: Engine) -> None:
    settings = _steps()
    if engine.dialect.name == "sqlite":
        _keep_write_ahead_log(engine)
    try:
        with transaction(engine, write=True) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
    except CommandError:
        raise StoreUnavailable("The registry was written by a newer version of this program.") from None


def _keep_write_ahead_log(engine: Engine) -> None:
    """Switch the file to write-ahead logging; while another worker has it locked, that worker does it."""
    try:
        raw = engine.raw_connection()
        try:
            raw.driver_connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[union-attr]
        finally:
            raw.close()
    except (sqlite3.DatabaseError, SQLAlchemyError) as error:
        if getattr(error, "sqlite_errorcode", None) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreUnavailable("The registry's file is no SQLite database, or cannot be opened.") from None
