"""The laws every registered lens keeps, so that a new mapping file is tested by existing."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standards import registry
from tests.standards.drawing import records

EVERY = pytest.mark.parametrize("lens", registry.lenses(), ids=str)
lawful = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
STRANGER = {"not in any model": ["of the", {"source": 1}]}


def told(lens, record):
    """What a record says through pairs that can go back."""
    lost = {name for pair in lens.pairs if not pair.put for name in pair.fills}
    return {name: value for name, value in record.items() if name != "key" and name not in lost}


@EVERY
@lawful
@given(data=st.data())
def test_what_is_written_can_be_read_back(lens, data):
    record = data.draw(records(lens))
    assert told(lens, lens.read(lens.write(record))) == record


@EVERY
@lawful
@given(data=st.data())
def test_reading_then_writing_onto_the_same_record_changes_nothing(lens, data):
    local = disturbed(lens, lens.write(data.draw(records(lens))))
    before = copy.deepcopy(local)
    assert lens.write(lens.read(local), onto=local) == before
    assert local == before


@EVERY
@lawful
@given(data=st.data())
def test_unknown_members_survive_a_write(lens, data):
    local = disturbed(lens, lens.write(data.draw(records(lens))))
    written = lens.write(data.draw(records(lens)), onto=local)
    assert {name: value for name, value in written.items() if name in STRANGER} == STRANGER


@EVERY
@lawful
@given(data=st.data())
def test_cells_read_like_members(lens, data):
    if not lens.context.textual:
        pytest.skip("only files have cells")
    local = lens.write(data.draw(records(lens)))
    assert lens.reader(list(local))(list(local.values())) == lens.read(local)


def disturbed(lens, local):
    """The same document with tokens in another spelling and members that nobody maps."""
    shouted = _shouting(local) if lens.dialect == "edfi" else local
    return {**shouted, **STRANGER}


def _shouting(value):
    match value:
        case dict():
            return {name: _shouting(inner) for name, inner in value.items()}
        case list():
            return [_shouting(inner) for inner in value]
        case str() if value.startswith("uri://ed-fi.org/"):
            return value.upper().replace("URI://ED-FI.ORG", "uri://ed-fi.org")
    return value
