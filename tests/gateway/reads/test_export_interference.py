"""Bulk files of two worlds that differ only in what a consumer may not see are the same to the last byte."""

from __future__ import annotations

import io
import itertools
import zipfile
from array import array
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gateway import telemetry
from gateway.reads import export as making
from gateway.reads import streamed_zip
from policies.testing.non_interference import Coverage, worlds
from standards import codes
from standards.fields import fields_of
from tests.gateway.engine import worlds as villages
from tests.support import consumers
from tests.support.consumers import CONSUMERS, Consumer

PROFILES = itertools.count()
EXAMPLES, FAULT_EXAMPLES, ASKED = [12, pytest.param(40, marks=pytest.mark.slow)], 40, 3
PATHS = [
    f"{district}/ims/oneroster/bulk/{version}/csv{since}"
    for version in ("v1p2", "v1p1")
    for district in ("", "/maple")
    for since in ("", "?since=2026-10-01T20:00:00Z", "?since=2020-01-01")
]


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "observe", lambda response: response)
        yield


def sayable(value):
    """A value without the characters that no cell can hold; that they are refused has its own test."""
    if isinstance(value, str):
        return value.replace("\0", "").replace("{", "(").replace("}", ")").replace(":", ";") or "x"
    if isinstance(value, list | tuple):
        return type(value)(sayable(one) for one in value)
    if isinstance(value, dict):
        return {name: sayable(one) for name, one in value.items()}
    return value


def listed(field, value):
    """A value of a closed list of words, where the field has one."""
    if field.name.endswith("residenceStatus"):
        return "01652"
    if field.name == "schoolYear":
        return 2000 + value % 100
    if field.name == "accounts.id":
        return f"urn:oneroster:userProfile:{next(PROFILES)}"
    if field.type == "json":
        return [{"source": "case", "learningObjectiveIds": ["a"], "learningObjectiveResults": []}]
    if field.type != "code":
        return value if field.type == "datetime" else sayable(value)
    known = [code for code in codes.table(field.codes).values if codes.outward(field.codes, "oneroster")(code)]
    return [one for one in value if one in known] if field.many else value if value in known else known[0]


def tamed(entity, row, group=""):
    """A record in which every field holds what a file can hold."""
    fields, found = fields_of(entity), {}
    for name, value in row.items():
        field = fields.get(f"{group}{name}")
        if name == "key" or field is None or field.type == "ref":
            found |= {} if "@" in name else {name: value}
        elif field.type == "group":
            found[name] = [tamed(entity, one, f"{group}{name}.") for one in value]
        else:
            found[name] = listed(field, value)
    return found


def tame(village):
    """A village in which text fields hold what a file can hold and codes are those that OneRoster has words for."""
    return {entity: [tamed(entity, row) for row in rows] for entity, rows in village.items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Each consumer with the operation bulk, made when first asked for."""
    found, village = {}, tame(villages.village(1))
    plain = consumers.documents.text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            consumers.documents,
            "text",
            lambda *given, **more: plain(*given, **more | {"operations": "[read, search, bulk]"}),
        )

        def find(name):
            if name not in found:
                found[name] = Consumer(tmp_path_factory.mktemp("consumer") / "state", name, village)
            return found[name]

        yield find
        for consumer in found.values():
            consumer.close()


def ask(consumer, path):
    answer = consumer.web.get(path, headers=consumer.headers)
    return answer.status_code, answer.headers.get("X-Next-Since"), answer.headers.get("Content-Type"), answer.data


def compare(consumer, examples):
    """Ask for every set of files in second worlds; the first other answer is a failure."""
    consumer.forget()
    consumer.load(consumer.records)
    expected, coverage = {path: ask(consumer, path) for path in PATHS}, Coverage(consumer.known)
    time = consumer.time

    def check(world):
        coverage.add(world)
        consumer.load(world.records)
        consumer.time = time
        for path in Random(world.recipe).sample(PATHS, ASKED):
            assert ask(consumer, path) == expected[path], path

    limits = {"max_examples": examples, "derandomize": True, "database": None, "deadline": None}
    settings(**limits, phases=[Phase.generate], suppress_health_check=list(HealthCheck))(
        given(worlds(consumer.known))(check)
    )()
    return expected


def rows_in(answer):
    with zipfile.ZipFile(io.BytesIO(answer[-1])) as opened:
        return {name: len(opened.read(name).splitlines()) - 1 for name in opened.namelist()}


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("name", CONSUMERS)
def test_bulk_files_do_not_tell_two_worlds_apart_that_show_a_consumer_the_same(name, made, examples):
    expected = compare(made(name), examples)
    assert {answer[0] for answer in expected.values()} == {200}, expected[PATHS[0]]
    found = rows_in(expected[PATHS[0]])
    assert found["users.csv"] > 1 or name == "analytics vendor"
    assert found["enrollments.csv"] > 1


def the_metadata_of_hidden_rows_make_columns(patch):
    def every(rows):
        found = set()
        for part in rows.shown:
            for column in part.visibility.snapshot.table(part.branch.entity).columns.values():
                found.update(*(value for value in column if isinstance(value, dict)))
        return frozenset(found)

    patch.setattr(making, "metadata_of", every)


def a_file_is_there_when_the_source_has_rows_of_a_certain_number(patch):
    plain = making._has

    def has(one, shown):
        parts = shown.get(one.collection, ())
        return (
            plain(one, shown)
            and sum(part.visibility.snapshot.table(part.branch.entity).size for part in parts) % 2 == 0
        )

    patch.setattr(making, "_has", has)


def the_order_is_that_of_the_source(patch):
    plain = making._rows

    def rows(*given):
        found = plain(*given)
        found.codes = array("Q", sorted(found.codes))
        return found

    patch.setattr(making, "_rows", rows)


def the_time_of_an_entry_counts_hidden_rows(patch):
    plain, sizes = making.Export.archive, {}

    def made_of(self, progress=None):
        sizes["now"] = sum(
            part.visibility.snapshot.table(part.branch.entity).size for each in self.parts for part in each.rows.shown
        )
        return plain(self, progress)

    def entry(name):
        found = zipfile.ZipInfo(name, (1980 + sizes["now"] % 100, 1, 1, 0, 0, 0))
        found.compress_type = zipfile.ZIP_DEFLATED
        return found

    patch.setattr(making.Export, "archive", made_of)
    patch.setattr(streamed_zip, "_entry", entry)


FAULTS = (
    the_metadata_of_hidden_rows_make_columns,
    a_file_is_there_when_the_source_has_rows_of_a_certain_number,
    the_order_is_that_of_the_source,
    the_time_of_an_entry_counts_hidden_rows,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_planted_in_the_files_is_found(fault, made, monkeypatch):
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        compare(made("tutoring organisation"), FAULT_EXAMPLES)
