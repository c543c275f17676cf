"""Random grants and queries over a district's records, and the two engines' answers to them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from gateway.cache.snapshot import Snapshot, build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.districts import district as districts
from gateway.engine.plan import entities_of
from gateway.engine.row_index import index
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from policies.grant import Grant, Rule
from policies.population import All, AnyOf, Child, In, NotIn, Null, Population
from standards.keys import Keyring
from standards.pruning import prune
from standards.query import Both, Condition, Either, Query
from standards.view import Native, Stamp, Value, View, paths
from tests.gateway.engine import worlds
from tests.gateway.engine.source import RecordsAdapter, Whatever
from tests.support.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.gateway.engine.worlds import Record

DISTRICT, BASE, LOADED = "maple", "https://gateway.example/ims/oneroster", 1_793_534_400.125
KEYRING, LEDGER_KEY = Keyring(b"a key for tests, of thirty-two b"), b"ledger key of it"
MODES = ("held", "partly live", "live")
TODAYS = ("2021-08-22", "2022-02-01", "2026-11-01")
TRANSFORMS = {
    "date": ("year", "month"),
    "text": ("last4", "initial", "hash", "zip3"),
    "code": ("initial", "hash"),
    "open": ("initial", "hash"),
}
COMPARED = {"integer", "number", "date", "datetime"}
OPERATORS = ("=", "=", "=", "!=", ">", ">=", "<", "<=", "~", "~")
JUNK = {
    "text": ("zzz", "", "'", "\\", '"', "%", "ß", "İ", "true", "2021", "\u0308", "O'"),
    "integer": ("2021", "-1", "0", "7.0"),
    "number": ("0.25", "-1.5"),
    "date": ("2021-08-23", "2021-08-23T00:00:00Z", "1990-01-01"),
    "datetime": ("2021-08-23", "2026-11-01T12:00:00+01:00", "2030-01-01T00:00:00Z"),
    "boolean": ("true", "FALSE", "1"),
}


@dataclass
class District:
    """The records of a district, and what of them is in memory."""

    name: str
    records: list[tuple[str, Record]]
    entities: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.entities = frozenset(entity for entity, _ in self.records)

    @cached_property
    def released(self) -> list[tuple[str, str]]:
        return worlds.names(self.entities)

    @cached_property
    def all(self) -> Snapshot:
        return build_snapshot(self.records, DISTRICT, KEYRING, loaded=LOADED)

    @cached_property
    def sources(self) -> dict[str, districts.District]:
        """The district as a gateway reaches it: with a snapshot of what may be held, and without any."""
        adapter = RecordsAdapter(self.records, DISTRICT)
        every: Any = dict.fromkeys(self.entities)
        return {
            mode: districts.District(
                DISTRICT, adapter, KEYRING, lambda: LOADED, seconds=seconds, wanted=every, shares=Whatever()
            )
            for mode, seconds in (("partly live", 3600.0), ("live", 0.0))
        }

    def generation(self, mode: str, view: View, grant: Grant) -> Snapshot:
        """The columns for one request, as a snapshot, as a snapshot with what is read live, or live alone."""
        return self.all if mode == "held" else self.sources[mode].snapshot(entities_of(view, grant), grant)


def grants(random: Random, district: District) -> Grant:
    """Some grant: of everything, or with much of it dropped, masked, behind pseudonyms or for some people only."""
    dropped, masked = random.choice(((0, 0), (0.05, 0.1), (0.2, 0.2), (0.45, 0.1)))
    rules: dict[str, Rule] = {}
    for name, kind in district.released:
        key = f"{name}.*" if kind == "open" else name
        if kind == "id":
            if random.random() > dropped / 5:
                rules[key] = Rule("pseudonym" if random.random() < 0.3 else "allow")
        elif random.random() > dropped:
            some = TRANSFORMS.get(kind, ())
            rules[key] = Rule(random.choice(some) if some and random.random() < masked else "allow")
        if kind == "open" and random.random() < 0.5:
            rules[name] = Rule("allow")
            rules[f"{name}.m1"] = Rule(random.choice(("deny", "initial", "allow")))
    rows = dict(_population(random, district).rows())
    if random.random() < 0.4:
        rows |= random.choice(CLAUSES)
    epoch = f"{random.getrandbits(64):016x}"
    operations = frozenset({"read", "search"})
    return Grant(f"client {epoch}", "org", "ag", 1, "p", "b", DISTRICT, operations, rules, rows, epoch)


CLAUSES: tuple[dict[str, Any], ...] = (
    {"enrollment": Null("exit")},
    {"session": In("kind", frozenset({"term", "gradingPeriod"}))},
    {
        "section": NotIn("location", frozenset({"null"})),
        "course": AnyOf((In("code", frozenset()), Null("description"))),
    },
    {"student": NotIn("key", frozenset({"1"})), "staff": Child("teaching", "staff", All(()))},
    {"placement": Null("nothing")},
    {"student": AnyOf(())},
)


def _population(random: Random, district: District) -> Population:
    if random.random() < 0.35:
        return Population()
    records = district.all
    names = [name for name in records.table("organization").columns.get("identifier", ()) if name]
    grades = sorted({grade for grade in records.table("enrollment").columns.get("grade", ()) if grade})
    return Population(
        tuple(random.sample(names, min(len(names), random.randint(1, 3)))) if random.random() < 0.6 else None,
        tuple(random.sample(grades, min(len(grades), random.randint(1, 6)))) if random.random() < 0.4 else None,
        random.random() < 0.5,
    )


class Asked:
    """One pruned view under one grant: what may be asked of it, and both engines' answers."""

    def __init__(self, district: District, grant: Grant, view: View, mode: str, today: str, oracle: Oracle) -> None:
        self.district, self.grant, self.view, self.mode, self.today = district, grant, view, mode, today
        self.oracle = oracle
        self.members: dict[str, str] = {}
        for branch in view.branches:
            for path, chain in paths(branch.nodes):
                last = chain[-1]
                kind = last.type if isinstance(last, Value) else "datetime" if isinstance(last, Stamp) else "text"
                if not isinstance(last, Native) and not (isinstance(last, Stamp) and view.api == "edfi"):
                    self.members.setdefault(path, kind)

    def expected(self, query: Query) -> bytes:
        """What the interpreter answers."""
        return orjson.dumps(self.oracle.answer(self.view, query, BASE, LOADED))

    def compiled(self) -> tuple[ViewRows, ...]:
        """The branches as the engine shows them."""
        snapshot = self.district.generation(self.mode, self.view, self.grant)
        visibility, ledger = Visibility(snapshot, self.grant, KEYRING, self.today), Ledger(LEDGER_KEY)
        return tuple(ViewRows(branch, self.view, visibility, ledger) for branch in self.view.branches)

    @staticmethod
    def answer(shown: tuple[ViewRows, ...], query: Query) -> bytes:
        """What the compiled engine answers."""
        rows = index(shown, query, BASE)
        return orjson.dumps((rows.total, rows.slice(query.offset, query.limit, BASE)))

    @cached_property
    def samples(self) -> dict[str, list[Any]]:
        """Values that occur, by member."""
        found: dict[str, list[Any]] = {}
        for _, _, record in self.oracle.records(self.view, BASE, LOADED):
            _collect(record, "", found)
        return found

    def query(self, random: Random) -> Query:
        """Some question, most of them with a filter that something answers."""
        names = [name for name in self.members if name in self.samples] or list(self.members)
        names = names if random.random() < 0.9 else list(self.members)
        wanted = self._filter(random, names) if random.random() < 0.85 else None
        sort = random.choice(names) if random.random() < 0.5 else ""
        offset = 0 if random.random() < 0.7 else random.randint(0, 12)
        return Query(wanted, sort, random.random() < 0.5, (), offset, random.choice((1, 3, 10, 100)))

    def _filter(self, random: Random, names: Sequence[str], depth: int = 0) -> Any:
        if random.random() < 0.3 and depth < 2:
            parts = tuple(self._filter(random, names, depth + 1) for _ in range(2))
            return random.choice((Both, Either))(parts)
        path = random.choice(names)
        kind, known = self.members[path], self.samples.get(path, ())
        value = (
            str(random.choice(known))
            if known and random.random() < 0.85
            else random.choice(JUNK.get(kind, JUNK["text"]))
        )
        if known and isinstance(known[0], bool):
            value = value.lower()
        operator: Any = random.choice(OPERATORS)
        if kind not in COMPARED or operator == "~":
            value = random.choice((value, value, value.upper(), value.lower()))
        if operator == "~" and len(value) > 2:
            start = random.randrange(len(value) - 1)
            value = value[start : start + random.randint(1, 6)]
        return Condition(path, operator, value)


