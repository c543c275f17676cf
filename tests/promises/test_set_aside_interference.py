"""A row that is set aside where a consumer may not look changes nothing in what it is told, unless all is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import pytest

from adapters.contract import Aside
from adapters.simulators.oneroster import Sis, run
from gateway import telemetry
from gateway.cache.earlier_records import names_of
from gateway.cache.needed_fields import may_be_held
from gateway.change_log.doubts import Doubts
from gateway.change_log.findings import ChangeFindings
from gateway.change_versions import journals
from gateway.config.load_limits import Shares
from gateway.demo.data.oneroster.server import server_documents
from gateway.engine.row_index import RowIndex
from gateway.reads import pipeline
from policies.testing.non_interference import Knowledge, difference
from policies.testing.reference_visibility import ReferenceVisibility
from standards import registry
from standards.errors import Incomplete, SourceBroken
from standards.fields import fields_of
from standards.pruning import prune
from tests.gateway.engine import worlds as villages
from tests.policies.documents import TODAY
from tests.promises.test_changes_interference import moved, step
from tests.support.consumers import Consumer, root_of
from tests.support.regions import Site, agreement, running, small_district

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standards.view import View

REFUSED = frozenset({502, 503})
EXAMPLES, FAULT_EXAMPLES, VIEWS, SINGLES = 5, 30, 6, 10
WAYS = ("set aside", "without a name", "without owner", "leading nowhere")


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "observe", lambda response: response)
        yield


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Each consumer twice, over two districts that may lack what any district may."""
    made: dict[str, tuple[Consumer, Consumer]] = {}
    village = villages.village(1, stray=0.0)
    shares = Shares(references=dict.fromkeys(stray(village), 1.0))

    def find(name: str) -> tuple[Consumer, Consumer]:
        if name not in made:
            place = tmp_path_factory.mktemp("pair")
            made[name] = tuple(Consumer(place / side, name, village, shares) for side in ("one", "other"))
        return made[name]

    yield find
    for consumer in (one for pair in made.values() for one in pair):
        consumer.close()


