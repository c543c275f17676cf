"""P1 where people act: an upload, a refusal, a preview, a mistyped form and a restart leave no student value in clear."""

from __future__ import annotations

import base64
import sqlite3
import tempfile
from contextlib import closing
from io import BytesIO

import pytest
import structlog

from gateway import telemetry
from gateway.admin.agreements.publishing import Publishing
from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.districts.connecting import Connections
from gateway.auth.scopes import known_scopes
from gateway.storage.registry import Client, Secret
from tests.adapters.oneroster import packages as made
from tests.promises.test_nothing_at_rest import CANARIES, CSV_CANARIES, FAULT, csv_site, found_below, found_in
from tests.support.people.districts import UPLOADED
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ROLES = (("alder", "district-admin"), ("alder", "privacy-officer"), ("alder", "registrar"))
LINES = (("student.id", "pseudonym"), ("student.name.*", "allow"), ("student.email", "allow"))
WHY = "/data/v3/ed-fi/students?lastSurname=Kanarifamily&birthDate=1903-07-19"


@pytest.fixture
def spoken():
    """What the gateway logs in this process."""
    stream = BytesIO()

    class Text:
        def write(self, text):
            return stream.write(text.encode())

        def flush(self):
            pass

    telemetry.configure(Text())
    yield stream
    structlog.reset_defaults()


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A temporary folder of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def torn(data):
    """Files that are refused right where a planted word stands."""
    files = made.package("1.2")
    files["users.csv"] += f'x,,,maybe,{FAULT},"{FAULT}'.encode()
    return data.parent / made.archive(data.parent / "torn.zip", files).name


def upload(ana, path, name):
    ana.get("/console/districts/alder/files")
    return ana.post("/console/districts/alder/upload", {"file": (BytesIO(path.read_bytes()), name)})


def connect(region, ana, source):
    """Connect alder from an upload and let a client read it, as its people do."""
    actor = region.actor("ana", *ROLES)
    Connections(region.administered).save(actor, "alder", UPLOADED)
    assert upload(ana, source, "roster.zip").status_code in {200, 303}
    assert Connections(region.administered).connect(actor, "alder").effect.served
    one = DraftWriting(region.administered).read_in(actor, agreement("alder", LINES))
    assert Publishing(region.administered).publish(actor, one.id, 1, one.number).effect.served
    region.administered.store.add_client(
        Client("conformance", "conformance", "vendor", tuple(known_scopes()), (Secret("x"),), region.clock(), "ana")
    )


def exercise(region, ana):
    """Ask why, preview and mistype; return all that the pages said."""
    ana.get("/console/why")
    told = [ana.post("/console/why", {"client": "conformance", "method": "GET", "address": WHY}).text]
    told.append(ana.post("/console/why", {"client": "Kanarigiven", "method": "GET", "address": "Kanarifamily"}).text)
    student = region.running.gateway.districts["alder"].cached_snapshot().table("student").ids[0]
    ana.get("/console/preview")
    told += [
        ana.post("/console/preview", {"which": "alder conformance", "student": one}).text
        for one in (student, "Kanarifamily", CSV_CANARIES["identifier"])
    ]
    ana.get("/console/registers/alder/restrictions/new")
    who = {"family_name": "Kanarifamily", "given_name": "Kanarigiven", "birth_date": "1903-07-19"}
    for typed in (
        {"kind": "acp", **who, "street": "Kanarimiddle", "city": "Kanariville", "state": "zz", "begin": "Kanarifamily"},
        {"kind": "Kanarifamily", "student_id": "kanari-ident-77", "reason": "x" * 300 + "kanariuser"},
        {"kind": "directory", **who, "birth_date": "1903-07-99", "contact": "kanarimail@example.org"},
    ):
        told.append(ana.post("/console/registers/alder/restrictions/new", typed).text)
    return "".join(told)


def dumped(file):
    """Return all that an SQLite registry says, each value as it is."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in tables for row in database.execute(f'SELECT * FROM "{name}"')]
    values = [value for row in rows for value in row if value is not None]
    assert len(values) > 200
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def test_what_people_do_with_values_leaves_none_in_clear(tmp_path, temporary, spoken, capfd):
    sources = tmp_path / "sources"
    sources.mkdir()
    file = csv_site(sources).settings["source"]
    source = sources / str(file).rpartition("/")[2]
    sites = {"maple": small_sites(sources / "maple", 20)["maple"]}
    folder = tmp_path / "region"
    with people_region(folder, sites) as region:
        ana = region.browser("ana", *ROLES)
        connect(region, ana, source)
        assert upload(ana, torn(source), "torn.zip").status_code in {200, 303, 422}
        told = exercise(region, ana)
    assert {"Kanarifamily", "Kanarigiven", "kanarimail@example.org"} <= {word for word in CANARIES if word in told}
    with people_region(folder, sites, clock=region.clock) as again:
        again.running.gateway.warm()
        assert again.running.gateway.districts["alder"].cached_snapshot().table("student").size
    out, err = capfd.readouterr()
    registry = folder / "state" / "registry.db"
    for place, data in {
        "registry": dumped(registry), "log": spoken.getvalue(), "out": out.encode(), "err": err.encode(),
    }.items():  # fmt: skip
        assert found_in(data) == set(), place
    assert found_below(tmp_path, frozenset({sources})) == {}
    assert registry.stat().st_size > 100_000


def test_the_dump_of_a_registry_shows_a_value_however_it_is_kept(tmp_path):
    with closing(sqlite3.connect(tmp_path / "registry.db")) as database:
        database.execute("CREATE TABLE kept (one TEXT, two BLOB)")
        several = ("Kanarigiven", b"Kanarimiddle".hex(), base64.b64encode(b"Kanarifamily").decode(), "x")
        for value in several * 100:
            database.execute("INSERT INTO kept VALUES (?, ?)", (value, f"{value}".encode()))
        database.commit()
    assert found_in(dumped(tmp_path / "registry.db")) == {"Kanarigiven", "Kanarimiddle", "Kanarifamily"}
