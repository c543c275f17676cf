"""Changes of what is never held come from the source's own versions, for those who see the resource whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest

from adapters.contract import Departure, Manifest
from standards.edfi.api.change_feeds import key_values
from standards.errors import SourceUnavailable
from tests.gateway.engine import worlds as villages
from tests.gateway.engine.source import RecordsAdapter
from tests.gateway.registers.memory import MemoryRegisters
from tests.support.consumers import CONSUMERS, EDFI, Consumer

ENTITY, NAME = "edfi.reportCards", "reportCards"
VERSIONS = "/changeQueries/v1/availableChangeVersions"


class Counting(RecordsAdapter):
    """A system that counts its writes, and tells since which each record is as it is."""

    def __init__(self, records, entities) -> None:
        self.versions: dict[str, int] = {}
        self.left: list[Departure] = []
        self.moved: list[Departure] = []
        self.count, self.mute = 7, False
        super().__init__(records, entities=entities)

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.entities, delta=frozenset({ENTITY}))

    def newest(self) -> int:
        if self.mute:
            raise SourceUnavailable("The system is down.")
        return self.count

    def of(self) -> list[dict[str, Any]]:
        return [record for entity, record in self.records if entity == ENTITY]

    def write(self, record) -> None:
        """Count a write of a record."""
        self.count += 1
        self.versions[repr(record["key"])] = self.count

    def read(self, wanted, hints=()):
        bounds = {hint.operator: int(hint.value) for hint in dict(hints).get(ENTITY, ())}
        for entity, record in super().read(wanted):
            version = self.versions.get(repr(record["key"]), 1)
            if entity != ENTITY or bounds.get(">=", 0) <= version <= bounds.get("<=", 2**63):
                yield entity, record

    def departures(self, entity, since, until, *, rekeyed):
        assert entity == ENTITY
        return iter([one for one in (self.moved if rekeyed else self.left) if since < one.version <= until])


@pytest.fixture(params=["* allow"])
def consumer(request, tmp_path, monkeypatch):
    monkeypatch.setitem(CONSUMERS, "one", (request.param, ""))
    one = Consumer(tmp_path / "one", "one", villages.village(1))
    entities = one.adapter.entities
    records = [(entity, dict(row)) for entity, rows in one.records.items() for row in rows]
    one.adapter = one.district.adapter = one.district._refresher._adapter = Counting(records, entities)
    one.district._uncached = replace(one.district._uncached, adapter=one.adapter)
    one.district._cached = None
    yield one
    one.close()


def read(consumer, rest, status=200):
    answer = consumer.ask(rest)
    assert answer[0] == status, answer
    return orjson.loads(answer[-1])


def newest(consumer):
    consumer.time += 60
    return read(consumer, VERSIONS)["newestChangeVersion"]


def test_a_window_is_asked_of_the_source_in_its_own_versions(consumer):
    first = newest(consumer)
    every = read(consumer, f"{EDFI}/{NAME}?maxChangeVersion={first}&limit=500")
    assert every == read(consumer, f"{EDFI}/{NAME}?limit=500")
    assert len(every) > 1
    consumer.adapter.write(consumer.adapter.of()[0])
    assert read(consumer, f"{EDFI}/{NAME}?maxChangeVersion={first}&limit=500") == [
        one for one in every if one["id"] not in changed(consumer, first + 1)
    ]
    second = newest(consumer)
    assert len(changed(consumer, first + 1, second)) == 1
    assert changed(consumer, second + 1) == []


def changed(consumer, since, until=None):
    end = f"&maxChangeVersion={until}" if until else ""
    return [one["id"] for one in read(consumer, f"{EDFI}/{NAME}?minChangeVersion={since}{end}&limit=500")]


def test_what_is_gone_and_what_is_rekeyed_is_passed_on_under_versions_of_the_gateway(consumer):
    first = newest(consumer)
    record = read(consumer, f"{EDFI}/{NAME}?limit=1")[0]
    key = key_values(NAME, record)
    consumer.adapter.count = 9
    consumer.adapter.left.append(Departure(record["id"], 8, {**key, "somethingElse": "x"}))
    consumer.adapter.moved.append(Departure(record["id"], 9, key, key | {"studentUniqueId": "another"}))
    assert read(consumer, f"{EDFI}/{NAME}/deletes?maxChangeVersion={first}") == []
    second = newest(consumer)
    (gone,) = read(consumer, f"{EDFI}/{NAME}/deletes?minChangeVersion={first + 1}&maxChangeVersion={second}")
    assert gone["id"] == record["id"]
    assert gone["keyValues"] == key
    assert first < gone["changeVersion"] <= second
    (moved,) = read(consumer, f"{EDFI}/{NAME}/keyChanges?minChangeVersion={first + 1}")
    assert moved["oldKeyValues"] == key
    assert moved["newKeyValues"] == key | {"studentUniqueId": "another"}
    assert read(consumer, f"{EDFI}/{NAME}/deletes?minChangeVersion={second + 1}") == []


def test_a_source_that_cannot_say_where_it_is_makes_nobody_miss_anything(consumer):
    first = newest(consumer)
    consumer.adapter.write(consumer.adapter.of()[0])
    consumer.adapter.mute = True
    second = newest(consumer)
    assert changed(consumer, first + 1, second) == []
    consumer.adapter.mute = False
    third = newest(consumer)
    assert len(changed(consumer, second + 1, third)) == 1


@pytest.mark.parametrize(
    "consumer",
    [
        "* allow\nedfi.reportCards.grades deny",
        "* allow\nstudent.id pseudonym",
        "edfi.reportCards.* allow",
    ],
    indirect=True,
)
def test_who_sees_less_than_all_of_a_resource_is_told_none_of_its_changes(consumer):
    newest(consumer)
    body = read(consumer, f"{EDFI}/{NAME}/deletes", 404)
    assert body["type"].endswith("feature-disabled")
    assert "compare whole lists" in body["errors"][0]
    assert "compare whole lists" in read(consumer, f"{EDFI}/{NAME}?minChangeVersion=1", 400)["errors"][0]


@pytest.mark.parametrize(("more", "there"), [
    ({}, True), ({"recipients": ("somebody-else",)}, False), ({"until": date(2026, 9, 2)}, False), ({}, False),
])  # fmt: skip
def test_of_a_student_who_does_not_exist_for_the_consumer_nothing_is_said_to_be_gone(
    more, there, consumer, monkeypatch
):
    registers = MemoryRegisters()
    monkeypatch.setattr(consumer.district.registers, "_watch", registers.watch())
    first = newest(consumer)
    record = read(consumer, f"{EDFI}/{NAME}?limit=1")[0]
    key = key_values(NAME, record) if there else key_values(NAME, record) | {"studentUniqueId": "left"}
    unique = key["studentUniqueId"]
    registers.restrict("court-order", unique, **more)
    consumer.adapter.count = 9
    consumer.adapter.left.append(Departure(record["id"], 8, key))
    consumer.adapter.moved += [
        Departure(record["id"], 8, key, key | {"studentUniqueId": "another"}),
        Departure(record["id"], 9, key | {"studentUniqueId": "another"}, key),
    ]
    newest(consumer)
    gone = read(consumer, f"{EDFI}/{NAME}/deletes?minChangeVersion={first + 1}")
    moved = read(consumer, f"{EDFI}/{NAME}/keyChanges?minChangeVersion={first + 1}")
    assert (len(gone), len(moved)) == ((1, 2) if more else (0, 0))
    assert (unique in str(gone + moved)) is bool(more)
