"""Members of an Ed-Fi body that are not there for the writer: ignored, hidden ones like unknown ones, and told."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from gateway import telemetry
from gateway.storage.registry import REFUSE, open_store
from standards.edfi.api.ignored_members import MAX_NAMED_MEMBERS
from tests.gateway.writes.test_edfi_write_rules import (
    MANY,
    OPERATIONS,
    SCHOOL,
    URI,
    enrollment,
    kept,
    problem,
    send,
    student,
)
from tests.support.edfi_memory import room, site
from tests.support.regions import EDFI, agreement, running

HEADER = "X-Ignored-Members"
HOME = URI + "TelephoneNumberTypeDescriptor#Home"
LINES = tuple(
    (path, "allow")
    for path in ("organization.*", "student.id", "student.name.given", "student.name.family", "student.birthDate",
                 "enrollment.*", "profile.*", "student.phones.number", "student.phones.kind")
)  # fmt: skip
ASSOCIATIONS = "studentEducationOrganizationAssociations"
OLDER = "loginId"
"""A member that the Data Standard has, though no version of it of students."""


@pytest.fixture(scope="module")
def building():
    with room("elm") as made:
        yield made


@pytest.fixture
def elm(building):
    building.clear()
    building.put("schools", SCHOOL, "1" * 32)
    building.put("students", student("s1", middleName="Hidden"), "3" * 32)
    building.put("studentSchoolAssociations", enrollment("s1"), "4" * 32)
    building.put(ASSOCIATIONS, {
        "educationOrganizationReference": {"educationOrganizationId": 101}, "studentReference": {"studentUniqueId": "s1"},
        "telephones": [{"telephoneNumberTypeDescriptor": HOME, "telephoneNumber": "1", "orderOfPriority": 7}],
    }, "5" * 32)  # fmt: skip
    return building


@pytest.fixture(scope="module")
def region(building, tmp_path_factory):
    terms = [agreement("elm", LINES, client=name, operations=OPERATIONS) for name in ("clerk", "strict")]
    terms += [agreement("elm", LINES, client="inbox", operations="[create, update]")]
    with running(tmp_path_factory.mktemp("elm"), {"elm": site("elm", "0s")}, terms, MANY) as made:
        store = open_store(made.store_url, made.clock)
        made.consumer("strict")
        store.treat_unknown_members("strict", REFUSE, "ana")
        store.close()
        made.clock.move(2)
        made.gateway.callers._verdicts.clear()
        yield made


@pytest.fixture
def clerk(region, elm):
    return region.consumer("clerk")


def told(answer, *names):
    """All that an answer says, but the *names* in it."""
    text = repr((answer.status_code, answer.data.decode(), sorted((k, v) for k, v in answer.headers if k != "Date")))
    for name in names:
        text = text.replace(name, "NAME")
    return text


@pytest.mark.parametrize("value", ["x", 7, None, {"a": {"b": []}}, [[1]], [{"raceDescriptor": 1}], True])
@pytest.mark.parametrize("client", ["clerk", "inbox"])
def test_a_hidden_member_and_one_of_another_version_are_answered_alike_whatever_they_hold(region, elm, client, value):
    writer, answers = region.consumer(client), []
    for name in ("middleName", OLDER):
        answer = send(writer, "POST", "students", student("s1", firstName="New") | {name: value})
        assert answer.status_code == (200 if client == "clerk" else 201), answer.text
        assert answer.headers.get(HEADER) == name
        answers.append(told(answer, name))
    assert answers[0] == answers[1]
    document = kept(elm, "students", studentUniqueId="s1")
    assert (document["firstName"], document["middleName"], OLDER in document) == ("New", "Hidden", False)


def test_a_hidden_member_survives_a_put_that_sends_it(clerk, elm):
    place = f"{EDFI}students/{'3' * 32}"
    answer = send(clerk, "PUT", place, student("s1", middleName="Changed"))
    assert (answer.status_code, answer.headers.get(HEADER)) == (204, "middleName")
    assert kept(elm, "students", studentUniqueId="s1")["middleName"] == "Hidden"


def test_members_in_collections_and_references_are_ignored_too_and_what_is_stored_of_them_stays(clerk, elm):
    body = {
        "educationOrganizationReference": {"educationOrganizationId": 101, "link": {}, "shoeSize": 1},
        "studentReference": {"studentUniqueId": "s1", "id": "x"},
        "telephones": [{"telephoneNumberTypeDescriptor": HOME, "telephoneNumber": "1", "ORDEROFPRIORITY": "no number"},
                       {"telephoneNumberTypeDescriptor": HOME, "telephoneNumber": "2", "orderOfPriority": [], "x": 1}],
        "_ext": {"tpdm": {"x": 1}}, "oldEthnicityDescriptor": "x",
    }  # fmt: skip
    answer = send(clerk, "POST", ASSOCIATIONS, body)
    assert answer.status_code == 200, answer.text
    assert answer.headers.get(HEADER) == "oldEthnicityDescriptor, telephones[].orderOfPriority; others=4"
    phones = kept(elm, ASSOCIATIONS)["telephones"]
    assert [(one["telephoneNumber"], one.get("orderOfPriority")) for one in phones] == [("1", 7), ("2", None)]


def test_no_more_than_some_are_named_and_the_others_counted(clerk):
    names = json.loads(files("standards.edfi").joinpath("member-names.json").read_text("utf-8"))
    known = [name for name in names if name.startswith("a")][: MAX_NAMED_MEMBERS + 5]
    more = {f"x{at}": 1 for at in range(3000)} | dict.fromkeys(known, 1)
    answer = send(clerk, "POST", "students", student("s1") | more)
    assert answer.status_code == 200, answer.text
    named, _, others = answer.headers[HEADER].partition("; others=")
    assert named.split(", ") == known[:MAX_NAMED_MEMBERS]
    assert int(others) == len(more) - MAX_NAMED_MEMBERS
    assert len(answer.headers[HEADER]) < 2000


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1", "ß", "addresses[0].x", "x, y; others=7", "a.firstName", "\0"])
def test_a_name_that_nobody_has_published_is_never_repeated(clerk, name):
    answer = send(clerk, "POST", "students", student("s1") | {name: 1})
    assert (answer.status_code, answer.headers.get(HEADER)) == (200, "others=1"), answer.text


def test_a_body_that_is_wrong_all_the_same_tells_what_was_ignored_and_that_is_not_wrong(clerk):
    answer = send(clerk, "POST", "students", student("s1", firstName="", middleName=7))
    places = problem(answer, 400, "bad-request:data-validation-failed")["validationErrors"]
    assert places == {"$.firstName": ["FirstName is required and should not be left empty."]}
    assert answer.headers.get(HEADER) == "middleName"


def test_a_body_without_such_members_is_answered_without_the_header(clerk):
    answer = send(clerk, "POST", "students", student("s1") | {"_etag": "1", "_lastModifiedDate": "x"})
    assert (answer.status_code, HEADER in answer.headers) == (200, False)


def test_a_member_that_is_there_twice_is_refused_though_it_would_be_ignored(clerk):
    for text in ('{"shoeSize": 1, "SHOESIZE": 2}', '{"telephones": [{"x": 1, "X": 1}]}'):
        answer = clerk.web.post(EDFI + "students", data=text, content_type="application/json", headers=clerk.bearer)
        problem(answer, 400, "bad-request:data-validation-failed")


def test_a_client_that_wants_them_refused_gets_what_was_always_answered(region, elm):
    strict, before = region.consumer("strict"), elm.changes
    answers = [send(strict, "POST", "students", student("s1") | {name: "x"}) for name in ("middleName", "shoeSize")]
    places = problem(answers[0], 400, "bad-request:data-validation-failed")["validationErrors"]
    assert places == {"$.middleName": ["This is not a member of the resource."]}
    assert answers[0].data.replace(b"middleName", b"shoeSize") == answers[1].data
    assert HEADER not in answers[0].headers
    assert elm.changes == before


def test_they_are_counted_by_client_and_resource_without_their_names(clerk):
    def counted():
        found = re.search(
            r'crossing_ignored_members_total\{client="clerk",view="students"\} (\S+)', telemetry.exposition().decode()
        )
        return float(found[1]) if found else 0.0

    before = counted()
    send(clerk, "POST", "students", student("s1", middleName="x", shoeSize=1))
    assert counted() == before + 2
    assert "middleName" not in telemetry.exposition().decode()
