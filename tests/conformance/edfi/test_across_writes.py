"""A OneRoster gradebook written into a district whose only system is an ODS."""

from __future__ import annotations

import pytest

ROSTER, BOOK, OLD = "/ims/oneroster/rostering/v1p2", "/ims/oneroster/gradebook/v1p2", "/ims/oneroster/v1p1"


def send(consumer, method, place, body=None, **headers):
    """The answer to a request with a JSON body."""
    return consumer.web.open(place, method=method, json=body, headers=consumer.bearer | headers)


@pytest.fixture(scope="module")
def placed(client):
    """A class with a student in it who has no result yet for new work, and a category."""
    first = client.ask(f"{BOOK}/lineItems?limit=1").json["lineItems"][0]
    section = first["class"]["sourcedId"]
    students = client.ask(f"{ROSTER}/classes/{section}/students").json["users"]
    return section, students[0]["sourcedId"], first["category"]["sourcedId"]


@pytest.fixture
def item(placed):
    """A new piece of work, as OneRoster clients send it."""
    return {
        "title": "Essay", "assignDate": "2026-11-01T00:00:00.000Z", "dueDate": "2026-11-20T00:00:00.000Z",
        "resultValueMax": 100, "class": {"sourcedId": placed[0]}, "category": {"sourcedId": placed[2]},
    }  # fmt: skip


@pytest.fixture
def work(client, item, placed):
    """The address and the id of a piece of work, which goes again."""
    bare = {name: value for name, value in item.items() if name != "class"}
    answer = send(client, "POST", f"{BOOK}/classes/{placed[0]}/lineItems", {"lineItems": [bare | {"title": "Posted"}]})
    assert answer.status_code == 201, answer.text
    (pair,) = answer.json["sourcedIdPairs"]
    yield f"{BOOK}/lineItems/{pair['allocatedSourcedId']}", pair["allocatedSourcedId"]
    assert send(client, "DELETE", f"{BOOK}/lineItems/{pair['allocatedSourcedId']}").status_code == 204


def kept(ods, name, **said):
    """The documents of a resource that say this."""
    rows = ods.state.rows[name].values()
    return [row.document for row in rows if said.items() <= row.document.items()]


def at(answer):
    return answer.headers["Location"].removeprefix("http://localhost")


def test_a_piece_of_work_is_put_under_an_id_and_is_known_by_it_when_it_is_put_again(client, ods, item):
    place = f"{BOOK}/lineItems/made"
    first = send(client, "PUT", place, {"lineItem": item})
    assert first.status_code == 201, first.text
    (entry,) = kept(ods, "GradebookEntry", gradebookEntryIdentifier="made")
    assert (entry["title"], entry["dateAssigned"], entry["dueDate"]) == ("Essay", "2026-11-01", "2026-11-20")
    assert "sectionReference" in entry
    again = send(client, "PUT", place, {"lineItem": item | {"title": "Longer essay"}})
    assert at(again) == at(first)
    (entry,) = kept(ods, "GradebookEntry", gradebookEntryIdentifier="made")
    assert entry["title"] == "Longer essay"
    shown = client.ask(at(first)).json["lineItem"]
    assert {name: shown[name] for name in ("title", "assignDate", "dueDate", "resultValueMax")} == {
        "title": "Longer essay", "assignDate": item["assignDate"], "dueDate": item["dueDate"], "resultValueMax": 100,
    }  # fmt: skip
    assert shown["class"]["sourcedId"] == item["class"]["sourcedId"]
    assert shown["category"]["sourcedId"] == item["category"]["sourcedId"]
    assert send(client, "DELETE", at(first)).status_code == 204
    assert client.ask(at(first)).status_code == 404
    assert kept(ods, "GradebookEntry", gradebookEntryIdentifier="made") == []


