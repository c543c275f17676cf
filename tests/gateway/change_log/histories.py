"""Random histories of a small district: what changes in it, who reads what of it when, and what they are told later.

The model is what each list shows, worked out anew from the records without any log. A consumer that knew a list at
a moment and applies what it is told has changed after that moment must end with what the list shows now.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from random import Random
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import orjson

from adapters.contract import Manifest
from gateway.audit.log import Record
from gateway.audit.students.tags import FormerTags
from gateway.auth.authorization import Authorization, authorize
from gateway.auth.callers import Caller, Callers
from gateway.auth.oauth1 import Verifier
from gateway.auth.rate_limits import RateLimits
from gateway.auth.scopes import known_scopes
from gateway.cache.needed_fields import wanted_by
from gateway.change_log.grant_logs import ChangeLogs
from gateway.change_log.ledger import Ledger
from gateway.change_versions.journals import ClientLogs
from gateway.config.settings import LimitSettings as Rates
from gateway.districts.district import District
from gateway.engine.visibility import Visibility
from gateway.gateway import Gateway
from gateway.paging.walks import Walks
from gateway.reads.export import ExportRequest, export
from gateway.reads.nesting import members
from gateway.reads.pipeline import serve_page
from gateway.request import PageRequest, Within
from gateway.storage.registry import open_store
from gateway.storage.shared_memory import LocalMemory
from policies.compiler import Grants
from standards import registry
from standards.errors import MalformedQuery, NotFound
from standards.keys import Keyring
from standards.oneroster.api.request import COLLECTION, read
from standards.oneroster.api.routes import APIS, routes
from tests.gateway.engine.source import RecordsAdapter, Whatever
from tests.gateway.small_region import make_settings
from tests.policies import documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from policies.agreement import Agreement
    from policies.grant import Grant
    from standards.oneroster.api.routes import Route

ROSTER = """
    organization.* allow
    session.* allow
    course.* allow
    section.* allow
    student.id allow
    student.name allow
    student.birthDate year
    staff.id allow
    staff.name allow
    enrollment.* allow
    placement.* allow
    teaching.* allow
    employment.* allow
