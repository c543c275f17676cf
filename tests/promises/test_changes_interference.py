"""What changes where a consumer may not look changes nothing in what it is told of changes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from hashlib import blake2b
from itertools import count

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gateway import telemetry
from gateway.change_versions.journal import ShownHashes
from gateway.change_versions.journals import VERSION_ORIGIN_SECONDS, VERSION_STEP_SECONDS, ClientLogs
from gateway.changes import feed as changes
from policies.testing.non_interference import Knowledge, difference, worlds
from standards import registry
from standards.pruning import prune
from tests.gateway.engine import worlds as villages
from tests.policies.documents import TODAY
from tests.support.consumers import CONSUMERS, EDFI, Consumer

VERSIONS = "/changeQueries/v1/availableChangeVersions"
EXAMPLES = 5


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "observe", lambda response: response)
        yield


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Each consumer twice, over two worlds that move alike as far as it can see."""
    made: dict[str, tuple[Consumer, Consumer]] = {}
    village = villages.village(1)

    def find(name: str) -> tuple[Consumer, Consumer]:
        if name not in made:
            place = tmp_path_factory.mktemp("pair")
            made[name] = Consumer(place / "one", name, village), Consumer(place / "other", name, village)
        return made[name]

    yield find
    for one, other in made.values():
        one.close()
        other.close()


def moved(records):
    """The district some time later, wherever anybody may look: rows gone, values and keys others."""
    later = deepcopy({name: list(rows) for name, rows in records.items()})
    for name in ("placement", "guardianship", "enrollment"):
        later[name] = [row for number, row in enumerate(later[name]) if number % 5]
    for number, row in enumerate(later["student"]):
        if not number % 3:
            row["name.given"] = f"Given {number}"
    for number, row in enumerate(later["organization"]):
        row["name"] = f"Name {number}"
        row["identifier"] = f"9{number}"
    return later


def step(moment):
    """The change version of a moment."""
    return int((moment - VERSION_ORIGIN_SECONDS) / VERSION_STEP_SECONDS)


class Comparison:
    """Two consumers of the same name, asked the same in step."""

    def __init__(self, one: Consumer, other: Consumer) -> None:
        self.pair = one, other
        for consumer in self.pair:
            consumer.gateway.client_logs = ClientLogs(None, b"j" * 32, lambda consumer=consumer: consumer.time)
        self.since = 0
        self.told = 0

    def load(self, *records) -> None:
        """Let time pass, and each district hold other records."""
        now = max(consumer.time for consumer in self.pair)
        self.since = step(now) + 1
        for consumer, one in zip(self.pair, records, strict=True):
            consumer.time = now
            consumer.load(one)

    def ask(self) -> None:
        """Put every question about changes to both; the first other answer is a failure."""
        for question in self.questions():
            one, other = (consumer.ask(question) for consumer in self.pair)
            if one != other:
                raise AssertionError(f"{question} tells the two worlds apart: {difference(one, other)}")
            if "deletes" in question and one[0] == 200:
                self.told += len(orjson.loads(one[-1]))

    def questions(self) -> list[str]:
        """What can be asked about changes."""
        consumer, asked = self.pair[0], [VERSIONS]
        for view in registry.views("edfi").values():
            rows = any(consumer.records.get(branch.entity) for branch in view.branches)
            if rows and prune(view, consumer.grant) is not None:
                place = f"{EDFI}/{view.name}"
                asked += [f"{place}/deletes?totalCount=true", f"{place}/keyChanges?minChangeVersion={self.since}"]
                asked += [f"{place}?minChangeVersion={self.since}&totalCount=true&limit=5"]
        return asked


def examine(one: Consumer, other: Consumer, examples: int) -> int:
    """Let both worlds move alike and ask all the way; how many deletes were told."""
    first, later = one.records, moved(one.records)
    told = 0

    def check(before, after) -> None:
        nonlocal told
        comparison = Comparison(one, other)
        comparison.load(first, before.records)
        comparison.ask()
        comparison.load(later, after.records)
        comparison.ask()
        told += comparison.told

    strategies = worlds(one.known), worlds(Knowledge(later, one.grant, TODAY))
    limits = {"max_examples": examples, "derandomize": True, "database": None, "deadline": None}
    settings(**limits, phases=[Phase.generate], suppress_health_check=list(HealthCheck))(given(*strategies)(check))()
    return told


