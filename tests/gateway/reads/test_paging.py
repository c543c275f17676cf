"""Walks through pages: complete, without repetition, at any size, by a client that reads links strictly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.demo.data import generate, write_oneroster_12
from tests.support.regions import EDFI, ROSTER, Clock, Site, agreement, links, running

pytest_plugins = ["tests.support.region_fixtures"]


def walk(consumer, address):
    """Every page from *address* on, by its links alone."""
    pages = [consumer.ask(address)]
    while following := links(pages[-1].headers["Link"]).get("next"):
        pages.append(consumer.ask(following))
        assert pages[-1].status_code == 200
    return pages


def ids(page):
    ((_, records),) = page.json.items()
    return [record["sourcedId"] for record in records]


@pytest.mark.parametrize(
    ("collection", "size"), [("courses", 1), ("users", 7), ("users", 100), ("enrollments", 100), ("orgs", 10_000)]
)
def test_a_walk_by_links_meets_every_record_once(everything, collection, size):
    whole = [record["sourcedId"] for record in everything.users(collection)]
    pages = walk(everything, f"{ROSTER}{collection}?limit={size}")
    assert [one for page in pages for one in ids(page)] == whole
    assert len(set(whole)) == len(whole)
    assert {page.headers["X-Total-Count"] for page in pages} == {str(len(whole))}
    assert [len(ids(page)) for page in pages[:-1]] == [size] * (len(pages) - 1)


@pytest.mark.parametrize("size", [7, 100, 500])
def test_a_walk_by_offsets_meets_every_edfi_record_once(everything, size):
    whole = [record["id"] for record in everything.resources("students", limit=500)]
    assert [record["id"] for record in everything.resources("students", limit=size)] == whole
    assert len(set(whole)) == 960


@pytest.mark.parametrize("offset", range(0, 2900, 580))
def test_pages_of_one_are_cut_from_the_same_order(everything, offset):
    whole = [record["sourcedId"] for record in everything.users("users")]
    assert ids(everything.roster("users", limit=1, offset=offset)) == [whole[offset]]
    assert [one["id"] for one in everything.edfi("contacts", limit=1, offset=offset // 2).json] == [
        everything.resources("contacts")[offset // 2]["id"]
    ]


def test_a_walk_without_a_limit_goes_by_a_hundred(everything):
    pages = walk(everything, f"{ROSTER}students")
    assert [len(ids(page)) for page in pages] == [100] * 9 + [60]


def test_links_lead_to_the_first_the_previous_the_next_and_the_last_page(everything):
    found = links(everything.roster("students", limit=100, offset=300).headers["Link"])
    offsets = {rel: parse_qs(urlsplit(target).query)["offset"] for rel, target in found.items()}
    assert offsets == {"first": ["0"], "prev": ["200"], "next": ["400"], "last": ["900"]}
    assert len(everything.ask(found["last"]).json["users"]) == 60
    assert all(target.startswith(f"http://localhost{ROSTER}students?") for target in found.values())


def test_the_last_page_has_no_next_and_the_first_no_previous(everything):
    assert links(everything.roster("students", limit=100).headers["Link"]).keys() == {"first", "next", "last"}
    assert links(everything.roster("students", limit=100, offset=900).headers["Link"]).keys() == {
        "first",
        "prev",
        "last",
    }
    assert links(everything.roster("students", limit=960).headers["Link"]).keys() == {"first", "last"}
    assert links(everything.roster("students", filter="givenName='Nobody at all'").headers["Link"]).keys() == {
        "first",
        "last",
    }


def test_links_carry_the_question_so_that_a_strict_client_can_read_it(everything):
    asked = {
        "filter": "familyName>='M' AND email~'@' OR givenName='a,b;c<d>\"&=é'",
        "sort": "familyName",
        "orderBy": "desc",
        "fields": "sourcedId,familyName,roles.org.sourcedId",
    }
    first = everything.roster("users", limit=9, **asked)
    found = links(first.headers["Link"])
    for target in found.values():
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        assert query == asked | {"limit": "9", "offset": query["offset"]}
    pages = walk(everything, found["first"])
    seen = [one for page in pages for one in ids(page)]
    assert len(seen) == len(set(seen)) == int(first.headers["X-Total-Count"]) > 100
    names = [record["familyName"].casefold() for page in pages for record in page.json["users"]]
    assert names == sorted(names, reverse=True)


def test_a_walk_under_a_district_stays_there(everything):
    pages = walk(everything, f"/gb{ROSTER}courses?limit=20")
    assert sum(len(ids(page)) for page in pages) == 84
    assert all("/gb/" in target for page in pages for target in links(page.headers["Link"]).values())


# walks over data that change meanwhile


@pytest.fixture
def changing(tmp_path):
    """A district whose file tests replace, held for ten minutes, and one consumer of two agreements' worth of time."""
    clock = Clock()
    write(tmp_path / "maple.zip", 40)
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")}, hold="10m")}
    lines = [
        agreement("maple"),
        agreement("maple", [("*", "allow"), ("staff.*", "deny")], begin="2026-11-04", version=2),
    ]
    tokens = '[tokens]\nlife = "30d"\n'
    with running(tmp_path / "region", sites, lines, tokens, clock) as region:
        yield region, region.consumer(), tmp_path / "maple.zip"


def write(path, students, seed=3):
    write_oneroster_12(generate("maple", seed=seed, students=students, school_year=2027, today=date(2026, 11, 2)), path)


def test_a_walk_goes_on_over_the_rows_of_its_first_page(changing):
    region, consumer, file = changing
    before = ids(consumer.roster("students", limit=1000))
    first = consumer.roster("students", limit=10)
    write(file, 45, seed=4)
    region.clock.move(660)
    fresh = ids(consumer.roster("students", limit=1000, sort="sourcedId"))
    assert set(fresh) != set(before)
    rest = walk(consumer, links(first.headers["Link"])["next"])
    assert ids(first) + [one for page in rest for one in ids(page)] == before
    assert len(ids(consumer.roster("students", limit=1000))) == 45


def test_a_walk_that_an_agreement_has_changed_under_must_begin_again(changing):
    region, consumer, _ = changing
    region.clock.now = datetime(2026, 11, 4, 7, 55, tzinfo=UTC)  # five minutes before the day begins in Los Angeles
    following = links(consumer.roster("users", limit=10).headers["Link"])["next"]
    assert consumer.ask(following).status_code == 200
    region.clock.move(600)
    answer = consumer.ask(following)
    assert answer.status_code == 409
    assert answer.json["imsx_codeMajor"] == "failure"
    fresh = walk(consumer, f"{ROSTER}users?limit=10")
    assert not any(role["role"] == "teacher" for page in fresh for user in page.json["users"] for role in user["roles"])


def test_an_edfi_walk_ends_on_the_count_it_began_with(changing):
    region, consumer, file = changing
    first = consumer.edfi("students", limit=25, totalCount="true")
    write(file, 42, seed=5)
    region.clock.move(660)
    second = consumer.ask(f"{EDFI}students?limit=25&offset=25&totalCount=true")
    assert first.headers["Total-Count"] == second.headers["Total-Count"] == "40"
    assert len(second.json) == 15
