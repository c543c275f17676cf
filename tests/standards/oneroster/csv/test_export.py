"""Bulk files from records: headings from the facts, every value in its cell, and an error where there is no cell for it."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.errors import MappingError
from standards.oneroster.csv import specification as facts
from standards.oneroster.csv.cells import GUID
from standards.oneroster.csv.export import ExportSheet, manifest
from standards.oneroster.csv.rows import told
from tests.support.needs import shared

STAMPS = {"status": "active", "dateLastModified": "2026-10-01T08:00:00.000Z"}
ORG = {"href": "https://g/orgs/o1", "sourcedId": "o1", "type": "org"}
HOSTILE = (
    'say "hi"',
    "a,b",
    "two\nlines",
    "two\r\nlines",
    "straße",
    "👩🏽‍🏫",
    "=1+1",
    "@cmd",
    "-2",
    " padded ",
    "'",
    "\ufeffx",
    "\u2028",
)


def one(version, name):
    return next(each for each in told(version) if each.file.name == name)


def rows(version, name, *records, mode="bulk", metadata=()):
    """The cells of the rows that a file has for *records*, by heading."""
    sheet = ExportSheet(one(version, name), mode, metadata)
    text = (sheet.heading() + sheet.rows({**STAMPS, **record} for record in records)).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_every_file_has_the_headings_of_the_facts_in_their_order(version):
    known = json.loads(shared("facts", "oneroster-csv.json").read_text("utf-8"))[version]["files"]
    assert {each.file.name for each in told(version)} == known.keys() - {"manifest.csv"}
    for each in told(version):
        assert ExportSheet(each).heading().decode() == ",".join(known[each.file.name]["headers"]) + "\r\n"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_manifest_says_of_every_file_what_it_is(version):
    known = json.loads(shared("facts", "oneroster-csv.json").read_text("utf-8"))[version]["manifest"]
    stated = dict(csv.reader(io.StringIO(manifest(version, {"orgs.csv": "bulk", "users.csv": "delta"}).decode())))
    assert stated.pop("propertyName") == "value"
    assert stated.keys() == {*known["required"], *known["optional"]}
    assert {name: value for name, value in stated.items() if value != "absent"} == {
        "manifest.version": "1.0", "oneroster.version": version, "file.orgs": "bulk", "file.users": "delta",
        "source.systemName": "Crossing Guard", "source.systemCode": "crossingguard",
    }  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_quoted_and_altered_only_where_a_line_ends(value):
    (row,) = rows("1.2", "orgs.csv", {"sourcedId": "o1", "name": value}, metadata=("m",))
    assert row["name"] == plain(value)
    (row,) = rows("1.2", "orgs.csv", {"sourcedId": "o1", "metadata": {"m": value}}, metadata=("m",))
    assert row["metadata.m"] == plain(value)


def plain(text):
    """A text as a file may have it: in one line."""
    return text.replace("\r\n", " ").replace("\r", " ").replace("\n", " ")


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1), min_size=1))
def test_a_list_in_one_cell_is_its_items_without_their_commas(parts):
    (row,) = rows("1.2", "classes.csv", {"sourcedId": "c", "periods": parts})
    items = [plain(part).replace(",", "").strip() for part in parts]
    assert row["periods"].split(",") == ([item for item in items if item] or [""])


@pytest.mark.parametrize(
    ("subjects", "codes", "told"),
    [
        (["Mathematics", "Science"], ["02", "03"], ("Mathematics,Science", "02,03")),
        (["Reading, Writing", ","], ["01", "03"], ("Reading Writing,", "01,03")),
        (["Mathematics", "Science", "Art"], ["02"], ("Mathematics,Science,Art", "02,,")),
        (["Mathematics"], ["02", "03"], ("Mathematics,", "02,03")),
        ([], ["02", "03"], ("", "02,03")),
        (["Mathematics", "Science"], None, ("Mathematics,Science", "")),
    ],
)
@pytest.mark.parametrize("file", ["courses.csv", "classes.csv"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_subjects_and_their_codes_are_lists_of_one_length(version, file, subjects, codes, told):
    given = {"sourcedId": "c", "subjects": subjects} | ({"subjectCodes": codes} if codes is not None else {})
    (row,) = rows(version, file, given)
    assert (row["subjects"], row["subjectCodes"]) == told


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_days_of_a_piece_of_work_are_days(version):
    moments = {"assignDate": "2026-09-01T00:00:00.000Z", "dueDate": "2026-09-03T07:30:00.000Z"}
    (row,) = rows(version, "lineItems.csv", {"sourcedId": "l", **moments})
    assert (row["assignDate"], row["dueDate"]) == ("2026-09-01", "2026-09-03")


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_user_without_a_name_to_sign_in_with_is_named_by_its_id(version):
    (row,) = rows(version, "users.csv", {"sourcedId": "u"})
    assert row["username"] == "u"
    (row,) = rows(version, "users.csv", {"sourcedId": "u", "username": "ann"})
    assert row["username"] == "ann"


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_is_told_whole_or_not_at_all(text):
    record = {"sourcedId": "o1", "name": text}
    if "\0" in text:
        with pytest.raises(MappingError):
            rows("1.2", "orgs.csv", record)
    else:
        assert rows("1.2", "orgs.csv", record)[0]["name"] == plain(text)


@pytest.mark.parametrize(
    ("file", "record"),
    [
        ("orgs.csv", {"sourcedId": "a b"}),
        ("orgs.csv", {"sourcedId": "ß"}),
        ("orgs.csv", {"sourcedId": "x" * 256}),
        ("orgs.csv", {"sourcedId": ""}),
        ("orgs.csv", {"sourcedId": "o1", "name": "\ud800"}),
        ("orgs.csv", {"sourcedId": "o1", "name": {"an": "object"}}),
        ("orgs.csv", {"sourcedId": "o1", "type": "kiosk"}),
        ("orgs.csv", {"sourcedId": "o1", "parent": {"sourcedId": "a:b"}}),
        ("classes.csv", {"sourcedId": "c", "terms": [{"sourcedId": "t1"}, {"sourcedId": "a,b"}]}),
        ("academicSessions.csv", {"sourcedId": "t", "startDate": "2026-02-30"}),
        ("academicSessions.csv", {"sourcedId": "t", "startDate": "2026-02-03T00:00:00Z"}),
        ("academicSessions.csv", {"sourcedId": "t", "schoolYear": "26"}),
        ("users.csv", {"sourcedId": "u", "enabledUser": "yes"}),
        ("users.csv", {"sourcedId": "u", "userIds": [{"type": "a:b", "identifier": "1"}]}),
        ("users.csv", {"sourcedId": "u", "userIds": [{"type": "a", "identifier": "{1}"}]}),
        ("categories.csv", {"sourcedId": "c", "weight": "heavy"}),
        ("lineItems.csv", {"sourcedId": "l", "dueDate": "tomorrow"}),
        ("userProfiles.csv", {"sourcedId": "u", "userProfiles": [{"credentials": [{"type": "a"}, {"type": "b"}]}]}),
        ("userProfiles.csv", {"sourcedId": "u", "userProfiles": [{"profileId": "x:1"}, {"profileId": "x:1"}]}),
    ],
)  # fmt: skip
def test_what_no_cell_can_say_is_an_error_that_names_the_place_and_not_the_value(file, record):
    with pytest.raises(MappingError, match=rf"^{re.escape(file)}: ") as refusal:
        rows("1.2", file, record)
    assert not [
        value
        for value in record.values()
        if isinstance(value, str) and len(value) > 3 and value in refusal.value.message
    ]


def test_an_extension_of_a_closed_list_of_words_is_told():
    assert rows("1.2", "orgs.csv", {"sourcedId": "o", "type": "ext:kiosk"})[0]["type"] == "ext:kiosk"


def test_two_records_with_one_id_are_refused_and_so_are_two_profiles_of_different_users():
    with pytest.raises(MappingError):
        rows("1.2", "orgs.csv", {"sourcedId": "o"}, {"sourcedId": "o"})
    profile = {"userProfiles": [{"profileId": "urn:oneroster:userProfile:p"}]}
    with pytest.raises(MappingError):
        rows(
            "1.2", "userProfiles.csv", {"sourcedId": "a", **profile}, {"sourcedId": "b"}, {"sourcedId": "c", **profile}
        )


def test_status_and_time_are_blank_in_bulk_and_there_in_a_delta():
    record = {"sourcedId": "u", "roles": [{"roleType": "primary", "role": "student", "org": ORG}]}
    for name in ("users.csv", "roles.csv"):
        (bulk,), (delta,) = rows("1.2", name, record), rows("1.2", name, record, mode="delta")
        assert (bulk["status"], bulk["dateLastModified"]) == ("", "")
        assert {key: delta[key] for key in STAMPS} == STAMPS
        assert {**bulk, **STAMPS} == delta


def test_what_is_deleted_is_deleted_with_what_it_had():
    role = {"roleType": "primary", "role": "student", "org": ORG}
    gone = {"sourcedId": "u", "status": "tobedeleted", "roles": [role]}
    (user,), (deleted,) = rows("1.2", "users.csv", gone, mode="delta"), rows("1.2", "roles.csv", gone, mode="delta")
    (before,) = rows("1.2", "roles.csv", {"sourcedId": "u", "roles": [role]}, mode="delta")
    assert user["status"] == "tobedeleted"
    assert deleted == before | {"status": "tobedeleted"}


def test_a_user_of_1_2_is_told_in_four_files():
    user = {
        "sourcedId": "u", "enabledUser": "true", "givenName": "Ann", "preferredFirstName": "Annie", "preferredLastName": "L",
        "userIds": [{"type": "SIS", "identifier": "7"}, {"identifier": "8"}], "agents": [{"sourcedId": "v"}, {"sourcedId": "w"}],
        "primaryOrg": ORG, "grades": ["03", "04"], "resources": [{"sourcedId": "r"}], "password": "never",
        "roles": [
            {"roleType": "primary", "role": "teacher", "org": ORG, "beginDate": "2026-09-01", "userProfile": "urn:oneroster:userProfile:p"},
            {"roleType": "secondary", "role": "proctor", "org": ORG},
        ],
        "userProfiles": [{"profileId": "urn:oneroster:userProfile:p", "profileType": "LMS", "vendorId": "v", "credentials": [{"type": "username", "username": "ann"}]}],
    }  # fmt: skip
    (row,) = rows("1.2", "users.csv", user)
    assert {name: cell for name, cell in row.items() if cell} == {
        "sourcedId": "u", "enabledUser": "true", "username": "u", "givenName": "Ann", "preferredGivenName": "Annie",
        "preferredFamilyName": "L", "userIds": "{SIS:7},{:8}", "agentSourcedIds": "v,w", "primaryOrgSourcedId": "o1", "grades": "03,04",
    }  # fmt: skip
    first, second = rows("1.2", "roles.csv", user)
    assert {name: cell for name, cell in first.items() if cell} == {
        "sourcedId": first["sourcedId"], "userSourcedId": "u", "roleType": "primary", "role": "teacher",
        "beginDate": "2026-09-01", "orgSourcedId": "o1", "userProfileSourcedId": "p",
    }  # fmt: skip
    assert second["role"] == "proctor"
    (profile,) = rows("1.2", "userProfiles.csv", user)
    assert {name: cell for name, cell in profile.items() if cell} == {
        "sourcedId": "p", "userSourcedId": "u", "profileType": "LMS", "vendorId": "v", "credentialType": "username", "username": "ann",
    }  # fmt: skip
    (link,) = rows("1.2", "userResources.csv", user)
    assert (link["userSourcedId"], link["resourceSourcedId"]) == ("u", "r")
    assert all(GUID.fullmatch(each["sourcedId"]) for each in (first, second, link))
    assert len({first["sourcedId"], second["sourcedId"], link["sourcedId"]}) == 3


def test_the_id_of_a_role_stays_when_another_role_comes_or_it_ends():
    role = {"roleType": "primary", "role": "student", "org": ORG, "beginDate": "2026-09-01"}
    other = {"roleType": "primary", "role": "student", "org": {"sourcedId": "o2"}}
    (before,) = rows("1.2", "roles.csv", {"sourcedId": "u", "roles": [role]})
    after = rows("1.2", "roles.csv", {"sourcedId": "u", "roles": [other, role | {"endDate": "2027-01-01"}]})
    assert before["sourcedId"] == after[1]["sourcedId"]


def test_the_same_role_twice_has_two_ids():
    role = {"roleType": "primary", "role": "student", "org": ORG}
    first, second = rows("1.2", "roles.csv", {"sourcedId": "u", "roles": [role, role]})
    assert first["sourcedId"] != second["sourcedId"]


def test_a_profile_whose_address_holds_no_id_is_referred_to_by_a_made_one():
    address = "https://lms.example/people?id=7"
    user = {
        "sourcedId": "u", "userProfiles": [{"profileId": address}],
        "roles": [{"roleType": "primary", "role": "student", "org": ORG, "userProfile": address}],
    }  # fmt: skip
    (profile,), (role,) = rows("1.2", "userProfiles.csv", user), rows("1.2", "roles.csv", user)
    assert GUID.fullmatch(profile["sourcedId"])
    assert profile["sourcedId"] == role["userProfileSourcedId"]


def test_a_user_of_1_1_has_its_role_and_orgs_in_one_row():
    (row,) = rows("1.1", "users.csv", {"sourcedId": "u", "role": "teacher", "orgs": [ORG, {"sourcedId": "o2"}]})
    assert (row["role"], row["orgSourcedIds"]) == ("teacher", "o1,o2")


def test_metadata_come_after_the_standard_columns_in_the_order_of_their_names():
    sheet = ExportSheet(one("1.2", "orgs.csv"), metadata=("z", "a,b", "B"))
    assert (
        sheet.heading().decode()
        == 'sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.B,"metadata.a,b",metadata.z\r\n'
    )
    (row,) = rows(
        "1.2",
        "orgs.csv",
        {"sourcedId": "o", "metadata": {"n": 1.5, "t": True, "o": {"b": 1, "a": "ß"}}},
        metadata=("n", "t", "o"),
    )
    assert [row[f"metadata.{name}"] for name in "not"] == ["1.5", '{"a": "ß", "b": 1}', "true"]


def test_a_line_item_is_told_in_three_files_and_a_result_too():
    item = {
        "sourcedId": "l", "title": "Essay", "dueDate": "2026-10-01T00:00:00.000Z", "assignDate": "2026-09-20", "class": {"sourcedId": "c"},
        "school": ORG, "category": {"sourcedId": "k"}, "gradingPeriod": {"sourcedId": "g"}, "scoreScale": {"sourcedId": "s"}, "resultValueMax": 100.0,
        "learningObjectiveSet": [{"source": "case", "learningObjectiveIds": ["x y", "z"]}],
    }  # fmt: skip
    (row,) = rows("1.2", "lineItems.csv", item)
    assert (row["academicSessionSourcedId"], row["resultValueMax"], row["schoolSourcedId"]) == ("g", "100.0", "o1")
    assert rows("1.1", "lineItems.csv", item)[0]["gradingPeriodSourcedId"] == "g"
    (scale,) = rows("1.2", "lineItemScoreScales.csv", item)
    assert (scale["lineItemSourcedId"], scale["scoreScaleSourcedId"]) == ("l", "s")
    objectives = rows("1.2", "lineItemLearningObjectiveIds.csv", item)
    assert [(each["source"], each["learningObjectiveId"]) for each in objectives] == [("case", "x y"), ("case", "z")]
    result = {
        "sourcedId": "r", "lineItem": {"sourcedId": "l"}, "student": {"sourcedId": "u"}, "scoreStatus": "fully graded", "score": 7, "late": "true",
        "learningObjectiveSet": [{"source": "case", "learningObjectiveResults": [{"learningObjectiveId": "z", "score": 0.5, "textScore": "B"}]}],
    }  # fmt: skip
    (row,) = rows("1.2", "results.csv", result)
    assert (row["scoreStatus"], row["score"], row["late"], row["studentSourcedId"]) == (
        "fully graded",
        "7",
        "true",
        "u",
    )
    (row,) = rows("1.2", "resultLearningObjectiveIds.csv", result)
    assert (row["resultSourcedId"], row["learningObjectiveId"], row["score"], row["textScore"]) == (
        "r",
        "z",
        "0.5",
        "B",
    )


def test_a_score_scale_is_told_with_its_values_in_pairs():
    scale = {
        "sourcedId": "s",
        "title": "Letters",
        "type": "ordinal",
        "class": {"sourcedId": "c"},
        "scoreScaleValue": [{"itemValueLHS": "A", "itemValueRHS": "90-100"}],
    }
    assert rows("1.2", "scoreScales.csv", scale)[0]["scoreScaleValue"] == "{A:90-100}"


def test_files_come_after_those_they_refer_to():
    for version in ("1.1", "1.2"):
        seen = set()
        for each in told(version):
            assert {column.refers for column in each.file.columns.values()} <= {*seen, each.file.name, ""}
            seen.add(each.file.name)


def test_every_file_of_the_facts_is_known():
    assert [each.file for each in told("1.2")] == list(facts.files("1.2").values())
