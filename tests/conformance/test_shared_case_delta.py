"""A record that is new after a walk in pages is in the next delta: the case as it lies there, and its siblings."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import datetime

import pytest

from tests.conformance.cases import NEW, OLD, ROOTS, case, listed, serving

NAME = "delta-after-a-walk-in-pages"
PEOPLE = ("users", "students", "schools/S1/students", "classes/K1/students", "schools/S1/classes/K1/students")
PLACES = ("enrollments", "schools/S1/enrollments", "schools/S1/classes/K1/enrollments")
EXPECTED = {address: {"u6", "w1"} for address in PEOPLE} | {address: {"x6", "xw"} for address in PLACES}
PLAIN, ACTIVE = {}, {"filter": "status='active'"}
WALKS = [
    *((NEW, address, PLAIN) for address in EXPECTED),
    *((OLD, address, ACTIVE) for address in EXPECTED if address.count("/") < 3),
    (NEW, "users", ACTIVE),
    (OLD, "schools/S1/students", PLAIN),
]


def with_enrollments(folder):
    """The case where everybody of S1 is enrolled in K1; afterwards u6 until another day, and w1 too."""
    path = folder / "before" / "enrollments.csv"
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    form = rows[1]
    rows += [[f"x{at}", *form[1:5], f"u{at}", *form[6:]] for at in range(20)]
    after = [[*row[:-1], "2026-12-18"] if row[0] == "x6" else row for row in rows]
    after.append(["xw", *form[1:5], "w1", *form[6:]])
    path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8", newline="")
    (folder / "after" / "enrollments.csv").write_text(
        "".join(",".join(row) + "\n" for row in after), "utf-8", newline=""
    )
    return folder


def walk(consumer, address, **query):
    """A full read in pages of ten, during which time goes by; how many records there were."""
    found = []
    for offset in (0, 10, 20):
        answer = consumer.ask(address, limit=10, offset=offset, **query)
        assert answer.status_code == 200, answer.text
        found += next(iter(answer.json.values()))
        consumer.region.clock.move(0.05)
    return {one["sourcedId"] for one in found}


def change(consumer, folder):
    """The time before the files change, and then as much time as a hold lasts, and more."""
    taken = consumer.region.clock()
    for path in (folder / "after").iterdir():
        shutil.copyfile(path, folder / "before" / path.name)
    consumer.region.clock.move(6)
    return taken


def written(when):
    """A time as consumers write it."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def delta(consumer, address, since, operator=">", **query):
    """What a delta tells, each record with its time."""
    found = listed(consumer, address, filter=f"dateLastModified{operator}'{written(since)}'", **query)
    return {one: datetime.fromisoformat(record["dateLastModified"]) for one, record in found.items()}


def test_the_case_as_it_lies_there(tmp_path):
    folder = case(tmp_path, NAME)
    with serving(folder) as consumer:
        assert len(walk(consumer, f"/maple{NEW}users")) == 23
        since = change(consumer, folder)
        found = delta(consumer, f"/maple{NEW}users", since)
        assert found.keys() == {"u6", "w1"}
        assert min(found.values()) > since


@pytest.mark.parametrize(("root", "address", "filters"), WALKS)
def test_after_a_full_read_by_any_address_a_delta_by_any_address_has_what_is_new(tmp_path, root, address, filters):
    folder = with_enrollments(case(tmp_path, NAME))
    with serving(folder) as consumer:
        assert len(walk(consumer, f"/maple{root}{address}", **filters)) == (23 if address in {"users", *PLACES} else 22)
        since = change(consumer, folder)
        found = delta(consumer, f"/maple{root}{address}", since)
        assert found.keys() == EXPECTED[address]
        assert min(found.values()) > since
        times = {}
        for other in (district + root for district in ("/maple", "") for root in ROOTS):
            for name, expected in EXPECTED.items():
                told = delta(consumer, other + name, since)
                assert told.keys() == expected, other + name
                for one, when in told.items():
                    assert times.setdefault(one, when) == when, other + name
        for one in ("users/w1", "students/w1", "users/u6", "enrollments/xw"):
            for other in ROOTS:
                (record,) = consumer.ask(f"/maple{other}{one}").json.values()
                assert datetime.fromisoformat(record["dateLastModified"]) == times[one.partition("/")[2]], one
        students = {one["studentUniqueId"]: one for one in consumer.resources("students", district="maple")}
        assert {
            one for one, record in students.items() if datetime.fromisoformat(record["_lastModifiedDate"]) > since
        } == {"u6", "w1"}


def test_ed_fi_tells_the_same_by_its_change_versions(tmp_path):
    folder, versions = with_enrollments(case(tmp_path, NAME)), "/maple/changeQueries/v1/availableChangeVersions"
    with serving(folder) as consumer:
        consumer.ask(versions)
        for offset in (0, 10, 20):
            assert consumer.ask("/maple/data/v3/ed-fi/students", limit=10, offset=offset).status_code == 200
        newest = consumer.ask(versions).json["newestChangeVersion"]
        change(consumer, folder)
        found = consumer.resources("students", district="maple", minChangeVersion=newest + 1)
        assert {one["studentUniqueId"] for one in found} == {"u6", "w1"}


ASKED = [
    ({"operator": ">="}, {"u6", "w1"}),
    ({"sort": "familyName", "orderBy": "desc"}, {"u6", "w1"}),
    ({"fields": "sourcedId,familyName,dateLastModified"}, {"u6", "w1"}),
    ({"sort": "dateLastModified", "fields": "dateLastModified,sourcedId"}, {"u6", "w1"}),
]


@pytest.mark.parametrize("root", ROOTS, ids=["1.1", "1.2"])
def test_a_delta_may_be_asked_for_in_other_ways(tmp_path, root):
    folder = with_enrollments(case(tmp_path, NAME))
    with serving(folder) as consumer:
        walk(consumer, f"/maple{root}users")
        since = change(consumer, folder)
        for address in PEOPLE:
            for query, expected in ASKED:
                assert delta(consumer, f"/maple{root}{address}", since, **query).keys() == expected, (address, query)
            text = f"dateLastModified>'{written(since)}'"
            for filter_ in (
                f"{text} AND status='active'",
                f"{text} AND familyName='FW'",
                f"status='active' AND {text}",
            ):
                found = listed(consumer, f"/maple{root}{address}", filter=filter_)
                assert found.keys() == ({"w1"} if "FW" in filter_ else {"u6", "w1"}), filter_
            pages = [consumer.ask(f"/maple{root}{address}", filter=text, limit=1, offset=at) for at in (0, 1, 2)]
            assert [len(next(iter(one.json.values()))) for one in pages] == [1, 1, 0]
            assert {one.headers["X-Total-Count"] for one in pages} == {"2"}


@pytest.mark.parametrize("root", ROOTS, ids=["1.1", "1.2"])
def test_a_term_that_is_new_is_in_the_next_delta_of_every_list_of_terms(tmp_path, root):
    folder = case(tmp_path, NAME)
    text = (folder / "before" / "academicSessions.csv").read_text("utf-8")
    (folder / "after" / "academicSessions.csv").write_text(
        text + "T2,,,Spring,semester,2027-01-05,2027-06-15,Y27,2027\n", "utf-8", newline=""
    )
    with serving(folder) as consumer:
        walk(consumer, f"/maple{root}terms")
        since = change(consumer, folder)
        for address in ("terms", "academicSessions"):
            assert "T2" in delta(consumer, f"/maple{root}{address}", since), address
