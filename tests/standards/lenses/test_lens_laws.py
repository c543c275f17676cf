"""The laws every registered lens keeps, so that a new mapping file is tested by existing."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standards import registry
from tests.standards.lenses.drawing import records

ALIKE = [lens for lens in registry.lenses() if lens.local.endswith("Descriptors")]  # all made by one function
EVERY = pytest.mark.parametrize(
    "lens",
    [pytest.param(one, marks=[pytest.mark.slow] if one in ALIKE[1:] else []) for one in registry.lenses()],
    ids=str,
)
DISTINCT = pytest.mark.parametrize("lens", [lens for lens in registry.lenses() if lens not in ALIKE[1:]], ids=str)
lawful = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
STRANGER = {"not in any model": ["of the", {"source": 1}]}


def written(lens, record):
    """The local record for a drawn one; a file that only adds to another's records has its key from there."""
    local = lens.write(record)
    supplied = {part for pair in lens.pairs if pair.writer and pair.word != "converted" for part in pair.local_paths}
    return {**local, **{member: "k7" for member in lens.key if member not in supplied}}


def told(lens, record):
    """What a record says through pairs that can go back, without the exact tokens kept beside it."""
    undrawn = [pair for pair in lens.pairs if not pair.writer or pair.word == "converted"]
    lost = {"key"} | {name for pair in undrawn for name in pair.fields}
    return plain({name: value for name, value in record.items() if name not in lost})


def plain(value):
    """A record or a part of one without exact tokens."""
    match value:
        case dict():
            return {
                name: plain(inner) for name, inner in value.items() if not name.endswith(("@edfi", "@oneroster", "@"))
            }
        case list():
            return [plain(inner) for inner in value]
    return value


@EVERY
@lawful
@given(data=st.data())
def test_what_is_written_can_be_read_back(lens, data):
    record = data.draw(records(lens))
    assert told(lens, lens.read(written(lens, record))) == plain(record)


@DISTINCT
@lawful
@given(data=st.data())
def test_reading_then_writing_onto_the_same_record_changes_nothing(lens, data):
    local = disturbed(lens, written(lens, data.draw(records(lens))))
    before = copy.deepcopy(local)
    assert lens.write(lens.read(local), onto=local) == before
    assert local == before


@DISTINCT
@lawful
@given(data=st.data())
def test_unknown_members_survive_a_write(lens, data):
    local = disturbed(lens, written(lens, data.draw(records(lens))))
    after = lens.write(data.draw(records(lens)), onto=local)
    assert {name: value for name, value in after.items() if name in STRANGER} == STRANGER


@pytest.mark.parametrize("lens", [lens for lens in registry.lenses() if lens.context.textual], ids=str)
@lawful
@given(data=st.data())
def test_cells_read_like_members(lens, data):
    local = written(lens, data.draw(records(lens)))
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
