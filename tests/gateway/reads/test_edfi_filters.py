"""Every parameter of every Ed-Fi resource: a value finds the records that have it, and no other."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from gateway.cache.snapshot import build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.engine.row_index import index
from gateway.engine.rows import found_at
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from policies import agreement
from policies.compiler import Grants
from standards import registry
from standards.edfi.api.request import parameters, read
from standards.edfi.model.model import by_collection
from standards.pruning import prune
from standards.query import Query
from tests.gateway.engine.school import KEYRING
from tests.policies import documents
from tests.standards.edfi.documents import document
from tests.standards.edfi.world import around

VIEWS = registry.views("edfi")
LENSES = {lens.local: lens for lens in registry.lenses() if lens.dialect == "edfi"}
ELSE = {"integer": "-987654", "number": "-987654.5", "boolean": None, "date": "1066-10-14", "date-time": "1066-10-14"}


@pytest.fixture(scope="module")
def grant(tmp_path_factory):
    """Everything is released."""
    path = tmp_path_factory.mktemp("agreement") / "all.yaml"
    path.write_text(documents.text("* allow", ""), "utf-8")
    return Grants([agreement.load(path)], lambda: documents.NOW).of(documents.CLIENT)[0]


def rows_of(collection, grant):
    """The branches of a view over some documents of it and all that they refer to."""
    resource, lens = by_collection(collection), LENSES[collection]
    records: dict[tuple[str, Any], dict[str, Any]] = {}
    for seed in range(3):
        record = lens.read(document(resource, Random(f"{collection} {seed}"), 0.8))
        for entity, one in [(lens.entity, record), *around(lens.entity, record)]:
            records.setdefault((entity, one["key"]), one)
    snapshot = build_snapshot(((entity, one) for (entity, _), one in records.items()), "maple", KEYRING, loaded=1_000.0)
    visibility = Visibility(snapshot, grant, KEYRING, documents.TODAY)
    pruned = prune(VIEWS[collection], grant)
    return tuple(ViewRows(branch, pruned, visibility, Ledger(b"key")) for branch in pruned.branches)


def ask(shown, name, value):
    query = read((shown[0].view,), [(name, value)]).query
    return records(shown, query)


def records(shown, query):
    found = index(shown, query)
    return found.slice(0, found.total, "https://a.example/data/v3")


def values(record, paths):
    """What stands at any of the places, as texts."""
    found = (found_at(record, path.split(".")) for path in paths)
    return [str(one) for value in found for one in (value if isinstance(value, list) else [value]) if one is not None]


def writings(value):
    """A value as different clients write it."""
    moment = value[4:5] == "-" and value.endswith("Z")
    return {value} if moment or value.upper().lower() != value.lower() else {value, value.upper(), value.lower()}


@pytest.mark.parametrize("collection", sorted(VIEWS))
def test_every_parameter_finds_the_records_that_have_its_value_and_no_other(collection, grant, record_property):
    shown = rows_of(collection, grant)
    every = records(shown, Query())
    assert every
    tried = 0
    for name, paths in parameters(collection).items():
        for record in every:
            for value in values(record, paths)[:1]:
                expected = [one["id"] for one in every if _has(one, paths, value)]
                assert record["id"] in expected
                for written in writings(value):
                    assert [one["id"] for one in ask(shown, name.upper(), written)] == expected, (name, written)
                other = _other(collection, paths, value)
                assert record["id"] not in [one["id"] for one in ask(shown, name, other)], (name, other)
                tried += 1
    assert tried >= 2
    record_property("parameters tried", tried)


def _has(record, paths, value):
    return any(_plain(one) == _plain(value) for one in values(record, paths))


def _plain(text):
    try:
        return float(text) if len(text) < 15 else text.casefold()
    except ValueError:
        return text.casefold()


def _other(collection, paths, value):
    """A value of the same kind that no record has."""
    known = by_collection(collection).properties
    for part in paths[0].split("."):
        known = known.get(part) if hasattr(known, "get") else known.properties.get(part)
    if known is None:
        return "123" if paths[0] != "id" else "0" * 32
    if known.type == "boolean":
        return "false" if value.lower() == "true" else "true"
    return ELSE.get(known.type) or ELSE.get(known.format) or f"{value} and more"


def test_numbers_of_64_bits_are_told_apart(grant):
    shown = rows_of("schools", grant)
    one = records(shown, Query())[0]["schoolId"]
    for near in (one - 1, one + 1):
        assert one not in [record["schoolId"] for record in ask(shown, "schoolId", str(near))]


def test_the_members_of_an_identification_code_are_asked_of_one_item(grant):
    first, second = (f"uri://ed-fi.org/StaffIdentificationSystemDescriptor#{name}" for name in ("State", "District"))
    given = document(by_collection("staffs"), Random("codes"), 0) | {
        "identificationCodes": [
            {"staffIdentificationSystemDescriptor": first, "identificationCode": "A1"},
            {"staffIdentificationSystemDescriptor": second, "identificationCode": "B2"},
        ]
    }
    snapshot = build_snapshot([("staff", LENSES["staffs"].read(given))], "maple", KEYRING, loaded=1_000.0)
    pruned = prune(VIEWS["staffs"], grant)
    shown = (
        ViewRows(pruned.branches[0], pruned, Visibility(snapshot, grant, KEYRING, documents.TODAY), Ledger(b"key")),
    )

    def found(*arguments):
        return len(records(shown, read((pruned,), list(arguments)).query))

    system = "staffIdentificationSystemDescriptor"
    assert found(("identificationCode", "a1"), (system, first.upper())) == 1
    assert found(("identificationCode", "B2"), (system, second)) == 1
    assert found(("identificationCode", "A1"), (system, second)) == 0
    assert found((system, first)) == found(("identificationCode", "B2")) == 1
    assert found((system, "uri://ed-fi.org/StaffIdentificationSystemDescriptor#Unknown")) == 0
    assert found(("identificationCode", "A1"), ("firstName", "Nobody by this name")) == 0
