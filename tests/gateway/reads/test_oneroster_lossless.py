"""OneRoster bulk files in, OneRoster out: nothing that may be released is lost, field by field."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter

import pytest

from adapters.oneroster_csv.adapter import OneRosterCsv
from gateway.cache.snapshot import build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.demo.data import write_oneroster_12
from gateway.engine.row_index import index
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from policies.grant import Grant, Rule
from standards import native, registry, vocabulary
from standards.fields import fields_of
from standards.keys import Keyring
from standards.oneroster.model import validate
from standards.pruning import prune
from standards.query import Query
from tests.adapters.oneroster import packages as made
from tests.gateway.demo.data.districts import small

BASE = "https://gateway.example/ims/oneroster"
COLLECTIONS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics")
NOT_SHOWN = {
    "dateLastModified": "the ledger says when a record changed",
    "status": "what is deleted is not in a bulk file",
    "password": "a password never leaves",
}


@pytest.fixture(scope="module", params=["by hand", "generated"])
def around(request, tmp_path_factory):
    """The cells of the files by file and id, and what the views show of them by collection and id."""
    path = tmp_path_factory.mktemp("maple") / "maple.zip"
    if request.param == "by hand":
        made.archive(path, made.package("1.2"))
    else:
        write_oneroster_12(small(students=150), path)
    with zipfile.ZipFile(path) as archive:
        files = {name: rows_of(archive.read(name)) for name in archive.namelist() if name != "manifest.csv"}
    return files, {name: show(path, name) for name in COLLECTIONS}


def rows_of(data: bytes) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return {
        row["sourcedId"]: {name: cell for name, cell in row.items() if cell and name not in NOT_SHOWN} for row in rows
    }


def everything() -> Grant:
    """A grant that releases whatever may be released."""
    entities = (*vocabulary.entities(), *native.entities())
    fields = [field for entity in entities for field in fields_of(entity).values() if field.sensitivity != "never"]
    rules = {name: Rule("allow") for field in fields for name in (field.release, f"{field.release}.*")}
    return Grant("c", "o", "a", 1, "p", "b", "maple", frozenset({"read"}), rules, {}, "e")


def show(path, collection):
    grant, keyring = everything(), Keyring(b"k" * 32)
    with OneRosterCsv("maple", {"source": str(path)}) as adapter:
        wanted = {entity: grant.reads(entity) for entity in adapter.manifest.entities}
        snapshot = build_snapshot(adapter.read(wanted), "maple", keyring)
    assert not snapshot.dropped
    visibility, ledger = Visibility(snapshot, grant, keyring, "2026-10-01"), Ledger(b"l" * 16)
    view = prune(registry.views("oneroster")[collection], grant)
    shown = tuple(ViewRows(branch, view, visibility, ledger) for branch in view.branches)
    records = index(shown, Query()).slice(0, 1_000_000, BASE)
    assert len({record["sourcedId"] for record in records}) == len(records)
    return {record["sourcedId"]: record for record in records}


def ref(record, name):
    return record.get(name, {}).get("sourcedId")


def refs(record, name):
    return sorted(one["sourcedId"] for one in record.get(name, ()))


def listed(cell):
    return [part.strip() for part in next(csv.reader([cell], skipinitialspace=True))] if cell else []


SAME = {
    "orgs": ("name", "type", "identifier"),
    "academicSessions": ("title", "type", "startDate", "endDate", "schoolYear"),
    "courses": ("title", "courseCode"),
    "classes": ("title", "classCode", "classType", "location"),
    "users": (
        "enabledUser", "username", "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone",
        "userMasterIdentifier", "preferredMiddleName", "pronouns",
    ),
    "enrollments": ("role", "primary", "beginDate", "endDate"),
    "demographics": (
        "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity",
        "countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus",
    ),
}  # fmt: skip
RENAMED = {"users": {"preferredGivenName": "preferredFirstName", "preferredFamilyName": "preferredLastName"}}
REFERENCES = {
    "orgs": ("parent",),
    "academicSessions": ("parent",),
    "courses": ("schoolYear", "org"),
    "classes": ("course", "school"),
    "users": ("primaryOrg",),
    "enrollments": ("class", "school", "user"),
    "demographics": (),
}
LISTS = {"courses": ("grades", "subjects", "subjectCodes"), "users": ("grades",)} | {
    "classes": ("grades", "subjects", "subjectCodes", "periods")
}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_row_is_shown_once_and_nothing_else_is(around, collection):
    files, shown = around
    expected = files[f"{collection}.csv"].keys()
    if collection == "demographics":
        assert expected <= shown[collection].keys()
    else:
        assert expected == shown[collection].keys()


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_cell_is_shown_as_it_was(around, collection):
    files, shown = around
    lost = Counter()
    for identity, row in files[f"{collection}.csv"].items():
        record = shown[collection][identity]
        told = {"sourcedId"}
        for column in SAME[collection]:
            told.add(column)
            lost[column] += row.get(column) != record.get(column)
        for column, name in RENAMED.get(collection, {}).items():
            told.add(column)
            lost[column] += row.get(column) != record.get(name)
        for name in REFERENCES[collection]:
            told.add(f"{name}SourcedId")
            lost[name] += row.get(f"{name}SourcedId") != ref(record, name)
        for name in LISTS.get(collection, ()):
            told.add(name)
            lost[name] += listed(row.get(name)) != record.get(name, [])
        for column in row:
            if column.startswith("metadata."):
                told.add(column)
                lost[column] += record["metadata"][column.removeprefix("metadata.")] != row[column]
        assert row.keys() <= told | {"termSourcedIds", "userIds", "agentSourcedIds"}
    assert not +lost


def test_terms_user_ids_and_agents_are_shown_as_they_were(around):
    files, shown = around
    for identity, row in files["classes.csv"].items():
        assert sorted(listed(row["termSourcedIds"])) == refs(shown["classes"][identity], "terms")
    for identity, row in files["users.csv"].items():
        record = shown["users"][identity]
        ids = [f"{{{one['type']}:{one['identifier']}}}" for one in record.get("userIds", ())]
        assert sorted(listed(row.get("userIds"))) == sorted(ids)
        for agent in listed(row.get("agentSourcedIds")):
            assert agent in refs(record, "agents") or identity in refs(shown["users"][agent], "agents")


def test_every_role_is_shown_as_it_was(around):
    files, shown = around
    roles = Counter(
        (
            identity, one["roleType"], one["role"], ref(one, "org"), one.get("beginDate"), one.get("endDate"),
            one.get("userProfile", "").removeprefix("urn:oneroster:userProfile:") or None,
        )
        for identity, record in shown["users"].items()
        for one in record["roles"]
    )  # fmt: skip
    columns = ("userSourcedId", "roleType", "role", "orgSourcedId", "beginDate", "endDate", "userProfileSourcedId")
    assert roles == Counter(tuple(row.get(column) for column in columns) for row in files["roles.csv"].values())


def test_every_profile_is_shown_as_it_was(around):
    files, shown = around
    profiles = {
        (
            identity,
            one["profileId"].removeprefix("urn:oneroster:userProfile:"),
            one["profileType"],
            one["vendorId"],
            *((held["type"], held["username"]) for held in one["credentials"]),
        )
        for identity, record in shown["users"].items()
        for one in record.get("userProfiles", ())
    }
    assert profiles == {
        (row["userSourcedId"], identity, row["profileType"], row["vendorId"], (row["credentialType"], row["username"]))
        for identity, row in files.get("userProfiles.csv", {}).items()
    }


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_is_shown_is_valid_and_every_reference_leads_somewhere(around, collection):
    _, shown = around
    model = registry.views("oneroster")[collection].model
    for record in shown[collection].values():
        assert validate("1.2", model, record) == []
        for one in guid_refs(record):
            found = one["href"].removeprefix(f"{BASE}/").split("/")[2:]
            assert found[1] == one["sourcedId"]
            assert one["sourcedId"] in shown.get(found[0], {one["sourcedId"]})


def guid_refs(value):
    if isinstance(value, dict):
        if value.keys() == {"href", "sourcedId", "type"}:
            yield value
        for inner in value.values():
            yield from guid_refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from guid_refs(inner)
