"""The counter of what people write: raised with each change, on SQLite and PostgreSQL, never lost between two."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS
from gateway.storage.database import transaction
from gateway.storage.people.written import note_written, written_changes
from gateway.storage.registry import SqlStore, open_store
from tests.support import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path}/registry.db", lambda: datetime.now(UTC), MAX_COMMAND_SECONDS)
        yield opened
        opened.close()
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        address = fresh.replace("postgresql+psycopg:", "postgresql:")
        opened = open_store(address, lambda: datetime.now(UTC), MAX_COMMAND_SECONDS)
        yield opened
        opened.close()


def note(store: SqlStore) -> None:
    with transaction(store.engine, write=True) as connection:
        note_written(connection)


def test_nothing_is_written_at_first(store: SqlStore) -> None:
    assert written_changes(store) == 0


def test_changes_of_many_at_once_are_all_counted(store: SqlStore) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: note(store), range(12)))
    assert written_changes(store) == 12


def test_a_change_that_is_rolled_back_is_not_counted(store: SqlStore) -> None:
    note(store)
    with store.engine.connect() as connection:
        note_written(connection)
        connection.rollback()
    assert written_changes(store) == 1
