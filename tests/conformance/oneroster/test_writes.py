"""What consumers write arrives in the district's own system, whole or not at all, and takes nothing else away."""

from __future__ import annotations

import json

import pytest

from standards.errors import StoreUnavailable
from tests.support.regions import agreement, running

BOOK, OLD = "/ims/oneroster/gradebook/v1p2", "/ims/oneroster/v1p1"
GRADER = tuple(
    (path, "allow")
    for path in (
        "organization.*", "section.*", "session.*", "student.id", "student.name", "enrollment.*", "placement.*",
        "gradebookCategory.*", "scoreScale.id", "lineItem.id", "lineItem.title", "lineItem.section", "lineItem.school",
        "lineItem.category", "lineItem.assigned", "lineItem.due", "lineItem.maximum", "lineItem.gradingPeriod",
        "result.id", "result.student", "result.lineItem", "result.status", "result.score", "result.date",
    )
)  # fmt: skip


def send(consumer, method, place, body=None, **headers):
    """The answer to a request with a JSON body."""
    return consumer.web.open(place, method=method, json=body, headers=consumer.bearer | headers)


@pytest.fixture
def item(client):
    """A new piece of work, as clients send it."""
    first = client.ask(f"{BOOK}/lineItems?limit=1").json["lineItems"][0]
    return {
        "title": "x" * 112, "assignDate": "2026-11-01", "dueDate": "2026-11-20T10:00:00Z", "resultValueMax": 100,
        "class": {"sourcedId": first["class"]["sourcedId"]}, "category": {"sourcedId": first["category"]["sourcedId"]},
    }  # fmt: skip


@pytest.fixture
def result(client, item):
    """A new result for a child of the class."""
    place = f"/ims/oneroster/rostering/v1p2/classes/{item['class']['sourcedId']}/students"
    first = client.ask(f"{BOOK}/lineItems?limit=1").json["lineItems"][0]
    return {
        "lineItem": {"sourcedId": first["sourcedId"]}, "scoreStatus": "fully graded", "score": 300,
        "student": {"sourcedId": client.ask(place).json["users"][0]["sourcedId"]},
        "scoreDate": "2026-11-20T10:00:00Z", "late": True,
    }  # fmt: skip


def test_a_piece_of_work_is_created_replaced_and_deleted(client, system, item):
    place = f"{BOOK}/lineItems/made"
    assert send(client, "PUT", place, {"lineItem": item}).status_code == 201
    kept = system.sis.documents["lineItems"]["made"]
    assert (kept["title"], kept["dueDate"]) == ("x" * 112, "2026-11-20T10:00:00Z")
    shown = client.ask(place).json["lineItem"]
    assert shown["school"]["type"] == "org"
    assert shown["assignDate"] == "2026-11-01T00:00:00.000Z"
    assert send(client, "PUT", place, {"lineItem": shown | {"title": "Renamed"}}).status_code == 201
    assert system.sis.documents["lineItems"]["made"]["title"] == "Renamed"
    assert send(client, "DELETE", place).status_code == 204
    assert "made" not in client.ask(f"{BOOK}/lineItems?limit=1000").text
    assert [client.ask(place).status_code, send(client, "DELETE", place).status_code] == [404, 404]


def test_a_result_is_taken_as_clients_send_it(client, result):
    assert send(client, "PUT", f"{BOOK}/results/one", {"result": result}).status_code == 201
    shown = client.ask(f"{BOOK}/results/one").json["result"]
    assert (shown["score"], shown["scoreDate"], shown["late"]) == (300, "2026-11-20", "true")
    exempt = {name: value for name, value in result.items() if name != "score"} | {
        "scoreStatus": "exempt",
        "comment": None,
    }
    assert send(client, "PUT", f"{BOOK}/results/one", {"result": exempt}).status_code == 201
    shown = client.ask(f"{BOOK}/results/one").json["result"]
    assert (shown["scoreStatus"], "score" in shown, "comment" in shown) == ("exempt", False, False)
    assert send(client, "DELETE", f"{BOOK}/results/one").status_code == 204


def test_1_1_writes_too_and_answers_in_its_own_way(client, item):
    place = f"{OLD}/lineItems/older"
    period = client.ask(f"{OLD}/gradingPeriods?limit=1").json["academicSessions"][0]["sourcedId"]
    body = {"lineItem": item | {"gradingPeriod": {"sourcedId": period}, "resultValueMin": 0}}
    assert [send(client, "PUT", place, body).status_code for _ in range(2)] == [201, 200]
    refused = send(client, "PUT", place, {"lineItem": body["lineItem"] | {"school": {"sourcedId": "x"}}})
    assert refused.status_code == 422
    assert "$.lineItem.school: is not a member" in refused.json["statusInfoSet"][0]["imsx_description"]
    assert send(client, "DELETE", place).status_code == 204


