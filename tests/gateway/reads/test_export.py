"""Bulk files over HTTP: what the API shows and nothing else, of one state, recorded first, and whole or broken off."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest
import requests

from adapters.oneroster_csv.adapter import OneRosterCsv
from gateway.audit import log
from gateway.config.settings import load
from gateway.demo.data import write_edfi_xml, write_oneroster_12
from gateway.reads import export as making
from gateway.reads import streamed_zip
from gateway.web import oneroster_bulk
from standards import registry
from standards.errors import GatewayError
from standards.oneroster.api.routes import roots
from standards.oneroster.csv import specification as facts
from standards.oneroster.resources.parts import service_of
from tests.adapters.oneroster import packages as made
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import (
    TUTORING,
    Clock,
    Site,
    agreement,
    grand_bend_site,
    links,
    running,
    served,
    small_district,
    small_sites,
    tags_of,
)

BULK = "[read, search, bulk]"
PATHS = {"1.1": "/ims/oneroster/bulk/v1p1/csv", "1.2": "/ims/oneroster/bulk/v1p2/csv"}
PREFIX = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
PAIRED = {"userIds": ("type", "identifier"), "scoreScaleValue": ("itemValueLHS", "itemValueRHS")}
PREFERRED = {"preferredGivenName": "preferredFirstName", "preferredFamilyName": "preferredLastName"}


def agreements(district):
    return [
        agreement(district, operations=BULK),
        agreement(district, TUTORING, client="tutor", purpose="tutoring", operations=BULK),
        agreement(district, client="reader", purpose="reading", operations="[read, search]"),
    ]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small district from OneRoster files, and the same from Ed-Fi files."""
    folder = tmp_path_factory.mktemp("small")
    sites = small_sites(folder / "data")
    with running(folder / "region", sites, [text for name in sites for text in agreements(name)]) as region:
        yield region


