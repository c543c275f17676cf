"""Writes of one record at once, over real sockets and threads: of those with one tag exactly one is made."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import requests
from werkzeug.serving import make_server

from adapters.simulators.edfi import Ods
from adapters.simulators.edfi import run as run_ods
from adapters.simulators.oneroster import Sis
from adapters.simulators.oneroster import run as run_sis
from gateway.demo.data.edfi.server import gradebook_documents, ods_documents
from gateway.demo.data.oneroster.server import server_documents
from tests.support.regions import EDFI, Site, agreement, running, small_district

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.regions import Region

SECRET = "a secret of the tests"
MANY = "[tokens]\nper_client = 1000\n"
OPERATIONS = "[read, search, create, update, delete]"
BOOK, OLD = "/ims/oneroster/gradebook/v1p2/", "/ims/oneroster/v1p1/"
STAMPS = frozenset({"id", "status", "dateLastModified", "_etag", "_lastModifiedDate"})
AT_ONCE = 6
ROUNDS = [2, pytest.param(50, marks=pytest.mark.slow)]
NUMBERS = count()


@dataclass
class World:
    """A gateway that answers on a socket, the systems behind it, and what is told to each client."""

    region: Region
    url: str
    systems: dict[str, Any]

    def ask(self, method: str, place: str, body: Any = None, client: str = "conformance", **headers: str) -> Any:
        given = self.region.consumer(client).bearer | headers
        return requests.request(method, self.url + place, json=body, headers=given, timeout=60)

    def tag(self, place: str) -> str:
        answer = self.ask("GET", place)
        assert answer.status_code == 200, answer.text
        return answer.headers["ETag"]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What calls give that begin in the same moment, each in a thread."""
    start, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Callable[[], Any]) -> None:
        start.wait()
        found[number] = call()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@contextmanager
