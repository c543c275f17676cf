"""A client that follows change versions by the recipe of the Ed-Fi world ends equal to the source.

The source is a district's ODS, changed there and through the gateway; some of its resources are held, others are read
as they are asked for. Files that change are the other kind of source, and their client sees the same.
"""

from __future__ import annotations

from collections import Counter

import pytest

from adapters.simulators.edfi import Ods, run
from gateway.demo.data.edfi.server import ods_documents
from standards.edfi.model import model
from standards.edfi.model.cascading_keys import CASCADING_KEYS
from tests.adapters.edfi_ods.worlds import Client
from tests.conformance.edfi.conftest import MANY, OPERATIONS, SECRET
from tests.conformance.edfi.test_resources import bare, keyed
from tests.standards.edfi.complete import complete
from tests.support.following import RESOURCES, VERSIONS, Files, Follower
from tests.support.regions import EDFI, Site, agreement, running, small_district

SETTINGS = MANY + 'life = "1d"\n'
LIVE = ("gradebookEntries", "grades", "reportCards", "studentSchoolAttendanceEvents")
WORLDS, AN_HOUR = 8, 3700
FIR, OAK = "/fir", "/maple"


class System:
    """A district's ODS, and a client of our own hand that changes what is in it."""

    def __init__(self, ods, running_, folder):
        self.ods, self.client = ods, Client(running_, secret=SECRET)
        secret = folder / "secret"
        secret.write_text(SECRET)
        self.site = Site("edfi_ods", {
            "url": running_.url, "client_id": "crossing", "client_secret": f"file:{secret}", "allow_private": "true",
            "writable": "true",
        })  # fmt: skip
        self.made = []

    def insert(self, documents):
        """Create documents; how many of each resource."""
        told = Counter()
        for collection, document in documents:
            answer = self.client.post(collection, document)
            assert answer.status_code in {200, 201}, (collection, answer.text)
            if answer.status_code == 201:
                self.made.append((collection, answer.headers["Location"]))
                told[collection] += 1
        return told

    def update(self):
        """Give everything that was created another value where it has one that is no part of its key."""
        told = Counter()
        for collection, place in self.made:
            document = self.client.rows(place)
            changed = other(model.by_collection(collection), document)
            if changed is not None:
                answer = self.client.ask(place, "PUT", json=changed)
                assert answer.status_code == 204, (collection, answer.text)
                told[collection] += 1
        return told

    def rekey(self):
        """Give another key to one document of every resource that may have one."""
        told = Counter()
        for collection, place in self.made:
            resource = model.by_collection(collection)
            own = [path for path in resource.identity if "." not in path and not path.endswith("Descriptor")]
            if resource.name not in CASCADING_KEYS or not own or told[collection]:
                continue
            document = plain(self.client.rows(place))
            value = document[own[0]]
            document[own[0]] = f"{value[:-2]}{28 if value[-2:] != '28' else 27}"
            answer = self.client.ask(place, "PUT", json=document)
            assert answer.status_code == 204, (collection, answer.text)
            told[collection] += 1
        return told

    def delete(self):
        """Delete what was created, last things first, but never much of a resource at once: that would be a loss."""
        told = Counter()
        for collection, place in reversed(self.made):
            if told[collection] >= self.size(collection) // 8:
                continue
            answer = self.client.ask(place, "DELETE")
            assert answer.status_code in {204, 409}, (collection, answer.text)
            told[collection] += answer.status_code == 204
        return told

    def documents(self, collection):
        """Every document of a resource."""
        return [row.document for row in self.ods.state.rows[model.by_collection(collection).name].values()]

    def size(self, collection):
        """How many documents a resource has."""
        return len(self.documents(collection))


def plain(document):
    return {name: value for name, value in document.items() if name != "id" and not name.startswith("_")}


def other(resource, document):
    """The document with one other text or number that is no part of its key; None where it has none."""
    for name, value in plain(document).items():
        known = resource.properties.get(name)
        if known is None or name in resource.identity or known.descriptor or known.format in {"date", "time"}:
            continue
        if known.type == "string" and known.max_length and known.max_length >= 10:
            return plain(document) | {name: "x" * 10 if value != "x" * 10 else "y" * 10}
        if known.type == "boolean":
            return plain(document) | {name: not value}
    return None


@pytest.fixture
def system(tmp_path):
    own = ods_documents(small_district())
    worlds = [one for one in complete(WORLDS, seed=3) if one[0] != "schoolYearTypes"]  # the district has these years
    ods = Ods([*own, *worlds], secret=SECRET)
    ods.tokens.limit = -1
    with run(ods) as running_:
        yield System(ods, running_, tmp_path)