def test_a_post_allocates_ids_and_knows_its_address(client, system, item, result):
    section, line = item["class"]["sourcedId"], result["lineItem"]["sourcedId"]
    bare = {name: value for name, value in item.items() if name != "class"}
    for place, body in (
        (f"{BOOK}/classes/{section}/lineItems", {"lineItems": [bare | {"sourcedId": "mine"}]}),
        (f"{BOOK}/schools/{_school(client, section)}/lineItems", {"lineItems": [item]}),
        (f"{BOOK}/lineItems/{line}/results", {"results": [result, result | {"score": 7}]}),
    ):
        ((name, sent),) = body.items()
        answer = send(client, "POST", place, body)
        assert answer.status_code == 201, answer.text
        pairs = answer.json["sourcedIdPairs"]
        assert len({one["allocatedSourcedId"] for one in pairs}) == len(sent)
        for pair, one in zip(pairs, sent, strict=True):
            assert pair["suppliedSourcedId"] in {one.get("sourcedId"), pair["allocatedSourcedId"]}
            assert system.sis.documents[name].pop(pair["allocatedSourcedId"])


def test_a_post_that_contradicts_its_address_creates_nothing(client, system, item):
    before = json.dumps(system.sis.documents["lineItems"])
    body = {"lineItems": [item, item | {"class": {"sourcedId": "another"}}]}
    answer = send(client, "POST", f"{BOOK}/classes/{item['class']['sourcedId']}/lineItems", body)
    assert answer.status_code == 422
    assert "$.lineItems[1].class: is not the one in the address" in answer.json["imsx_description"]
    assert json.dumps(system.sis.documents["lineItems"]) == before


def test_a_post_that_fails_half_way_leaves_nothing_behind(client, system, result):
    before, asked = set(system.sis.documents["results"]), len(system.sis.log)
    place = f"{BOOK}/lineItems/{result['lineItem']['sourcedId']}/results"
    system.sis.faults.add("error", "results", after=2)
    answer = send(client, "POST", place, {"results": [result, result, result]})
    system.sis.faults.clear()
    assert answer.status_code in {502, 503}
    methods = [one.method for one in system.sis.log[asked:] if one.collection == "results"]
    assert "PUT" in methods
    assert methods[-1] == "DELETE"
    assert set(system.sis.documents["results"]) == before


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"shoeSize": 38}, "$.lineItem.shoeSize: is not a member"),
        ({"title": None}, "$.lineItem.title: is missing"),
        ({"dueDate": "soon"}, "$.lineItem.dueDate: is not a dateTime"),
        ({"class": {"sourcedId": "nope"}}, "$.lineItem.class.sourcedId: names nothing that exists for this client"),
        ({"class": "nope"}, "$.lineItem.class: is not an object"),
        ({"category": {"sourcedId": "a b"}}, "$.lineItem.category.sourcedId: is not an id"),
        ({"resultValueMax": "NaN"}, "$.lineItem.resultValueMax: is not a float"),
        ({"status": "tobedeleted"}, "$.lineItem.status: cannot be tobedeleted"),
        ({"sourcedId": "other"}, "$.lineItem.sourcedId: is not the id in the address"),
        ({"metadata": []}, "$.lineItem.metadata: is not a metadata"),
    ],
)
def test_a_wrong_body_is_told_place_by_place_and_changes_nothing(client, system, item, changed, place):
    answer = send(client, "PUT", f"{BOOK}/lineItems/wrong", {"lineItem": item | changed})
    assert answer.status_code == 422
    assert place in answer.json["imsx_description"]
    assert "wrong" not in system.sis.documents["lineItems"]


@pytest.mark.parametrize("body", [None, [], {}, {"lineItem": []}, {"lineItems": {}}, 7, "x"])
def test_a_body_of_another_shape_is_refused(client, body):
    assert send(client, "PUT", f"{BOOK}/lineItems/wrong", body).status_code == 422


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"lineItem": NaN}', b"[" * 100_000, b'{"a":"\\ud800"}'])
def test_a_body_that_is_no_json_is_refused(client, raw):
    headers = client.bearer | {"Content-Type": "application/json"}
    answer = client.web.put(f"{BOOK}/lineItems/wrong", data=raw, headers=headers)
    assert answer.status_code == 422
    assert client.web.put(f"{BOOK}/lineItems/wrong", data=b"{}", headers=client.bearer).status_code == 422


def test_a_write_that_believes_in_an_older_state_is_refused(client, result):
    place = f"{BOOK}/results/dated"
    assert send(client, "PUT", place, {"result": result}, **{"If-Match": '"anything"'}).status_code == 412
    assert send(client, "PUT", place, {"result": result}, **{"If-None-Match": "*"}).status_code == 201
    assert send(client, "PUT", place, {"result": result}, **{"If-None-Match": "*"}).status_code == 412
    tag = client.ask(place).headers["ETag"]
    changed = {"result": result | {"score": 1}}
    assert send(client, "PUT", place, changed, **{"If-Match": tag}).status_code == 201
    assert send(client, "PUT", place, changed, **{"If-Match": tag}).status_code == 412
    assert send(client, "DELETE", place, **{"If-Match": tag}).status_code == 412
    assert send(client, "DELETE", place, **{"If-Match": "*"}).status_code == 204


