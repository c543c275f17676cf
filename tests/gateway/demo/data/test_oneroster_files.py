import csv
import io
import json
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings

from gateway.demo.data import write_messy_oneroster_11, write_oneroster_12
from tests.gateway.demo.data.districts import districts, small
from tests.support.needs import shared

REFERENCES = {
    "parentSourcedId": None,
    "orgSourcedId": "orgs",
    "schoolSourcedId": "orgs",
    "primaryOrgSourcedId": "orgs",
    "schoolYearSourcedId": "academicSessions",
    "academicSessionSourcedId": "academicSessions",
    "courseSourcedId": "courses",
    "classSourcedId": "classes",
    "userSourcedId": "users",
    "studentSourcedId": "users",
    "agentSourcedIds": "users",
    "termSourcedIds": "academicSessions",
    "userProfileSourcedId": "userProfiles",
    "categorySourcedId": "categories",
    "lineItemSourcedId": "lineItems",
    "resourceSourcedId": "resources",
}


def tables(path):
    with ZipFile(path) as archive:
        names = [name.removesuffix(".csv") for name in archive.namelist()]
        return {name: list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode(), ""))) for name in names}


def standard(version):
    return json.loads(shared("facts", "oneroster-csv.json").read_text())[version]


def dangling(files):
    known = {name: {row["sourcedId"] for row in rows} for name, rows in files.items() if name != "manifest"}
    return [
        (name, column, target)
        for name, rows in files.items()
        for row in rows
        for column, table in REFERENCES.items()
        for target in filter(None, row.get(column, "").split(","))
        if target not in known[table or name]
    ]


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("oneroster") / "maple.zip"
    write_oneroster_12(small(), path)
    return path


def test_each_file_has_the_headers_of_the_standard_and_extensions_after_them(export):
    facts = standard("1.2")["files"]
    extended = set()
    with ZipFile(export) as archive:
        for name in archive.namelist():
            header = archive.read(name).decode().split("\r\n", 1)[0].split(",")
            extensions = header[len(facts[name]["headers"]) :]
            assert header[: len(facts[name]["headers"])] == facts[name]["headers"]
            assert all(one.startswith("metadata.") for one in extensions)
            extended |= {name} if extensions else set()
    assert extended == {"users.csv", "classes.csv"}


def test_what_the_standard_requires_is_there_and_bulk_files_leave_the_stamps_blank(export):
    facts = standard("1.2")["files"]
    for name, rows in tables(export).items():
        assert rows, name
        for row in rows:
            assert all(row[column] for column in facts[f"{name}.csv"]["required"]), (name, row)
            assert not row.get("status")
            assert not row.get("dateLastModified")


def test_the_manifest_names_every_file_and_tells_the_truth(export):
    rows = {row["propertyName"]: row["value"] for row in tables(export)["manifest"]}
    facts = standard("1.2")["manifest"]
    assert set(rows) == {*facts["required"], *facts["optional"]}
    there = {name for name in tables(export) if name != "manifest"}
    assert {key.removeprefix("file.") for key, value in rows.items() if value == "bulk"} == there
    assert rows["oneroster.version"] == "1.2"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(districts())
def test_every_reference_between_files_resolves(tmp_path_factory, district):
    path = tmp_path_factory.mktemp("oneroster") / "any.zip"
    write_oneroster_12(district, path)
    files = tables(path)
    assert dangling(files) == []
    assert len(files["users"]) == len(district.students) + len(district.staff) + len(district.guardians)
    assert len(files["enrollments"]) == len(district.placements) + len(district.teachings)
    places = [(row["userSourcedId"], row["orgSourcedId"], row["roleType"]) for row in files["roles"]]
    primary = sorted((user, org) for user, org, kind in places if kind == "primary")
    assert primary == sorted({(user, org) for user, org, _ in places})
    assert {user for user, _ in primary} == {row["sourcedId"] for row in files["users"]}


def test_the_same_district_gives_the_same_bytes(export, tmp_path):
    write_oneroster_12(small(), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == export.read_bytes()


def test_hostile_names_survive_the_quoting(export):
    preferred = {row["preferredGivenName"] for row in tables(export)["users"]}
    assert {'Mel "Ace"', 'Zo, "Z" & Co.', "<D>", "小明"} <= preferred


@pytest.fixture(scope="module")
def wild(tmp_path_factory):
    path = tmp_path_factory.mktemp("wild")
    write_messy_oneroster_11(small("alder"), path / "folder")
    write_messy_oneroster_11(small("alder"), path / "alder.zip")
    return path


def sheet(wild, name):
    return (wild / "folder" / f"{name}.csv").read_bytes()


def test_a_wild_export_is_the_same_as_a_folder_and_as_a_zip(wild):
    with ZipFile(wild / "alder.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in (wild / "folder").iterdir()
        }


def test_a_wild_export_has_marks_mixed_line_ends_and_shouted_booleans(wild):
    assert sheet(wild, "users").startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in sheet(wild, "users")
    assert b"\r" not in sheet(wild, "enrollments")
    assert b",TRUE," in sheet(wild, "users")
    assert b",true," not in sheet(wild, "users")


def test_a_wild_export_uses_older_names_leaves_columns_off_and_puts_extensions_in_the_middle(wild):
    header = sheet(wild, "users").decode("utf-8-sig").split("\r\n")[0].split(",")
    assert {"grade", "agents"} <= set(header)
    assert not {"grades", "agentSourcedIds", "password"} & set(header)
    assert not header[-1].startswith("metadata.")
    assert any(name.startswith("metadata.") for name in header)
    header = sheet(wild, "demographics").decode("utf-8-sig").split("\r\n")[0].split(",")
    assert header[0] == "userSourcedId"
    assert "birthdate" in header
    assert "publicSchoolResidenceStatus" not in header


def test_a_wild_export_fills_the_stamps_and_leaves_the_mode_of_absent_files_blank(wild):
    rows = list(csv.DictReader(io.StringIO(sheet(wild, "classes").decode(), "")))
    assert {row["status"] for row in rows} == {"active"}
    assert all(row["dateLastModified"].endswith("Z") for row in rows)
    manifest = dict(csv.reader(io.StringIO(sheet(wild, "manifest").decode(), "")))
    assert manifest["oneroster.version"] == "1.1"
    assert set(manifest) == {"propertyName", *standard("1.1")["manifest"]["required"]}
    files = {path.stem for path in (wild / "folder").iterdir()} - {"manifest"}
    assert {key.removeprefix("file.") for key, value in manifest.items() if value == "bulk"} == files
    assert manifest["file.resources"] == ""


def test_a_wild_export_holds_the_values_that_version_1_1_requires(wild):
    facts = standard("1.1")["files"]
    older = {"sourcedId": "userSourcedId"}
    for path in (wild / "folder").iterdir():
        rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), "")))
        for row in rows:
            for column in facts[path.name]["required"] if path.stem != "manifest" else ():
                assert row.get(column) or row.get(older.get(column, column)), (path.name, column)
