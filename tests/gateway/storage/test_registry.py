"""The registry behaves alike on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from gateway.storage.bounded_calls import MAX_CALL_SECONDS, MAX_CALLS, WAITING_SHARE
from gateway.storage.database import NEWEST, transaction
from gateway.storage.migrations.upgrading import migrations
from gateway.storage.people.tables import people
from gateway.storage.registry import (
    ENABLED,
    ENDED,
    REFUSE,
    STEPS,
    SUSPENDED,
    Client,
    ClientUpdate,
    Secret,
    SharedSecret,
    SqlStore,
    open_store,
)
from gateway.storage.transfers.tables import transfers
from standards.errors import CallerError, NotFound, StoreUnavailable
from tests.support import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
TUTOR = Client("tutor", "Reading Partners", "cbo", ("edfi:read", "other"), (Secret("hash-1"),), NOON, "ana")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state/registry.db"
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        yield fresh.replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url, lambda: NOON)
    yield opened
    opened.close()


def test_a_client_is_found_as_it_was_added(store: SqlStore) -> None:
    two_secrets = replace(TUTOR, secrets=(Secret("new"), Secret("old", NOON + timedelta(days=1))))
    store.add_client(two_secrets)
    assert store.find_client("tutor") == two_secrets


def test_an_unknown_client_is_not_found(store: SqlStore) -> None:
    assert store.find_client("tutor") is None
    with pytest.raises(NotFound):
        store.change_status("tutor", "end", "ana")
    with pytest.raises(NotFound):
        store.rotate_secret("tutor", "hash", None, "ana")


def test_an_id_is_never_used_twice(store: SqlStore) -> None:
    store.add_client(TUTOR)
    with pytest.raises(CallerError, match="already"):
        store.add_client(replace(TUTOR, org="Another"))
    assert store.find_client("tutor") == TUTOR
    assert len(store.list_events("tutor")) == 1


def test_clients_are_listed_by_id(store: SqlStore) -> None:
    for name in ("b", "A", "a", "Z"):
        store.add_client(replace(TUTOR, client_id=name))
    assert [client.client_id for client in store.list_clients()] == ["A", "Z", "a", "b"]


def test_what_was_given_to_a_client_ends_when_it_is_suspended_and_does_not_come_back(store: SqlStore) -> None:
    store.add_client(TUTOR)
    assert store.change_status("tutor", "suspend", "ben") == replace(TUTOR, status=SUSPENDED, epoch=2)
    assert store.change_status("tutor", "resume", "ana") == replace(TUTOR, epoch=2)
    assert store.change_status("tutor", "end", "ben") == replace(TUTOR, status=ENDED, epoch=3)
    assert store.find_client("tutor") == replace(TUTOR, status=ENDED, epoch=3)
    assert [(event.action, event.actor, event.at) for event in store.list_events("tutor")] == [
        ("added", "ana", NOON),
        ("suspended", "ben", NOON),
        ("resumed", "ana", NOON),
        ("ended", "ben", NOON),
    ]


def test_a_client_that_ends_keeps_no_secret_that_can_be_opened(store: SqlStore) -> None:
    store.add_client(TUTOR)
    store.share_secret("tutor", SharedSecret(b"sealed", NOON + timedelta(days=7)), "ana")
    assert store.change_status("tutor", "end", "ana").oauth1 is None


def test_whatever_is_done_to_a_client_leads_to_the_state_that_was_promised_or_is_refused(store: SqlStore) -> None:
    """Every history of three steps, against the table of the states and what each lets be done."""
    shared = SharedSecret(b"sealed", NOON + timedelta(days=7))
    acts = {
        **{step: partial(store.change_status, step=step, actor="ana") for step in STEPS},
        "rotate": partial(store.rotate_secret, new="hash-2", keep_old_until=None, actor="ana"),
        "oauth1": partial(store.share_secret, secret=shared, actor="ana"),
    }
    promised = {
        "enabled": {"suspend": "suspended", "end": "ended", "rotate": "enabled", "oauth1": "enabled"},
        "suspended": {"resume": "enabled", "end": "ended", "rotate": "suspended", "oauth1": "suspended"},
        "ended": {},
    }
    for number, history in enumerate(product(acts, repeat=3)):
        name = f"client-{number}"
        store.add_client(replace(TUTOR, client_id=name))
        state = "enabled"
        for act in history:
            if act in promised[state]:
                state = promised[state][act]
                assert acts[act](name).status == state, history
            else:
                before = store.find_client(name), store.list_events(name)
                with pytest.raises(CallerError, match=f"{name}.* {state}"):
                    acts[act](name)
                assert (store.find_client(name), store.list_events(name)) == before, history


def test_rotation_keeps_the_old_secret_until_its_time(store: SqlStore) -> None:
    store.add_client(TUTOR)
    until = NOON + timedelta(days=7)
    rotated = store.rotate_secret("tutor", "hash-2", until, "ana")
    assert rotated.secrets == (Secret("hash-2"), Secret("hash-1", until))
    assert rotated.epoch == 1
    again = store.rotate_secret("tutor", "hash-3", until, "ana")
    assert again.secrets == (Secret("hash-3"), Secret("hash-2", until))


def test_rotation_without_a_time_drops_every_older_secret_and_every_token(store: SqlStore) -> None:
    store.add_client(TUTOR)
    store.rotate_secret("tutor", "hash-2", NOON + timedelta(days=7), "ana")
    rotated = store.rotate_secret("tutor", "hash-3", None, "ana")
    assert rotated.secrets == (Secret("hash-3"),)
    assert rotated.epoch == 2


def test_a_shared_secret_is_kept_beside_the_others_and_ends_nothing_but_the_one_before(store: SqlStore) -> None:
    store.add_client(TUTOR)
    first = SharedSecret(b"\x00sealed\xff", NOON + timedelta(days=7))
    second = SharedSecret(b"other", NOON + timedelta(days=8))
    assert store.share_secret("tutor", first, "ana") == replace(TUTOR, oauth1=first)
    assert store.share_secret("tutor", second, "ana") == replace(TUTOR, oauth1=second)
    assert store.share_secret("tutor", None, "ben") == TUTOR
    assert store.share_secret("tutor", None, "ben") == TUTOR
    assert [(event.action, event.actor) for event in store.list_events("tutor")][1:] == [
        ("oauth1 secret set", "ana"),
        ("oauth1 secret set", "ana"),
        ("oauth1 secret ended", "ben"),
    ]
    with pytest.raises(NotFound):
        store.share_secret("nobody", first, "ana")


def test_a_registry_of_the_first_version_keeps_its_clients(url: str) -> None:
    """What was disabled was told to be for ever: it has ended, and keeps nothing that could be opened again."""
    shared = SharedSecret(b"sealed", NOON + timedelta(days=7))
    gone = replace(TUTOR, client_id="gone", oauth1=shared)
    store = open_store(url)
    store.add_client(TUTOR)
    store.add_client(gone)
    store.close()
    status = "UPDATE clients SET status = CASE client_id WHEN 'gone' THEN 'disabled' ELSE 'active' END"
    tables = [one.name for one in reversed(transfers.metadata.sorted_tables) if not one.name.startswith("client")]
    newer = (
        "DROP TABLE client_links",
        *(f"DROP TABLE {name}" for name in tables),
        "ALTER TABLE clients DROP COLUMN unknown_members",
        "ALTER TABLE clients DROP COLUMN steward",
    )
    go_back(url, "0002", status, *newer)
    store = open_store(url)
    assert store.list_clients() == (replace(gone, status=ENDED, oauth1=None), TUTOR)
    store.close()
    go_back(
        url,
        "0001",
        "UPDATE clients SET status = 'active' WHERE client_id = 'tutor'",
        "ALTER TABLE clients DROP COLUMN oauth1_sealed",
        "ALTER TABLE clients DROP COLUMN oauth1_not_after",
        *newer,
    )
    store = open_store(url)
    found, events = store.find_client("tutor"), store.list_events("tutor")
    store.close()
    assert found == TUTOR
    assert len(events) == 1


def go_back(url: str, version: str, *changes: str) -> None:
    """Make the registry one that an older program wrote."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for change in changes:
            connection.execute(text(change))
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{version}'"))
    engine.dispose()


