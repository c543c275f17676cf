"""What is kept of districts that people connect, on SQLite and PostgreSQL: connections, files, orders, deliveries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from gateway.storage.database import transaction
from gateway.storage.people.deliveries import READING, UPLOAD, Deliveries, Delivery
from gateway.storage.people.district_orders import APPROVED, PAUSE, end_order, give_order, orders_of
from gateway.storage.people.uploads import (
    DistrictUploads,
    Upload,
    forget_uploads,
    keep_upload,
    newest_uploads,
    sha256_of,
)
from gateway.storage.people.written_districts import (
    WrittenDistrict,
    connected_districts,
    find_written,
    newest_districts,
    remove_district,
    write_district,
)
from gateway.storage.registry import SqlStore, open_store
from standards.errors import SourceBroken
from tests.support import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/registry.db"
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        yield fresh.replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url, lambda: NOON)
    yield opened
    opened.close()


def written(name: str, *, connected: bool, **secrets: str) -> WrittenDistrict:
    return WrittenDistrict(name, {"adapter": "edfi_ods", "connected": connected}, secrets, at=NOON, actor="ana")


def add(store: SqlStore, *verdicts: Any, district: str = "alder") -> None:
    several = [
        Delivery(district, NOON + timedelta(hours=hour), READING, verdict, {"rows": {"student": [1, None]}})
        for hour, verdict in enumerate(verdicts)
    ]
    Deliveries(store).add(several)


def test_a_draft_is_not_served_and_what_is_served_is_the_last_that_was_connected(store: SqlStore) -> None:
    with transaction(store.engine, write=True) as connection:
        write_district(connection, KEY, written("alder", connected=True, client_secret="first"))
        write_district(connection, KEY, written("alder", connected=False, client_secret="second"))
        write_district(connection, KEY, written("birch", connected=False))
    with transaction(store.engine) as connection:
        (served,) = connected_districts(connection, KEY)
        assert (served.name, served.secrets) == ("alder", {"client_secret": "first"})
        assert [one.name for one in newest_districts(connection, KEY)] == ["alder", "birch"]
        newest = find_written(connection, KEY, "alder")
        assert newest is not None
        assert (newest.connected, newest.secrets) == (False, {"client_secret": "second"})


def test_a_removed_district_leaves_no_credential(store: SqlStore) -> None:
    with transaction(store.engine, write=True) as connection:
        write_district(connection, KEY, written("alder", connected=True, client_secret="hunter2"))
        remove_district(connection, "alder", NOON, "ana")
    with transaction(store.engine) as connection:
        assert find_written(connection, KEY, "alder") is None
        assert connected_districts(connection, KEY) == ()
        kept = connection.execute(text("SELECT count(*) FROM written_districts WHERE sealed IS NOT NULL")).scalar_one()
        assert kept == 0


def test_a_file_takes_the_place_of_the_one_before_and_opens_under_the_key_of_its_district_alone(
    url: str, store: SqlStore
) -> None:
    for data in (b"first", b"second"):
        with transaction(store.engine, write=True) as connection:
            keep_upload(connection, KEY, Upload("alder", "roster.zip", len(data), sha256_of(data), NOON, "ana"), data)
    with transaction(store.engine) as connection:
        assert newest_uploads(connection)["alder"].sha256 == sha256_of(b"second")
        assert connection.execute(text("SELECT count(*) FROM uploads")).scalar_one() == 1
        sealed = bytes(connection.execute(text("SELECT sealed FROM uploads")).scalar_one())
    assert b"second" not in sealed
    assert DistrictUploads(url, KEY, "alder").newest().read() == b"second"
    with pytest.raises(SourceBroken, match="does not open"):
        DistrictUploads(url, OTHER, "alder").newest().read()
    with pytest.raises(SourceBroken, match="No file"):
        DistrictUploads(url, KEY, "birch").newest()


def test_a_forgotten_file_is_gone(store: SqlStore) -> None:
    with transaction(store.engine, write=True) as connection:
        keep_upload(connection, KEY, Upload("alder", "roster.zip", 5, sha256_of(b"first"), NOON, "ana"), b"first")
        forget_uploads(connection, "alder")
        assert newest_uploads(connection) == {}


def test_an_order_replaces_the_one_before_and_ends_once(store: SqlStore) -> None:
    until = (NOON + timedelta(hours=1)).isoformat()
    with transaction(store.engine, write=True) as connection:
        give_order(connection, "alder", PAUSE, {"until": NOON.isoformat()}, NOON, "ana")
        give_order(connection, "alder", PAUSE, {"until": until}, NOON, "bo")
        give_order(connection, "alder", APPROVED, {"digest": "abc"}, NOON, "bo")
        found = orders_of(connection)["alder"]
        assert found.pause is not None
        assert (found.pause.until, found.pause.by, found.approved) == (NOON + timedelta(hours=1), "bo", "abc")
        assert end_order(connection, "alder", PAUSE)
        assert not end_order(connection, "alder", PAUSE)
        assert orders_of(connection)["alder"].pause is None


def test_deliveries_come_newest_first_and_the_old_ones_go(store: SqlStore) -> None:
    add(store, "fresh", "unchanged", "failed")
    add(store, "fresh", district="birch")
    deliveries = Deliveries(store)
    assert [one.verdict for one in deliveries.since("alder", NOON)] == ["failed", "unchanged", "fresh"]
    assert [one.verdict for one in deliveries.since("alder", NOON + timedelta(hours=1))] == ["failed", "unchanged"]
    assert deliveries.prune(NOON + timedelta(hours=1)) == 2
    assert [one.verdict for one in deliveries.since("alder", NOON)] == ["failed", "unchanged"]


@pytest.mark.parametrize(
    ("verdicts", "last", "hours"),
    [
        ((), None, None),
        (("fresh",), None, None),
        (("failed", "failed"), "failed", 0),
        (("fresh", "failed", "refused"), "refused", 1),
        (("failed", "fresh"), None, None),
        (("failed", "unchanged", "waiting", "waiting"), "waiting", 2),
        (("fresh", "failed", "waiting"), "waiting", 2),
        (("fresh", "waiting", "failed"), "failed", 2),
        (("fresh", "waiting", "approved"), None, None),
    ],
)
def test_it_is_known_since_when_readings_are_not_taken(
    store: SqlStore, verdicts: Any, last: str | None, hours: int | None
) -> None:
    add(store, *verdicts)
    add(store, "failed", district="birch")
    upload = Delivery("alder", NOON + timedelta(hours=9), UPLOAD, "refused")
    Deliveries(store).add([upload])
    found, since = Deliveries(store).standing("alder")
    assert (found.verdict if found else None) == last
    assert since == (None if hours is None else NOON + timedelta(hours=hours))
