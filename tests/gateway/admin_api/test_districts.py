"""Programs see districts and their deliveries, pause and resume them, and upload files in a session."""

from __future__ import annotations

import pytest

from gateway.admin.confirming import Confirming
from gateway.config.districts.options import OPTIONS
from gateway.people.actor import NotPermitted
from gateway.storage.database import transaction
from gateway.storage.people.choices import TWO_PERSONS, put
from standards.errors import Conflict
from tests.support.people.api import in_session
from tests.support.people.districts import connected, zipped
from tests.support.people.region import BASE, people_region
from tests.support.regions import agreement, small_sites


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("districts-api")
    sites = {"maple": small_sites(folder / "data")["maple"]}
    with people_region(folder / "region", sites, [agreement("maple")]) as region:
        connected(region, region.actor("ana", ("alder", "district-admin")), "alder", zipped(folder / "made"))
        yield region


def test_a_district_is_seen_by_its_own_people_alone(region):
    own, other = in_session(region, "ana"), in_session(region, "eve", ("maple", "district-admin"))
    assert [one["name"] for one in own.get("/districts").json] == ["alder"]
    assert own.get("/districts/alder").json["state"] == "fresh"
    assert own.get("/districts/alder/deliveries").json[-1]["kind"] == "upload"
    hidden, missing = (other.get(f"/districts/{name}").json for name in ("alder", "no-such"))
    assert hidden["detail"] == missing["detail"]


def test_a_district_is_paused_and_resumed(region):
    own = in_session(region, "ana")
    body = {"until": "2026-11-03T00:00:00+00:00", "reason": "rollover"}
    assert own.post("/districts/alder/pause", body).json["state"] == "paused"
    assert own.post("/districts/alder/resume", {}).json["state"] == "fresh"


def test_a_file_is_uploaded_as_its_bytes(region, tmp_path):
    own = in_session(region, "ana")
    answer = own.wsgi.put(
        "/admin/v1/districts/alder/upload?name=new.zip", base_url=BASE, data=zipped(tmp_path / "new", 61),
        content_type="application/octet-stream", headers=own.headers,
    )  # fmt: skip
    assert answer.json == {"kept": True, "mistakes": [], "refreshed": ""}


def test_a_file_is_taken_to_the_bytes_that_the_settings_allow(region):
    own = in_session(region, "ana")
    most = region.administered.settings().server.upload_bytes
    for size, status in ((300_000, 422), (most + 1, 400), (most + 2, 413)):
        answer = own.wsgi.put(
            "/admin/v1/districts/alder/upload?name=new.zip", base_url=BASE, data=bytes(size),
            content_type="application/octet-stream", headers=own.headers,
        )  # fmt: skip
        assert answer.status_code == status, answer.text


ODS = {
    "adapter": "edfi_ods", "timezone": "America/Los_Angeles", "cache": "1h",
    "settings": {"url": "https://ods.example.org/api", "client_id": "key", "client_secret": "hunter2-hunter2"},
}  # fmt: skip


def test_a_district_is_written_changed_for_one_state_alone_and_removed(region):
    own = in_session(region, "bea", ("birch", "district-admin"))
    made = own.post("/districts", {"name": "birch"} | ODS)
    assert (made.status_code, made.headers["Location"]) == (201, "/admin/v1/districts/birch")
    assert (made.json["state"], made.json["waits"]) == ("not connected", True)
    assert "hunter2" not in made.text
    assert made.json["credentials"].keys() == {"client_secret"}
    assert own.post("/districts", {"name": "birch"} | ODS).status_code == 412
    etag = own.get("/districts/birch").headers["ETag"]
    assert etag == made.headers["ETag"]
    assert own.put("/districts/birch", ODS).status_code == 428
    changed = own.put("/districts/birch", ODS | {"cache": "2h"}, If_Match=etag)
    assert (changed.status_code, changed.json["options"]["cache"]) == (200, "2h")
    assert own.put("/districts/birch", ODS, If_Match=etag).status_code == 412
    assert own.ask("DELETE", "/districts/birch", {}, If_Match=etag).status_code == 412
    assert own.ask("DELETE", "/districts/birch", {}, If_Match=changed.headers["ETag"]).status_code == 204
    assert own.get("/districts/birch").status_code == 404


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"adapter": "no-such"}, "adapter"),
        ({"settings": ODS["settings"] | {"allow_private": True}}, "settings.allow_private"),
        ({"settings": ODS["settings"] | {"url": "http://169.254.169.254/latest"}}, "settings.url"),
        ({"loss": {"student": "much"}}, "loss.student"),
        ({"timezone": "Nowhere/None"}, "timezone"),
        ({"descriptors": ["/etc/passwd"]}, None),
        ({"workers": 3}, "workers"),
    ],
)
def test_a_wrong_connection_is_refused_by_the_place(region, given, place):
    own = in_session(region, "cy", ("cypress", "district-admin"))
    answer = own.post("/districts", {"name": "cypress"} | ODS | given)
    assert answer.status_code in {400, 422}, answer.text
    assert place is None or place in answer.text
    assert own.get("/districts/cypress").status_code == 404


