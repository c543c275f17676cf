"""The simulated ODS tells of its changes as an ODS does, also as older versions did."""

from __future__ import annotations

import pytest

from standards.edfi.model import model
from tests.adapters.edfi_ods.worlds import ENROLLMENT, SMALL, STUDENT, asked, kind
from tests.adapters.simulators.test_edfi import bare

SNAPSHOT = {"Use-Snapshot": "true"}


@pytest.fixture
def small():
    with asked(SMALL) as client:
        yield client


def renamed(number):
    return {**STUDENT, "studentUniqueId": f"S{number}"}


def test_every_change_has_a_greater_version(small):
    versions = [small.newest()]
    for number in range(3):
        small.post("students", renamed(number))
        versions.append(small.newest())
    assert versions == sorted(set(versions))


def test_a_window_has_what_changed_in_it(small):
    before = small.newest()
    small.post("students", renamed(1))
    between = small.newest()
    small.post("students", renamed(2))
    ids = lambda **query: [row["studentUniqueId"] for row in small.rows("students", params=query)]  # noqa: E731
    assert ids(minChangeVersion=before + 1) == ["S1", "S2"]
    assert ids(minChangeVersion=between, maxChangeVersion=between) == ["S1"]
    assert ids(maxChangeVersion=before) == ["604822"]
    answer = small.ask("students", params={"minChangeVersion": between, "totalCount": "true", "limit": 0})
    assert answer.headers["Total-Count"] == "2"


def test_what_is_deleted_is_told_with_its_key(small):
    row = small.rows("studentSchoolAssociations")[0]
    before = small.newest()
    small.ask(f"studentSchoolAssociations/{row['id']}", "DELETE")
    (told,) = small.changes("studentSchoolAssociations/deletes", minChangeVersion=before + 1)
    assert told == {
        "id": row["id"], "changeVersion": small.newest(),
        "keyValues": {"entryDate": "2026-08-20", "schoolId": 255901001, "studentUniqueId": "604822"},
    }  # fmt: skip
    assert small.changes("studentSchoolAssociations/deletes", maxChangeVersion=before) == []
    answer = small.ask("studentSchoolAssociations/deletes", params={"totalCount": "true", "limit": 0})
    assert (answer.headers["Total-Count"], answer.json()) == ("1", [])


def test_a_delete_is_not_told_of_what_came_back(small):
    row = small.rows("studentSchoolAssociations")[0]
    small.ask(f"studentSchoolAssociations/{row['id']}", "DELETE")
    small.post("studentSchoolAssociations", ENROLLMENT)
    assert small.changes("studentSchoolAssociations/deletes") == []
    assert small.rows("studentSchoolAssociations")[0]["id"] != row["id"]


def test_a_changed_key_is_told_once_from_its_first_to_its_last():
    with asked() as client:
        session = client.rows("sessions")[0]
        before = client.newest()
        document = bare(session, model.by_collection("sessions"))
        for name in ("Autumn", "Winter"):
            client.ask(f"sessions/{session['id']}", "PUT", json={**document, "sessionName": name})
        window = {"minChangeVersion": before + 1}
        (told,) = client.changes("sessions/keyChanges", **window)
        assert (told["id"], told["oldKeyValues"]["sessionName"]) == (session["id"], session["sessionName"])
        assert told["newKeyValues"] == {**told["oldKeyValues"], "sessionName": "Winter"}
        (section,) = client.changes("sections/keyChanges", **window)
        assert section["newKeyValues"]["sessionName"] == "Winter"
        assert set(section["newKeyValues"]) == {
            "localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName",
        }  # fmt: skip
        (grade,) = client.changes("grades/keyChanges", **window)
        assert "gradingPeriodSchoolYear" in grade["newKeyValues"]
        assert client.changes("sessions/deletes") == []
        assert [row["id"] for row in client.rows("sections", params=window)] == [section["id"]]


