"""P2: what no active agreement names does not leave."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from gateway.demo.data import write_oneroster_12
from standards import registry
from tests.adapters.oneroster.packages import archive, text
from tests.gateway.web.answers import leaves
from tests.support.regions import (
    EDFI,
    NOW,
    ROSTER,
    Clock,
    Site,
    agreement,
    root_of,
    running,
    small_district,
    small_sites,
)

VIEWS = [(root_of(name), name) for name in registry.views("oneroster")] + [
    (EDFI, name) for name in registry.views("edfi")
]
SAYING = {"dateLastModified", "_lastModifiedDate", "_etag", "status", "type", "href", "sourcedId", "id", "link", "rel"}
CONSTANT = {"active", "true", "primary", "student", "teacher", "guardian", "scheduled"}
ADDRESSES = [root + name for root, name in VIEWS]


IDS = [(f"{entity}.id", "allow") for entity in ("student", "staff", "contact", "organization", "session", "course", "offering", "section",
                                                "enrollment", "placement", "teaching", "employment", "guardianship", "profile")]  # fmt: skip


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    return small_sites(tmp_path_factory.mktemp("data"), 20)


@pytest.fixture(scope="module")
def region(tmp_path_factory, sites):
    """Several clients, of which each has something that does not open the data."""
    texts = [
        agreement("maple", client="ended", begin="2025-09-01", end="2026-08-31"),
        agreement("maple", client="future", begin="2026-12-01"),
        agreement("maple", client="searcher", operations="[search]"),
        agreement("maple", client="neighbour"),
        agreement("maple", client="torn", purpose="one"),
        agreement("cedar", client="torn", purpose="two"),
        agreement("maple", [("student.name.given", "allow"), ("student.id", "allow"), ("*", "deny")], client="denied"),
        agreement("maple", [("student.birthDate", "allow")], client="idless"),
        agreement("maple", IDS, client="ids"),
        agreement("cedar", IDS, client="ids"),
        agreement("maple", population='{all: [{school: {in: ["none"]}}]}', client="nobody"),
        agreement("cedar", population='{all: [{grade: {in: ["KG"]}}, {enrollment: active}]}', client="some"),
    ]
    with running(tmp_path_factory.mktemp("region") / "r", sites, texts) as started:
        yield started


@pytest.mark.parametrize("client", ["ended", "future", "searcher", "torn", "stranger", "denied"])
def test_without_an_active_agreement_to_read_everything_is_refused(region, client):
    consumer = region.consumer(client)
    for address in ADDRESSES:
        for place in (address, f"/maple{address}", f"/cedar{address}", f"{address}/{'1' * 32}"):
            answer = consumer.ask(place)
            assert answer.status_code == 403, (place, answer.text[:200])
            assert not {"X-Total-Count", "Total-Count", "ETag", "Link"} & set(answer.headers.keys())


def test_a_district_that_has_no_agreement_with_the_client_is_closed(region):
    neighbour = region.consumer("neighbour")
    assert neighbour.ask(f"/maple{ROSTER}users").status_code == 200
    for address in ADDRESSES:
        assert neighbour.ask(f"/cedar{address}").status_code == 403
    schools = {one["name"] for one in neighbour.ask(f"{ROSTER}schools").json["orgs"]}
    assert schools == {one["name"] for one in neighbour.ask(f"/maple{ROSTER}schools").json["orgs"]}


def test_an_agreement_begins_and_ends_on_its_days(tmp_path, sites):
    clock = Clock()
    texts = [agreement("maple", begin="2026-11-03", end="2026-11-03")]
    with running(tmp_path / "region", sites, texts, '[tokens]\nlife = "90d"\n', clock) as region:
        consumer = region.consumer()
        statuses = []
        for hours in (0, 12, 24, 48):  # in Los Angeles: the 2nd at 11, the 2nd at 23, the 3rd at 11, the 4th at 11
            clock.now = NOW
            clock.move(hours * 3600)
            statuses.append(consumer.ask(f"{ROSTER}users").status_code)
        assert statuses == [403, 403, 200, 403]


def test_whoever_is_given_nothing_but_a_fact_without_its_id_gets_nothing(region):
    idless = region.consumer("idless")
    for address in ADDRESSES:
        assert idless.ask(f"/maple{address}").status_code == 403


def test_whoever_is_given_ids_alone_sees_ids_alone(region):
    """Every value in every body is an id, an address, a constant of the standard, or a stamp of the record."""
    ids = region.consumer("ids")
    seen = 0
    for district in ("maple", "cedar"):
        for root, name in VIEWS:
            answer = ids.ask(f"/{district}{root}{name}?limit=100")
            if answer.status_code in {403, 501}:
                continue
            records = answer.json if root == EDFI else next(iter(answer.json.values()))
            for record in records:
                for path, value in leaves(record):
                    last = path.rpartition(".")[2]
                    known = last in SAYING or last.endswith("UniqueId") or value in CONSTANT or path == "identifier"
                    known = known or value == record.get("id")  # what stands in for a number that the source has not
                    known = known or (path, value, record.get("role")) == ("primary", "false", "student")
                    assert known, (district, name, path)
                    seen += 1
    assert seen > 1_000


def test_a_population_of_nobody_shows_nobody(region):
    nobody = region.consumer("nobody")
    for name in ("students", "users", "enrollments", "demographics", "classes", "teachers", "schools"):
        answer = nobody.ask(f"/maple{ROSTER}{name}")
        assert (answer.json, answer.headers["X-Total-Count"]) == ({next(iter(answer.json)): []}, "0"), name
    for name in (
        "students",
        "contacts",
        "studentContactAssociations",
        "studentSchoolAssociations",
        "studentSectionAssociations",
    ):
        answer = nobody.ask(f"/maple{EDFI}{name}?totalCount=true")
        assert (answer.json, answer.headers["Total-Count"]) == ([], "0"), name


def test_nobody_outside_the_population_is_named_in_any_body(region):
    """No unique id of a child outside stands anywhere, in any resource, nor does the id of its record."""
    some = region.consumer("some")
    district = region.gateway.districts["cedar"].cached_snapshot().table("student")
    shown = {one["studentUniqueId"] for one in some.resources("students", district="cedar")}
    assert 0 < len(shown) < district.size
    hidden = {value for value in district.unique if value not in shown}
    for name in registry.views("edfi"):
        for record in some.resources(name, district="cedar"):
            for path, value in leaves(record):
                if path.endswith("UniqueId"):
                    assert value not in hidden, (name, path)


def with_passwords(data):
    """The rows of a file with a word in every cell for a password."""
    heading, *rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    if "password" in heading:
        for row in rows:
            row[heading.index("password")] = "geheim"
    return text(heading, [dict(zip(heading, row, strict=True)) for row in rows]).encode()


def test_a_password_leaves_under_no_agreement(tmp_path):
    """The class *never*: planted passwords of users and of their accounts are in no body of any resource."""
    write_oneroster_12(small_district(20), tmp_path / "plain.zip")
    with zipfile.ZipFile(tmp_path / "plain.zip") as plain:
        files = {name: with_passwords(plain.read(name)) for name in plain.namelist()}
    assert sum(data.count(b"geheim") for data in files.values()) > 100
    archive(tmp_path / "maple.zip", files)
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    with running(tmp_path / "region", sites, [agreement("maple")]) as region:
        consumer = region.consumer()
        for address in ADDRESSES:
            assert b"geheim" not in consumer.ask(f"{address}?limit=500").data
        assert b"metadata" in consumer.ask(f"{ROSTER}users").data
        assert consumer.ask(f"{ROSTER}users?filter=password%3D%27geheim%27").status_code == 400
        assert consumer.ask(f"{ROSTER}users?filter=userProfiles.credentials.password~%27g%27").status_code == 400


def test_every_edfi_resource_is_closed_until_it_is_named(tmp_path, sites):
    """One line opens one resource, and its neighbours stay closed."""
    lines = [("edfi.locations.*", "allow"), ("edfi.calendars.*", "allow")]
    with running(tmp_path / "region", sites, [agreement("cedar", lines)]) as region:
        consumer = region.consumer()
        open_ones = {name for root, name in VIEWS if root == EDFI and consumer.ask(f"{EDFI}{name}").status_code == 200}
        assert open_ones == {"locations", "calendars"}
        assert consumer.ask(f"{EDFI}locations").json