MATCHING = ('"{tag}"', "*", '"x", "{tag}"', 'W/"x", "{tag}"')
MISSING = ('W/"{tag}"', 'w/"{tag}"', 'W/"{tag}", "x"', '"*"', "", ",", '"x"')
"""RFC 9110, 13.1.1: a weak tag never matches; nor does a header without any tag."""


@pytest.mark.parametrize("form", [*MATCHING, *MISSING])
def test_a_condition_on_a_change_compares_strongly(client, result, form):
    place = f"{BOOK}/results/compared"
    assert send(client, "PUT", place, {"result": result}).status_code == 201
    tag = client.ask(place).headers["ETag"].strip('"')
    status = send(client, "PUT", place, {"result": result}, **{"If-Match": form.format(tag=tag)}).status_code
    assert status == (201 if form in MATCHING else 412)
    assert client.ask(place, headers={"If-None-Match": f'W/"{tag}"'}).status_code == 304
    for unwanted in ("*", f'W/"{tag}"', f'"x", "{tag}"'):
        assert send(client, "PUT", place, {"result": result}, **{"If-None-Match": unwanted}).status_code == 412
    assert send(client, "DELETE", place).status_code == 204


def test_nothing_is_changed_that_cannot_be_recorded(birch, client, system, item, monkeypatch):
    def refuse(_event):
        raise StoreUnavailable("The record is full.")

    with monkeypatch.context() as patch:
        patch.setattr(birch.gateway.record, "append", refuse)
        for method, place, body in (
            ("PUT", "lineItems/unwritten", {"lineItem": item}),
            ("POST", f"classes/{item['class']['sourcedId']}/lineItems", {"lineItems": [item]}),
        ):
            assert send(client, method, f"{BOOK}/{place}", body).status_code == 503
    assert not any(one["title"] == item["title"] for one in system.sis.documents["lineItems"].values())


@pytest.fixture
def grader(site, tmp_path):
    """A consumer to whom a part of the gradebook is released, over the same system."""
    terms = agreement("birch", GRADER, client="grader", operations="[read, search, create, update, delete]")
    with running(tmp_path / "grader", {"birch": site}, [terms]) as region:
        yield region.consumer("grader")


def test_what_a_writer_cannot_see_is_not_lost(grader, system, client, item):
    scale = next(iter(system.sis.documents["scoreScales"]))
    whole = item | {
        "description": "hidden from the grader", "scoreScale": {"sourcedId": scale}, "metadata": {"own": "kept"},
        "learningObjectiveSet": [{"source": "case", "learningObjectiveIds": ["a"]}],
    }  # fmt: skip
    place = f"{BOOK}/lineItems/shared"
    assert send(client, "PUT", place, {"lineItem": whole}).status_code == 201
    seen = grader.ask(place).json["lineItem"]
    assert {"description", "metadata", "learningObjectiveSet"}.isdisjoint(seen)
    assert send(grader, "PUT", place, {"lineItem": seen | {"title": "Short"}}).status_code == 201
    after = client.ask(place).json["lineItem"]
    assert after["title"] == "Short"
    for member in ("description", "metadata", "learningObjectiveSet"):
        assert after[member] == whole[member]
    assert after["scoreScale"]["sourcedId"] == scale
    refused = send(grader, "PUT", place, {"lineItem": seen | {"description": "mine"}})
    unknown = send(grader, "PUT", place, {"lineItem": seen | {"shoeSize": "mine"}})
    assert refused.status_code == unknown.status_code == 422
    assert refused.data.replace(b"description:", b"shoeSize:") == unknown.data
    assert send(client, "DELETE", place).status_code == 204


def _school(client, section):
    return client.ask(f"/ims/oneroster/rostering/v1p2/classes/{section}").json["class"]["school"]["sourcedId"]


def test_a_reference_to_what_a_writer_does_not_see_stays(client, system, item):
    place, kept = f"{BOOK}/lineItems/pointing", system.sis.documents["lineItems"]
    assert send(client, "PUT", place, {"lineItem": item}).status_code == 201
    scales = system.sis.documents["scoreScales"]
    scales["gone"] = next(iter(scales.values())) | {"sourcedId": "gone", "status": "tobedeleted"}
    kept["pointing"]["scoreScale"] = {"href": "http://x/gone", "sourcedId": "gone", "type": "scoreScale"}
    seen = client.ask(place).json["lineItem"]
    assert "scoreScale" not in seen
    assert send(client, "PUT", place, {"lineItem": seen | {"title": "Short"}}).status_code == 201
    assert (kept["pointing"]["title"], kept["pointing"]["scoreScale"]["sourcedId"]) == ("Short", "gone")
    assert send(client, "DELETE", place).status_code == 204
    del scales["gone"]
