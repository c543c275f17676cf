"""The last day of a term or an enrollment: the day before the end in OneRoster, the end itself in Ed-Fi."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.oneroster_csv.adapter import OneRosterCsv
from standards.days import day_after, day_before
from tests.adapters.oneroster import packages as files
from tests.support.regions import Clock, Site, agreement, running, small_district, small_sites

ENTRY, LAST, END = "2026-08-20", "2026-11-02", "2026-11-03"
TERMS = [
    {"sourcedId": "y", "title": "2026-2027", "type": "schoolYear", "startDate": ENTRY, "endDate": "2027-06-20", "schoolYear": "2027"},
    {"sourcedId": "t", "title": "Fall", "type": "term", "startDate": ENTRY, "endDate": "2027-01-20", "parentSourcedId": "y", "schoolYear": "2027"},
    {"sourcedId": "t2", "title": "Spring", "type": "term", "startDate": "2027-01-20", "endDate": "2027-06-20", "parentSourcedId": "y", "schoolYear": "2027"},
    {"sourcedId": "none", "title": "No day", "type": "term", "startDate": "2027-06-20", "endDate": "2027-06-20", "parentSourcedId": "y", "schoolYear": "2027"},
]  # fmt: skip


def package(folder, version):
    """A school whose terms follow on each other, and a student who leaves it and a class on one day."""
    rows = files.rows(version)
    rows["academicSessions.csv"] = [dict(row) for row in TERMS]
    rows["classes.csv"][0]["termSourcedIds"] = "t,t2,none"
    rows["enrollments.csv"][0] |= {"endDate": END}
    if version == "1.2":
        rows["roles.csv"][0] |= {"endDate": END}
    headings = {name: list(one.columns) for name, one in files.facts.files(version).items()}
    made = {name: files.text(headings[name], some).encode() for name, some in rows.items()}
    return files.folder(folder, {"manifest.csv": files.manifest(version, made).encode()} | made)


def site(folder, version="1.2", end_dates="", timezone=""):
    given = {"source": str(package(folder, version))} | ({"end_dates": end_dates} if end_dates else {})
    return Site("oneroster_csv", given, timezone=timezone)


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    sites = {
        "one": site(folder / "one"),
        "last": site(folder / "last", end_dates="inclusive"),
        "old": site(folder / "old", "1.1"),
    }
    with running(folder / "region", sites, [agreement(name, client=name) for name in sites]) as made:
        yield made


def days(records, name, begin, end):
    return {record[name]: (record[begin], record[end]) for record in records}


@pytest.mark.parametrize("source", ["one", "old"])
def test_no_day_of_a_year_belongs_to_no_term_and_none_to_two(region, source):
    sessions = region.consumer(source).resources("sessions")
    found = sorted((one["beginDate"], one["endDate"]) for one in sessions)
    assert found[:2] == [(ENTRY, "2027-01-19"), ("2027-01-20", "2027-06-19")]
    assert day_after(found[0][1]) == found[1][0]


def test_a_term_that_ends_on_the_day_it_begins_has_no_day(region):
    sessions = region.consumer("one").resources("sessions")
    (none,) = [one for one in sessions if one["sessionName"].startswith("No day")]
    assert (none["beginDate"], none["endDate"]) == ("2027-06-20", "2027-06-19")


@pytest.mark.parametrize("source", ["one", "old"])
def test_an_exclusive_source_is_told_in_oneroster_as_it_is(region, source):
    client = region.consumer(source)
    told = days(client.users("academicSessions"), "sourcedId", "startDate", "endDate")
    assert told == {row["sourcedId"]: (row["startDate"], row["endDate"]) for row in TERMS}
    (student,) = client.users("enrollments", filter="role='student'")
    assert (student["beginDate"], student["endDate"]) == (ENTRY, END)


def test_an_inclusive_source_is_told_with_the_end_that_each_standard_means(region):
    client = region.consumer("last")
    told = days(client.users("academicSessions"), "sourcedId", "startDate", "endDate")
    assert told["t"] == (ENTRY, "2027-01-21")
    (seat,) = client.resources("studentSectionAssociations")
    (member,) = client.resources("studentSchoolAssociations")
    assert (seat["endDate"], member["exitWithdrawDate"]) == (END, END)


def test_enrollments_and_roles_end_on_the_day_before(region):
    client = region.consumer("one")
    (seat,) = client.resources("studentSectionAssociations")
    (member,) = client.resources("studentSchoolAssociations")
    assert (seat["endDate"], member["exitWithdrawDate"]) == (LAST, LAST)
    (user,) = client.users("students")
    assert user["roles"][0]["endDate"] == END


def test_filters_compare_the_end_that_is_shown(region):
    client = region.consumer("one")
    assert len(client.users("enrollments", filter=f"endDate='{END}'")) == 1
    assert client.users("enrollments", filter=f"endDate='{LAST}'") == []
    assert len(client.resources("studentSectionAssociations", endDate=LAST)) == 1
    assert client.resources("studentSectionAssociations", endDate=END) == []
    assert next(one["sourcedId"] for one in client.users("terms", sort="endDate", orderBy="asc")) == "t"


def test_a_generalised_end_is_the_same_in_both_standards(tmp_path):
    facts = [("*", "allow"), ("placement.end", "month"), ("session.end", "year")]
    with running(tmp_path / "region", {"one": site(tmp_path / "one")}, [agreement("one", facts)]) as region:
        client = region.consumer()
        (seat,), (place,) = (
            client.resources("studentSectionAssociations"), client.users("enrollments", filter="role='student'"),
        )  # fmt: skip
        assert (seat["endDate"], place["endDate"]) == ("2026-11-01", "2026-11-01")
        assert {one["endDate"] for one in client.users("terms")} == {"2027-01-01"}


def test_two_systems_of_one_district_tell_the_same_days(tmp_path):
    sites = small_sites(tmp_path / "data")
    terms = [one for one in small_district().sessions if one.kind != "schoolYear"]
    last = {one.end.isoformat() for one in terms}
    with running(tmp_path / "region", sites, [agreement(name, client=name) for name in sites]) as region:
        files_of, edfi = region.consumer("maple"), region.consumer("cedar")
        for client in (files_of, edfi):
            some = [*client.resources("sessions"), *client.resources("gradingPeriods")]
            assert {one["endDate"] for one in some} <= last
            ends = {one["endDate"] for one in client.users("academicSessions") if one["type"] != "schoolYear"}
            assert {day_before(day) for day in ends} <= last


AT_NOON = datetime(
    2026, 11, 2, 20, tzinfo=UTC
)  # noon of November 2 in Los Angeles, 9 o'clock of November 3 in Auckland
PUPILS = {"operations": "[read]", "population": "{all: [{enrollment: active}]}"}


def test_a_districts_own_zone_says_what_day_it_is(tmp_path):
    sites = {
        "west": site(tmp_path / "west", timezone="America/Los_Angeles"),
        "east": site(tmp_path / "east", timezone="Pacific/Auckland"),
        "unsaid": site(tmp_path / "unsaid"),
    }
    clock = Clock(AT_NOON)
    texts = [agreement(name, client=name, **PUPILS) for name in sites]
    with running(tmp_path / "region", sites, texts, clock=clock) as region:

        def there():
            region.consumers.clear()  # their tokens have ended meanwhile
            return {name: len(region.consumer(name).users("students")) for name in sites}

        assert there() == {"west": 1, "east": 0, "unsaid": 1}
        clock.move(timedelta(hours=4, minutes=1).total_seconds())  # 00:01 of November 3 in UTC
        assert there() == {"west": 1, "east": 0, "unsaid": 0}
        clock.move(timedelta(hours=7, minutes=58).total_seconds())  # 23:59 in Los Angeles
        assert there() == {"west": 1, "east": 0, "unsaid": 0}
        clock.move(60)
        assert there() == {"west": 0, "east": 0, "unsaid": 0}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_that_can_be_written_do_no_harm(tmp_path, day):
    assert (day_before("0001-01-01"), day_after("9999-12-31")) == ("0001-01-01", "9999-12-31")
    rows = files.rows("1.2")
    rows["enrollments.csv"][0]["endDate"] = day
    headings = {name: list(one.columns) for name, one in files.facts.files("1.2").items()}
    made = {name: files.text(headings[name], some).encode() for name, some in rows.items()}
    place = files.folder(tmp_path / "files", {"manifest.csv": files.manifest("1.2", made).encode()} | made)
    adapter = OneRosterCsv("maple", {"source": str(place)})
    ((_, record),) = list(adapter.read({"placement": None}))
    assert record["end"] == day_before(day)
