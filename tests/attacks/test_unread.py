"""A client that may write and not read is answered alike whether a record is there or not, byte for byte."""

from __future__ import annotations

import json
import uuid
from itertools import product

import pytest

from adapters.simulators.oneroster import Sis, run
from tests.adapters.oneroster_rest.system import district_documents, settings_for
from tests.gateway.writes.test_edfi_write_rules import AT_101, CLERK, MANY, SCHOOL, enrollment, send, student
from tests.support.edfi_memory import room, site
from tests.support.regions import EDFI, Site, agreement, running

CLIENTS = {
    "writer": "[create, update]",
    "eraser": "[create, update, delete]",
    "maker": "[create]",
    "mender": "[update]",
    "ender": "[delete]",
}
PLAIN = tuple((path, "allow") for path, _ in CLERK)
ANY, NONE, WRONG = {"If-Match": "*"}, {"If-None-Match": "*"}, {"If-Match": '"1"'}
NOBODY = "f" * 32
HEADERS = ({}, ANY, NONE, WRONG)
ASKED = {"correlation-id": "one"}  # without it each error has another
BOOK, OLD = "/ims/oneroster/gradebook/v1p2/", "/ims/oneroster/v1p1/"


def told(answer, *names):
    """All that an answer says, but the *names* in it that are its own record's."""
    text = repr((answer.status_code, answer.data.decode(), sorted((k, v) for k, v in answer.headers if k != "Date")))
    for name in names:
        text = text.replace(name, "ID")
    return text


# Ed-Fi


@pytest.fixture(scope="module")
def building():
    with room("elm") as made:
        yield made


@pytest.fixture(scope="module", params=["0s", "1h"])
def region(request, building, tmp_path_factory):
    terms = [agreement("elm", PLAIN, client=name, operations=operations) for name, operations in CLIENTS.items()]
    terms += [agreement("elm", PLAIN, client="neighbour", operations="[create, update]", population=AT_101)]
    terms += [agreement("elm", CLERK, client="masked", operations="[create, update]")]
    with running(tmp_path_factory.mktemp("elm"), {"elm": site("elm", request.param)}, terms, MANY) as made:
        yield made


def furnish(region, building):
    """The district as every write finds it; the gateway holds nothing of it."""
    building.clear()
    building.put("schools", SCHOOL, "1" * 32)
    building.put("students", student("s1", middleName="Hidden"), "3" * 32)
    building.put("students", student("s3"), "5" * 32)
    building.put("studentSchoolAssociations", enrollment("s1", primarySchool=True), "4" * 32)
    building.needed.add("3" * 32)
    region.gateway.districts["elm"]._cached = None
    return building


@pytest.fixture
def elm(building, region):
    return furnish(region, building)


PAIRS = {
    "student": [("POST", "students", student("s1")), ("POST", "students", student("s7"))],
    "lacking": [("POST", "students", {"studentUniqueId": name}) for name in ("s1", "s7")],
    "unknown member": [("POST", "students", student(name, shoeSize=1)) for name in ("s1", "s7")],
    "enrollment": [
        ("POST", "studentSchoolAssociations", enrollment("s1")),
        ("POST", "studentSchoolAssociations", enrollment("s1", entryDate="2026-08-25")),
    ],
    "put": [("PUT", f"{EDFI}students/{one}", student("s1")) for one in ("3" * 32, NOBODY)],
    "put another key": [("PUT", f"{EDFI}students/{one}", student("s8")) for one in ("3" * 32, NOBODY)],
    "put nothing": [("PUT", f"{EDFI}students/{one}", {}) for one in ("3" * 32, NOBODY)],
    "delete": [("DELETE", f"{EDFI}students/{one}", None) for one in ("5" * 32, NOBODY)],
    "delete what is needed": [("DELETE", f"{EDFI}students/{one}", None) for one in ("3" * 32, NOBODY)],
}


@pytest.mark.parametrize("client", [*CLIENTS, "neighbour", "masked"])
def test_an_ed_fi_write_of_what_is_there_and_of_what_is_not_are_answered_alike(client, region, building):
    consumer, statuses = region.consumer(client), set()
    for pair, headers in [*product(PAIRS, HEADERS[:1]), *product(("put", "delete"), HEADERS[1:])]:
        answers = []
        for method, place, body in PAIRS[pair]:
            furnish(region, building)
            answer = send(consumer, method, place, body, **headers)
            names = {answer.headers.get("Location", "").rpartition("/")[2], place.rpartition("/")[2]}
            answers.append(told(answer, *names - {""}))
            statuses.add(answer.status_code)
        assert answers[0] == answers[1], (pair, headers)
    assert statuses <= {201, 400, 403, 404, 409}
    assert 403 in statuses


