"""A walk through a collection that changes meanwhile gives the whole of it, or says that it cannot."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.edfi_ods.pages import DIALECT, PAGINATOR
from adapters.transport.paging import CollectionWalk, Drifted, SourcePage
from standards.errors import SourceBroken, SourceUnavailable

CHANGES = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["insert", "append", "delete"]), st.integers(0, 40)), max_size=6
)


class Changing:
    """A collection of documents by number, to which *changes* happen before the requests they name."""

    def __init__(self, size, changes=(), *, cursor=True):
        self.numbers = [10 * number for number in range(size)]
        self.always, self.ever = set(self.numbers), set(self.numbers)
        self.changes, self.cursor, self.asked = sorted(changes), cursor, 0

    def fetch(self, parameters):
        self.asked += 1
        for _, kind, place in [one for one in self.changes if one[0] == self.asked]:
            self._happen(kind, place)
        said = dict(parameters)
        first = int(said["pageToken"]) if "pageToken" in said else self._at(int(said.get("offset", 0)))
        limit = int(said.get("pageSize") or said["limit"])
        found = [number for number in self.numbers if number >= first][:limit]
        token = str(found[-1] + 1) if found and self.cursor else ""
        return SourcePage([{"id": str(n)} for n in found], len(self.numbers) if "totalCount" in said else None, token)

    def _at(self, offset):
        return self.numbers[offset] if offset < len(self.numbers) else 1 << 40

    def _happen(self, kind, place):
        if kind == "delete" and self.numbers:
            self.always.discard(self.numbers.pop(place % len(self.numbers)))
        elif kind == "append":
            self.numbers.append(max(self.numbers, default=0) + 1 + max(self.ever, default=0))
        elif kind == "insert":
            self.numbers = sorted({*self.numbers, place * 10 + 5})
        self.ever |= set(self.numbers)


def walk(there, size, rows=1000):
    """The pages of a walk through a collection."""
    return CollectionWalk(there.fetch, DIALECT, size, rows, "students").pages(PAGINATOR)


@pytest.mark.parametrize("cursor", [True, False])
@given(size=st.integers(0, 40), page=st.integers(2, 9), changes=CHANGES)
def test_a_walk_that_ends_has_met_once_whatever_was_there_all_the_time(cursor, size, page, changes):
    there = Changing(size, changes, cursor=cursor)
    with suppress(*((Drifted,) if changes else ())):
        met = [int(one["id"]) for documents in walk(there, page) for one in documents]
        _is_whole(met, there)


def _is_whole(met, there):
    assert len(met) == len(set(met))
    assert there.always <= set(met) <= there.ever


def test_what_drifts_time_and_again_may_be_tried_later_and_what_contradicts_itself_may_not():
    assert isinstance(Drifted("so").error("students"), SourceUnavailable)
    assert isinstance(Drifted("so", lasting=True).error("students"), SourceBroken)


@pytest.mark.parametrize("cursor", [True, False])
@pytest.mark.parametrize("size", [0, 1, 2, 9, 10, 11, 100])
def test_a_collection_at_rest_is_read_whole_at_once(size, cursor):
    there = Changing(size, cursor=cursor)
    met = [one["id"] for documents in walk(there, 10) for one in documents]
    assert len(met) == len(set(met)) == size
    assert there.asked == 1 if size <= 10 else there.asked <= size // 9 + 3


def test_more_documents_than_may_be_are_refused_before_they_are_read():
    there = Changing(20)
    with pytest.raises(SourceBroken, match="more than 10"):
        list(walk(there, 5, 10))
    assert there.asked == 1
