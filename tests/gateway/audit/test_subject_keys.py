"""Students are tagged by a key of their district and school year, and whoever destroys it makes nobody of them."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from gateway.audit.students.subject_keys import SHRED, SubjectKeys, school_year
from gateway.audit.students.tags import FormerTags, PossibleTags, YearlyTags
from gateway.storage.acts import Act, Acts
from gateway.storage.database import _prepare_sqlite
from gateway.storage.registry import open_store
from standards.errors import CallerError, NotFound, StoreUnavailable
from standards.keys import Keyring
from tests.support import servers

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
KEY = b"s" * 32
KEYRING = Keyring(b"a key for tests, of thirty-two b")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/registry.db"
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        yield fresh.replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture
def store(url):
    opened = open_store(url, lambda: NOON)
    yield opened
    opened.close()


@pytest.fixture
def keys(store):
    return SubjectKeys(store, KEY)


def yearly(keys):
    return YearlyTags(keys, NOON.timestamp)


@pytest.mark.parametrize(
    ("day", "year"), [("2026-06-30", 2026), ("2026-07-01", 2027), ("2026-12-31", 2027), ("2027-01-01", 2027)]
)
def test_a_school_year_begins_in_july_and_is_called_by_the_year_it_ends_in(day, year):
    assert school_year(day) == year


def test_a_student_has_another_tag_in_every_year_and_in_every_district(keys):
    tags = yearly(keys)
    found = {tags.tagger(district, day)("u1") for district in ("maple", "oak") for day in ("2026-06-30", "2026-07-01")}
    assert len(found) == 4
    assert tags.tagger("maple", "2026-07-01")("u1") == tags.tagger("maple", "2027-06-30")("u1") != b""
    assert tags.tagger("maple", "2026-07-01")("u1") != tags.tagger("maple", "2026-07-01")("u2")
    assert FormerTags(KEYRING).tagger("maple", "2026-07-01")("u1") not in found


def test_a_key_is_random_and_the_same_after_a_restart(keys, store):
    tag = yearly(keys).tagger("maple", "2026-09-01")("u1")
    assert yearly(SubjectKeys(store, KEY)).tagger("maple", "2026-09-01")("u1") == tag
    keys.destroy("maple", 2027, Act("ana", SHRED, "maple"), NOON)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM subject_keys")
    assert yearly(SubjectKeys(store, KEY)).tagger("maple", "2026-09-01")("u1") != tag


def test_processes_that_make_the_first_key_of_a_year_at_once_agree(url):
    stores = [open_store(url, lambda: NOON) for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(SubjectKeys(stores[at % 4], KEY).open, "maple", 2027, NOON) for at in range(16)]
        assert len({one.result() for one in waiting}) == 1
    for one in stores:
        one.close()


def test_a_key_lies_sealed_and_does_not_open_for_another_district_or_region(keys, store):
    made = keys.open("maple", 2027, NOON)
    with store.engine.begin() as connection:
        (sealed,) = connection.exec_driver_sql("SELECT sealed FROM subject_keys").one()
        assert made not in bytes(sealed)
        connection.exec_driver_sql("UPDATE subject_keys SET district = 'oak'")
    with pytest.raises(StoreUnavailable, match="was changed in the registry"):
        keys.open("oak", 2027, NOON)


def test_whoever_looks_for_a_student_tries_every_year_and_the_key_of_before(keys):
    tags = yearly(keys)
    written = [
        KEYRING.student_tag("maple", "u1"),
        tags.tagger("maple", "2025-09-01")("u1"),
        tags.tagger("maple", "2026-09-01")("u1"),
    ]
    tags.tagger("oak", "2026-09-01")
    found = PossibleTags(keys, KEYRING).of("maple", "u1")
    assert [tag for tag in found if tag in written] == written
    (made,) = KEYRING.outward_ids("maple", "student", [("u1",)])
    assert tags.tagger("maple", "2026-09-01")(made) in found


def test_a_destroyed_key_is_gone_for_ever_and_the_act_is_written_with_it(keys, store):
    tag = yearly(keys).tagger("maple", "2025-09-01")("u1")
    keys.destroy("maple", 2026, Act("ana", SHRED, "maple", {"schoolYear": 2026}, "the years are over"), NOON)
    assert tag not in PossibleTags(keys, KEYRING).of("maple", "u1")
    (one,) = keys.list("maple")
    assert (one.key, one.destroyed) == (None, NOON)
    (act,) = Acts(store).waiting()
    assert (act.actor, act.action, act.district, act.reason) == ("ana", SHRED, "maple", "the years are over")
    with pytest.raises(StoreUnavailable, match="was destroyed"):
        yearly(keys).tagger("maple", "2025-09-01")
    with pytest.raises(CallerError, match="destroyed before"):
        keys.destroy("maple", 2026, Act("ana", SHRED, "maple"), NOON)
    with pytest.raises(NotFound):
        keys.destroy("maple", 2020, Act("ana", SHRED, "maple"), NOON)
    assert len(Acts(store).waiting()) == 1


def test_no_copy_of_a_destroyed_key_stays_in_the_registry_s_files(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/registry.db")
    keys = SubjectKeys(store, KEY)
    keys.open("maple", 2026, NOON)
    keys.open("oak", 2026, NOON)
    with store.engine.begin() as connection:
        sealed = {
            district: bytes(one)
            for district, one in connection.exec_driver_sql("SELECT district, sealed FROM subject_keys")
        }

    def content():
        return b"".join(path.read_bytes() for path in tmp_path.glob("registry.db*"))

    assert sealed["maple"] in content()
    keys.destroy("maple", 2026, Act("ana", SHRED, "maple"), NOON)
    assert sealed["maple"] not in content()
    assert sealed["oak"] in content()
    store.close()


def test_without_the_registry_no_tag_is_made_and_a_known_year_goes_on(store):
    keys = SubjectKeys(store, KEY)
    tags = yearly(keys)
    known = tags.tagger("maple", "2026-09-01")("u1")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE subject_keys")
    assert tags.tagger("maple", "2026-10-01")("u1") == known
    with pytest.raises(StoreUnavailable):
        tags.tagger("maple", "2027-07-01")
    with pytest.raises(StoreUnavailable):
        tags.tagger("oak", "2026-09-01")


def sealed_key(store, district):
    with store.engine.begin() as connection:
        (found,) = connection.exec_driver_sql(f"SELECT sealed FROM subject_keys WHERE district = '{district}'").one()
    return bytes(found)


def content(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_key_that_stays_in_a_log_that_others_read_is_told_and_gone_once_it_is_asked_again(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/registry.db", seconds=0.3)
    keys = SubjectKeys(store, KEY)
    made = keys.open("maple", 2026, NOON)
    sealed = sealed_key(store, "maple")
    with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM subject_keys").fetchall()
        with pytest.raises(StoreUnavailable, match="give the same command once more"):
            keys.destroy("maple", 2026, Act("ana", SHRED, "maple"), NOON)
        assert sealed in content(tmp_path)
        with pytest.raises(StoreUnavailable, match="give the same command once more"):
            keys.destroy("maple", 2026, Act("ana", SHRED, "maple"), NOON)
    with pytest.raises(CallerError, match="was destroyed before"):
        keys.destroy("maple", 2026, Act("ana", SHRED, "maple"), NOON)
    assert sealed not in content(tmp_path)
    assert made not in content(tmp_path)
    assert len(Acts(store).waiting()) == 1
    store.close()


def test_no_page_that_was_split_keeps_a_copy_of_a_key_whatever_sqlite_does_by_itself(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/registry.db")
    statements = []
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    _prepare_sqlite(SimpleNamespace(execute=statements.append), None)
    assert "PRAGMA secure_delete=ON" in statements
    keys = SubjectKeys(store, KEY)
    districts = [f"district-{number * 37 % 97:03}" for number in range(97)]
    for one in districts:
        keys.open(one, 2026, NOON)
    sealed = {one: sealed_key(store, one) for one in districts}
    for one in districts[:20]:
        keys.destroy(one, 2026, Act("ana", SHRED, one), NOON)
    left = content(tmp_path)
    assert [one for one in districts if sealed[one] in left] == sorted(districts[20:], key=districts.index)
    store.close()