def followed(consumer, root, test=lambda _name: True):
    """The resources that can be followed, in the order in which those who write them must write."""
    consumer.ask(root + VERSIONS)
    steps = consumer.ask(f"{root}/metadata/data/v3/dependencies").json
    steps = [step["resource"].rpartition("/")[2] for step in sorted(steps, key=lambda one: one["order"])]
    names = [name for name in dict.fromkeys(steps) if test(name)]
    return [name for name in names if consumer.ask(f"{root}{EDFI}{name}/deletes", limit=1).status_code == 200]


def chosen(name):
    """Some of all kinds: every 25th of the standard's resources, and those of the roster and of grades."""
    resource = model.by_collection(name)
    return (
        name in RESOURCES
        or resource.name in CASCADING_KEYS
        or name in LIVE
        or sorted(model.resources()).index(resource.name) % 25 == 0
    )


def send(consumer, method, place, document=None):
    """The answer to a request with a JSON body."""
    return consumer.web.open(place, method=method, json=document, headers=consumer.bearer)


def same(follower, system):
    """Whether the copy is what the gateway shows now, and says what the ODS has."""
    assert follower.copy() == follower.source()
    for name, records in follower.copies.items():
        resource = model.by_collection(name)
        copies = [bare(one) for one in records.values()]
        copies = [{key: value for key, value in one.items() if key != resource.descriptor_id} for one in copies]
        assert keyed(copies) == keyed(system.documents(name)), name


def told(follower):
    """What was told of each resource, where anything: new keys, what changed, what is gone."""
    return {name: counts for name, counts in follower.told.items() if any(counts)}


@pytest.mark.parametrize("test", [chosen, pytest.param(lambda _: True, id="every", marks=pytest.mark.slow)])
def test_a_follower_of_an_ods_ends_equal_to_it_whatever_happens_there(system, tmp_path, test):
    terms, sites = [agreement("fir", operations=OPERATIONS)], {"fir": system.site}
    with running(tmp_path / "r", sites, terms, SETTINGS) as region:
        follower = Follower(region.consumer(), followed(region.consumer(), FIR, test), FIR)
        assert set(LIVE) < set(follower.resources)
        follower.sync()
        same(follower, system)
        made = system.insert(complete(1, seed=11))
        region.clock.move(60)
        follower.sync()
        assert all(follower.told[name][1] >= made[name] for name in follower.resources)
        same(follower, system)
        changed = system.update()
        region.clock.move(60)
        follower.sync()
        assert told(follower) == {name: (0, changed[name], 0) for name in follower.resources if changed[name]}
        same(follower, system)
        clock = region.clock
    rekeyed = system.rekey()
    clock.move(60)
    with running(tmp_path / "r", sites, terms, SETTINGS, clock) as region:
        follower.consumer = region.consumer()
        follower.sync()
        assert all(follower.told[name][0] >= count for name, count in rekeyed.items() if name in follower.resources)
        same(follower, system)
        gone = system.delete()
        region.clock.move(60)
        follower.sync()
        print({name: (told, gone[name]) for name, told in told(follower).items() if told[2] != gone[name]})
        assert {name: counts[2] for name, counts in follower.told.items()} == {
            name: gone[name] for name in follower.resources
        }
        same(follower, system)
        region.clock.move(60)
        follower.sync()
        assert told(follower) == {}
    print(
        len(follower.resources),
        "resources",
        sum(made.values()),
        sum(changed.values()),
        dict(rekeyed),
        sum(gone.values()),
    )


def test_what_is_written_through_the_gateway_is_told_like_what_others_write(system, tmp_path):
    terms, names = [agreement("fir", operations=OPERATIONS)], ("classPeriods", "studentSchoolAttendanceEvents")
    with running(tmp_path / "r", {"fir": system.site}, terms, SETTINGS) as region:
        consumer = region.consumer()
        follower = Follower(consumer, names, FIR)

        def sync():
            region.clock.move(60)
            follower.sync()
            same(follower, system)
            return told(follower)

        sync()
        period, event = (plain(next(iter(follower.copies[name].values()))) for name in names)
        written = (period | {"classPeriodName": "Fresh"}, event | {"eventDate": "2026-10-30"})
        places = []
        for name, document in zip(names, written, strict=True):
            answer = send(consumer, "POST", f"{FIR}{EDFI}{name}", document)
            assert answer.status_code == 201, answer.text
            places.append(answer.headers["Location"].removeprefix("http://localhost"))
        assert sync() == dict.fromkeys(names, (0, 1, 0))
        for place, member in zip(places, ("classPeriodName", "attendanceEventReason"), strict=True):
            answer = send(consumer, "PUT", place, consumer.ask(place).json | {member: "Other"})
            assert answer.status_code == 204, answer.text
        assert sync() == {names[0]: (1, 1, 0), names[1]: (0, 1, 0)}
        for place in places:
            assert send(consumer, "DELETE", place).status_code == 204
        assert sync() == dict.fromkeys(names, (0, 0, 1))