"""
CONSUMERS = {
    "all": (ROSTER, ""),
    "twin": (ROSTER, ""),
    "one-school": (ROSTER.replace("student.id allow", "student.id pseudonym"), "{all: [{school: {in: ['S1']}}]}"),
}
MORE = "student.email allow\n"
LISTS = (
    "users", "students", "teachers", "enrollments", "demographics", "classes", "schools/S1/students",
    "schools/S2/students", "schools/S1/enrollments", "schools/S1/teachers", "classes/K1/students",
    "classes/K2/students", "classes/K3/teachers", "schools/S1/classes/K1/students", "schools/S1/classes/K1/enrollments",
)  # fmt: skip
VERSIONS = ("1.1", "1.2")
HOLD = 3600.0
BULK = {"users.csv": "users", "enrollments.csv": "enrollments", "classes.csv": "classes"}


@dataclass
class World:
    """The records of a district, by entity and id."""

    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    made: int = 0

    def put(self, entity: str, own: str, **values: Any) -> None:
        self.records.setdefault(entity, {})[own] = {"key": (own,), "id": own, **values}

    def change(self, entity: str, own: str, **values: Any) -> None:
        self.records[entity][own] = self.records[entity][own] | values

    def drop(self, entity: str, own: str) -> None:
        self.records[entity].pop(own, None)

    def name(self) -> str:
        self.made += 1
        return f"n{self.made}"

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        return [(entity, dict(row)) for entity, some in self.records.items() for row in some.values()]


def begin() -> World:
    """Two schools, three classes, four pupils and two teachers."""
    world = World()
    world.put("organization", "D", name="District", kind="district", identifier="1")
    for school in ("S1", "S2"):
        world.put(
            "organization", school, name=f"School {school}", kind="school", identifier=f"1{school}", parent=("D",)
        )
    world.put("session", "T1", name="Fall", kind="term", begin="2026-09-01", end="2026-12-20", schoolYear=2027)
    world.put("course", "C1", code="C1", title="Reading", organization=("D",))
    for number, school in enumerate(("S1", "S1", "S2"), 1):
        world.put(
            "section",
            f"K{number}",
            title=f"Class {number}",
            identifier=f"K{number}",
            school=(school,),
            terms=[("T1",)],
            course=("C1",),
        )
    for number, school in enumerate(("S1", "S1", "S2", "S2")):
        student(world, f"p{number}", school)
    for number, school in enumerate(("S1", "S2")):
        staff(world, f"t{number}", school)
    return world


def student(world: World, own: str, school: str) -> None:
    world.put(
        "student",
        own,
        uniqueId=own,
        **{"name.given": own, "name.family": "F"},
        birthDate="2012-05-06",
        email="a@example.org",
    )
    enroll(world, own, school)
    klass = "K1" if school == "S1" else "K3"
    world.put("placement", f"p-{own}", student=(own,), section=(klass,), begin="2026-09-01")


def enroll(world: World, own: str, school: str) -> None:
    world.put("enrollment", f"e-{own}", student=(own,), school=(school,), grade="03", entry="2026-09-01")


def staff(world: World, own: str, school: str) -> None:
    world.put("staff", own, uniqueId=own, **{"name.given": own, "name.family": "T"})
    world.put("employment", f"m-{own}", staff=(own,), organization=(school,))
    world.put("teaching", f"g-{own}", staff=(own,), section=("K1" if school == "S1" else "K3",), primary=True)


def leave(world: World, own: str) -> None:
    """Take a person and all that belongs to it away."""
    for entity in ("student", "staff"):
        world.drop(entity, own)
    for entity in ("enrollment", "placement", "teaching", "employment"):
        for name, row in list(world.records.get(entity, {}).items()):
            if (own,) in (row.get("student"), row.get("staff")):
                world.drop(entity, name)


def turn(world: World, random: Random) -> str:  # noqa: C901, PLR0912  a list of what may happen
    """Let something happen in a world; what it was."""
    kind = random.choice(
        ("join", "rename", "hidden", "leave", "move", "swap", "role", "class", "quit", "row", "school", "pause")
    )
    people = sorted({**world.records["student"], **world.records["staff"]})
    own = random.choice(people) if people else ""
    pupils = sorted(world.records["student"])
    pupil = random.choice(pupils) if pupils else ""
    match kind:
        case "join":
            (student if random.random() < 0.7 else staff)(world, world.name(), random.choice(("S1", "S2")))
        case "rename" if own:
            entity = "student" if own in world.records["student"] else "staff"
            world.change(entity, own, **{"name.family": world.name()})
        case "hidden" if pupil:
            world.change(
                "student", pupil, birthDate=f"2012-0{random.randint(1, 9)}-11", email=f"{world.name()}@example.org"
            )
        case "leave" if own:
            leave(world, own)
        case "move" if pupil and f"e-{pupil}" in world.records["enrollment"]:
            world.change("enrollment", f"e-{pupil}", school=(random.choice(("S1", "S2")),))
        case "swap" if pupil and f"p-{pupil}" in world.records["placement"]:
            world.change("placement", f"p-{pupil}", section=(random.choice(("K1", "K2", "K3")),))
        case "role" if own:
            was = own in world.records["student"]
            leave(world, own)
            (staff if was else student)(world, own, random.choice(("S1", "S2")))
        case "class":
            world.change("section", random.choice(("K1", "K2", "K3")), title=world.name())
        case "quit" if pupil:
            world.drop("placement", f"p-{pupil}")
        case "pause" if pupil:  # out of every school, or back: who is in none is no user, and still there
            if f"e-{pupil}" in world.records["enrollment"]:
                world.drop("enrollment", f"e-{pupil}")
            else:
                enroll(world, pupil, random.choice(("S1", "S2")))
        case "row":
            for entity in world.records:  # the rows come in another order
                items = list(world.records[entity].items())
                random.shuffle(items)
                world.records[entity] = dict(items)
        case "school":
            world.change("section", "K2", school=(random.choice(("S1", "S2")),))
    return kind


class WrittenAdapter(RecordsAdapter):
    """A system that is written to through the gateway, and asked for each record that was."""

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.entities, bulk=False)

    def find(self, entity: str, own: str) -> dict[str, Any] | None:
        """The record of an *entity* that bears the id *own*."""
        return next((dict(record) for one, record in self.records if (one, record["id"]) == (entity, own)), None)


class Gate:
    """A gateway over a world, with its consumers; it can be ended and begun again.

    Where it *writes*, half of what happens does so by writes of its own, which it knows of at once.
    """

    def __init__(self, folder: Path, world: World, *, writes: bool = False) -> None:
        self.world, self.time, self.more, self.writes = world, documents.NOW.timestamp(), False, writes
        folder.mkdir(parents=True)
        self.settings, self.keyring = make_settings(folder), Keyring(b"a key for tests, of thirty-two b")
        self.store = open_store(self.settings.store_url, self.now)
        source = WrittenAdapter if writes else RecordsAdapter
        self.adapter = source(world.rows(), entities=(*world.records, "offering"))
        self.begin()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    def grants(self) -> Grants:
        """What each consumer may see."""
        return Grants([_agreement(name, self.more) for name in CONSUMERS], self.now)

    def begin(self) -> None:
        """Begin a process of the gateway."""
        self.seen: dict[tuple[Any, ...], Visibility] = {}
        grants = self.grants()
        self.record = Record(self.settings.audit.folder, b"r" * 32)
        self.district = District(
            "maple", self.adapter, self.keyring, lambda: self.time, seconds=HOLD,
            wanted=wanted_by(grants.every("maple")), loss=dict.fromkeys(self.adapter.entities, 1.0),
            monotonic=lambda: self.time, shares=Whatever(),
        )  # fmt: skip
        limits, memory, folder = RateLimits(Rates("", "", "", ""), ""), LocalMemory(), self.settings.changes.folder
        callers = Callers(self.store, memory, self.now, Verifier(self.store, memory, limits, b"o" * 32, self.now))
        self.gateway = Gateway(
            districts={"maple": self.district}, grants=grants, callers=callers, keyring=self.keyring,
            record=self.record, ledger=Ledger(b"ledger", lambda: self.time), walks=Walks(lambda: self.time),
            limits=limits, clock=lambda: self.time,
            client_logs=ClientLogs(folder, b"j" * 32, lambda: self.time, registry=self.store),
            logs=ChangeLogs(folder, b"c" * 32, lambda: self.time, FormerTags(self.keyring), registry=self.store),
        )  # fmt: skip

    def end(self) -> None:
        """End the process in good order."""
        self.gateway.close()

    def crash(self) -> None:
        """End the process with nothing written down that is not already."""
        self.gateway.logs.keep = lambda _log: None  # type: ignore[method-assign]
        self.gateway.logs._hasher._keep = lambda _log: None
        self.end()

    def go_on(self) -> None:
        """Let the logs find what differs, and be written down before anybody is told."""
        self.district.cached_snapshot()
        for log in self.gateway.logs.followers("maple"):
            if log.state is not None:
                self.gateway.logs.keep(log)

    def close(self) -> None:
        """End everything."""
        self.end()
        self.store.close()

    def turn(self, random: Random) -> None:
        """Let something happen, and the snapshot be renewed by whoever asks next."""
        before = list(self.adapter.records)
        for _ in range(random.randint(1, 3)):
            turn(self.world, random)
        self.adapter.load(self.world.rows())
        if self.writes and random.random() < 0.5:
            for entity, own in _differing(before, self.adapter.records):
                self.district.note_written(entity, (own,))
            self.time += 1
        else:
            self.time += HOLD + 1

    def reload(self) -> None:
        """Let an agreement release one more fact, or one less."""
        self.more = not self.more
        grants = self.grants()
        fresh = self.gateway.followed_by(
            districts=self.gateway.districts,
            grants=grants,
            callers=self.gateway.callers,
            limits=self.gateway.limits,
            zones={},
        )
        self.district.want(wanted_by(grants.every("maple")))
        fresh.attend([self.district])
        fresh.present = lambda: fresh
        self.district._cached = None  # read anew with the fields wanted now
        self.gateway = fresh

    def authorization(self, name: str) -> Authorization:
        """What a consumer may do, with every scope."""
        return authorize(self.gateway.grants, Caller(name, "reading-partners", frozenset(known_scopes()), 0), "maple")

    def page(self, name: str, version: str, place: str, **query: Any) -> list[dict[str, Any]]:
        """One page of a list."""
        route, within = _route(version, place)
        arguments = [(argument, str(value)) for argument, value in query.items()]
        reader = partial(read, arguments=arguments, known=COLLECTION, lenient=version == "1.1")
        view = registry.views(APIS[version])[route.collection]
        request = PageRequest(view, "maple", route.scopes, reader, "https://g.example/ims/oneroster", "", within)
        self.time += 0.01
        return serve_page(self.gateway, self.authorization(name), request).records

    def records(self, name: str, version: str, place: str, size: int = 10_000, **query: Any) -> list[dict[str, Any]]:
        """All records of a list, in pages of some *size*."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.page(name, version, place, limit=size, offset=len(found), **query)
            found += page
            if len(page) < size:
                return found

    def files(self, name: str, version: str, since: str = "") -> tuple[str, dict[str, dict[str, str]]]:
        """The cursor that bulk files name, and the status of each record in them, by file and id."""
        made = export(self.gateway, self.authorization(name), ExportRequest(version, "maple", since))
        return made.moment, files(b"".join(made.archive()))

    def shown(self, name: str, version: str, place: str, snapshot: Any = None) -> dict[str, Any] | None:
        """What a list shows, without times: the model. None where its address leads nowhere."""
        visibility = self._faces(name, snapshot or self.district.cached_snapshot())
        return visibility.once(("model", version, place), lambda: self._list(visibility, version, place))

    def _faces(self, name: str, snapshot: Any) -> Visibility:
        """What a consumer sees of a snapshot, apart from every log."""
        grant = self.grant(name)
        key = name, grant.epoch, snapshot.number, self.gateway.views.today(grant)
        if key not in self.seen:
            self.seen[key] = Visibility(snapshot, grant, self.keyring, key[-1])
        return self.seen[key]

    def _list(self, visibility: Visibility, version: str, place: str) -> dict[str, Any] | None:
        route, within = _route(version, place)
        view = self.gateway.views.pruned(visibility.grant, registry.views(APIS[version])[route.collection])
        assert view is not None
        parts = self.gateway.views.branches(visibility, view)
        try:
            chosen = members(self.gateway, parts, within)
        except NotFound:
            return None
        found: dict[str, Any] = {}
        for number, part in enumerate(parts):
            rows = [row for row in part.rows if chosen is None or row in chosen[number]]
            for record in part.render(rows, ""):
                found[record["sourcedId"]] = plain(record)
        return found

    def grant(self, name: str) -> Grant:
        (grant,) = self.gateway.grants.of(name)
        return grant