@pytest.fixture(scope="module")
def grand_bend(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grand-bend")
    with running(folder, {"gb": grand_bend_site()}, agreements("gb")) as region:
        yield region


@pytest.fixture
def by_hand(tmp_path):
    """A district of a few hostile rows."""
    files = made.graded("1.2")
    rows = made.rows("1.2")
    rows["users.csv"][0] |= {
        "givenName": '=HYPERLINK("x")',
        "familyName": "two\r\nlines, ß 👩🏽‍🏫",
        "preferredGivenName": "@Mia",
    }
    headings = [*files["users.csv"].decode().splitlines()[0].split(","), "metadata.x,y", "metadata.a"]
    rows["users.csv"][1] |= {"metadata.x,y": '"quoted"', "metadata.a": "-1"}
    files["users.csv"] = made.text(headings, rows["users.csv"]).encode()
    path = made.archive(tmp_path / "maple.zip", files)
    with running(
        tmp_path / "region", {"maple": Site("oneroster_csv", {"source": str(path)})}, agreements("maple")
    ) as region:
        yield region


def unpack(data):
    """The files of a zip as text, by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name).decode() for name in opened.namelist()}


def table(text):
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def files_of(consumer, district="", version="1.2", **query):
    answer = consumer.ask((f"/{district}" if district else "") + PATHS[version], **query)
    assert answer.status_code == 200, answer.text
    return unpack(answer.data)


def records(consumer, district, version, collection):
    """What the API shows of a collection, page by page; None where it has no such collection for the consumer."""
    root = roots(version).get(service_of(collection)) or roots(version)[""]
    found, address = [], f"/{district}{root}/{collection}?limit=10000"
    while address:
        answer = consumer.ask(address)
        if answer.status_code in {403, 501}:
            return None
        found += next(iter(answer.json.values()))
        address = links(answer.headers["Link"]).get("next")
    return found


def told(record, column):
    """What the API's *record* says that a cell of *column* should say, found independently of the export."""
    return "" if column in {"status", "dateLastModified", "password"} else said_of(record, column)


def said_of(record, column):
    if column.startswith("metadata."):
        return record.get("metadata", {}).get(column.removeprefix("metadata."), "")
    if column.endswith("SourcedIds"):
        return [one["sourcedId"] for one in record.get(f"{column.removesuffix('SourcedIds')}s", [])]
    if column.endswith("SourcedId"):
        return record.get(column.removesuffix("SourcedId"), {}).get("sourcedId", "")
    value = record.get(PREFERRED.get(column, column), record["sourcedId"] if column == "username" else "")
    if column in PAIRED:
        return [f"{{{one.get(PAIRED[column][0], '')}:{one.get(PAIRED[column][1], '')}}}" for one in value or []]
    return written(value[:10] if column in {"assignDate", "dueDate"} else value)


def written(value):
    """A value as a cell may have it: in one line, an item of a list without commas."""
    if isinstance(value, list):
        return [one.replace(",", "").strip() for one in value]
    return str(value) if isinstance(value, int | float) else value.replace("\r\n", " ")


REGIONS = [("small", "maple"), ("small", "cedar"), ("grand_bend", "gb"), ("by_hand", "maple")]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("client", ["conformance", "tutor"])
@pytest.mark.parametrize(("region", "district"), REGIONS)
def test_the_rows_are_those_of_the_api_field_by_field(request, region, district, client, version, record_property):
    consumer = request.getfixturevalue(region).consumer(client)
    files, compared = files_of(consumer, district, version), 0
    stated = {row["propertyName"]: row["value"] for row in table(files["manifest.csv"])}
    for name, file in facts.files(version).items():
        collection = name.removesuffix(".csv")
        if collection not in registry.views("oneroster"):
            continue
        shown = records(consumer, district, version, collection)
        assert (stated[f"file.{collection}"] == "bulk") == (name in files) == bool(shown)
        if not shown:
            continue
        rows = table(files[name])
        assert [row["sourcedId"] for row in rows] == [record["sourcedId"] for record in shown]
        metadata = sorted({f"metadata.{key}" for record in shown for key in record.get("metadata", {})})
        assert next(csv.reader(io.StringIO(files[name], newline=""))) == [*file.columns, *metadata]
        for row, record in zip(rows, shown, strict=True):
            for column, cell in row.items():
                said = told(record, column)
                if (name, column) == ("scoreScales.csv", "orgSourcedId"):
                    said = "s1"  # the school of the class, which the API tells with the class only
                if column == "academicSessionSourcedId":
                    said = said or told(record, "gradingPeriodSourcedId")
                number = type(said) in {int, float}
                listed = cell.split(",") if cell else []
                assert (listed if isinstance(said, list) else float(cell) if number else cell) == said, (
                    name,
                    column,
                )
                compared += 1
    record_property("cells", compared)
    assert compared > (50 if region == "by_hand" else 1000)


@pytest.mark.parametrize(("region", "district"), REGIONS)
@pytest.mark.parametrize("client", ["conformance", "tutor"])
def test_roles_profiles_and_resources_are_those_of_the_api(request, region, district, client):
    consumer = request.getfixturevalue(region).consumer(client)
    files = files_of(consumer, district)
    users = records(consumer, district, "1.2", "users")
    roles = [
        (user["sourcedId"], one.get("roleType", ""), one.get("role", ""), one.get("org", {}).get("sourcedId", ""), one.get("beginDate", ""),
         one.get("endDate", ""), one.get("userProfile", "").removeprefix("urn:oneroster:userProfile:"))
        for user in users for one in user.get("roles", ())
    ]  # fmt: skip
    columns = ("userSourcedId", "roleType", "role", "orgSourcedId", "beginDate", "endDate", "userProfileSourcedId")
    found = table(files["roles.csv"])
    assert [tuple(row[column] for column in columns) for row in found] == roles
    assert len({row["sourcedId"] for row in found}) == len(found)
    profiles = [(user["sourcedId"], one["profileType"]) for user in users for one in user.get("userProfiles", ())]
    assert [(row["userSourcedId"], row["profileType"]) for row in table(files.get("userProfiles.csv", ""))] == profiles
    for owner, collection in (("class", "classes"), ("course", "courses")):
        if f"{owner}Resources.csv" in files:
            links = [
                (each["sourcedId"], one["sourcedId"])
                for each in records(consumer, district, "1.2", collection)
                for one in each.get("resources", ())
            ]
            rows = table(files[f"{owner}Resources.csv"])
            assert [(row[f"{owner}SourcedId"], row["resourceSourcedId"]) for row in rows] == links


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(("region", "district"), REGIONS)
def test_what_was_exported_and_imported_is_exported_byte_for_byte(request, tmp_path, region, district, version):
    """From a source that knows of no resources the first copy says they are absent, the second that there are none."""
    consumer = request.getfixturevalue(region).consumer()
    copies = [consumer.ask(f"/{district}{PATHS[version]}").data]
    for number in (1, 2):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(copies[-1])
        with OneRosterCsv(district, {"source": str(path)}) as adapter:
            assert adapter.check() == []
        site = {district: Site("oneroster_csv", {"source": str(path)})}
        with running(tmp_path / f"region-{number}", site, agreements(district)) as again:
            copies.append(again.consumer().ask(f"/{district}{PATHS[version]}").data)
    assert copies[1] == copies[2]
    if "resources.csv" in unpack(copies[0]):
        assert copies[0] == copies[1]
    first, second = unpack(copies[0]), unpack(copies[1])
    assert {name: second[name] for name in first if name != "manifest.csv"} == {
        name: text for name, text in first.items() if name != "manifest.csv"
    }


def test_the_zip_has_fixed_times_a_stable_order_and_no_folders(small):
    data = small.consumer().ask(f"/maple{PATHS['1.2']}").data
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        entries = opened.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert entries[0].filename == "manifest.csv"
    assert [entry.filename for entry in entries[1:]] == [
        name for name in facts.files("1.2") if name in {entry.filename for entry in entries}
    ]
    assert data == small.consumer().ask(f"/maple{PATHS['1.2']}").data


def test_the_answer_says_what_it_is_and_that_nobody_may_keep_it(small):
    answer = small.consumer().ask(f"/maple{PATHS['1.2']}")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="oneroster.zip"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Next-Since"] == "2026-11-02T19:00:00.000Z"


def test_hostile_values_leave_as_they_are_but_for_the_ends_of_lines(by_hand):
    rows = {row["sourcedId"]: row for row in table(files_of(by_hand.consumer())["users.csv"])}
    assert rows["u1"]["givenName"] == '=HYPERLINK("x")'
    assert rows["u1"]["familyName"] == "two lines, ß 👩🏽‍🏫"
    assert rows["u2"]["metadata.x,y"] == '"quoted"'
    assert rows["u2"]["metadata.a"] == "-1"


SCOPES = {
    ("roster-core.readonly",): {"academicSessions", "classes", "courses", "enrollments", "orgs", "roles", "userProfiles", "users"},
    ("roster-demographics.readonly",): {"demographics"},
    ("resource.readonly",): {"resources"},
    ("roster.readonly", "resource-core.readonly"): {
        "academicSessions", "classes", "courses", "enrollments", "orgs", "roles", "userProfiles", "users",
        "resources", "classResources", "courseResources",  # and no user has any

    },
}  # fmt: skip


@pytest.mark.parametrize("scopes", SCOPES)
def test_a_scope_opens_the_files_of_its_collections_and_no_other(small, scopes):
    name = f"conformance-{'-'.join(scopes)}"
    consumer = small.consumer("conformance")
    answer = consumer.web.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "scope": " ".join(PREFIX + scope for scope in scopes)},
        auth=("conformance", consumer.secret),
    )
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    given = consumer.web.get(f"/maple{PATHS['1.2']}", headers=bearer)
    found = {file.removesuffix(".csv") for file in unpack(given.data)} - {"manifest"}
    known = {"categories", "lineItems", "results", "scoreScales"}
    assert found - known == SCOPES[scopes], name
    assert consumer.web.get(f"/maple{PATHS['1.1']}", headers=bearer).status_code == 403