def test_who_sees_one_school_ends_equal_to_what_it_sees(system, tmp_path):
    enrolled = system.documents("studentSchoolAssociations")
    schools = Counter(one["schoolReference"]["schoolId"] for one in enrolled)
    (school, _), (other, _) = schools.most_common(2)
    terms = [agreement("fir", operations=OPERATIONS, population=f'{{all: [{{school: {{in: ["{school}"]}}}}]}}')]
    with running(tmp_path / "r", {"fir": system.site}, terms, SETTINGS) as region:
        follower = Follower(
            region.consumer(), followed(region.consumer(), FIR, lambda name: name in {*RESOURCES, *LIVE}), FIR
        )
        assert set(LIVE).isdisjoint(follower.resources)
        follower.sync()
        assert follower.copy() == follower.source()
        assert 0 < len(follower.copies["students"]) < system.size("students")
        student = system.documents("students")[0] | {"studentUniqueId": "fresh"}
        home = next(one for one in enrolled if one["schoolReference"]["schoolId"] == school)
        away = next(one for one in enrolled if one["schoolReference"]["schoolId"] == other)
        fresh = {"studentReference": {"studentUniqueId": "fresh"}}
        system.insert([("students", student), ("studentSchoolAssociations", away | fresh)])
        region.clock.move(60)
        follower.sync()
        assert told(follower) == {}
        system.insert([("studentSchoolAssociations", home | fresh)])
        region.clock.move(60)
        follower.sync()
        assert follower.told["students"] == (0, 1, 0)
        assert follower.copy() == follower.source()
        _, place = system.made[-1]
        assert system.client.ask(place, "DELETE").status_code == 204
        region.clock.move(60)
        follower.sync()
        assert follower.told["students"] == follower.told["studentSchoolAssociations"] == (0, 0, 1)
        assert follower.copy() == follower.source()


def test_a_follower_of_files_that_change_ends_equal_to_them_over_a_restart(tmp_path):
    files = Files(tmp_path)
    sites, terms = {"maple": files.site}, [agreement("maple", operations=OPERATIONS)]
    with running(tmp_path / "r", sites, terms, SETTINGS) as region:
        follower = Follower(region.consumer(), followed(region.consumer(), OAK, RESOURCES.__contains__), OAK)
        follower.sync()
        assert follower.copy() == follower.source()
        users = [row for row in files.rows("users.csv") if row["sourcedId"].startswith("maple-s-")]
        files.put("users.csv", lambda row: row == users[0], givenName="Renamed")
        files.add("users.csv", users[1], sourcedId="fresh", username="fresh", userMasterIdentifier="", identifier="f-1")
        for name in ("roles.csv", "enrollments.csv"):
            like = next(row for row in files.rows(name) if row["userSourcedId"] == users[1]["sourcedId"])
            files.add(name, like, sourcedId=f"fresh-{name}", userSourcedId="fresh")
        region.clock.move(AN_HOUR)
        follower.sync()
        assert follower.told["students"] == (0, 2, 0)
        assert follower.copy() == follower.source()
        clock = region.clock
    files.put(
        "courses.csv", lambda row: row["sourcedId"] == files.rows("classes.csv")[0]["courseSourcedId"], courseCode="N-1"
    )
    for name in ("enrollments.csv", "roles.csv"):
        assert files.drop(name, lambda row: row["userSourcedId"] == "fresh") == 1
    assert files.drop("users.csv", lambda row: row["sourcedId"] == "fresh") == 1
    clock.move(AN_HOUR)
    with running(tmp_path / "r", sites, terms, SETTINGS, clock) as region:
        follower.consumer = region.consumer()
        follower.sync()
        assert follower.told["courses"] == (1, 1, 0)
        assert follower.told["students"] == (0, 0, 1)
        assert follower.copy() == follower.source()