def _collect(value: Any, path: str, into: dict[str, list[Any]]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _collect(inner, f"{path}.{name}" if path else name, into)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, path, into)
    elif value is not None and not (isinstance(value, float) and math.isnan(value)):
        into.setdefault(path, []).append(value)


def asked(
    district: District, views: Sequence[View], seed: int, count: int, most: int
) -> Iterator[tuple[Asked, Random]]:
    """For *count* random grants, up to *most* of the *views* that they release something of."""
    random = Random(seed)
    for number in range(count):
        grant, today = grants(random, district), random.choice(TODAYS)
        mode = MODES[number % len(MODES)]
        oracle = Oracle(district.records, grant, KEYRING, DISTRICT, today, LEDGER_KEY)
        released = [found for view in views if (found := prune(view, grant)) is not None]
        for view in random.sample(released, min(most, len(released))):
            yield Asked(district, grant, view, mode, today, oracle), random


def compare(district: District, views: Sequence[View], seed: int, *, count: int, most: int, each: int) -> Tally:
    """Ask both engines *each* questions of every view; the first difference is a failure."""
    tally = Tally()
    for one, random in asked(district, views, seed, count, most):
        shown = one.compiled()
        for _ in range(each):
            query = one.query(random)
            expected, answer = one.expected(query), one.answer(shown, query)
            assert answer == expected, difference(one, query, answer, expected)
            tally.add(one, query, orjson.loads(expected)[0])
    return tally