def test_without_a_scope_or_the_operation_bulk_there_is_nothing(small):
    assert small.consumer("reader").ask(f"/maple{PATHS['1.2']}").status_code == 403
    edfi = small.consumer("tutor-of-edfi", ["edfi:read"])
    assert edfi.ask(f"/maple{PATHS['1.2']}").status_code == 403
    assert small.consumer().web.get(f"/maple{PATHS['1.2']}").status_code == 401
    assert small.consumer().ask(f"/oak{PATHS['1.2']}").status_code == 404
    assert small.consumer().ask(f"/maple{PATHS['1.2']}", method="POST").status_code == 405


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=", "since=2026-10-01&since=2026-10-02", "since=2026-10-01T00:00:00+00:00"]
)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_moment_that_is_none_is_refused(small, version, query):
    answer = small.consumer().ask(f"/maple{PATHS[version]}?{query}")
    assert answer.status_code in {400, 422}
    assert answer.json.keys() <= {
        "statusInfoSet",
        "imsx_codeMajor",
        "imsx_severity",
        "imsx_description",
        "imsx_CodeMinor",
    }


def test_what_is_not_released_leaves_empty_columns_and_absent_files(small):
    files = files_of(small.consumer("tutor"), "maple")
    assert set(files) == {"manifest.csv", "orgs.csv", "users.csv", "roles.csv", "demographics.csv", "enrollments.csv"}
    users = table(files["users.csv"])
    assert users
    assert {column for row in users for column, cell in row.items() if cell} == {
        "sourcedId",
        "enabledUser",
        "username",
        "givenName",
        "familyName",
        "grades",
    }
    assert all(row["username"] == row["sourcedId"] for row in users)