def _differing(before: Iterable[tuple[str, Any]], after: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """The entities and ids of the records that are others than before, or on one side alone."""
    old, new = ({(entity, record["id"]): record for entity, record in rows} for rows in (before, after))
    return sorted(place for place in old.keys() | new.keys() if old.get(place) != new.get(place))


@cache
def _agreement(name: str, more: bool) -> Agreement:
    """The agreement of a consumer, with *more* in it or not."""
    elements, people = CONSUMERS[name]
    made = documents.load(
        elements.strip() + "\n" + (MORE if more and name == "all" else ""), people, id=name,
        version=1 + more, operations="[read, search, bulk, changes]", begin="2026-01-01", end="2029-01-01",
    )  # fmt: skip
    return replace(made, clients=(name,))


@cache
def _route(version: str, place: str) -> tuple[Route, tuple[Within, ...]]:
    """The route of an address, and the records that it names."""
    for route in routes(version):
        pattern = re.compile(re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(route.operation.path)))
        match = pattern.fullmatch(f"/{place}")
        if match and route.operation.method == "GET" and not route.single:
            views = registry.views(APIS[version])
            named = zip(route.parents, match.groups(), strict=True)
            return route, tuple(Within(views[parent], own) for parent, own in named)
    raise LookupError(place)


