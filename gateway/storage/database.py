"""The registry's database: opened, migrated, and queried with timeouts shorter than a request can wait."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from gateway.storage.bounded_calls import MAX_CALLS
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_WAIT_SECONDS = 0.8
"""The share of a call's time limit for a statement or its wait for a lock: the database's own timeout comes first."""

MIGRATION_SECONDS = 60.0
"""The time limit of a start to wait for another worker's migration, and to migrate itself."""

NEWEST = "0010"
"""The revision of the newest of `gateway.storage.migrations`, known here without Alembic, which takes long to load."""

MIGRATION_LOCK = 7_203_411  # any fixed number: every starting worker must ask PostgreSQL for the same lock


class _Here(threading.local):
    """The transactions under way in a thread, by their database."""

    def __init__(self) -> None:
        self.under_way: dict[Engine, Connection] = {}


_here = _Here()


@contextmanager
def transaction(engine: Engine, *, write: bool = False) -> Iterator[Connection]:
    """Run the block in a transaction on *engine*: all of it is committed, or nothing.

    A block within another of the same thread is part of its transaction: a second connection would be one too many
    where all of them wait for what the first has locked. What it writes is undone where it fails, though the one around
    it goes on.

    Raises:
        StoreUnavailable: the database cannot be used.
        RuntimeError: the block writes, and the one around it only reads.
    """
    under_way = _here.under_way
    outer = under_way.get(engine)
    if outer is not None and write and not outer.get_execution_options()["write"]:
        raise RuntimeError("A transaction that only reads cannot begin to write.")
    try:
        if outer is not None:
            with outer.begin_nested() if write else nullcontext():
                yield outer
            return
        with engine.execution_options(write=write).begin() as connection:
            under_way[engine] = connection
            try:
                yield connection
            finally:
                del under_way[engine]
    except IntegrityError:
        raise
    except (SQLAlchemyError, sqlite3.Error):
        raise StoreUnavailable("The registry cannot be used.") from None


def hold_name(connection: Connection, name: str) -> None:
    """Let whoever holds the same *name* in a transaction that writes wait until this one has ended.

    SQLite has one writer at a time by itself.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


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


def look_into(url: str, seconds: float, *, any_version: bool = False) -> Engine | None:
    """Open the database at *url* unchanged, for calls of *seconds*; None where there is none yet.

    Raises:
        StoreUnavailable: it cannot be used, or another version of this program wrote it and not *any_version* will do.
    """
    address = _address(url)
    if address.drivername == "sqlite" and not Path(address.database or "").exists():
        return None
    engine = _engine(address, LOCK_WAIT_SECONDS * seconds)
    try:
        if not any_version:
            _check_version(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def empty_log(engine: Engine) -> bool:
    """Move what SQLite has in its log into the file, so that no copy of what was deleted stays in the log.

    False where others read the log for longer than a call waits. PostgreSQL has no such log.
    """
    if engine.dialect.name != "sqlite":
        return True
    raw = engine.raw_connection()
    try:
        ((busy, *_),) = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error:
        return False
    finally:
        raw.close()
    return not busy


def _check_version(engine: Engine) -> None:
    with transaction(engine) as connection:
        current = _is_current(connection)
    if not current:
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
    from gateway.storage.postgresql import create_postgresql_engine  # noqa: PLC0415 -- SQLite needs no driver

    return create_postgresql_engine(address, seconds)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late for a write that reads first
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):  # no copy of what is deleted or moved
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _migrate(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        _keep_write_ahead_log(engine)
    with transaction(engine, write=True) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        if not _is_current(connection):
            from gateway.storage.migrations.upgrading import upgrade  # noqa: PLC0415 -- hardly any start has anything to migrate

            upgrade(connection)


def _is_current(connection: Connection) -> bool:
    """Tell whether the registry behind *connection* has the tables of this version of the program."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [NEWEST]


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
