"""What is gone from a snapshot is told to those who saw it, and who ask what has changed."""

import csv
import io
from zipfile import ZipFile

import pytest

from gateway.change_log.window import WINDOW_SECONDS
from standards.oneroster.model import validate
from tests.support.regions import Site, agreement, running, small_sites

AN_HOUR = 3700


@pytest.fixture
def place(tmp_path):
    """The files of a district, in a folder in which rows can be taken away."""
    small_sites(tmp_path / "data")
    folder = tmp_path / "files"
    with ZipFile(tmp_path / "data" / "maple.zip") as files:
        files.extractall(folder)
    return folder


@pytest.fixture
def region(tmp_path, place):
    sites = {"maple": Site("oneroster_csv", {"source": str(place)})}
    with running(tmp_path / "r", sites, [agreement("maple")], '[tokens]\nlife = "1d"\n') as one:
        yield one


def without(place, name, identifier):
    """Take the row of *identifier* out of a file; the row."""
    file = place / name
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8"))))
    kept = [row for row in rows if row[0] != identifier]
    assert len(kept) == len(rows) - 1
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(kept)
    file.write_text(out.getvalue(), "utf-8", newline="")


def rewritten(place, name, identifier, **cells):
    """Write other cells into the row of *identifier*."""
    file = place / name
    headings, *rows = csv.reader(io.StringIO(file.read_text("utf-8")))
    (row,) = [row for row in rows if row[0] == identifier]
    for heading, cell in cells.items():
        row[headings.index(heading)] = cell
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([headings, *rows])
    file.write_text(out.getvalue(), "utf-8", newline="")


def changed(consumer, moment, collection="enrollments"):
    answer = consumer.roster(collection, filter=f"dateLastModified>'{moment}'", limit=10_000)
    assert answer.status_code == 200
    return answer.json[collection]


def now(region):
    return region.clock().isoformat().replace("+00:00", "Z")


def test_a_row_that_is_gone_becomes_a_tombstone_for_those_who_ask_what_changed(region, place):
    consumer = region.consumer()
    before = consumer.users("enrollments")
    gone, moment = before[3], now(region)
    without(place, "enrollments.csv", gone["sourcedId"])
    region.clock.move(AN_HOUR)
    after = consumer.users("enrollments")
    assert after == [one for one in before if one != gone]
    (tombstone,) = changed(consumer, moment)
    assert tombstone == gone | {"status": "tobedeleted", "dateLastModified": tombstone["dateLastModified"]}
    assert tombstone["dateLastModified"] > gone["dateLastModified"]
    assert validate("1.2", "enrollment", tombstone) == []
    asked = consumer.roster("enrollments", filter="status='tobedeleted'")
    assert asked.json["enrollments"] == [tombstone]
    assert asked.headers["X-Total-Count"] == "1"
    assert consumer.roster(f"enrollments/{gone['sourcedId']}").status_code == 404


@pytest.mark.parametrize("word", ["inactive", "ToBeDeleted"])
def test_a_row_that_the_source_takes_back_becomes_a_tombstone_too(region, place, word):
    consumer = region.consumer()
    gone, moment = consumer.users("enrollments")[3], now(region)
    rewritten(place, "enrollments.csv", gone["sourcedId"], status=word)
    region.clock.move(AN_HOUR)
    assert gone["sourcedId"] not in {one["sourcedId"] for one in consumer.users("enrollments")}
    (tombstone,) = changed(consumer, moment)
    assert tombstone == gone | {"status": "tobedeleted", "dateLastModified": tombstone["dateLastModified"]}


def test_a_row_that_has_become_something_else_is_told_as_changed_and_not_as_gone(region, place):
    consumer = region.consumer()
    before = next(one for one in consumer.users("enrollments") if one["role"] == "student")
    moment = now(region)
    rewritten(place, "enrollments.csv", before["sourcedId"], role="proctor")
    region.clock.move(AN_HOUR)
    (after,) = [one for one in consumer.users("enrollments") if one["sourcedId"] == before["sourcedId"]]
    assert after == before | {"role": "proctor", "dateLastModified": after["dateLastModified"]}
    assert changed(consumer, moment) == [after]
    assert consumer.roster("enrollments", filter="status='tobedeleted'").json["enrollments"] == []