def test_districts_together_are_in_one_set_of_files(small):
    together, apart = files_of(small.consumer()), [files_of(small.consumer(), name) for name in ("maple", "cedar")]
    for name in ("orgs.csv", "enrollments.csv", "roles.csv"):
        rows = [row["sourcedId"] for row in table(together[name])]
        assert sorted(rows) == sorted(row["sourcedId"] for files in apart for row in table(files[name]))


def test_records_of_two_districts_have_nothing_below_them_together(small):
    consumer = small.consumer()
    schools, classes = (consumer.users(name) for name in ("schools", "classes"))
    maple, cedar = (
        {
            one["sourcedId"]
            for one in consumer.ask(f"/{name}/ims/oneroster/rostering/v1p2/classes?limit=10000").json["classes"]
        }
        for name in ("maple", "cedar")
    )
    school = next(one["school"]["sourcedId"] for one in classes if one["sourcedId"] in maple)
    there = next(iter(sorted(cedar)))
    assert schools
    assert maple.isdisjoint(cedar)
    answer = consumer.roster(f"schools/{school}/classes/{there}/students")
    assert (answer.status_code, answer.json, answer.headers["X-Total-Count"]) == (200, {"users": []}, "0")
    assert (
        consumer.ask(f"/maple/ims/oneroster/rostering/v1p2/schools/{school}/classes/{there}/students").status_code
        == 404
    )


