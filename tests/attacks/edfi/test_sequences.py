"""Reads, writes and questions about changes, one after another, over two districts that differ out of sight."""

from __future__ import annotations

import pytest

from tests.attacks.edfi.test_writes import HIDDEN, furnish
from tests.gateway.writes.test_edfi_write_rules import AT_101, CLERK, MANY, OPERATIONS, enrollment, send, student
from tests.support.edfi_memory import room, site
from tests.support.regions import EDFI, agreement, running

PLAIN = tuple(("student.birthDate", "allow") if path == "student.birthDate" else (path, action)
              for path, action in CLERK)  # fmt: skip
CLIENTS = {
    "clerk": (CLERK, OPERATIONS),
    "plain": (PLAIN, OPERATIONS),
    "editor": (PLAIN, "[read, changes, update]"),
    "inbox": (PLAIN, "[create, update]"),
    "eraser": (PLAIN, "[read, delete]"),
}
VERSIONS = "/changeQueries/v1/availableChangeVersions"
S1, E1 = f"{EDFI}students/{'3' * 32}", f"{EDFI}studentSchoolAssociations/{'4' * 32}"
ANY = {"If-Match": "*"}
STEPS = (
    ("GET", VERSIONS, None, {}),
    ("GET", f"{EDFI}students?totalCount=true&minChangeVersion=0", None, {}),
    ("GET", f"{EDFI}studentSchoolAssociations?minChangeVersion=0", None, {}),
    ("POST", "students", student("s2"), {}),
    ("POST", "students", student("s8"), {}),
    ("POST", "students", student("s2", middleName="X"), {}),
    ("POST", "students", {"studentUniqueId": "s2"}, {}),
    ("POST", "students", student("S2"), {}),
    ("POST", "studentSchoolAssociations", enrollment("s1", 102), {}),
    ("POST", "studentSchoolAssociations", enrollment("s2"), {}),
    ("POST", "studentSchoolAssociations", enrollment("s2", 102, nextYearSchoolReference={"schoolId": 102}), {}),
    ("PUT", f"{EDFI}students/{HIDDEN}", student("s2"), ANY),
    ("PUT", f"{EDFI}students/{HIDDEN}", {"id": "e" * 32}, {}),
    ("DELETE", f"{EDFI}students/{HIDDEN}", None, ANY),
    ("DELETE", f"{EDFI}studentSchoolAssociations/{'d' * 32}", None, {"If-Match": '"1"'}),
    ("GET", f"{EDFI}students/{HIDDEN}", None, {"If-None-Match": "*"}),
    ("PUT", S1, student("s2"), {}),
    ("PUT", E1, enrollment("s2", 102), {}),
    ("PUT", E1, enrollment("s1", 102), ANY),
    ("PUT", E1, enrollment("s1", entryDate="2026-08-21"), {}),
    ("GET", f"{EDFI}studentSchoolAssociations/keyChanges?totalCount=true", None, {}),
    ("GET", f"{EDFI}students/partitions?number=200", None, {}),
    ("GET", f"{EDFI}students?studentUniqueId=s2&totalCount=true", None, {}),
    ("GET", f"{EDFI}students?middleName=Y", None, {}),
    ("POST", "/oauth/token_info", "token", {}),
    ("DELETE", f"{EDFI}schools/{'2' * 32}", None, {}),
    ("DELETE", E1, None, ANY),
    ("GET", f"{EDFI}students/deletes?totalCount=true", None, {}),
    ("GET", f"{EDFI}studentSchoolAssociations/deletes", None, {}),
    ("GET", VERSIONS, None, {}),
)


@pytest.fixture(params=["0s", "1h"])
def twins(request, tmp_path):
    terms = [agreement("elm", lines, client=name, operations=operations, population=AT_101)
             for name, (lines, operations) in CLIENTS.items()]  # fmt: skip
    with room("one") as one, room("two") as two:
        furnish(one, other=False)
        furnish(two, other=True)
        with (
            running(tmp_path / "one", {"elm": site("one", request.param)}, terms, MANY) as first,
            running(tmp_path / "two", {"elm": site("two", request.param)}, terms, MANY) as second,
        ):
            yield first, second


def told(consumer, method, place, body, headers):
    """All that an answer says, but for what names the token and the moment of the request."""
    body = {"token": consumer.token} if body == "token" else body
    answer = send(consumer, method, place, body, **headers)
    assert answer.status_code < 500, answer.text
    return answer.status_code, answer.data, sorted((name, value) for name, value in answer.headers if name != "Date")


@pytest.mark.parametrize("name", CLIENTS)
def test_a_sequence_of_questions_and_writes_is_answered_alike_whatever_is_hidden(twins, name):
    consumers = [region.consumer(name) for region in twins]
    for step in STEPS:
        one, other = (told(consumer, *step) for consumer in consumers)
        assert one == other, step