def test_the_last_use_is_noted(store: SqlStore) -> None:
    store.add_client(TUTOR)
    store.touch_client("tutor")
    found = store.find_client("tutor")
    assert found is not None
    assert found.last_used == NOON


def test_what_becomes_of_unknown_members_is_kept_and_noted(store: SqlStore) -> None:
    store.add_client(TUTOR)
    assert store.treat_unknown_members("tutor", REFUSE, "ana").unknown_members == REFUSE
    assert store.find_client("tutor") == replace(TUTOR, unknown_members=REFUSE)
    assert store.list_events("tutor")[-1].action == "unknown members: refuse"


def test_changes_from_many_threads_are_all_kept(store: SqlStore) -> None:
    store.add_client(TUTOR)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: store.rotate_secret("tutor", f"hash-{n}", None, "ana"), range(20)))
    found = store.find_client("tutor")
    assert found is not None
    assert found.epoch == 21
    assert len(store.list_events("tutor")) == 21


def test_as_many_as_there_are_places_ask_further_while_they_change_one_client(store: SqlStore) -> None:
    """Each holds a connection and a thread while it waits for the first, which needs no second one to go on."""
    store.add_client(TUTOR)
    together = Barrier(MAX_CALLS)

    def change(number: int) -> Client:
        def decide(_connection: Connection, found: Client) -> ClientUpdate:
            assert store.find_client("tutor") == found
            time.sleep(WAITING_SHARE * MAX_CALL_SECONDS / 2)
            return ClientUpdate({"org": f"{found.org}{number}"}, "renamed")

        together.wait()
        return store.alter_client("tutor", "ana", decide)

    with ThreadPoolExecutor(MAX_CALLS) as pool:
        list(pool.map(change, range(MAX_CALLS)))
    kept = store.find_client("tutor")
    assert kept
    assert sorted(kept.org.removeprefix(TUTOR.org)) == [str(number) for number in range(MAX_CALLS)]