def test_who_never_saw_a_row_is_not_told_that_it_is_gone(region, place):
    seen = region.consumer().users("enrollments")
    moment = now(region)
    without(place, "enrollments.csv", seen[0]["sourcedId"])
    region.clock.move(AN_HOUR)
    assert len(changed(region.consumer(), moment)) == 1
    assert len(region.consumer().roster("users", filter="status='tobedeleted'").json["users"]) == 0


def test_what_comes_back_is_no_longer_gone(region, place):
    consumer = region.consumer()
    seen = consumer.users("enrollments")
    file, whole = place / "enrollments.csv", (place / "enrollments.csv").read_bytes()
    without(place, "enrollments.csv", seen[0]["sourcedId"])
    region.clock.move(AN_HOUR)
    assert len(consumer.roster("enrollments", filter="status='tobedeleted'").json["enrollments"]) == 1
    file.write_bytes(whole)
    region.clock.move(AN_HOUR)
    assert consumer.roster("enrollments", filter="status='tobedeleted'").json["enrollments"] == []
    assert len(consumer.users("enrollments")) == len(seen)


def test_a_tombstone_outlives_renewals_in_which_nothing_happens_but_not_its_window(region, place):
    consumer = region.consumer()
    seen = consumer.users("enrollments")
    without(place, "enrollments.csv", seen[0]["sourcedId"])
    region.clock.move(AN_HOUR)
    consumer.users("orgs")
    region.clock.move(AN_HOUR)
    consumer.users("orgs")
    assert len(consumer.roster("enrollments", filter="status='tobedeleted'").json["enrollments"]) == 1
    region.clock.move(WINDOW_SECONDS + 1)
    region.consumers.clear()
    consumer = region.consumer()  # whose token is of today
    assert consumer.roster("enrollments", filter="status='tobedeleted'").json["enrollments"] == []


def test_a_tombstone_lies_sealed_in_memory_and_its_disclosure_names_its_student(region, place):
    consumer = region.consumer()
    gone = consumer.users("enrollments", filter="role='student'")[0]
    without(place, "enrollments.csv", gone["sourcedId"])
    region.clock.move(AN_HOUR)
    consumer.users("orgs")
    (log,) = region.gateway.logs.followers("maple")
    kept = repr(log.gone)
    assert "tobedeleted" not in kept
    assert gone["user"]["sourcedId"] not in kept
    region.clock.move(1)
    assert changed(consumer, now(region)) == []
    consumer.roster("enrollments", filter="status='tobedeleted'")
    events = [
        line
        for file in (region.folder / "state" / "audit").rglob("*")
        if file.is_file()
        for line in file.read_bytes().splitlines()
        if b"status =" in line
    ]
    assert any(b'"rows":1' in line and b'"to":1' in line for line in events)


def test_after_a_restart_what_differs_is_found_while_the_district_is_loaded(tmp_path, place):
    sites, terms = {"maple": Site("oneroster_csv", {"source": str(place)})}, [agreement("maple")]
    with running(tmp_path / "r", sites, terms) as one:
        (first, *_) = one.consumer().users("students")
        clock = one.clock
    rewritten(place, "users.csv", first["sourcedId"], givenName="Renamed")
    clock.move(AN_HOUR)
    with running(tmp_path / "r", sites, terms, clock=clock) as one:
        one.gateway.warm()
        (log,) = one.gateway.logs.followers("maple")
        assert log.state is not None
        told = one.consumer().users("students", filter=f"dateLastModified>'{first['dateLastModified']}'")
        assert [student["sourcedId"] for student in told] == [first["sourcedId"]]
