"""P7: Ed-Fi in and Ed-Fi out, OneRoster in and OneRoster out, lose nothing that is released; over HTTP, value by value."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path

import orjson
import pytest

from adapters.edfi_xml.adapter import CAPS
from adapters.edfi_xml.reader import documents
from adapters.files.archives import open_source
from gateway.demo.data import write_edfi_xml, write_oneroster_12
from standards import registry
from standards.edfi.model.model import by_collection, natural_key
from standards.oneroster.csv import specification as columns
from tests.adapters.oneroster import packages as made
from tests.support.regions import Site, agreement, grand_bend_site, running, small_district

pytest_plugins = ["tests.support.region_fixtures"]

OWN = {"id", "_etag", "_lastModifiedDate", "link"}  # what the API itself adds to what the source said
PROFILE = "urn:oneroster:userProfile:"


# Ed-Fi


def said(settings):
    """What the interchange files say, by resource."""
    found = {}
    for place in settings.values():
        with open_source(Path(place), caps=CAPS) as source:
            for name, document in documents(source, None):
                found.setdefault(name, []).append(document)
    return found


def plain(value, own=OWN):
    """A document without what the API adds, its lists in an order of their own."""
    if isinstance(value, dict):
        return {name: plain(inner, own) for name, inner in value.items() if name not in own}
    if isinstance(value, list):
        return sorted(
            (plain(inner, own) for inner in value), key=lambda inner: orjson.dumps(inner, option=orjson.OPT_SORT_KEYS)
        )
    return value


def compare(said_documents, consumer):
    """What was lost and what was added, by resource and member; how many documents were compared."""
    lost, added, count = Counter(), Counter(), 0
    for name, told in said_documents.items():
        resource = by_collection(name)
        own = OWN | ({resource.descriptor_id} if resource.is_descriptor else set())
        shown = {natural_key(resource, one): plain(one, own) for one in consumer.resources(name)}
        for document in told:
            whole = plain(document, own)
            other = shown.get(natural_key(resource, document), {})
            count += 1
            lost.update(f"{name}.{member}" for member in whole if whole[member] != other.get(member))
            added.update(f"{name}.{member}" for member in other if member not in whole)
        if len({natural_key(resource, one) for one in told}) != len(shown):
            lost[f"{name}: number of records"] += 1
    return lost, added, count


@pytest.fixture(scope="module")
def documents_in():
    """What the files of the real district say."""
    return said(grand_bend_site().settings)


def test_every_edfi_resource_of_the_real_district_comes_out_as_it_went_in(everything, documents_in):
    lost, added, count = compare(documents_in, everything)
    print(f"{count} documents of {len(documents_in)} resources compared; own members of the API: {sorted(OWN)}")
    assert count > 26_000
    assert len(documents_in) > 250
    assert lost == {}
    assert added == {}


def test_every_edfi_resource_of_a_generated_district_comes_out_as_it_went_in(tmp_path):
    write_edfi_xml(small_district(50), tmp_path / "cedar")
    site = Site("edfi_xml", {"source": str(tmp_path / "cedar")})
    with running(tmp_path / "region", {"cedar": site}, [agreement("cedar")]) as region:
        lost, added, count = compare(said(site.settings), region.consumer())
    assert count > 1_000
    assert lost == {}
    assert added == {}


def test_a_resource_that_the_files_do_not_have_is_empty(everything, documents_in):
    absent = registry.views("edfi").keys() - documents_in.keys()
    assert len(absent) > 30
    assert [name for name in sorted(absent)[::3] if everything.edfi(name, limit=1).json] == []


# OneRoster

LISTS = {"grades", "subjects", "subjectCodes", "periods"}
RENAMED = {"preferredGivenName": "preferredFirstName", "preferredFamilyName": "preferredLastName"}
REFERENCES = {
    "parentSourcedId": "parent", "schoolYearSourcedId": "schoolYear", "orgSourcedId": "org", "courseSourcedId": "course",
    "schoolSourcedId": "school", "primaryOrgSourcedId": "primaryOrg", "classSourcedId": "class", "userSourcedId": "user",
}  # fmt: skip
MANY = {"termSourcedIds": "terms", "agentSourcedIds": "agents"}
LEDGERS = {"dateLastModified", "status"}
NEVER = {"password"}
DERIVED = {"orgs.children", "academicSessions.children", "users.agents"}  # said on the other side in the files
MAIN = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics", "resources")
BESIDE = ("roles", "userProfiles", "courseResources", "classResources", "userResources")


def parts(cell):
    return next(csv.reader([cell], skipinitialspace=True)) if cell else []


def expected(file, row, rows, skipped):
    """The OneRoster record that a row is, from the standard's own column names."""
    record = {}
    known = columns.files("1.2")[f"{file}.csv"].columns
    for column, cell in row.items():
        if column in LEDGERS | NEVER or not (column in known or column.startswith("metadata.")):
            skipped[f"{file}.{column}"] += bool(cell)
        elif cell and column.startswith("metadata."):
            record.setdefault("metadata", {})[column.removeprefix("metadata.")] = cell
        elif cell:
            name, value = member(file, column, cell)
            record[name] = value
    owner = {"courses": "course", "classes": "class", "users": "user"}.get(file)
    links = [
        one["resourceSourcedId"]
        for one in rows.get(f"{owner}Resources", ())
        if one[f"{owner}SourcedId"] == row["sourcedId"]
    ]
    if links:
        record["resources"] = sorted(set(links), key=str_of)
    return record | (people(row["sourcedId"], rows) if file == "users" else {})