def test_what_is_asked_within_a_change_is_part_of_it(store: SqlStore) -> None:
    store.add_client(TUTOR)

    def decide(_connection: Connection, _found: Client) -> ClientUpdate:
        store.add_client(replace(TUTOR, client_id="other"))
        assert store.find_client("other")
        raise CallerError("not so")

    with pytest.raises(CallerError, match="not so"):
        store.alter_client("tutor", "ana", decide)
    assert store.find_client("other") is None


def test_what_fails_within_a_change_leaves_nothing_and_the_change_goes_on(store: SqlStore) -> None:
    store.add_client(TUTOR)

    def write_half() -> None:
        with transaction(store.engine, write=True) as connection:
            connection.execute(text("UPDATE clients SET kind = 'vendor'"))
            raise CallerError("half-way")

    def decide(_connection: Connection, _found: Client) -> ClientUpdate:
        with pytest.raises(CallerError, match="half-way"):
            write_half()
        with pytest.raises(CallerError, match="already"):
            store.add_client(TUTOR)
        return ClientUpdate({"org": "Another"}, "renamed")

    store.alter_client("tutor", "ana", decide)
    assert store.find_client("tutor") == replace(TUTOR, org="Another")


def test_nothing_is_written_within_a_transaction_that_only_reads(store: SqlStore) -> None:
    with (
        pytest.raises(RuntimeError, match="only reads"),
        transaction(store.engine),
        transaction(store.engine, write=True),
    ):
        pass
    store.add_client(TUTOR)
    assert store.find_client("tutor")


@pytest.mark.parametrize("change", ["UPDATE client_events SET actor = 'x'", "DELETE FROM client_events"])
def test_the_log_about_clients_only_grows(store: SqlStore, url: str, change: str) -> None:
    store.add_client(TUTOR)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with pytest.raises(DBAPIError, match="only grows"), engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
    assert len(store.list_events("tutor")) == 1


def test_the_migrations_make_exactly_the_tables_the_program_uses(store: SqlStore, url: str) -> None:
    assert store.list_clients() == ()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, people.metadata) == []
    engine.dispose()


def test_what_is_registered_outlives_a_restart(url: str) -> None:
    first = open_store(url)
    first.add_client(TUTOR)
    first.close()
    second = open_store(url)
    found = second.find_client("tutor")
    second.close()
    assert found == TUTOR
    assert TUTOR.status == ENABLED


def test_workers_that_start_at_once_agree_on_one_registry(url: str) -> None:
    start = f"from gateway.storage.registry import open_store; open_store({url!r}).list_clients()"
    workers = [subprocess.Popen([sys.executable, "-W", "error", "-c", start]) for _ in range(4)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0, 0]


def test_a_registry_of_a_newer_version_is_refused(store: SqlStore, url: str) -> None:
    assert store.list_clients() == ()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match="newer version"):
        open_store(url)


def test_the_sqlite_file_is_its_owners_alone_and_writes_ahead(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "registry.db"
    store = open_store(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "registry.db").write_text("this is not a database, it is a text of some length" * 40)
    with pytest.raises(StoreUnavailable):
        open_store(f"sqlite:///{tmp_path}/registry.db")


@pytest.mark.parametrize("url", ["mysql://user:secret@host/db", "postgresql://user:secret@127.0.0.1:1/db", "secret"])
def test_an_address_that_leads_nowhere_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_a_registry_that_breaks_later_refuses(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    store = open_store(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE clients")
    connection.commit()
    connection.close()
    with pytest.raises(StoreUnavailable):
        store.find_client("tutor")
    store.close()


def test_the_newest_revision_is_that_of_the_last_migration() -> None:
    assert ScriptDirectory.from_config(migrations()).get_current_head() == NEWEST