def test_what_such_a_client_may_do_is_done(region, elm):
    writer = region.consumer("writer")
    for number, body in enumerate((student("s1", firstName="New"), student("s9"))):
        answer = send(writer, "POST", "students", body)
        assert (answer.status_code, answer.data, "ETag" in answer.headers) == (201, b"", False), number
    (changed,) = [one for one in elm.documents["students"].values() if one["studentUniqueId"] == "s1"]
    assert (changed["firstName"], changed["middleName"]) == ("New", "Hidden")
    assert len([one for one in elm.documents["students"].values() if one["studentUniqueId"] == "s9"]) == 1


@pytest.mark.parametrize("client", ["maker", "mender", "ender"])
def test_what_would_tell_is_refused_and_not_done(client, region, elm):
    before, consumer = elm.changes, region.consumer(client)
    for pair in PAIRS.values():
        for write in pair:
            assert send(consumer, *write).status_code in {400, 403}, write
    assert elm.changes == before


# OneRoster


class Server(Site):
    def toml(self, name):
        given = "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items())
        return f'[districts.{name}]\nadapter = "{self.adapter}"\ncache = "{self.cache}"\n[districts.{name}.settings]\n{given}'


@pytest.fixture(scope="module")
def system():
    with run(Sis(district_documents())) as made:
        yield made


@pytest.fixture(scope="module")
def book(system, tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    (folder / "sis.secret").write_text("sis-secret", "ascii")
    sites = {"maple": Server("oneroster_rest", settings_for(system, writable=True, client_secret="file:sis.secret"))}
    pupils = [("*", "allow"), ("student.id", "pseudonym")]
    terms = [agreement("maple"), agreement("maple", pupils, client="alias", operations="[create, update, delete]")]
    terms += [agreement("maple", client=name, operations=operations) for name, operations in CLIENTS.items()]
    with running(folder, sites, terms, MANY) as made:
        yield made


@pytest.fixture(scope="module")
def shown(book):
    """A piece of work and a result as who may read sees them in each version."""
    reader, found = book.consumer(), {}
    for root, name in product((BOOK, OLD), ("lineItems", "results")):
        one = reader.ask(f"{root}{name}", limit=1).json[name][0]
        stamps = {"status", "dateLastModified", "sourcedId", *({"school", "academicSession"} if root == OLD else ())}
        found[root, name] = one["sourcedId"], {member: one[member] for member in one if member not in stamps}
    return found


@pytest.mark.parametrize("client", [*CLIENTS, "alias"])
def test_a_oneroster_write_of_what_is_there_and_of_what_is_not_are_answered_alike(client, book, shown, system):
    consumer, statuses = book.consumer(client), set()
    for (root, name), (own, record) in shown.items():
        single, kept = name.removesuffix("s"), dict(system.sis.documents[name])
        bodies = {"PUT": record, "PUT ": record | {"shoeSize": 1}, "DELETE": None}
        for (method, body), headers in product(bodies.items(), HEADERS[:2] if root == BOOK else HEADERS[:1]):
            answers = set()
            for one in (own, f"none-{uuid.uuid4().hex[:8]}"):
                answer = consumer.web.open(
                    f"{root}{name}/{one}", method=method.strip(), headers=consumer.bearer | ASKED | headers,
                    json=None if body is None else {single: body},
                )  # fmt: skip
                answers.add(told(answer, one))
                statuses.add(answer.status_code)
            assert len(answers) == 1, (method, name, headers, answers)
        system.sis.documents[name].clear()
        system.sis.documents[name].update(kept)
    assert statuses <= {201, 403, 422}
    assert 403 in statuses
    operations = CLIENTS.get(client, "[create, update]")
    assert (201 in statuses) == ("create" in operations and "update" in operations)


def test_such_a_client_creates_and_replaces_under_ids_of_its_own(book, shown, system):
    writer, (own, record) = book.consumer("writer"), shown[OLD, "lineItems"]
    for one in (own, "of-its-own", "of-its-own"):
        body = {"lineItem": record | {"title": f"Title {one}"}}
        answer = writer.web.put(f"{OLD}lineItems/{one}", json=body, headers=writer.bearer)
        assert (answer.status_code, answer.data) == (201, b""), answer.text
        assert system.sis.documents["lineItems"][one]["title"] == f"Title {one}"