def test_a_district_is_tried_and_connected_and_says_what_it_read(region, tmp_path):
    own = in_session(region, "dan", ("dogwood", "district-admin"))
    body = {"name": "dogwood", "adapter": "oneroster_csv", "timezone": "America/Los_Angeles", "cache": "1h"}
    assert own.post("/districts", body | {"settings": {"source": "uploaded:"}}).status_code == 201
    tried = own.post("/districts/dogwood/try", {}).json
    assert (tried["ok"], tried["served"], tried["told"]) == (False, None, "source: No file has been uploaded yet.")
    assert own.post("/districts/dogwood/connect", {}).json["served"] is False
    sent = own.wsgi.put(
        "/admin/v1/districts/dogwood/upload", base_url=BASE, data=zipped(tmp_path / "made"), headers=own.headers,
        content_type="application/octet-stream",
    )  # fmt: skip
    assert sent.json["kept"]
    done = own.post("/districts/dogwood/connect", {}).json
    assert (done["ok"], done["served"], done["rows"]["student"]) == (True, True, 60)
    assert own.get("/districts/dogwood").json["state"] == "fresh"


def test_where_two_persons_are_wanted_a_connection_waits_for_the_second(region, tmp_path):
    own = in_session(region, "eli", ("elm", "district-admin"))
    other = in_session(region, "fay", ("elm", "district-admin"))
    store = region.administered.store
    with transaction(store.engine, write=True) as connection:
        put(connection, "elm", TWO_PERSONS, ["district.connect"], 1, "tests", region.clock())
    body = {"name": "elm", "adapter": "oneroster_csv", "timezone": "America/Los_Angeles", "cache": "1h"}
    own.post("/districts", body | {"settings": {"source": "uploaded:"}})
    own.wsgi.put(
        "/admin/v1/districts/elm/upload", base_url=BASE, data=zipped(tmp_path / "made"), headers=own.headers,
        content_type="application/octet-stream",
    )  # fmt: skip
    waits = own.post("/districts/elm/connect", {"reason": "new year"})
    assert (waits.status_code, waits.json["state"]) == (202, "waits")
    assert own.get("/districts/elm").json["connected"] is False
    confirming = Confirming(region.administered)
    with pytest.raises(NotPermitted):
        confirming.confirm(region.actor("eli"), waits.json["proposal"])
    confirming.confirm(region.actor("fay", ("elm", "district-admin")), waits.json["proposal"])
    assert other.get("/districts/elm").json["connected"] is True


def test_what_was_proposed_is_not_connected_once_it_was_changed(region):
    own = in_session(region, "gil", ("gum", "district-admin"))
    own.post("/districts", {"name": "gum"} | ODS)
    with transaction(region.administered.store.engine, write=True) as connection:
        put(connection, "gum", TWO_PERSONS, ["district.connect"], 1, "tests", region.clock())
    removal = own.ask("DELETE", "/districts/gum", {}, If_Match="*")
    assert removal.status_code == 202
    own.put("/districts/gum", ODS | {"cache": "2h"}, If_Match="*")
    with pytest.raises(Conflict):
        Confirming(region.administered).confirm(
            region.actor("hal", ("gum", "district-admin")), removal.json["proposal"]
        )
    assert own.get("/districts/gum").status_code == 200


def test_each_option_of_a_district_is_a_member_with_the_words_of_the_settings(region):
    schemas = in_session(region, "ana").get("/openapi.json").json["components"]["schemas"]
    body = next(one for name, one in schemas.items() if name.startswith("NewConnection"))
    assert {name: body["properties"][name]["description"] for name in OPTIONS} == {
        name: one.about for name, one in OPTIONS.items()
    }


def test_the_options_of_a_district_of_the_file_are_told(region):
    options = in_session(region, "eve", ("maple", "district-admin")).get("/districts/maple").json["options"]
    assert options.keys() == {"timezone", "cache", *OPTIONS}