def stray(records: dict[str, list[dict]]) -> set[str]:
    """The references that lead nowhere: there is nothing that they could lead to, or none of it bears their key."""
    keys = {entity: {row["key"] for row in rows} for entity, rows in records.items()}
    return {
        f"{entity}.{name}"
        for entity, rows in records.items()
        for name, field in fields_of(entity).items()
        if field.type == "ref" and not field.owner
        for row in rows
        for key in (row.get(name) or () if field.many else [row.get(name)])
        if key is not None and key not in keys.get(field.to, ())
    }


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A world in which hidden rows have gone wrong: what is left of it, and what its adapter sets aside."""

    records: dict[str, list[dict]]
    aside: tuple[Aside, ...] = ()
    told: str = ""


def spoiled(known: Knowledge, random: Random) -> Spoiled:
    """Hidden rows of one to three entities that cannot be understood, or lead nowhere; mostly no more than may."""
    world = Spoiled({entity: list(rows) for entity, rows in known.records.items()})
    hidden = {
        entity: [row for row in rows if not known.visible(entity, row["key"])]
        for entity, rows in known.records.items()
        if entity not in {"organization", "session"}
    }
    entities = sorted(entity for entity, rows in hidden.items() if rows)
    for entity in random.sample(entities, min(len(entities), random.randint(1, 3))):
        way = random.choice(WAYS)
        for row in random.sample(hidden[entity], min(len(hidden[entity]), 2 if random.random() < 0.15 else 1)):
            other = spoil(world, entity, row, way)
            seen = ReferenceVisibility(other.records, known.grant, TODAY)
            if known.summary(seen) == known.before:
                world = other
    return world


def spoil(world: Spoiled, entity: str, row: dict, way: str) -> Spoiled:
    """The *world* with one more row in it that has gone wrong."""
    owners = [name for name, field in fields_of(entity).items() if field.owner and name in row]
    others = [name for name, field in fields_of(entity).items() if field.type == "ref" and name in row]
    bad: list[dict] = []
    aside = world.aside
    if way == "without owner" and owners:
        bad = [row | {owners[0]: ("nowhere",)}]
    elif way == "leading nowhere" and (names := sorted(set(others) - set(owners))):
        bad = [row | {names[0]: [("nowhere",)] if fields_of(entity)[names[0]].many else ("nowhere",)}]
    else:
        key = () if way == "without a name" else row["key"]
        made = frozenset({"enrollment", "profile"}) if entity == "student" else frozenset()
        aside += (Aside(entity, "a file:7:3", "is not a number", key, made=made),)
    rows = [one for one in world.records[entity] if one is not row] + bad
    return Spoiled(world.records | {entity: rows}, aside, f"{world.told} {entity} {way};")


class Comparison:
    """A district that is well, and one with hidden rows that are not, asked the same in step."""

    def __init__(self, pair: tuple[Consumer, Consumer], bad: Spoiled, random: Random) -> None:
        self.pair, self.bad, self.since = pair, bad, 0.0
        self.counts = Counter[str]()
        singles = self._singles()  # before both forget what they were asked
        for consumer in pair:
            consumer.forget()
            consumer.adapter.aside = ()
        views = [one for api in ("oneroster", "edfi") for one in registry.views(api).values() if self._shows(one)]
        own = frozenset(row.entity for row in bad.aside)
        near = [view for view in views if own & {one.entity for one in view.branches}]
        self.views = {*near[:4], *random.sample(views, min(len(views), VIEWS))}
        self.others = list(self._hidden(near)) + random.sample(singles, SINGLES)

    def _shows(self, view: View) -> bool:
        consumer = self.pair[0]
        return any(map(consumer.records.get, (one.entity for one in view.branches))) and bool(
            prune(view, consumer.grant)
        )

    def _singles(self) -> list[str]:
        consumer = self.pair[0]
        if not hasattr(consumer, "asked"):
            consumer.asked = consumer.questions(3)
        return consumer.asked["single"] + consumer.asked["below"]

    def _hidden(self, near: list[View]) -> Iterator[str]:
        """The addresses that the rows that are set aside would have, if they could be seen."""
        consumer = self.pair[0]
        for row in self.bad.aside:
            for own in names_of("maple", row.entity, row.key, consumer.keyring):
                block = consumer.keyring.blocks("maple", row.entity, [own])
                known = [own, *consumer.keyring.pseudonyms(consumer.grant.client, block)]
                for view in (one for one in near if row.entity in {branch.entity for branch in one.branches}):
                    yield from (f"{root_of(view)}/{view.name}/{one}" for one in known)

    def move(self, one: Spoiled, other: Spoiled, *, restart: bool) -> bool:
        """Let each district be another, by a renewal or at the first load after a *restart*; whether both have loaded."""
        now = max(consumer.time for consumer in self.pair)
        self.since = now + 1800
        for consumer, world in zip(self.pair, (one, other), strict=True):
            consumer.time, consumer.adapter.aside, held = now, world.aside, consumer.district._cached
            consumer.load(world.records)
            consumer.district._cached = None if restart else held
            try:
                consumer.district.refresh_now()
            except Incomplete:
                assert consumer is self.pair[1], "the district that is well is refused"
                return False
        return True

    def ask(self) -> None:
        """Put all questions to both: the first other answer is a failure, but where what is read live is refused."""
        live = not all(may_be_held(row.entity) for row in self.bad.aside)
        for view in sorted(self.views, key=str):
            held = all(may_be_held(one.entity) for one in view.branches)
            for question in self._asked(view):
                self.put(question, refusable=live and not held)
        for question in self.others:
            self.put(question, refusable=live)

    def put(self, question: str, *, refusable: bool) -> None:
        """Compare the answers to one question."""
        one, other = (consumer.ask(question) for consumer in self.pair)
        refused = refusable and other[0] in REFUSED
        if one != other and not refused:
            raise AssertionError(f"{question} tells the two worlds apart:{self.bad.told} {difference(one, other)}")
        self.counts["refused" if refused else "equal"] += 1

    def refusals(self) -> set[tuple[str, bytes]]:
        """What a district that cannot be loaded answers, by the standard; whatever was read before."""
        found = set()
        for view in sorted(self.views, key=str):
            if all(may_be_held(one.entity) for one in view.branches):
                answer = self.pair[1].ask(f"{root_of(view)}/{view.name}")
                assert answer[0] in REFUSED, (view.name, answer[0])
                found.add((view.api, answer[-1]))
        return found

    def _asked(self, view: View) -> list[str]:
        place = f"{root_of(view)}/{view.name}"
        if view.api == "edfi":
            since = step(self.since)
            return [f"{place}/deletes?totalCount=true", f"{place}/keyChanges?minChangeVersion={since}",
                    f"{place}?minChangeVersion={since}&totalCount=true"]  # fmt: skip
        moment = datetime.fromtimestamp(self.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [place, f"{place}?filter=dateLastModified%3E%27{moment}%27"]


def examine(pair: tuple[Consumer, Consumer], examples: int) -> Counter[str]:
    """Let both districts move alike as far as one may look, while in one of them hidden rows are set aside."""
    first, later = pair[0].records, moved(pair[0].records)
    known, counts, refusals = Knowledge(later, pair[0].grant, TODAY), Counter[str](), set()
    for number in range(examples):
        random, restart = Random(number), bool(number % 2)
        bad = spoiled(known, random)
        comparison = Comparison(pair, bad, random)
        comparison.move(Spoiled(first), Spoiled(first), restart=True)
        comparison.ask()
        if comparison.move(Spoiled(later), bad, restart=restart):
            comparison.ask()
            assert comparison.move(Spoiled(later), Spoiled(later), restart=restart)
            comparison.ask()
            counts["loaded"] += 1
        elif restart:
            refusals |= comparison.refusals()
        counts += comparison.counts
    assert len(refusals) <= len({api for api, _ in refusals}), "a refusal tells what is refused"
    return counts + Counter({"refusals": len(refusals)})


@pytest.mark.parametrize("name", ["rostering vendor", "tutoring organisation", "analytics vendor"])
def test_hidden_rows_that_are_set_aside_change_nothing_that_a_consumer_is_told(name, pairs, record_property):
    counts = examine(pairs(name), EXAMPLES)
    print(f"\n{name}: {dict(counts)}")
    record_property(name, str(dict(counts)))
    assert counts["loaded"] * 2 > EXAMPLES
    assert counts["equal"] > 9 * counts["refused"]


# Faults, each planted in one place


def aside(snapshot) -> int:
    found = (snapshot.base or snapshot).completeness
    return len(found.unknown) + sum(one.aside for one in found.rows) if found else 0


def what_one_was_not_shown_holds_back_what_is_gone(patch):
    patch.setattr(Doubts, "lacking", lambda self, visibility: self._unsettled(visibility))
    patch.setattr(journals, "shown_of", lambda _faces, unknown, *_: frozenset(unknown))


def rows_set_aside_are_a_change_of_all(patch):
    plain = ChangeFindings.of

    def of(self, entity):
        found, new = plain(self, entity), self._new.visibility.snapshot
        return replace(found, changed={*range(new.table(entity).size)}) if aside(new) else found

    patch.setattr(ChangeFindings, "of", of)


def a_record_that_is_set_aside_is_told_apart_from_none(patch):
    plain = pipeline._find

    def find(shown, identifier):
        index = plain(shown, identifier)
        for part in shown if index is None else ():
            found = part.visibility.snapshot.completeness
            for one in found.places if found else ():
                if identifier in names_of("maple", one.entity, one.key, part.visibility.keyring):
                    raise SourceBroken("It cannot be read now.")
        return index

    patch.setattr(pipeline, "_find", find)


def the_tag_of_an_answer_covers_what_is_set_aside(patch):
    plain = RowIndex.slice

    def cut(self, *span):
        for record in (records := plain(self, *span)):
            record["_etag"] = str(aside(self.shown[0].visibility.snapshot))
        return records

    patch.setattr(RowIndex, "slice", cut)


FAULTS = [
    what_one_was_not_shown_holds_back_what_is_gone,
    rows_set_aside_are_a_change_of_all,
    a_record_that_is_set_aside_is_told_apart_from_none,
    the_tag_of_an_answer_covers_what_is_set_aside,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_leak_is_caught(fault, pairs, monkeypatch):
    fault(monkeypatch)
    with pytest.raises(AssertionError, match="tells the two worlds apart") as caught:
        examine(pairs("tutoring organisation"), FAULT_EXAMPLES)
    print(f"\n{fault.__name__.replace('_', ' ')}: caught by {str(caught.value)[:200]}")


# A system that is asked for what belongs to one record


def test_whether_the_work_of_a_hidden_class_can_be_read_is_not_told(tmp_path, monkeypatch):
    monkeypatch.setenv("SIS_SECRET", "a secret of the tests")
    sis = Sis(server_documents(small_district(students=12)), secret="a secret of the tests")
    classes = sis.documents["classes"]
    hidden = next(iter(sis.documents["lineItems"].values()))["class"]["sourcedId"]
    other = next(one["school"]["sourcedId"] for one in classes.values() if one["school"] != classes[hidden]["school"])
    with run(sis) as system:
        site = Site("oneroster_rest", {
            "url": system.url, "token_url": system.token_url, "client_id": "crossing", "allow_private": "true",
            "client_secret": "env:SIS_SECRET",
        })  # fmt: skip
        number = sis.documents["orgs"][other]["identifier"]
        terms = agreement("elm", population=f'{{all: [{{school: {{in: ["{number}"]}}}}]}}')
        with running(tmp_path, {"elm": site}, [terms]) as region:
            consumer = region.consumer()
            place = "/ims/oneroster/gradebook/v1p2/classes/{}/lineItems"
            well, none = (consumer.ask(place.format(one)) for one in (hidden, "none"))
            for one in list(sis.documents["lineItems"].values()):
                one["assignDate"] = "5/07/2026" if one["class"]["sourcedId"] == hidden else one["assignDate"]
            assert [answer.status_code for answer in (well, none, consumer.ask(place.format(hidden)))] == [404] * 3