def test_districts_that_use_one_id_are_refused_together(tmp_path):
    write_oneroster_12(small_district(12), tmp_path / "maple.zip")
    sites = {name: Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")}) for name in ("maple", "oak")}
    with running(tmp_path / "region", sites, [agreement(name, operations=BULK) for name in sites]) as region:
        assert region.consumer().ask(PATHS["1.2"]).status_code == 409
        assert region.consumer().ask(f"/oak{PATHS['1.2']}").status_code == 200
        assert {event["district"] for event in events(region)} == {"oak"}


def test_everything_comes_from_one_state_of_the_district(tmp_path, monkeypatch):
    """The snapshot is renewed between two files: the files still fit together."""
    write_oneroster_12(small_district(40), tmp_path / "maple.zip")
    site = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    with running(tmp_path / "region", site, agreements("maple")) as region:
        consumer, district = region.consumer(), region.gateway.districts["maple"]
        expected, plain = consumer.ask(PATHS["1.2"]).data, making.Export._file

        def renewed(self, part, progress):
            write_oneroster_12(small_district(44), tmp_path / "maple.zip")
            district._refresh()
            yield from plain(self, part, progress)

        monkeypatch.setattr(making.Export, "_file", renewed)
        assert consumer.ask(PATHS["1.2"]).data == expected
        monkeypatch.undo()
        assert len(table(files_of(consumer)["demographics.csv"])) == 44


def events(region):
    return list(read_disclosures(load(region.folder / "gateway.toml").audit.folder))


def test_every_file_is_recorded_before_its_first_byte(by_hand, monkeypatch):
    consumer, order, flush, plain = by_hand.consumer(), [], log._sync, oneroster_bulk._told
    by_hand.gateway.ending()  # the act of registering the consumer is written by now, and nothing else is

    def noted(descriptor):
        flush(descriptor)
        order.append("durable")

    def told_of(pieces):
        for piece in plain(pieces):
            order.append("bytes")
            yield piece

    monkeypatch.setattr(log, "_sync", noted)
    monkeypatch.setattr(oneroster_bulk, "_told", told_of)
    files = files_of(consumer)
    written = events(by_hand)
    assert order == ["durable"] * len(written) + ["bytes"] * (len(order) - len(written))
    assert {event["operation"] for event in written} == {"bulk"}
    assert {event["view"]: event["rows"] for event in written} == {
        name: len(table(files.get(f"{name}.csv", ""))) for name in ("academicSessions", "categories", "classes", "courses", "demographics", "enrollments", "lineItems", "orgs", "resources", "results", "scoreScales", "users")
    }  # fmt: skip
    tag = tags_of(by_hand.gateway, "maple", "u1")[-1]
    assert {event["view"] for event in by_hand.gateway.record.seen(tag)} == {
        "users",
        "demographics",
        "enrollments",
        "results",
    }
    assert {tuple(event["agreements"]) for event in written} == {("conformance-maple@1",)}


def test_what_cannot_be_recorded_does_not_leave(by_hand):
    region, consumer = by_hand, by_hand.consumer()
    region.gateway.ending()  # the act of registering the consumer is written by now
    import os

    os.close(region.gateway.record._file)
    region.gateway.record._file = os.open(os.devnull, os.O_RDONLY)
    answer = consumer.ask(PATHS["1.2"])
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/json"
    assert consumer.ask(PATHS["1.2"]).status_code == 200


def test_a_failure_on_the_way_breaks_the_stream_before_the_end_of_the_zip(small, monkeypatch):
    plain, taken = making.Export._file, []

    def failing(self, part, progress):
        for number, piece in enumerate(plain(self, part, progress)):
            if part.told.file.name == "roles.csv" and number:
                raise RuntimeError
            yield piece

    monkeypatch.setattr(making.Export, "_file", failing)
    monkeypatch.setattr(streamed_zip, "PIECE_BYTES", 1)
    answer = small.consumer().ask(f"/maple{PATHS['1.2']}")
    assert answer.status_code == 200
    with pytest.raises(GatewayError, match="The files were broken off") as broken:
        taken.extend(answer.iter_encoded())
    assert broken.value.__suppress_context__  # a server may log it with its traceback
    assert len(taken) > 10
    assert_no_zip(b"".join(taken))


def assert_no_zip(data):
    """Neither the list of files nor the end of it is there, and no reader takes it for a zip."""
    assert b"PK\x01\x02" not in data
    assert b"PK\x05\x06" not in data
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(data))


