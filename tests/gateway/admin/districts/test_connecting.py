"""A district connected by its people is served like one of the file; its credentials are never shown again."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from sqlalchemy import text

from gateway.admin.districts.connecting import Connections
from gateway.admin.districts.looking import SECRET, DistrictDirectory
from gateway.admin.districts.uploading import DistrictFiles
from gateway.admin.people import Persons
from gateway.config.settings import load, read
from gateway.people.actor import NotPermitted
from gateway.storage.acts import Acts
from gateway.storage.database import transaction
from standards.errors import Conflict, InvalidBody, NotFound
from tests.support.people.districts import UPLOADED, connected, zipped
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites, wait_until

ODS = {
    "adapter": "edfi_ods",
    "settings": {"url": "https://ods.example.org/api", "client_id": "key", "client_secret": "hunter2-hunter2"},
}


@pytest.fixture
def region(tmp_path):
    sites = {"maple": small_sites(tmp_path / "data")["maple"]}
    with people_region(tmp_path / "region", sites, [agreement("maple")]) as region:
        yield region


@pytest.fixture
def alder(region):
    return region.actor("ana", ("alder", "district-admin"))


def test_a_district_connected_from_an_uploaded_file_is_served(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    district = region.running.gateway.districts["alder"]
    assert district.cached_snapshot().table("student").size == 60
    (view,) = DistrictDirectory(region.administered).list(alder)
    assert (view.name, view.connected, view.declared, view.state) == ("alder", True, "", "fresh")
    assert view.upload.name == "roster.zip"


def test_every_command_sees_it_and_a_restart_serves_it_again(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    found = load(region.folder / "gateway.toml")
    assert found.districts.keys() == {"maple", "alder"}
    assert found.districts["alder"].uploads.newest().name == "roster.zip"


def test_a_name_that_is_in_both_is_the_files(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    file = region.folder / "gateway.toml"
    made = small_sites(tmp_path / "other")["maple"].toml("alder")
    file.write_text(file.read_text("utf-8") + made, "utf-8")
    found, _ = read(file)
    assert not found.districts["alder"].written
    assert any("the file's counts" in line for line in found.warnings)


def test_what_the_file_declares_is_read_only_and_says_where(region):
    owner = region.actor("mo", ("maple", "district-admin"))
    with pytest.raises(Conflict, match=r"gateway\.toml"):
        Connections(region.administered).save(owner, "maple", UPLOADED)
    assert DistrictDirectory(region.administered).find(owner, "maple").declared == "gateway.toml"


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"source": "/etc/passwd"}, "settings.source"),
        ({"source": "file:/etc/passwd"}, "settings.source"),
    ],
)
def test_no_path_of_the_server_is_taken(region, alder, settings, place):
    with pytest.raises(InvalidBody) as refused:
        Connections(region.administered).save(alder, "alder", {**UPLOADED, "settings": settings})
    assert place in refused.value.places


@pytest.mark.parametrize("name", ["allow_private", "ca_file", "rows", "deadline", "in_flight", "timeout"])
def test_what_only_the_operator_says_is_refused(region, alder, name):
    given = {**ODS, "settings": {**ODS["settings"], name: 1}}
    with pytest.raises(InvalidBody) as refused:
        Connections(region.administered).save(alder, "alder", given)
    assert f"settings.{name}" in refused.value.places


@pytest.mark.parametrize("name", ["registers", "ids", "connected", "secrets", "no_such"])
def test_no_other_setting_of_a_district_is_taken(region, alder, name):
    with pytest.raises(InvalidBody):
        Connections(region.administered).save(alder, "alder", {**ODS, name: True})


@pytest.mark.parametrize(
    "url",
    ["http://ods.example.org", "https://user:word@ods.example.org", "file:///etc/passwd", "gopher://ods.example.org"],
)
def test_an_address_that_may_not_be_asked_is_refused_when_it_is_written(region, alder, url):
    given = {**ODS, "settings": {**ODS["settings"], "url": url}}
    with pytest.raises(InvalidBody) as refused:
        Connections(region.administered).save(alder, "alder", given)
    assert "settings.url" in refused.value.places


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "localhost", "10.0.0.7"])
def test_an_address_inside_the_house_is_refused_when_it_is_tried(region, alder, host):
    connections = Connections(region.administered)
    connections.save(alder, "alder", {**ODS, "settings": {**ODS["settings"], "url": f"https://{host}/api"}})
    tried = connections.attempt(alder, "alder")
    assert not tried.ok
    assert "may not be asked" in tried.told
    done = connections.connect(alder, "alder")
    assert not done.effect.served
    assert "alder" not in region.running.gateway.districts


def test_a_credential_is_in_no_answer_act_or_column_in_clear(region, alder):
    connections = Connections(region.administered)
    connections.save(alder, "alder", ODS)
    view = DistrictDirectory(region.administered).find(alder, "alder")
    assert view.settings.get("client_secret", SECRET) == SECRET
    assert view.marks["client_secret"]["by"] == "ana@example.org"
    acts = Acts(region.administered.store).waiting()
    with transaction(region.administered.store.engine) as connection:
        rows = connection.execute(text("SELECT content, sealed FROM written_districts")).all()
    everything = f"{view}{acts}{rows}{connections.attempt(alder, 'alder')}"
    assert "hunter2" not in everything
    assert b"hunter2" not in b"".join(one.read_bytes() for one in region.folder.rglob("*") if one.is_file())


def test_a_credential_stays_where_it_is_not_given_again_but_never_for_another_address(region, alder):
    connections = Connections(region.administered)
    connections.save(alder, "alder", ODS)
    blank = {name: value for name, value in ODS["settings"].items() if name != "client_secret"}
    kept = connections.save(alder, "alder", {**ODS, "settings": blank | {"page_size": 100}})
    assert kept.secrets == {"client_secret": "hunter2-hunter2"}
    with pytest.raises(InvalidBody) as refused:
        connections.save(alder, "alder", {**ODS, "settings": blank | {"url": "https://thief.example.net/api"}})
    assert "settings.client_secret" in refused.value.places


def test_people_of_other_districts_learn_nothing(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    other = region.actor("eve", ("maple", "district-admin"))
    directory, connections = DistrictDirectory(region.administered), Connections(region.administered)
    for name in ("alder", "no-such"):
        for act in (
            lambda name=name: directory.find(other, name),
            lambda name=name: connections.save(other, name, UPLOADED),
            lambda name=name: connections.attempt(other, name),
            lambda name=name: connections.remove(other, name),
            lambda name=name: DistrictFiles(region.administered).receive(other, name, "a.zip", b"x"),
        ):
            with pytest.raises(NotFound) as refused:
                act()
            assert refused.value.message == "There is no such district here."


def test_a_registrar_may_look_and_not_connect(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    registrar = region.actor("rae", ("alder", "registrar"))
    assert DistrictDirectory(region.administered).find(registrar, "alder").connected
    for act in (
        lambda: Connections(region.administered).save(registrar, "alder", UPLOADED),
        lambda: DistrictFiles(region.administered).receive(registrar, "alder", "a.zip", b"x"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_a_district_that_agreements_name_is_not_removed(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    place = region.folder / "agreements" / "alder.yaml"
    place.write_text(agreement("alder"), "utf-8")
    assert region.running.reload().ok
    with pytest.raises(Conflict, match="conformance-alder@1"):
        Connections(region.administered).remove(alder, "alder")
    place.unlink()
    assert region.running.reload().ok
    assert Connections(region.administered).remove(alder, "alder", "moved away").served
    assert "alder" not in region.running.gateway.districts
    with transaction(region.administered.store.engine) as connection:
        assert not connection.execute(text("SELECT * FROM uploads")).all()
        assert not any(row.sealed for row in connection.execute(text("SELECT sealed FROM written_districts")))


def test_a_change_is_not_served_before_it_is_connected(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    connections = Connections(region.administered)
    connections.save(alder, "alder", {**UPLOADED, "cache": "2h"})
    assert region.running.reload().ok
    assert region.running.settings.districts["alder"].cache.total_seconds() == 3600
    assert connections.connect(alder, "alder").effect.served
    assert region.running.settings.districts["alder"].cache.total_seconds() == 7200


def test_a_registry_that_cannot_be_read_at_a_reload_keeps_what_is_served(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    registry = region.folder / "state" / "registry.db"
    kept = registry.read_bytes()
    file = region.folder / "gateway.toml"
    whole = file.read_text("utf-8")
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/broken.db"\n' + whole, "utf-8")
    assert not region.running.reload().ok
    assert "alder" in region.running.gateway.districts
    file.write_text(whole, "utf-8")
    assert region.running.reload().ok
    assert kept


def test_the_acts_name_who_did_what_with_digests(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    wait_until(lambda: not Acts(region.administered.store).waiting())
    with transaction(region.administered.store.engine) as connection:
        rows = connection.execute(text("SELECT action, actor, content FROM acts ORDER BY number")).all()
    mine = {row.action: json.loads(row.content) for row in rows if row.actor == "ana@example.org"}
    assert mine.keys() >= {"district drafted", "file uploaded", "district connected"}
    assert len(mine["district connected"]["after"]) == 64
    assert mine["file uploaded"]["verdict"] == "fresh"


def test_the_first_people_of_a_district_come_in_once_it_is_written_and_before_it_is_connected(region):
    olga, people = region.actor("olga", ("region", "region-operator")), Persons(region.administered)
    with pytest.raises(NotFound):
        people.invite(olga, "alder", "ana@alder.org", "district-admin")
    Connections(region.administered).save(olga, "alder", UPLOADED)
    assert people.invite(olga, "alder", "ana@alder.org", "district-admin")
    Connections(region.administered).remove(olga, "alder", "a mistake")
    with pytest.raises(NotFound):
        people.invite(olga, "alder", "ben@alder.org", "district-admin")


def test_a_first_file_leads_on_to_connecting_and_claims_nothing_that_is_not_so(region, alder, tmp_path):
    Connections(region.administered).save(alder, "alder", UPLOADED)
    browser = region.browser("ana", ("alder", "district-admin"))
    browser.get("/console/districts/alder/files")
    file = (BytesIO(zipped(tmp_path / "made")), "roster.zip")
    answer = browser.post("/console/districts/alder/upload", {"file": file}, content_type="multipart/form-data")
    assert (answer.status_code, answer.location) == (303, "/console/districts/alder/review")
    assert "The file is good. Now connect the district." in browser.get(answer.location).text
