"""Walks by page token and by partition: complete, without repetition, over changing data and after a restart."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.demo.data import generate, write_oneroster_12
from standards.edfi.api.request import TOKEN_WITH_OFFSET
from tests.support.regions import EDFI, Clock, Site, agreement, running

pytest_plugins = ["tests.support.region_fixtures"]

NEXT = "Next-Page-Token"
FULL = ("students", "studentSchoolAssociations", "schools", "courses", "gradeLevelDescriptors", "staffs")


def walk(consumer, address, size=None, token="", **query):
    """Every page from *token* on, as clients of ODS/API 7.3 read: until a page has no token."""
    pages = []
    while True:
        sent = {"pageToken": token, **({"pageSize": size} if size else {})} if token else {}
        answer = consumer.ask(address, **query, **sent)
        assert answer.status_code == 200, answer.text
        assert (NEXT in answer.headers) == bool(answer.json)
        pages.append(answer.json)
        token = answer.headers.get(NEXT, "")
        if not token:
            return pages


def told(pages):
    return [record for page in pages for record in page]


@pytest.mark.parametrize("name", FULL)
def test_a_walk_by_tokens_meets_every_record_in_the_order_of_offsets(everything, name):
    assert told(walk(everything, EDFI + name, 200)) == everything.resources(name)


@pytest.mark.parametrize("size", [7, 500, None])
def test_pages_of_any_size_make_the_same_walk(everything, size):
    pages = walk(everything, f"{EDFI}contacts", size)
    assert told(pages) == everything.resources("contacts")
    assert [len(page) for page in pages[:2]] == [25, size or 25]
    assert pages[-1] == []


def test_a_walk_keeps_its_filter(everything):
    school = everything.edfi("schools").json[0]["schoolId"]
    pages = walk(everything, f"{EDFI}studentSchoolAssociations", 100, schoolId=school)
    assert told(pages) == everything.resources("studentSchoolAssociations", schoolId=school)
    assert 0 < len(told(pages)) < 960


def test_a_walk_spans_every_district_and_one(small):
    consumer = small.consumer()
    whole = told(walk(consumer, f"{EDFI}students", 7))
    apart = [told(walk(consumer, f"/{name}{EDFI}students", 7)) for name in ("maple", "cedar")]
    assert whole == consumer.resources("students")
    assert sorted(one["id"] for one in whole) == sorted(one["id"] for some in apart for one in some)


@pytest.mark.parametrize("number", [1, 3, 10, 200, None])
def test_partitions_hold_every_record_once(everything, number):
    answer = everything.edfi("students/partitions", **({"number": number} if number else {}))
    assert answer.status_code == 200
    assert answer.json.keys() == {"pageTokens"}
    tokens = answer.json["pageTokens"]
    assert len(tokens) == (number or 10)
    met = [told(walk(everything, f"{EDFI}students", 100, token)) for token in tokens]
    assert [one for part in met for one in part] == everything.resources("students")
    assert max(map(len, met)) - min(map(len, met)) <= 1


def test_partitions_of_a_filtered_resource_hold_what_the_filter_leaves(everything):
    school = everything.edfi("schools").json[0]["schoolId"]
    tokens = everything.edfi("studentSchoolAssociations/Partitions", number=4, SchoolID=school).json["pageTokens"]
    met = [told(walk(everything, f"{EDFI}studentSchoolAssociations", 500, one, schoolId=school)) for one in tokens]
    assert [one for part in met for one in part] == everything.resources("studentSchoolAssociations", schoolId=school)


def test_a_resource_without_records_has_no_partitions(everything):
    assert everything.edfi("students/partitions", firstName="Nobody at all").json == {"pageTokens": []}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"number": 0}, "Number of partitions must be between 1 and 200."),
        ({"number": 201}, "Number of partitions must be between 1 and 200."),
        ({"number": "x"}, "Number of partitions must be between 1 and 200."),
        ({"limit": 5}, "The 'limit' parameter is not supported by the partitions endpoint."),
        ({"TotalCount": "true"}, "The 'totalCount' parameter is not supported by the partitions endpoint."),
        ({"pageToken": "x", "offset": 1}, "The 'pageToken' parameter is not supported by the partitions endpoint."),
        ({"shoeSize": 5}, "'shoeSize' is not a field of this resource"),
    ],
)
def test_partitions_that_cannot_be_are_refused(everything, query, words):
    answer = everything.edfi("students/partitions", **query)
    assert (answer.status_code, answer.json["type"]) == (
        400,
        "urn:ed-fi:api:bad-request:parameter-validation-failed",
    )
    assert answer.json["errors"][0].startswith(words)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_partitions_can_only_be_read(everything, method):
    answer = everything.ask(f"{EDFI}students/partitions", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_what_does_not_go_with_a_token_is_refused_in_the_words_of_the_standard(everything):
    token = everything.edfi("students").headers[NEXT]
    for query, words in (
        ({"offset": 1}, TOKEN_WITH_OFFSET),
        ({"limit": 5}, "Use pageSize instead of limit when using cursor paging with pageToken."),
        ({"totalCount": "true"}, "The totalCount parameter cannot be set to true when using cursor paging with pageToken."),
        ({"pageSize": 501}, "PageSize must be a value between 0 and 500."),
        ({"firstName": "Ann"}, "The page token provided was invalid."),
    ):  # fmt: skip
        answer = everything.edfi("students", pageToken=token, **query)
        assert (answer.status_code, answer.json["errors"]) == (400, [words])
    answer = everything.edfi("students", pageSize=5)
    assert answer.json["errors"] == ["PageToken is required when pageSize is specified."]


def test_a_page_of_nothing_carries_no_token(everything):
    token = everything.edfi("students").headers[NEXT]
    for query in ({"limit": 0}, {"offset": 5000}, {"pageToken": token, "pageSize": 0}, {"firstName": "Nobody"}):
        answer = everything.edfi("students", **query)
        assert (answer.status_code, answer.json, NEXT in answer.headers) == (200, [], False)


def test_a_page_by_offset_can_be_gone_on_from_by_token(everything):
    token = everything.edfi("students", offset=100, limit=10).headers[NEXT]
    assert everything.edfi("students", pageToken=token, pageSize=10).json == everything.resources("students")[110:120]


@pytest.fixture
def changing(tmp_path):
    """A district whose file tests replace, held for ten minutes."""
    clock = Clock()
    write(tmp_path / "maple.zip", 40)
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")}, hold="10m")}
    lines = [
        agreement("maple"),
        agreement("maple", [("*", "allow"), ("staff.*", "deny")], begin="2026-11-04", version=2),
    ]
    with running(tmp_path / "region", sites, lines, '[tokens]\nlife = "30d"\n', clock) as region:
        yield region, region.consumer(), tmp_path / "maple.zip"


def write(path, students, seed=3):
    write_oneroster_12(generate("maple", seed=seed, students=students, school_year=2027, today=date(2026, 11, 2)), path)


def test_a_walk_outlives_a_renewal_of_which_it_knows_nothing(changing):
    region, consumer, file = changing
    before = consumer.resources("students")
    first = consumer.edfi("students", limit=10)
    write(file, 45)  # the same pupils, and five more
    region.clock.move(1000)
    rest = told(walk(consumer, f"{EDFI}students", 9, first.headers[NEXT]))
    met = [one["id"] for one in (*first.json, *rest)]
    assert len(met) == len(set(met))
    after = {one["id"] for one in consumer.resources("students")}
    assert {one["id"] for one in before} & after <= set(met)


def test_a_walk_that_an_agreement_has_changed_under_must_begin_again(changing):
    region, consumer, _ = changing
    region.clock.now = datetime(2026, 11, 4, 7, 55, tzinfo=UTC)  # five minutes before the day begins in Los Angeles
    token = consumer.edfi("students", limit=10).headers[NEXT]
    parts = consumer.edfi("students/partitions").json["pageTokens"]
    assert consumer.edfi("students", pageToken=token).status_code == 200
    region.clock.move(600)
    for one in (token, *parts):
        answer = consumer.edfi("students", pageToken=one)
        assert (answer.status_code, answer.json["type"]) == (409, "urn:ed-fi:api:data-conflict:multi-user-conflict")
    assert len(told(walk(consumer, f"{EDFI}students"))) == 40


def test_a_walk_outlives_a_restart(tmp_path):
    write(tmp_path / "maple.zip", 40)
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    with running(tmp_path / "region", sites, [agreement("maple")]) as region:
        first = region.consumer().edfi("students", limit=15)
        whole = region.consumer().resources("students")
    with running(tmp_path / "again", sites, [agreement("maple")]) as region:
        rest = told(walk(region.consumer(), f"{EDFI}students", 7, first.headers[NEXT]))
    plain = [[one["id"] for one in some] for some in (first.json + rest, whole)]
    assert plain[0] == plain[1]


@pytest.mark.parametrize("hold", ["0", "1h"])
def test_a_walk_over_a_system_that_is_asked_every_time_is_whole(tmp_path, hold):
    write(tmp_path / "maple.zip", 40)
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")}, hold=hold)}
    with running(tmp_path / "region", sites, [agreement("maple")]) as region:
        assert told(walk(region.consumer(), f"{EDFI}students", 7)) == region.consumer().resources("students")


def test_an_index_is_made_once_for_a_walk(everything, grand_bend, monkeypatch):
    made = []
    keep = grand_bend.gateway.walks._keep

    def kept(place, walk):
        made.append(place)
        keep(place, walk)

    monkeypatch.setattr(grand_bend.gateway.walks, "_keep", kept)
    walk(everything, f"{EDFI}studentSectionAssociations", 500, sectionIdentifier="none")
    walk(everything, f"{EDFI}studentSectionAssociations", 500)
    assert len(made) <= 2