def plain(record: Mapping[str, Any]) -> Any:
    """A record without its time and the address it was asked under."""
    text = orjson.dumps({name: value for name, value in record.items() if name != "dateLastModified"})
    return re.sub(rb'"href":"[^"]*?([^/"]+/[^/"]+)"', rb'"href":"\1"', text)


@dataclass
class Known:
    """What a consumer knew at a moment: the state of the snapshot that it read."""

    name: str
    cursor: str
    lists: dict[tuple[str, str], dict[str, Any] | None]
    about: str


def text_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class History:
    """One history by its number."""

    def __init__(self, folder: Path, seed: int, *, writes: bool = False) -> None:
        self.random = Random(seed)
        self.gate = Gate(folder, begin(), writes=writes)
        self.known: list[Known] = []
        self.checks = 0
        self.crashed = False
        self.log: list[str] = []

    def run(self, steps: int) -> None:
        """Let things happen, and check each time what was told."""
        try:
            self.read()
            for _ in range(steps):
                step = self.random.choice(
                    (
                        self.turn,
                        self.turn,
                        self.turn,
                        self.read,
                        self.read,
                        self.bulk,
                        self.check,
                        self.restart,
                        self.reload,
                    )
                )
                self.log.append(step.__name__)
                step()
            self.turn()
            self.check(all_of_them=True)
        except AssertionError as error:
            raise AssertionError(f"{error} after {self.log}") from error
        finally:
            self.gate.close()

    def turn(self) -> None:
        self.gate.turn(self.random)

    def restart(self) -> None:
        if self.random.random() < 0.3:
            self.gate.turn(self.random)
            self.gate.go_on()
        if self.random.random() < 0.2:
            self.gate.crash()
            self.crashed = True
        else:
            self.gate.end()
        if self.random.random() < 0.4:
            self.gate.turn(self.random)  # while nobody looks
        self.gate.begin()

    def reload(self) -> None:
        if self.random.random() < 0.3:
            self.gate.reload()

    def addresses(self) -> list[tuple[str, str]]:
        return [(version, place) for version in VERSIONS for place in LISTS]

    def snapshot(self, name: str, snapshot: Any = None) -> dict[tuple[str, str], dict[str, Any] | None]:
        """What every list shows."""
        return {
            (version, place): self.gate.shown(name, version, place, snapshot) for version, place in self.addresses()
        }

    def read(self) -> None:
        """Read some list in some way, and take a cursor."""
        name = self.random.choice(sorted(CONSUMERS))
        (version, place), size = self.random.choice(self.addresses()), self.random.choice((1, 2, 3, 10_000))
        if self.gate.shown(name, version, place) is None:
            return
        begun, snapshot = self.gate.time, self.gate.district.cached_snapshot()
        query = {"filter": "status='active'"} if self.random.random() < 0.3 else {}
        found = self._walk(name, version, place, size, query)
        ways = [text_of(self.gate.time), text_of(begun)]
        if found:
            ways.append(max(one["dateLastModified"] for one in found))
        cursor = self.random.choice(ways)
        self.known.append(Known(name, cursor, self.snapshot(name, snapshot), f"{name} {version} {place} by {size}"))
        self.log[-1:] = [f"read {self.known[-1].about} cursor {cursor}"]
        self.gate.time += self.random.choice((0.5, 30.0))

    def _walk(self, name: str, version: str, place: str, size: int, query: dict[str, str]) -> list[dict[str, Any]]:
        """Read a list in pages; now and then something happens between two, and somebody reads something else."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.gate.page(name, version, place, limit=size, offset=len(found), **query)
            found += page
            if len(page) < size:
                return found
            if self.random.random() < 0.1:
                turn(self.gate.world, self.random)
                self.gate.adapter.load(self.gate.world.rows())
                self.gate.district._sync = type(self.gate.district._sync)(-2 * HOLD)
                self.gate.records(self.random.choice((name, "twin")), "1.2", "orgs")

    def bulk(self) -> None:
        """Take the bulk files, and their cursor."""
        name, version = self.random.choice(sorted(CONSUMERS)), self.random.choice(("1.1", "1.2"))
        cursor, _ = self.gate.files(name, version)
        self.known.append(Known(name, cursor, self.snapshot(name), f"{name} bulk {version}"))
        _, again = self.gate.files(name, "1.2", cursor)
        told = {file: rows for file, rows in again.items() if rows}
        assert not told, f"an unchanged district is told as changed: {told}"
        self.gate.time += self.random.choice((0.5, 30.0))

    def check(self, *, all_of_them: bool = False) -> None:
        """Apply what has changed since a moment to what was known then."""
        if not self.known:
            return
        chosen = self.known if all_of_them else [self.random.choice(self.known)]
        for one in chosen:
            places = self.random.sample(self.addresses(), 5 if all_of_them else 4)
            for version, place in places:
                self._compare(one, version, place)
            if self.random.random() < 0.5:
                self._compare_files(one)
        self._one_time(self.random.choice(sorted(CONSUMERS)))

    def _compare(self, one: Known, version: str, place: str) -> None:
        now, before = self.gate.shown(one.name, version, place), one.lists[version, place]
        if now is None or before is None:
            return
        self.checks += 1
        filter_ = f"dateLastModified>'{one.cursor}'"
        try:
            told = self.gate.records(one.name, version, place, self.random.choice((2, 10_000)), filter=filter_)
        except MalformedQuery as error:
            if self.crashed:  # before its log was written down for the first time
                return
            raise AssertionError(f"{one.about}, then {version} {place} since {one.cursor}: {error}") from error
        twice = [own for own, number in Counter(record["sourcedId"] for record in told).items() if number > 1]
        assert not twice, f"{one.about}, then {version} {place} since {one.cursor}: told twice {twice}"
        held = dict(before)
        for record in told:
            assert record["dateLastModified"] > one.cursor, record
            if record["status"] == "tobedeleted":
                held.pop(record["sourcedId"], None)
            else:
                held[record["sourcedId"]] = plain(record)
        missing, more = now.keys() - held.keys(), held.keys() - now.keys()
        other = [own for own in now.keys() & held.keys() if now[own] != held[own]]
        about = f"{one.about}, then {version} {place} since {one.cursor}"
        faults = {"never told": missing, "not told that it is gone": more, "stale": other}
        assert not any(faults.values()), f"{about}: {faults}"

    def _compare_files(self, one: Known) -> None:
        """The same with the files of a delta, by ids."""
        _, told = self.gate.files(one.name, "1.2", one.cursor)
        if self.crashed:  # what is not known whole is told whole, and then says nothing of what is gone
            return
        for file, place in BULK.items():
            now, before = self.gate.shown(one.name, "1.2", place), one.lists["1.2", place]
            assert now is not None
            assert before is not None
            rows = told.get(file, {})
            held = (before.keys() | {own for own, status in rows.items() if status != "tobedeleted"}) - {
                own for own, status in rows.items() if status == "tobedeleted"
            }
            assert held == now.keys(), f"{one.about}, then {file} since {one.cursor}: {held ^ now.keys()}"
            stale = {own for own in now.keys() & before.keys() if now[own] != before[own]} - rows.keys()
            assert not stale, f"{one.about}, then {file} since {one.cursor}: stale {stale}"

    def _one_time(self, name: str) -> None:
        """A record bears one time, by whatever address it is read, in both standards."""
        places = [
            ("1.2", "users"),
            ("1.1", "users"),
            ("1.2", "students"),
            ("1.1", "teachers"),
            ("1.2", "schools/S1/students"),
        ]
        times: dict[str, set[str]] = {}
        for version, place in self.random.sample(places, 3):
            for record in self.gate.records(name, version, place, 100):
                times.setdefault(record["sourcedId"], set()).add(record["dateLastModified"])
        several = {own: found for own, found in times.items() if len(found) > 1}
        assert not several, f"records with several times: {several}"


def files(data: bytes) -> dict[str, dict[str, str]]:
    """The status of each record in the files of a zip, by id."""
    found = {}
    with ZipFile(io.BytesIO(data)) as packed:
        for name in packed.namelist():
            if name != "manifest.csv":
                rows = csv.DictReader(io.StringIO(packed.read(name).decode("utf-8-sig")))
                found[name] = {row["sourcedId"]: row["status"] for row in rows}
    return found