@pytest.mark.parametrize("name", CONSUMERS)
def test_two_districts_that_move_alike_as_far_as_one_may_look_tell_the_same_changes(name, pairs):
    told = examine(*pairs(name), EXAMPLES)
    assert told > EXAMPLES


def test_when_a_hold_was_renewed_for_what_one_may_not_see_is_not_told(pairs):
    one, other = pairs("tutoring organisation")
    comparison, first, later = Comparison(one, other), one.records, moved(one.records)
    names = ("students", "studentSchoolAssociations", "studentSectionAssociations", "schools")
    for records in (first, later):
        comparison.load(records, records)
        for consumer in comparison.pair:
            consumer.district.cached_snapshot()
            consumer.time += 600
        other.adapter.load((entity, dict(row)) for entity, rows in records.items() for row in rows)
        other.district._cached = None
        answers = []
        for consumer in comparison.pair:
            asked = [VERSIONS, *(f"{EDFI}/{name}/{feed}" for name in names for feed in ("deletes", "keyChanges"))]
            moments = range(step(consumer.time) - 400, step(consumer.time) + 20, 10)
            asked += [f"{EDFI}/{names[0]}?totalCount=true&limit=0&minChangeVersion={moment}" for moment in moments]
            answers.append([consumer.ask(question) for question in asked])
        for question, *told in zip(asked, *answers, strict=True):
            assert told[0] == told[1], question


# Faults, each planted in one place


def every_row_is_followed(patch):
    plain = ClientLogs._shown_hashes

    def sight(self, present):
        shown = present.shown

        class Whole:
            rows = sorted(range(len(shown.ids)), key=shown.ids.__getitem__)

            def __getattr__(self, name):
                return getattr(shown, name)

        return plain(self, replace(present, shown=Whole()))

    patch.setattr(ClientLogs, "_shown_hashes", sight)


def source_of(shown, row) -> bytes:
    table = shown.visibility.snapshot.table(shown.branch.entity)
    return repr([(name, column[row]) for name, column in sorted(table.columns.items())]).encode()


def a_hidden_change_is_a_change(patch):
    plain = ClientLogs._shown_hashes

    def sight(self, present):
        made, shown = plain(self, present), present.shown
        hashes = [
            digest ^ int.from_bytes(blake2b(source_of(shown, row), digest_size=7).digest())
            for digest, row in zip(made.hashes, shown.rows, strict=True)
        ]
        return replace(made, hashes=hashes)

    patch.setattr(ClientLogs, "_shown_hashes", sight)


def a_hidden_key_is_a_key(patch):
    a_hidden_change_is_a_change(patch)
    plain = ClientLogs._shown_hashes

    def sight(self, present) -> ShownHashes:
        made, shown = plain(self, present), present.shown

        def lines(places):
            marks = [blake2b(source_of(shown, shown.rows[place])).hexdigest().encode() for place in places]
            return [b'{"hidden":"%s"}\t' % mark for mark in marks]

        return replace(made, lines=lines)

    patch.setattr(ClientLogs, "_shown_hashes", sight)


def the_newest_version_is_a_count_of_rows(patch):
    plain = changes.available

    def available(gateway, authorization):
        held = gateway.districts["maple"].cached_snapshot()
        return plain(gateway, authorization) | {
            "newestChangeVersion": sum(table.size for table in held.tables.values())
        }

    for module in (changes, __import__("gateway.web.edfi_changes", fromlist=["x"])):
        patch.setattr(module, "available", available)


def a_version_counts_what_was_loaded(patch):
    plain, loaded = ClientLogs.next, count()
    patch.setattr(ClientLogs, "next", lambda self, *who: plain(self, *who) + next(loaded))


FAULTS = [
    every_row_is_followed,
    a_hidden_change_is_a_change,
    a_hidden_key_is_a_key,
    the_newest_version_is_a_count_of_rows,
    a_version_counts_what_was_loaded,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_leak_is_caught(fault, pairs, monkeypatch):
    fault(monkeypatch)
    with pytest.raises(AssertionError, match="tells the two worlds apart") as caught:
        examine(*pairs("tutoring organisation"), EXAMPLES)
    print(f"\n{fault.__name__.replace('_', ' ')}: caught by {str(caught.value).partition(' tells')[0]}")