def member(file, column, cell):
    """The member that a cell is."""
    if column in REFERENCES:
        return REFERENCES[column], cell
    if column in MANY:
        return MANY[column], sorted(parts(cell), key=str_of)
    if column == "userIds":
        pairs = (one.strip("{}").partition(":") for one in parts(cell))
        return "userIds", sorted(({"type": kind, "identifier": value} for kind, _, value in pairs), key=str_of)
    if column == "periods":
        return column, parts(cell)
    if column in LISTS or (file, column) == ("resources", "roles"):
        return column, sorted(parts(cell), key=str_of)
    return RENAMED.get(column, column), cell


def people(user, rows):
    """What the files beside users.csv say of a user."""
    found = {}
    keys = ("roleType", "role", "beginDate", "endDate")
    roles = [
        {key: role[key] for key in keys if role[key]} | {"org": role["orgSourcedId"]}
        | ({"userProfile": PROFILE + role["userProfileSourcedId"]} if role["userProfileSourcedId"] else {})
        for role in rows["roles"] if role["userSourcedId"] == user
    ]  # fmt: skip
    found["roles"] = sorted(roles, key=str_of)
    profiles = []
    for one in rows.get("userProfiles", ()):
        if one["userSourcedId"] == user:
            profile = {"profileId": PROFILE + one["sourcedId"]}
            profile |= {
                name: one[name] for name in ("profileType", "vendorId", "applicationId", "description") if one[name]
            }
            credential = {
                name: one[column]
                for name, column in (("type", "credentialType"), ("username", "username"))
                if one[column]
            }
            profiles.append(profile | ({"credentials": [credential]} if credential else {}))
    return found | ({"userProfiles": sorted(profiles, key=str_of)} if profiles else {})


def str_of(value):
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def flat(value, name=""):
    """A shown record in the form of `expected`: references as ids, lists without order."""
    if isinstance(value, dict):
        if value.keys() == {"href", "sourcedId", "type"}:
            return value["sourcedId"]
        return {key: flat(inner, key) for key, inner in value.items() if key not in LEDGERS}
    if isinstance(value, list):
        inner = [flat(one) for one in value]
        return inner if name == "periods" else sorted(inner, key=str_of)
    return value


def around(tmp_path, files):
    """Rows in and records out of the same zip, by file."""
    rows = {
        name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        for name, data in files.items() if name != "manifest.csv"
    }  # fmt: skip
    site = Site("oneroster_csv", {"source": str(made.archive(tmp_path / "maple.zip", files))})
    with running(tmp_path / "region", {"maple": site}, [agreement("maple")]) as region:
        consumer = region.consumer()
        shown = {name: consumer.users(name) for name in MAIN if name != "resources"}
        shown["resources"] = consumer.ask("/ims/oneroster/resources/v1p2/resources?limit=10000").json["resources"]
    return rows, {name: {one["sourcedId"]: flat(one) for one in records} for name, records in shown.items()}


def differences(rows, shown):
    """What differs, by file and member, and the cells that are not compared, each with how often."""
    lost, added, skipped = Counter(), Counter(), Counter()
    for file in MAIN:
        for row in rows.get(file, ()):
            whole, other = expected(file, row, rows, skipped), shown[file].get(row["sourcedId"], {})
            lost.update(f"{file}.{member}" for member in whole if whole[member] != other.get(member))
            added.update(f"{file}.{member}" for member in other if member not in whole)
    return lost, added, skipped


def generated(folder):
    write_oneroster_12(small_district(80), folder / "made.zip")
    with zipfile.ZipFile(folder / "made.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_extras(files):
    """The same files with passwords, stamps and a column that nobody knows."""
    found = dict(files)
    heading, *rows = csv.reader(io.StringIO(files["users.csv"].decode(), newline=""))
    filled = [dict(zip(heading, row, strict=True)) | {"password": "geheim", "shoeSize": "37"} for row in rows]
    found["users.csv"] = made.text([*heading, "shoeSize"], filled).encode()
    return found


@pytest.mark.parametrize("source", ["by hand", "generated", "with columns that nobody knows"])
def test_every_cell_of_the_oneroster_files_comes_out_as_it_went_in(tmp_path, source):
    files = made.package("1.2") if source == "by hand" else generated(tmp_path)
    if source.startswith("with"):
        files = with_extras(files)
    rows, shown = around(tmp_path, files)
    lost, added, skipped = differences(rows, shown)
    print(f"not compared: {dict(+skipped)}")
    assert lost == {}
    assert added.keys() <= DERIVED
    users = len(rows["users"])
    assert +skipped == ({"users.password": users, "users.shoeSize": users} if source.startswith("with") else {})
    for file in MAIN:
        told = {row["sourcedId"] for row in rows.get(file, ())}
        assert told <= shown[file].keys()
        assert file == "demographics" or told == shown[file].keys()


def test_a_metadata_member_that_the_agreement_names_leaves_and_its_neighbour_does_not(tmp_path):
    files = generated(tmp_path)
    site = Site("oneroster_csv", {"source": str(made.archive(tmp_path / "maple.zip", files))})
    lines = [("student.id", "allow"), ("enrollment.*", "allow"), ("oneroster.users.metadata.crossing.bus", "allow")]
    with running(tmp_path / "region", {"maple": site}, [agreement("maple", lines)]) as region:
        members = {name for one in region.consumer().users("students") for name in one.get("metadata", {})}
    assert members == {"crossing.bus"}
