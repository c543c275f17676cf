"""Sealed packages are kept whole or not at all, never in clear, and for 14 days at most."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from gateway.storage.database import transaction
from gateway.storage.registry import open_store
from gateway.storage.transfers import packages as storing
from gateway.storage.transfers.packages import (
    PackageGone,
    SealedPackages,
    UnsealedPackage,
    is_sealed,
    note_package,
)
from gateway.storage.transfers.tables import sealed_packages, transfers
from standards.errors import BodyTooLarge, StoreUnavailable
from tests.support import servers

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
TRANSFER, OTHER = "a" * 32, "b" * 32


def encoded(header):
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")


SEALED = (
    encoded({"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": "k"})
    + b".key.iv."
    + os.urandom(64).hex().encode()
    + b".tag"
)
TAR = b"manifest.jwe".ljust(257, b"\0") + b"ustar" + bytes(250)


class Clock:
    now = NOON

    def __call__(self):
        return self.now


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request, tmp_path_factory):
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('packages')}/registry.db")
        yield opened
        opened.close()
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        opened = open_store(fresh.replace("postgresql+psycopg:", "postgresql:"))
        yield opened
        opened.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def packages(store, tmp_path, clock):
    with transaction(store.engine, write=True) as connection:
        connection.execute(sealed_packages.delete())
        connection.execute(transfers.delete())
        facts = dict.fromkeys((column.name for column in transfers.c if not column.nullable), NOON)
        words = dict.fromkeys(("sender", "receiver", "first_sender", "outward", "hold"), "x") | {"state": "packed"}
        numbers = dict.fromkeys(("number", "version", "delivered"), 1)
        flags = {"military": False, "calendar_missing": False}
        for name in (TRANSFER, OTHER):
            connection.execute(insert(transfers).values(facts | words | numbers | flags | {"id": name}))
    return SealedPackages(store, tmp_path / "state", clock)


def kept(packages, store, content=(SEALED,), transfer=TRANSFER):
    written = packages.write(transfer, 1, content, "fir", "k")
    with transaction(store.engine, write=True) as connection:
        note_package(connection, written)
    return written


def files(tmp_path):
    return sorted(path.name for path in (tmp_path / "state").rglob("*") if path.is_file())


def test_a_package_is_found_and_read_as_it_was_written_from_anywhere(packages, store):
    more = os.urandom(3_000_000)
    written = kept(packages, store, [SEALED[:10], SEALED[10:], more, b""])
    assert packages.find(TRANSFER, 1) == written
    whole = SEALED + more
    assert (written.size, written.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert b"".join(packages.read(written)) == whole
    for offset, length in ((0, 1), (5, 2_000_000), (len(whole) - 3, 3), (len(whole), 0), (7, None)):
        end = None if length is None else offset + length
        assert b"".join(packages.read(written, offset, length)) == whole[offset:end]


def test_a_container_of_sealed_parts_is_kept(packages, store):
    assert b"".join(packages.read(kept(packages, store, [TAR, SEALED, b"rest"]))) == TAR + SEALED + b"rest"


@pytest.mark.parametrize(
    "content",
    [
        [],
        [b""],
        [b'{"students": [{"name": "Xylocanary"}]}'],
        [b"PK\3\4Xylocanary"],
        [encoded({"alg": "ES256"}) + b".payload.signature"],
        [encoded({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}) + b"...."],
        [encoded(["alg", "enc"]) + b"...."],
        [TAR, b'{"students": "Xylocanary"}'],
        [b"%PDF-1.7 Xylocanary" * 400],
        [b"eyJ"] * 3000,
    ],
)
def test_what_is_not_sealed_is_not_kept(packages, content, tmp_path):
    with pytest.raises(UnsealedPackage) as refused:
        packages.write(TRANSFER, 1, content, "fir", "k")
    assert "Xylocanary" not in str(refused.value)
    assert files(tmp_path) == []
    assert not is_sealed(b"".join(content)[:4096])


def test_a_package_that_is_too_large_is_not_kept(packages, tmp_path, monkeypatch):
    monkeypatch.setattr(storing, "MAX_BYTES", 10_000)
    with pytest.raises(BodyTooLarge):
        packages.write(TRANSFER, 1, [SEALED, *[bytes(1000)] * 10], "fir", "k")
    assert files(tmp_path) == []


def test_of_a_package_whose_making_fails_nothing_stays(packages, tmp_path):
    def content():
        yield SEALED
        raise StoreUnavailable("no")

    with pytest.raises(StoreUnavailable):
        packages.write(TRANSFER, 1, content(), "fir", "k")
    assert files(tmp_path) == []


def test_where_nothing_can_be_written_the_store_is_unavailable(store, tmp_path, clock):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable) as refused:
        SealedPackages(store, tmp_path / "file", clock).write(TRANSFER, 1, [SEALED], "fir", "k")
    assert str(tmp_path) not in str(refused.value)


def test_files_are_for_their_owner_alone(packages, store, tmp_path):
    name = kept(packages, store).file
    assert stat.S_IMODE((tmp_path / "state" / "sealed" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state" / "sealed").stat().st_mode) == 0o700


@pytest.mark.parametrize("transfer", ["../../etc/passwd", "", "A" * 32, "a/b", "a" * 33])
def test_a_name_that_is_no_id_makes_no_file(packages, transfer, tmp_path):
    with pytest.raises(PackageGone):
        packages.write(transfer, 1, [SEALED], "fir", "k")
    assert files(tmp_path) == []


def test_a_deleted_package_is_gone_and_stays_on_record(packages, store, tmp_path, clock):
    written = kept(packages, store)
    packages.delete(written)
    packages.delete(written)
    assert files(tmp_path) == []
    assert packages.find(TRANSFER, 1).deleted == NOON
    for one in (written, packages.find(TRANSFER, 1)):
        with pytest.raises(PackageGone):
            packages.read(one)


def test_a_package_that_is_deleted_while_it_is_read_is_read_to_its_end(packages, store):
    written = kept(packages, store, [SEALED, os.urandom(3 << 20)])
    reading = packages.read(written)
    first = next(reading)
    packages.delete(written)
    assert len(first + b"".join(reading)) == written.size


def test_after_fourteen_days_a_package_is_gone_whatever_has_become_of_it(packages, store, tmp_path, clock):
    old = kept(packages, store)
    clock.now += timedelta(days=13)
    young = kept(packages, store, transfer=OTHER)
    assert packages.expire() == 0
    clock.now = NOON + timedelta(days=14)
    with pytest.raises(PackageGone):
        packages.read(old)
    assert packages.expire() == 1
    assert packages.expire() == 0
    assert files(tmp_path) == [young.file]


@pytest.mark.parametrize("change", [{"state": "acknowledged"}, {"state": "withdrawn"}, {"version": 2}])
def test_a_package_that_nobody_fetches_any_more_is_deleted(packages, store, tmp_path, change):
    gone, other = kept(packages, store), kept(packages, store, transfer=OTHER)
    assert packages.expire() == 0
    with transaction(store.engine, write=True) as connection:
        connection.execute(transfers.update().where(transfers.c.id == gone.transfer).values(change))
    assert packages.expire() == 1
    assert files(tmp_path) == [other.file]


def test_a_file_that_nothing_names_is_swept_after_an_hour(packages, store, tmp_path, clock):
    named, lost = kept(packages, store), packages.write(TRANSFER, 2, [SEALED], "fir", "k")
    now = (tmp_path / "state" / "sealed" / lost.file).stat().st_mtime
    clock.now = datetime.fromtimestamp(now + 3500, UTC)
    assert packages.sweep() == 0
    clock.now = datetime.fromtimestamp(now + 3700, UTC)
    assert packages.sweep() == 1
    assert files(tmp_path) == [named.file]


def test_a_package_that_is_not_noted_can_be_discarded(packages, tmp_path):
    written = packages.write(TRANSFER, 1, [SEALED], "fir", "k")
    packages.discard(written)
    assert files(tmp_path) == []
    with pytest.raises(PackageGone):
        packages.find(TRANSFER, 1)
    assert packages.sweep() == packages.expire() == 0


def test_there_is_nothing_to_sweep_before_the_first_package(packages):
    assert packages.sweep() == 0