def test_a_client_that_follows_the_versions_has_what_the_system_has():
    """Inserts, updates, key changes and deletes, taken over in the recommended order, end in the same documents."""
    with asked() as client:
        collections = ("sessions", "courseOfferings", "sections", "studentSectionAssociations", "students")
        copy = {name: {row["id"]: row for row in client.rows(name)} for name in collections}
        seen = client.newest()
        session = client.rows("sessions")[0]
        document = bare(session, model.by_collection("sessions"))
        client.ask(f"sessions/{session['id']}", "PUT", json={**document, "sessionName": "Autumn"})
        client.post("students", renamed(1))
        client.post("students", {**renamed(1), "firstName": "Bo"})
        client.post("students", renamed(2))
        gone = client.rows("students", params={"studentUniqueId": "S2"})[0]
        client.ask(f"students/{gone['id']}", "DELETE")
        window = {"minChangeVersion": seen + 1, "maxChangeVersion": client.newest()}
        for name in collections:
            copy[name] |= {row["id"]: row for row in client.rows(name, params=window)}
            for told in client.changes(f"{name}/deletes", **window):
                copy[name].pop(told["id"], None)
        assert copy == {name: {row["id"]: row for row in client.rows(name)} for name in collections}


def test_a_snapshot_stays_as_it_was(small):
    missing = small.ask("students", headers=SNAPSHOT)
    assert (missing.status_code, missing.json()["detail"]) == (404, "Snapshot not found.")
    small.running.ods.take_snapshot()
    newest = small.newest()
    small.post("students", renamed(1))
    assert len(small.rows("students")) == 2
    (row,) = small.rows("students", headers=SNAPSHOT)
    assert small.rows(f"students/{row['id']}", headers=SNAPSHOT) == row
    versions = small.rows(f"{small.base}/changeQueries/v1/availableChangeVersions", headers=SNAPSHOT)
    assert versions["newestChangeVersion"] == newest
    refused = small.ask("students", "POST", json=STUDENT, headers=SNAPSHOT)
    assert (refused.status_code, kind(refused)) == (405, "snapshots:method-not-allowed")
    small.running.ods.drop_snapshot()
    assert small.ask("students", headers=SNAPSHOT).status_code == 404


def test_change_queries_can_be_switched_off():
    with asked(SMALL, change_queries=False) as client:
        for path in (
            "students/deletes",
            "students/keyChanges",
            f"{client.base}/changeQueries/v1/availableChangeVersions",
        ):
            answer = client.ask(path)
            assert (answer.status_code, kind(answer)) == (404, "system:configuration:feature-disabled")
        assert "changeQueries" not in client.rows(f"{client.base}/")["urls"]


@pytest.mark.parametrize(("version", "message"), [("7.3", False), ("7.2", False), ("7.1", True), ("6.2", True)])
def test_older_versions_say_errors_as_a_message(version, message):
    with asked(SMALL, version=version) as client:
        answer = client.post("students", {})
        assert answer.status_code == 400
        assert (list(answer.json()) == ["message"]) is message


@pytest.mark.parametrize("version", ["7.2", "7.1", "6.2", "5.3"])
def test_older_versions_know_no_tokens_of_pages(version):
    with asked(SMALL, version=version) as client:
        assert len(client.rows("students", params={"pageToken": "what", "pageSize": "x"})) == 1
        assert "Next-Page-Token" not in client.ask("students").headers
        assert client.ask("students/partitions").status_code == 404


def test_versions_before_six_have_capitals_and_list_their_snapshots():
    with asked(SMALL, version="5.3") as client:
        address = f"{client.base}/changeQueries/v1"
        told = client.rows(f"{address}/availableChangeVersions")
        assert list(told) == ["OldestChangeVersion", "NewestChangeVersion"]
        assert client.rows(f"{address}/snapshots") == []
        client.running.ods.take_snapshot()
        (snapshot,) = client.rows(f"{address}/snapshots")
        client.post("students", renamed(1))
        header = {"Snapshot-Identifier": snapshot["snapshotIdentifier"]}
        assert len(client.rows("students", headers=header)) == 1
        assert client.ask("students", headers={"Snapshot-Identifier": "other"}).status_code == 404
        assert client.rows(f"{client.base}/")["apiMode"] == "Shared Instance"
