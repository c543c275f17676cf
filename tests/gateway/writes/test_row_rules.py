"""Whether a record is inside is decided alike for a record in hand and for the rows that are held."""

from __future__ import annotations

from copy import deepcopy

import pytest

from gateway.cache.snapshot import build_snapshot
from gateway.engine.visibility import Visibility
from gateway.writes.row_rules import Admission
from policies.testing.reference_visibility import ReferenceVisibility
from standards.fields import fields_of
from standards.keys import Keyring
from standards.vocabulary import PERSONS
from tests.gateway.engine import worlds as villages
from tests.policies import documents
from tests.support.consumers import CONSUMERS

KEYRING = Keyring(b"a key for tests, of thirty-two b")


@pytest.fixture(scope="module")
def village():
    """A district in which some references lead nowhere and some are missing."""
    records = deepcopy(villages.village(1))
    for entity, rows in records.items():
        owners = [field.name for field in fields_of(entity).values() if field.owner]
        for number, name in enumerate(owners):
            if len(rows) > 2 + 2 * number:
                rows[1 + 2 * number][name] = ("gone", "and", "away")
                rows[2 + 2 * number].pop(name, None)
    return records


@pytest.fixture(scope="module", params=CONSUMERS)
def made(request, village):
    grant = documents.grant(*CONSUMERS[request.param])
    flat = [(entity, row) for entity, rows in village.items() for row in rows]
    return Visibility(build_snapshot(flat, "maple", KEYRING), grant, KEYRING, documents.TODAY), ReferenceVisibility(
        village, grant, documents.TODAY
    )


def test_a_record_in_hand_is_inside_where_its_row_is_seen(made, village):
    visibility, sight = made
    inside = outside = 0
    for entity, rows in village.items():
        table = visibility.snapshot.table(entity)
        for record in rows:
            found = Admission(visibility, entity, table.rows[record["key"]]).sees(record)
            assert found == sight.sees(entity, record["key"]), (entity, record["key"])
            inside, outside = inside + found, outside + (not found)
    assert inside > 20
    assert outside > 20


@pytest.mark.parametrize("entity", ["enrollment", "placement", "profile", "guardianship", "edfi.disciplineActions"])
def test_a_new_record_needs_its_person_to_be_there_and_to_be_seen(entity, made, village):
    visibility, sight = made
    owner = next(field for field in fields_of(entity).values() if field.owner and field.to == "student")
    record = next((one for one in village[entity] if sight.sees(entity, one["key"])), None)
    if record is None:
        assert owner.to in PERSONS
        return
    for key in [("gone",), None, *sorted(sight.rows("student"))]:
        changed = {name: value for name, value in record.items() if name != owner.name} | (
            {owner.name: key} if key else {}
        )
        row = visibility.snapshot.table(entity).rows[record["key"]]
        found = Admission(visibility, entity, row).sees(changed)
        assert not found or (key is not None and sight.sees("student", key)), key