def test_a_put_of_what_was_read_changes_what_is_said_and_nothing_else(client, ods, work):
    place, _ = work
    (entry,) = kept(ods, "GradebookEntry", title="Posted")
    entry["description"] = "The district's own words."
    shown = client.ask(place)
    changed = shown.json["lineItem"] | {"title": "Renamed", "resultValueMax": 50}
    answer = send(client, "PUT", place, {"lineItem": changed}, **{"If-Match": shown.headers["ETag"]})
    assert answer.status_code == 201, answer.text
    assert send(client, "PUT", place, {"lineItem": changed}, **{"If-Match": '"stale"'}).status_code == 412
    (entry,) = kept(ods, "GradebookEntry", title="Renamed")
    assert (entry["maxPoints"], entry["description"]) == (50, "The district's own words.")


@pytest.mark.parametrize("root", [BOOK, OLD])
def test_a_result_is_put_read_put_again_and_deleted(client, ods, work, placed, root):
    result = {
        "lineItem": {"sourcedId": work[1]}, "student": {"sourcedId": placed[1]}, "scoreStatus": "fully graded",
        "score": 30, "scoreDate": "2026-11-20", "comment": "Well argued.",
    }  # fmt: skip
    first = send(client, "PUT", f"{root}/results/one", {"result": result})
    assert first.status_code == 201, first.text
    (got,) = kept(ods, "StudentGradebookEntry", diagnosticStatement="Well argued.")
    assert (got["pointsEarned"], got["dateFulfilled"]) == (30, "2026-11-20")
    again = send(client, "PUT", f"{root}/results/one", {"result": result | {"score": 31}})
    assert again.status_code == (200 if root == OLD else 201)
    assert at(again) == at(first)
    shown = client.ask(at(first)).json["result"]
    assert (shown["score"], shown["scoreStatus"], shown["student"]["sourcedId"]) == (31, "fully graded", placed[1])
    assert shown["comment"] == "Well argued."
    assert send(client, "PUT", at(first), {"result": shown | {"score": 12}}).status_code in {200, 201}
    assert client.ask(at(first)).json["result"]["score"] == 12
    assert send(client, "DELETE", at(first)).status_code == 204
    assert client.ask(at(first)).status_code == 404
    assert kept(ods, "StudentGradebookEntry", diagnosticStatement="Well argued.") == []


def test_a_result_is_posted_for_a_piece_of_work_and_a_second_one_for_the_same_student_is_a_conflict(
    client, work, placed
):
    result = {"student": {"sourcedId": placed[1]}, "scoreStatus": "fully graded", "scoreDate": "2026-11-20"}
    answer = send(client, "POST", f"{BOOK}/lineItems/{work[1]}/results", {"results": [result]})
    assert answer.status_code == 201, answer.text
    (pair,) = answer.json["sourcedIdPairs"]
    place = f"{BOOK}/results/{pair['allocatedSourcedId']}"
    assert client.ask(place).json["result"]["lineItem"]["sourcedId"] == work[1]
    assert send(client, "POST", f"{BOOK}/lineItems/{work[1]}/results", {"results": [result]}).status_code == 409
    assert send(client, "DELETE", place).status_code == 204


def test_1_1_writes_work_too(client, ods, item):
    (term,) = client.ask(f"{OLD}/classes/{item['class']['sourcedId']}").json["class"]["terms"]
    periods = client.ask(f"{OLD}/gradingPeriods?limit=1000").json["academicSessions"]
    period = next(one["sourcedId"] for one in periods if one["parent"]["sourcedId"] == term["sourcedId"])
    body = {"lineItem": item | {"gradingPeriod": {"sourcedId": period}, "resultValueMin": 0}}
    answers = [send(client, "PUT", f"{OLD}/lineItems/older", body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200], answers[0].text
    (entry,) = kept(ods, "GradebookEntry", gradebookEntryIdentifier="older")
    assert "gradingPeriodReference" in entry
    shown = client.ask(at(answers[0])).json["lineItem"]
    assert shown["gradingPeriod"]["sourcedId"] == period
    assert send(client, "DELETE", at(answers[1])).status_code == 204


def test_what_names_nothing_is_refused_at_its_place(client, item):
    lost = item | {"category": {"sourcedId": "nothing"}}
    answer = send(client, "PUT", f"{BOOK}/lineItems/made", {"lineItem": lost})
    assert answer.status_code == 422
    assert "$.lineItem.category.sourcedId" in answer.text