def test_a_client_of_the_real_server_cannot_take_a_broken_stream_for_a_whole_one(tmp_path):
    """The last student by id has an id that no cell can hold; the first part of the zip is on its way by then."""
    district = small_district(500)
    write_edfi_xml(district, tmp_path / "cedar")
    site = {"cedar": Site("edfi_xml", {"source": str(tmp_path / "cedar")})}
    with running(tmp_path / "first", site, agreements("cedar")) as region:
        whole = region.consumer().ask(PATHS["1.2"]).data
        last = [row for row in table(unpack(whole)["users.csv"]) if row["userIds"]][-1]
    code = re.search(r"State:(\w+)", last["userIds"])[1]
    spoilt = 0
    for file in (tmp_path / "cedar").rglob("*.xml"):
        text = file.read_text("utf-8")
        spoilt += f">{code}<" in text
        file.write_text(text.replace(f">{code}<", ">{}<"), "utf-8")
    assert spoilt
    with served(tmp_path / "region", site, operations=BULK) as server:
        data, ended = b"", None
        try:
            with requests.get(server.base + PATHS["1.2"], headers=server.bearer, timeout=30, stream=True) as answer:
                assert answer.status_code == 200
                for piece in answer.iter_content(4096):
                    data += piece
        except requests.RequestException as error:
            ended = error
        assert len(data) > 30_000
        assert_no_zip(data)
        assert server.get("/health").status_code == 200
        print(f"{len(data):,} bytes of {len(whole):,} came; the connection ended with {type(ended).__name__}")


def test_an_agreement_that_ends_meanwhile_lets_nothing_more_out(tmp_path, monkeypatch):
    clock = Clock()
    write_oneroster_12(small_district(40), tmp_path / "maple.zip")
    site = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    with running(tmp_path / "region", site, agreements("maple"), clock=clock) as region:
        consumer, plain = region.consumer(), making.Export._file

        def late(self, part, progress):
            if part.told.file.name == "roles.csv":
                clock.move(400 * 86400)
            yield from plain(self, part, progress)

        monkeypatch.setattr(making.Export, "_file", late)
        assert consumer.ask(PATHS["1.2"]).status_code == 403


@pytest.fixture
def changing(tmp_path):
    """A district whose files can be exchanged, with a clock that moves."""
    clock, path = Clock(), tmp_path / "maple.zip"

    def write(**changes):
        rows, files = made.rows("1.2"), made.package("1.2")
        rows["users.csv"][0] |= changes
        files["users.csv"] = made.text(
            files["users.csv"].decode().splitlines()[0].split(","), rows["users.csv"]
        ).encode()
        path.unlink(missing_ok=True)
        made.archive(path, files)

    write()
    site = {"maple": Site("oneroster_csv", {"source": str(path)}, cache="10m")}
    with running(tmp_path / "region", site, agreements("maple"), clock=clock) as region:
        yield region, write, clock


@pytest.mark.parametrize(("client", "change", "seen"), [
    ("conformance", {"email": "new@example.org"}, True), ("conformance", {}, False),
    ("tutor", {"email": "new@example.org"}, False), ("tutor", {"givenName": "Mia"}, True),
])  # fmt: skip
def test_a_delta_holds_what_changed_for_this_consumer_and_nothing_else(changing, client, change, seen):
    region, write, clock = changing
    consumer = region.consumer(client)
    first = consumer.ask(PATHS["1.2"])
    since = first.headers["X-Next-Since"]
    write(**change)
    clock.move(3600)
    consumer.secret = None
    answer = region.app.test_client().get(f"{PATHS['1.2']}?since={since}", headers=renewed(region, client))
    files = unpack(answer.data)
    stated = {row["propertyName"]: row["value"] for row in table(files["manifest.csv"])}
    modes = {name: stated[f"file.{name.removesuffix('.csv')}"] for name in files if name != "manifest.csv"}
    whole = {name for name, mode in modes.items() if mode == "bulk"}  # nobody remembers what is gone from a gradebook
    assert whole <= made.GRADEBOOK.keys()
    told = modes.keys() - whole - {"demographics.csv"}  # which are the same records, with the same time
    assert told == ({"users.csv", "roles.csv"} if seen else set())
    assert {modes[name] for name in told} <= {"delta"}
    for name in told:
        (row,) = table(files[name])
        assert row["status"] == "active"
        assert row["dateLastModified"] == answer.headers["X-Next-Since"] > since