def serving(region: Region) -> Iterator[str]:
    """The region's application on a socket, a thread for each request."""
    server = make_server("127.0.0.1", 0, region.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@cache
def district():
    return small_district(students=12)


def edfi_ods(stack, secret, **more):
    ods = Ods(ods_documents(district()), secret=SECRET)
    main = stack.enter_context(run_ods(ods))
    settings = {"url": main.url, "client_id": "crossing", "client_secret": secret, "allow_private": "true",
                "writable": "true", **more}  # fmt: skip
    return "edfi_ods", settings, {"ods": ods}


def beside(stack, secret):
    adapter, settings, systems = edfi_ods(stack, secret)
    sis = Sis(gradebook_documents(district(), systems["ods"]), secret=SECRET)
    book = stack.enter_context(run_sis(sis))
    settings |= {"gradebook_url": book.url, "gradebook_token_url": book.token_url, "gradebook_client_id": "crossing",
                 "gradebook_client_secret": secret}  # fmt: skip
    return adapter, settings, {**systems, "sis": sis}


def oneroster(version):
    def make(stack, secret):
        sis = Sis(server_documents(district()), secret=SECRET)
        book = stack.enter_context(run_sis(sis))
        settings = {"url": book.url, "token_url": book.token_url, "client_id": "crossing", "client_secret": secret,
                    "allow_private": "true", "version": version}  # fmt: skip
        return "oneroster_rest", settings, {"sis": sis}

    return make


MAKERS = {"ods": edfi_ods, "beside": beside, "1.2": oneroster("1.2"), "1.1": oneroster("1.1")}


@contextmanager
def world_of(kind: str, hold: str, folder) -> Iterator[World]:
    (folder / "secret").write_text(SECRET)
    terms = [agreement("elm", operations=OPERATIONS)]
    terms += [
        agreement(
            "elm", [("student.id", "allow"), (f"student.name.{name}", "allow")], client=name, operations=OPERATIONS
        )
        for name in ("given", "middle")
    ]
    with ExitStack() as stack:
        adapter, settings, systems = MAKERS[kind](stack, f"file:{folder / 'secret'}")
        site = Site(adapter, settings, hold)
        region = stack.enter_context(running(folder / "region", {"elm": site}, terms, MANY))
        for client in ("conformance", "given", "middle"):
            region.consumer(client)
        yield World(region, stack.enter_context(serving(region)), systems)
        assert len(region.gateway.record_locks) == 0


def slow(*kinds: str) -> list[Any]:
    return [pytest.param(kind, marks=pytest.mark.slow) for kind in kinds]


@pytest.fixture(scope="module", params=["ods 1h", "beside 1h", "1.2 1h", "1.1 1h", *slow("ods 0s")])
def world(request, tmp_path_factory):
    kind, hold = request.param.split()
    with world_of(kind, hold, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def ods(tmp_path_factory):
    with world_of("ods", "1h", tmp_path_factory.mktemp("ods")) as made:
        yield made


@dataclass
class Target:
    """A record to write: its address, a body that says *mark*, and the mark that it bears."""

    place: str
    body: Callable[[str], Any]
    mark: Callable[[Any], str | None]


def student(world: World) -> Target:
    """A student of its own, of whom nobody else knows."""
    body = {"studentUniqueId": f"r{next(NUMBERS)}", "firstName": "A", "lastSurname": "B", "birthDate": "2010-01-01"}
    made = world.ask("POST", EDFI + "students", body)
    assert made.status_code == 201, made.text
    place = EDFI + "students/" + made.headers["Location"].rpartition("/")[2]
    return Target(place, lambda mark: body | {"middleName": mark}, lambda shown: shown.get("middleName"))


def work(root: str) -> Callable[[World], Target]:
    """A piece of work of its own, in a class of the gradebook."""

    def make(world: World) -> Target:
        (first,) = world.ask("GET", f"{root}lineItems?limit=1").json()["lineItems"]
        kept = {name: value for name, value in first.items() if name not in STAMPS | {"sourcedId", "metadata"}}
        made = world.ask("PUT", f"{root}lineItems/race-{next(NUMBERS)}", {"lineItem": kept | {"title": "New"}})
        assert made.status_code == 201, made.text
        return Target(
            f"{root}lineItems/{made.headers['Location'].rpartition('/')[2]}",
            lambda mark: {"lineItem": kept | {"title": mark}},
            lambda shown: shown["lineItem"]["title"],
        )

    return make


def targets(world: World) -> list[Callable[[World], Target]]:
    """What is written in a world: of an ODS records of both standards, of a gradebook those that it keeps."""
    if "sis" in world.systems:
        return [work(BOOK)]
    return [student, work(OLD)]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_six_puts_with_one_tag_exactly_one_is_made(world, rounds):
    for make in targets(world):
        target = make(world)
        for number in range(rounds):
            tag = world.tag(target.place)
            puts = [
                partial(world.ask, "PUT", target.place, target.body(f"{number}-{at}"), **{"If-Match": tag})
                for at in range(AT_ONCE)
            ]
            statuses = [answer.status_code for answer in at_once(*puts)]
            made = [at for at, status in enumerate(statuses) if status < 300]
            assert len(made) == 1, (target.place, statuses)
            assert sorted({*statuses} - {statuses[made[0]]}) == [412], statuses
            assert target.mark(world.ask("GET", target.place).json()) == f"{number}-{made[0]}"


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_puts_and_deletes_with_one_tag_exactly_one_is_made(world, rounds):
    for make in targets(world):
        for _ in range(max(1, rounds // 2)):
            target = make(world)
            tag = {"If-Match": world.tag(target.place)}
            puts = [partial(world.ask, "PUT", target.place, target.body(f"p{at}"), **tag) for at in range(3)]
            answers = at_once(*puts, *[partial(world.ask, "DELETE", target.place, **tag)] * 3)
            statuses = [answer.status_code for answer in answers]
            made = [at for at, status in enumerate(statuses) if status < 300]
            assert len(made) == 1, (target.place, statuses)
            gone = made[0] >= 3
            assert {status for status in statuses if status >= 300} <= ({404, 412} if gone else {412}), statuses
            assert world.ask("GET", target.place).status_code == (404 if gone else 200)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_record_is_created_once_by_those_who_want_it_new(world, rounds):
    target = work(BOOK)(world)
    for _ in range(rounds):
        name = f"{BOOK}lineItems/only-{next(NUMBERS)}"
        puts = [partial(world.ask, "PUT", name, target.body(f"{at}"), **{"If-None-Match": "*"}) for at in range(4)]
        statuses = sorted(answer.status_code for answer in at_once(*puts))
        assert statuses == [201, 412, 412, 412]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_first_posts_of_one_key_one_creates_and_the_others_update(ods, rounds):
    for _ in range(rounds):
        body = {"studentUniqueId": f"p{next(NUMBERS)}", "firstName": "A", "lastSurname": "B", "birthDate": "2010-01-01"}
        posts = [partial(ods.ask, "POST", EDFI + "students", body | {"middleName": f"{at}"}) for at in range(4)]
        answers = at_once(*posts)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert len({answer.headers["Location"] for answer in answers}) == 1
        (shown,) = ods.ask("GET", EDFI + f"students?studentUniqueId={body['studentUniqueId']}").json()
        assert shown["middleName"] in {"0", "1", "2", "3"}


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_first_posts_of_one_piece_of_work_one_creates_and_the_others_update(world, rounds):
    """Whether the system keeps the keys of Ed-Fi or has them told in the metadata of what OneRoster knows."""
    (shown,) = world.ask("GET", EDFI + "gradebookEntries?limit=1").json()
    kept = {name: value for name, value in shown.items() if name not in STAMPS}
    for _ in range(rounds):
        body = kept | {"gradebookEntryIdentifier": f"w{next(NUMBERS)}", "namespace": "uri://races"}
        posts = [partial(world.ask, "POST", EDFI + "gradebookEntries", body | {"title": f"{at}"}) for at in range(4)]
        answers = at_once(*posts)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201], [one.text for one in answers]
        assert len({answer.headers["Location"] for answer in answers}) == 1


@pytest.mark.parametrize("rounds", ROUNDS)
def test_writers_that_see_different_members_lose_none_of_each_other(ods, rounds):
    target = student(ods)
    place, key = target.place, ods.ask("GET", target.place).json()["studentUniqueId"]
    for number in range(rounds):
        puts = [
            partial(ods.ask, "PUT", place, {"studentUniqueId": key, "firstName": f"F{number}"}, "given"),
            partial(ods.ask, "PUT", place, {"studentUniqueId": key, "middleName": f"M{number}"}, "middle"),
        ]
        assert [answer.status_code for answer in at_once(*puts, *puts)] == [204] * 4
        shown = ods.ask("GET", place).json()
        assert (shown["firstName"], shown["middleName"]) == (f"F{number}", f"M{number}")


def test_a_descriptor_is_one_in_any_case_also_for_those_who_create_it_at_once(ods):
    name = f"Kind {next(NUMBERS)}"
    body = {"namespace": "uri://ed-fi.org/SexDescriptor", "codeValue": name, "shortDescription": name}
    cases = [body, body | {"codeValue": name.upper()}, body | {"namespace": "URI://Ed-Fi.org/SexDescriptor"}]
    answers = at_once(*[partial(ods.ask, "POST", EDFI + "sexDescriptors", one) for one in cases])
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201], [one.text for one in answers]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    again = ods.ask("POST", EDFI + "sexDescriptors", body | {"codeValue": name.lower(), "description": "New"})
    assert (again.status_code, again.headers["Location"]) == (200, answers[0].headers["Location"])
    shown = ods.ask("GET", EDFI + "sexDescriptors/" + again.headers["Location"].rpartition("/")[2]).json()
    assert shown["description"] == "New"


def test_a_write_that_is_not_answered_holds_its_record_no_longer_than_it_waits(ods):
    target = student(ods)
    ods.region.gateway.record_locks._longest_wait_seconds, before = 0.2, 30.0
    begun, go_on = threading.Event(), threading.Event()

    def silent(method: str, url: str, headers: Any, body: bytes) -> Any:
        if method == "PUT":
            begun.set()
            go_on.wait(20)
        return Ods.answer(ods.systems["ods"], method, url, headers, body)

    ods.systems["ods"].answer = silent
    try:
        slow = threading.Thread(target=ods.ask, args=("PUT", target.place, target.body("slow")))
        slow.start()
        assert begun.wait(20)
        answer = ods.ask("PUT", target.place, target.body("late"))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert ods.ask("GET", target.place).status_code == 200
        go_on.set()
        slow.join()
    finally:
        del ods.systems["ods"].answer
        ods.region.gateway.record_locks._longest_wait_seconds = before
    assert ods.ask("PUT", target.place, target.body("again")).status_code == 204


# a system that somebody else changes at the same moment


class Meddled:
    """Changes a document in the ODS just before a write of it, the next so many *times*."""

    def __init__(self, ods: Ods, member: str, times: int) -> None:
        self.ods, self.member, self.times, self.done = ods, member, times, 0
        self.answer = ods.answer

    def __call__(self, method: str, url: str, headers: Any, body: bytes) -> Any:
        if method in {"PUT", "DELETE"} and self.done < self.times and "/students/" in url:
            self.done += 1
            row = self.ods.state.rows["Student"][url.rpartition("/")[2]]
            self.ods.state.change(row, row.document | {self.member: f"Z{self.done}"})
        return self.answer(method, url, headers, body)


@contextmanager
def meddled(world: World, member: str, times: int) -> Iterator[Meddled]:
    ods = world.systems["ods"]
    ods.answer = Meddled(ods, member, times)
    try:
        yield ods.answer
    finally:
        del ods.answer


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_hidden_change_at_the_last_moment_is_kept_and_told_to_nobody(ods, method):
    place, client = student(ods).place, "given"
    shown = ods.ask("GET", place, None, client)
    tag = {"If-Match": shown.headers["ETag"]}
    with meddled(ods, "birthCity", 3) as others:
        answer = ods.ask(method, place, shown.json() | {"firstName": "New"} if method == "PUT" else None, client, **tag)
    assert (answer.status_code, others.done) == (204, 3), answer.text
    row = ods.systems["ods"].state.rows["Student"].get(place.rpartition("/")[2])
    if method == "DELETE":
        assert row is None
    else:
        assert (row.document["firstName"], row.document["birthCity"]) == ("New", "Z3")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_at_the_last_moment_that_the_writer_sees_fails_its_condition(ods, method):
    place, client = student(ods).place, "given"
    shown = ods.ask("GET", place, None, client)
    body = shown.json() | {"firstName": "New"} if method == "PUT" else None
    with meddled(ods, "firstName", 1):
        answer = ods.ask(method, place, body, client, **{"If-Match": shown.headers["ETag"]})
    assert answer.status_code == 412, answer.text
    assert answer.json()["type"] == "urn:ed-fi:api:optimistic-lock-failed"
    assert ods.ask("GET", place, None, client).json()["firstName"] == "Z1"


@pytest.mark.parametrize(("client", "city"), [("given", "Z2"), ("conformance", None)])
def test_a_write_without_a_condition_is_made_over_what_others_change_and_keeps_what_it_does_not_see(ods, client, city):
    place = student(ods).place
    shown = ods.ask("GET", place, None, client)
    with meddled(ods, "birthCity", 2):
        answer = ods.ask("PUT", place, shown.json() | {"firstName": "New"}, client)
    assert answer.status_code == 204, answer.text
    kept = ods.systems["ods"].state.rows["Student"][place.rpartition("/")[2]].document
    assert (kept["firstName"], kept.get("birthCity")) == ("New", city)  # a PUT is whole as far as its sender sees


def test_a_record_that_never_rests_is_a_conflict_after_a_few_tries(ods):
    place = student(ods).place
    shown = ods.ask("GET", place, None, "given").json()
    with meddled(ods, "birthCity", 100) as others:
        answer = ods.ask("PUT", place, shown | {"firstName": "New"}, "given")
    assert answer.status_code == 409, answer.text
    assert answer.json()["type"] == "urn:ed-fi:api:data-conflict:multi-user-conflict"
    assert others.done == 5
