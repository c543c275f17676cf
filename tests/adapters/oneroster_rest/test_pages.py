"""A walk over pages ends with everything that was there all the time, each once, or with an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.oneroster_rest.pages import DIALECT
from adapters.transport.paging import CollectionWalk, Drifted, Offset, SourcePage
from standards.errors import SourceBroken

CHANGES = st.lists(st.tuples(st.sampled_from(["insert", "delete", "nothing"]), st.integers(0, 30)), max_size=12)


def server(ids, changes, *, counted, ceiling, log):
    """A server that sorts, gives *ceiling* documents at most, and whose documents come and go between pages."""
    waiting = iter(changes)

    def fetch(asked):
        limit, offset = (int(value) for _, value in asked)
        log.append((offset, limit))
        found = [{"sourcedId": one} for one in ids[offset : offset + min(limit, ceiling)]]
        page = SourcePage(found, len(ids) if counted else None)
        kind, place = next(waiting, ("nothing", 0))
        if kind == "insert":
            ids.append(f"{place:03}-{len(log):03}-new")
            ids.sort()
        elif kind == "delete" and ids:
            ids.pop(place % len(ids))
        return page

    return fetch


def walk(fetch, size):
    """The pages of a walk through a collection."""
    return CollectionWalk(fetch, DIALECT, size, 1000, "orgs").pages(Offset())


@given(
    count=st.integers(0, 40), size=st.integers(2, 12), ceiling=st.integers(2, 12), counted=st.booleans(), changes=CHANGES
)  # fmt: skip
def test_what_was_there_all_the_time_is_in_a_walk_that_ends(count, size, ceiling, counted, changes):
    ids, log = [f"{number:03}" for number in range(count)], []
    before = set(ids)
    fetch = server(ids, changes, counted=counted, ceiling=ceiling, log=log)
    try:
        found = [one["sourcedId"] for page in walk(fetch, size) for one in page]
    except Drifted:
        assert any(kind != "nothing" for kind, _ in changes[: len(log)])
        return
    assert len(found) == len(set(found))
    assert before & set(ids) <= set(found)


@given(count=st.integers(0, 60), size=st.integers(2, 20), ceiling=st.integers(2, 20), counted=st.booleans())
def test_a_server_at_rest_is_read_whole_in_as_few_requests_as_its_pages_allow(count, size, ceiling, counted):
    ids, log = [f"{number:03}" for number in range(count)], []
    fetch = server(ids, (), counted=counted, ceiling=ceiling, log=log)
    assert [one["sourcedId"] for page in walk(fetch, size) for one in page] == ids
    assert len(log) <= count / (min(size, ceiling) - 1) + 2


@pytest.mark.parametrize("wrong", [None, "", 3, " x", "a,b", "x" * 256, "a\n", "\0"])
def test_a_document_without_an_id_is_refused_with_its_place(wrong):
    documents = [{"sourcedId": "1"}, {"sourcedId": wrong}]
    with pytest.raises(SourceBroken) as caught:
        list(walk(lambda _asked: SourcePage(documents, 2), 10))
    assert caught.value.place == "orgs[1].sourcedId"