def renewed(region, client):
    """A new token for a client, an hour later."""
    from gateway.auth.client_secrets import new_secret
    from gateway.storage.registry import open_store

    secret, trace = new_secret()
    store = open_store(region.store_url, region.clock)
    store.rotate_secret(client, trace, None, "ana")
    store.close()
    answer = region.app.test_client().post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(client, secret)
    )
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_gradebook_goes_out_comes_in_and_goes_out_as_the_same_bytes(version, tmp_path):
    place, sent = made.archive(tmp_path / "0.zip", made.graded("1.2")), []
    for turn in (1, 2):
        site = {"maple": Site("oneroster_csv", {"source": str(place)})}
        with running(tmp_path / str(turn), site, agreements("maple")) as region:
            answer = region.consumer().ask(PATHS[version])
            assert answer.status_code == 200
            sent.append(answer.data)
        place = tmp_path / f"{turn}.zip"
        place.write_bytes(sent[-1])
    assert sent[0] == sent[1]
    with zipfile.ZipFile(io.BytesIO(sent[1])) as files:
        known = made.GRADEBOOK.keys() & facts.files(version).keys()
        assert {name for name in known if len(files.read(name).splitlines()) < 2} == set()


def test_a_delta_tells_of_whom_has_gone_with_all_that_they_had(tmp_path):
    clock, path = Clock(), tmp_path / "maple.zip"

    def write(count):
        rows, files = made.rows("1.2"), made.package("1.2")
        for number in range(count):
            rows["users.csv"].append(
                {"sourcedId": f"x{number}", "enabledUser": "true", "username": "x", "givenName": "X", "familyName": "X"}
            )
            rows["roles.csv"].append(
                {
                    "sourcedId": f"y{number}",
                    "userSourcedId": f"x{number}",
                    "roleType": "primary",
                    "role": "student",
                    "orgSourcedId": "s1",
                }
            )
        for name in ("users.csv", "roles.csv"):
            files[name] = made.text(files[name].decode().splitlines()[0].split(","), rows[name]).encode()
        path.unlink(missing_ok=True)
        made.archive(path, files)

    write(20)
    site = {"maple": Site("oneroster_csv", {"source": str(path)}, cache="3h")}
    with running(tmp_path / "region", site, agreements("maple"), clock=clock) as region:
        first = region.consumer().ask(PATHS["1.2"])
        before = {row["userSourcedId"]: row for row in table(unpack(first.data)["roles.csv"])}
        write(19)
        clock.move(1200)
        region.gateway.districts["maple"]._refresh()
        answer = region.consumer().ask(PATHS["1.2"], since=first.headers["X-Next-Since"])
        files = unpack(answer.data)
        assert {name for name, text in files.items() if table(text)} == {
            "manifest.csv",
            "users.csv",
            "roles.csv",
            "demographics.csv",
        }
        (user,), (role,) = table(files["users.csv"]), table(files["roles.csv"])
        assert (user["sourcedId"], user["status"], user["dateLastModified"]) == (
            "x19",
            "tobedeleted",
            answer.headers["X-Next-Since"],
        )
        assert role == before["x19"] | {"status": "tobedeleted", "dateLastModified": user["dateLastModified"]}
        whole = unpack(region.consumer().ask(PATHS["1.2"]).data)
        assert "x19" not in {row["sourcedId"] for row in table(whole["users.csv"])}
