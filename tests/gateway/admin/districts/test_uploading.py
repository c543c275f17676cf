"""An uploaded file is checked in memory, kept sealed, swapped in whole; what came of it stays on record."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from contextlib import contextmanager
from datetime import timedelta

import pytest

from gateway.admin.districts.looking import DistrictDirectory
from gateway.admin.districts.steering import Steered, Steering
from gateway.admin.districts.uploading import DistrictFiles, UploadGate
from gateway.people.actor import NotPermitted
from gateway.people.sessions import COOKIE
from standards.errors import Conflict, NotFound, SourceError, Unauthenticated
from tests.support.people.districts import connected, zipped
from tests.support.people.region import BASE, people_region
from tests.support.regions import agreement, small_sites, wait_until

BOMB = io.BytesIO()
with zipfile.ZipFile(BOMB, "w", zipfile.ZIP_DEFLATED) as bomb:
    bomb.writestr("manifest.csv", b"0" * (64 << 20))


@contextmanager
def uploaded(folder):
    """Run a region with a district that people have connected and given files."""
    sites = {"maple": small_sites(folder / "data")["maple"]}
    with people_region(folder / "region", sites, [agreement("maple")]) as region:
        ana = region.actor("ana", ("alder", "district-admin"))
        connected(region, ana, "alder", zipped(folder / "made"))
        yield region


@pytest.fixture
def region(tmp_path):
    with uploaded(tmp_path) as region:
        yield region


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory):
    """A region of which pages are shown, and nothing else is done to it."""
    with uploaded(tmp_path_factory.mktemp("looked-at")) as region:
        yield region


@pytest.fixture
def alder(region):
    return region.actor("ana", ("alder", "district-admin"))


def test_nothing_of_a_form_is_written_to_the_temporary_folder(region, alder, tmp_path, monkeypatch):
    def refuse(*_arguments, **_more):
        raise AssertionError

    data = b"\0" * 600_000 + zipped(tmp_path / "again", 61)
    browser = region.browser("ana", ("alder", "district-admin"))
    assert browser.get("/console/districts/alder/files").status_code == 200
    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("werkzeug.formparser.default_stream_factory", refuse)
    fields = (("csrf_token", "", browser.token.encode()), ("file", '; filename="roster.zip"', data))
    parts = [b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name.encode(), more.encode(), value)
             for name, more, value in fields]  # fmt: skip
    answer = browser.wsgi.post(
        "/console/districts/alder/upload", base_url=BASE, data=b"".join([*parts, b"--x--\r\n"]),
        content_type="multipart/form-data; boundary=x", headers={"Referer": f"{BASE}/console", "Origin": BASE},
    )  # fmt: skip
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert region.running.gateway.districts["alder"].latest.table("student").size == 61


def test_no_value_of_the_file_is_on_the_disk_in_clear(region, tmp_path):
    with zipfile.ZipFile(io.BytesIO(zipped(tmp_path / "made"))) as files:
        rows = list(csv.DictReader(io.StringIO(files.read("users.csv").decode("utf-8"))))
    mails = {row["email"].encode() for row in rows if row["email"]}
    state = b"".join(one.read_bytes() for one in (region.folder / "state").rglob("*") if one.is_file())
    assert mails
    assert not [mail for mail in mails if mail in state]


@pytest.mark.parametrize("data", [b"no zip at all", BOMB.getvalue(), b"PK\x05\x06" + b"\0" * 18])
def test_a_file_that_is_wrong_changes_nothing(region, alder, data):
    received = DistrictFiles(region.administered).receive(alder, "alder", "../../evil\r\n.zip", data)
    assert not received.kept
    assert DistrictDirectory(region.administered).find(alder, "alder").upload.name == "roster.zip"
    every = DistrictDirectory(region.administered).deliveries(alder, "alder")
    newest = next(one for one in every if one.kind == "upload")
    assert (newest.verdict, newest.kind, newest.actor) == ("refused", "upload", "ana@example.org")
    assert newest.name == "evil__.zip"


def environ(region, name, *roles, district="alder"):
    browser = region.browser(name, *roles)
    cookie = browser.wsgi.get_cookie(COOKIE, domain="crossing.example.org", path="/")
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/console/districts/{district}/upload",
        "HTTP_COOKIE": f"{COOKIE}={cookie.value}",
    }


def test_the_gate_lets_in_who_may_upload_one_file_at_a_time(region):
    gate = UploadGate(region.administered)
    asked = environ(region, "ana", ("alder", "district-admin"))
    gate.admit(asked)
    with pytest.raises(Conflict):
        gate.admit(asked)
    gate.leave(asked)
    gate.admit(asked)


def test_the_gate_tells_nobody_else_whether_the_district_is_there(region):
    gate = UploadGate(region.administered)
    told = []
    for district in ("alder", "no-such"):
        with pytest.raises(NotFound) as refused:
            gate.admit(environ(region, "eve", ("maple", "district-admin"), district=district))
        told.append(refused.value.message)
    assert len(set(told)) == 1
    with pytest.raises(NotPermitted):
        gate.admit(environ(region, "rae", ("alder", "registrar")))
    with pytest.raises(Unauthenticated):
        gate.admit({**environ(region, "ana"), "HTTP_COOKIE": ""})


def test_a_pause_ends_by_itself_and_serves_what_there_is_until_it_expires(region, alder):
    steering, district = Steering(region.administered), region.running.gateway.districts["alder"]
    status = steering.pause(alder, "alder", region.clock() + timedelta(hours=3), "summer")
    assert status.paused_until is not None
    assert district.cached_snapshot().table("student").size == 60
    with pytest.raises(Conflict):
        steering.read_now(alder, "alder")
    region.clock.move(2 * 3600)
    with pytest.raises(SourceError, match="paused"):
        district.cached_snapshot()
    region.clock.move(2 * 3600)
    assert district.cached_snapshot().table("student").size == 60


def test_a_pause_written_elsewhere_is_kept_within_a_second(region, alder):
    steering, district = Steering(region.administered), region.running.gateway.districts["alder"]
    steering.pause(alder, "alder", region.clock() + timedelta(hours=3), "summer")
    district.pause.until = None
    wait_until(lambda: district.pause.on)
    steering.resume(alder, "alder")
    wait_until(lambda: not district.pause.on)


def test_a_large_change_waits_and_just_its_rows_are_approved(region, alder, tmp_path):
    received = DistrictFiles(region.administered).receive(alder, "alder", "small.zip", zipped(tmp_path / "small", 20))
    assert received.kept
    assert "would be dropped" in received.refreshed
    district, steering = region.running.gateway.districts["alder"], Steering(region.administered)
    assert district.latest.table("student").size == 60
    change = steering.change(alder, "alder")
    with pytest.raises(Conflict):
        steering.approve(alder, "alder", "0" * 32, "no")
    done = steering.approve(alder, "alder", change.digest, "fewer students this year")
    assert isinstance(done, Steered)
    assert not done.failed
    assert district.latest.table("student").size == 20
    region.running._parts.desk.flush()
    verdicts = {one.verdict for one in DistrictDirectory(region.administered).deliveries(alder, "alder")}
    assert verdicts >= {"waiting", "approved"}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("path", ["", "/alder", "/alder/files", "/connect", "/alder/connection", "/alder/approve"])
def test_every_page_is_shown_in_both_languages(looked_at, path, language):
    browser = looked_at.browser("ana", ("alder", "district-admin"))
    answer = browser.get(f"/console/districts{path}", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    other = looked_at.browser("eve", ("maple", "district-admin")).get(f"/console/districts{path}")
    assert other.status_code == (404 if "alder" in path else 200)