def difference(one: Asked, query: Query, answer: bytes, expected: bytes) -> str:
    at = next((n for n, (a, b) in enumerate(zip(answer, expected, strict=False)) if a != b), -1)
    place = f"{one.district.name}, {one.mode}, {one.view.api}/{one.view.name} on {one.today}, {query}"
    return f"{place}\nengine {answer[max(0, at - 300) : at + 300]!r}\noracle {expected[max(0, at - 300) : at + 300]!r}"


@dataclass
class Tally:
    """How many cases were compared, of what kind."""

    cases: int = 0
    filtered: int = 0
    found: int = 0
    grants: set[str] = field(default_factory=set)
    modes: Counter[str] = field(default_factory=Counter)
    views: Counter[str] = field(default_factory=Counter)

    def add(self, one: Asked, query: Query, total: int) -> None:
        self.cases += 1
        self.filtered += query.filter is not None
        self.found += query.filter is not None and total > 0
        self.grants.add(one.grant.epoch)
        self.modes[one.mode] += 1
        self.views[f"{one.view.api}/{one.view.name}"] += 1

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.cases + other.cases, self.filtered + other.filtered, self.found + other.found,
            self.grants | other.grants, self.modes + other.modes, self.views + other.views,
        )  # fmt: skip

    def __str__(self) -> str:
        modes = ", ".join(f"{mode} {count}" for mode, count in sorted(self.modes.items()))
        return (
            f"{self.cases} cases under {len(self.grants)} grants over {len(self.views)} views ({modes}): "
            f"{self.filtered} filtered, {self.found} of them with rows"
        )
