"""What people write, on SQLite and PostgreSQL: a counter that misses no change, saves that follow one another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.storage.acts import Act
from gateway.storage.database import transaction
from gateway.storage.people.agreements import DRAFT, PUBLISHED, WrittenAgreements, WrittenVersion, read_written
from gateway.storage.people.written import note_written, written_changes
from gateway.storage.registry import SqlStore, open_store
from standards.errors import CallerError, PreconditionFailed
from tests.support import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path}/registry.db", lambda: datetime.now(UTC))
        yield opened
        opened.close()
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        address = fresh.replace("postgresql+psycopg:", "postgresql:")
        opened = open_store(address, lambda: datetime.now(UTC))
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


def test_of_many_who_save_one_version_at_once_one_does(store: SqlStore) -> None:
    written = WrittenAgreements(store)
    one = WrittenVersion("a", 1, DRAFT, "id: a", "maple", "vendor", datetime(2026, 9, 1, tzinfo=UTC), "ana")

    def save(number: int) -> bool:
        try:
            written.save(replace(one, text=f"id: a # {number}"), Act("ana", "saved"), 0)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(save, range(8))) == 1
    assert written_changes(store) == 0
    (saved,) = written.newest()
    published = written.save(replace(saved, state=PUBLISHED), Act("ana", "published"), saved.number)
    assert (written_changes(store), written.find("a", 1)) == (1, published)
    with pytest.raises(CallerError, match="stays as it is"):
        written.save(replace(published, text="id: a # other"), Act("ana", "saved"), published.number)
    assert [row.state for row in written.history("a", 1)] == [DRAFT, PUBLISHED]
    assert [document.name for document in read_written(store).documents] == ["registry:a@1"]
