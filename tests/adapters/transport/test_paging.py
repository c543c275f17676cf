"""Each way through the pages of a collection ends with the whole of it, or with an error."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.transport.paging import (
    MAX_EMPTY_PAGES,
    CollectionWalk,
    Drifted,
    FromEnd,
    Link,
    Offset,
    PageDialect,
    PageNumber,
    SourcePage,
    TokenPages,
    read_whole,
)
from standards.errors import SourceBroken, SourceError, SourceRefused, SourceUnavailable

ADDRESS = "https://sis.example.org/v1/students"
COUNT = ("count", "true")
WAYS = {
    "offset": Offset(),
    "offset, never counted": Offset("never"),
    "offset, always counted": Offset("always"),
    "page number": PageNumber(),
    "link": Link("sometimes", ADDRESS),
    "link, never counted": Link("never", ADDRESS),
    "cursor": TokenPages(COUNT, "token", "size"),
    "from the end": FromEnd(COUNT),
}
COUNTED = {name: way for name, way in WAYS.items() if "never" not in name}
FOLLOWED = {name: way for name, way in WAYS.items() if isinstance(way, (Link, TokenPages))}
KINDS = ("insert", "append", "delete", "exchange")
CHANGES = st.lists(st.tuples(st.integers(2, 14), st.sampled_from(KINDS), st.integers(0, 40)), max_size=6)


def every(ways):
    return pytest.mark.parametrize("way", ways.values(), ids=ways)


class Changing:
    """A sorted collection in memory; *changes* happen before the requests they name, *faults* to every page."""

    def __init__(self, count, changes=(), *, ceiling=1000, short=(), counts=True, fault=None):
        self.numbers = [10 * number for number in range(count)]
        self.always, self.ever = set(self.numbers), set(self.numbers)
        self.changes, self.ceiling, self.short, self.counts = sorted(changes), ceiling, short, counts
        self.fault, self.asked = fault or (lambda page, _number: page), 0

    def fetch(self, parameters):
        self.asked += 1
        for _, kind, place in [one for one in self.changes if one[0] == self.asked]:
            self._happen(kind, place)
        page = self._page(dict(parameters))
        return self.fault(page, self.asked)

    def _page(self, said):
        limit = int(said.get("size") or said["limit"])
        given = min(limit, self.ceiling) // (2 if self.asked in self.short else 1)
        if "token" in said or "after" in said:
            found = [one for one in self.numbers if one > int(said.get("token") or said["after"])][:given]
        else:
            start = int(said.get("offset", 0)) + limit * (int(said.get("page", 1)) - 1)
            found = self.numbers[start : start + given]
        more = bool(found) and found[-1] != self.numbers[-1]
        documents = [{"id": str(number)} for number in found]
        return SourcePage(documents, len(self.numbers) if self.counts else None, str(found[-1]) if more else "")

    def _happen(self, kind, place):
        if kind in {"delete", "exchange"} and self.numbers:
            self.always.discard(self.numbers.pop(place % len(self.numbers)))
        if kind in {"append", "exchange"}:
            self.numbers.append(1 + max(self.ever, default=0))
        elif kind == "insert":
            self.numbers = sorted({*self.numbers, place * 10 + 5})
        self.ever |= set(self.numbers)


def identify(document, place):
    if not document.get("id"):
        raise SourceBroken("The document has no id.", place)
    return document["id"]


def walk(way, there, size=10, rows=1000):
    """The walk one *way* through a collection, with its links as addresses."""

    def fetch(parameters):
        page = there.fetch(parameters)
        if isinstance(way, Link) and page.following.isdigit():
            query = urlencode({"limit": size, "after": page.following})
            return SourcePage(page.documents, page.total, f"{ADDRESS}?{query}")
        return page if isinstance(way, (Link, TokenPages)) else SourcePage(page.documents, page.total)

    return CollectionWalk(fetch, PageDialect("id", "Total", identify), size, rows, "students").pages(way)


def met(way, there, size=10, rows=1000):
    return [int(one["id"]) for documents in walk(way, there, size, rows) for one in documents]


def whole(way, make, size=10, rows=1000):
    """What a walk meets, begun again on a new collection while the last one drifts."""
    return read_whole(lambda: met(way, make(), size, rows), "students", lambda _note: None)


@every(WAYS)
@given(count=st.integers(0, 60), size=st.integers(8, 14), changes=CHANGES)
@example(count=16, size=8, changes=[(2, "insert", 0), (5, "delete", 0)])
def test_what_was_there_all_the_time_is_met_once_in_a_walk_that_ends(way, count, size, changes):
    there = Changing(count, changes)
    try:
        found = met(way, there, size)
    except Drifted:
        assert any(number <= there.asked for number, _, _ in changes)
        return
    assert len(found) == len(set(found))
    assert there.always <= set(found) <= there.ever


@every(WAYS)
@given(count=st.integers(0, 90), size=st.integers(8, 20), ceiling=st.integers(8, 20))
def test_a_collection_at_rest_is_read_whole_in_few_requests(way, count, size, ceiling):
    there = Changing(count, ceiling=ceiling)
    found = met(way, there, size)
    assert sorted(found) == there.numbers
    assert len(found) == count
    assert there.asked <= 2 * count / (min(size, ceiling) - 1) + 3


@every(WAYS)
@given(count=st.integers(11, 60), short=st.sets(st.integers(2, 6), max_size=3))
def test_a_short_page_loses_nothing(way, count, short):
    there = Changing(count, short=short)
    try:
        assert sorted(met(way, there)) == there.numbers
    except Drifted:
        assert short


@every(WAYS)
def test_a_page_that_comes_again_and_again_is_an_error(way):
    first = []

    def repeating(page, _number):
        first.append(page)
        return first[0]

    with pytest.raises(SourceError, match=r"changed|no end|same id|not as many"):
        whole(way, lambda: Changing(25, fault=repeating))


@every(COUNTED)
@pytest.mark.parametrize("lie", [-9, -1, 1, 100])
def test_a_number_of_documents_that_is_wrong_all_the_time_is_an_error(way, lie):
    def lying(page, _number):
        return SourcePage(page.documents, page.total + lie, page.following)

    with pytest.raises(SourceError, match=r"not as many|changed"):
        whole(way, lambda: Changing(25, fault=lying))


@every(COUNTED)
def test_a_number_of_documents_that_changes_is_an_error(way):
    def lying(page, number):
        return SourcePage(page.documents, page.total + number, page.following)

    with pytest.raises(SourceError, match=r"not as many|changed"):
        whole(way, lambda: Changing(25, fault=lying))


@every({name: COUNTED[name] for name in ("offset, always counted", "page number", "cursor", "from the end")})
def test_a_number_of_documents_that_must_be_said_and_is_not_is_an_error(way):
    with pytest.raises(SourceBroken, match=r"how many there are \(Total\)"):
        whole(way, lambda: Changing(25, counts=False))


@every(WAYS)
def test_a_document_that_is_twice_in_a_page_contradicts_itself(way):
    def twins(page, _number):
        return SourcePage([*page.documents[:-1], *page.documents[:1]], page.total, page.following)

    with pytest.raises(SourceBroken, match="same id"):
        whole(way, lambda: Changing(10, fault=twins))


@every(WAYS)
def test_more_documents_than_may_be_are_an_error(way):
    with pytest.raises(SourceBroken, match="more than 20"):
        whole(way, lambda: Changing(25), rows=20)


@every(WAYS)
def test_a_document_without_an_id_is_an_error_with_its_place(way):
    def nameless(page, _number):
        return SourcePage([*page.documents[:3], {}, *page.documents[4:]], page.total, page.following)

    with pytest.raises(SourceBroken) as caught:
        whole(way, lambda: Changing(9, fault=nameless))
    assert caught.value.place == "students[3]"


@every(FOLLOWED)
def test_empty_pages_without_end_are_an_error(way):
    def hollow(page, number):
        return page if number == 1 else SourcePage([], page.total, f"{1000 + number}")

    there = Changing(25, fault=hollow)
    with pytest.raises(SourceBroken, match="no end"):
        met(way, there)
    assert there.asked <= MAX_EMPTY_PAGES + 3


@every(FOLLOWED)
def test_a_page_that_leads_to_itself_is_an_error(way):
    def circling(page, _number):
        return SourcePage(page.documents, page.total, "90")

    with pytest.raises(SourceBroken, match="no end"):
        met(way, Changing(25, fault=circling))


@pytest.mark.parametrize(
    "address",
    ["https://elsewhere.example.org/v1/students?after=1", "http://sis.example.org/v1/students?after=1",
     "https://sis.example.org/v1/grades?after=1", "https://sis.example.org:444/v1/students", "/v1/students?after=1"],
)  # fmt: skip
def test_a_link_that_leads_elsewhere_is_refused_and_not_followed(address):
    there = Changing(25, fault=lambda page, _number: SourcePage(page.documents, page.total, address))
    with pytest.raises(SourceRefused, match="elsewhere"):
        met(WAYS["link"], there)
    assert there.asked == 1


def test_a_cursor_is_not_given_more_than_it_asks_for():
    there = Changing(40, fault=lambda page, _number: SourcePage(page.documents * 2, page.total, page.following))
    with pytest.raises(SourceBroken, match="more documents than were asked for"):
        met(WAYS["cursor"], there)


def test_without_a_cursor_a_collection_is_read_from_its_end():
    there = Changing(40, fault=lambda page, _number: SourcePage(page.documents, page.total))
    found = met(WAYS["cursor"], there)
    assert found[9 - 1] == there.numbers[-2]
    assert sorted(found) == there.numbers


@pytest.mark.parametrize(("times", "ends"), [(0, True), (1, True), (2, True), (3, False)])
@pytest.mark.parametrize(("lasting", "error"), [(True, SourceBroken), (False, SourceUnavailable)])
def test_what_drifts_is_read_again_twice_and_then_refused(times, ends, lasting, error):
    notes, drifts = [], iter([True] * times)

    def read():
        if next(drifts, False):
            raise Drifted("It changed.", lasting=lasting)
        return "whole"

    if ends:
        assert read_whole(read, "students", notes.append) == "whole"
    else:
        with pytest.raises(error, match=r"students: It changed\."):
            read_whole(read, "students", notes.append)
    assert notes == ["students: read again, it changed meanwhile"] * min(times, 2)
