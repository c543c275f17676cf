"""A row that is set aside at the first load after a restart is not gone: nobody is told so, in either standard."""

from __future__ import annotations

import pytest

from tests.support.following import FOLLOWING, Files, Follower
from tests.support.regions import Site, agreement, running

AN_HOUR = 3700
LIFE = '[tokens]\nlife = "1d"\n'


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


class District(Site):
    """A district of which many rows may be set aside."""

    def toml(self, name):
        return super().toml(name) + f"[districts.{name}.set_aside]\ndefault = 0.5\n"


def opened(tmp_path, files, clock=None, population=""):
    sites = {"maple": District("oneroster_csv", {"source": str(files.folder)})}
    return running(
        tmp_path / "r", sites, [agreement("maple", operations=FOLLOWING, population=population)], LIFE, clock
    )


def gone(consumer, collection, since):
    """What a list tells as gone since a moment."""
    query = {"filter": f"dateLastModified>'{since}' AND status='tobedeleted'", "limit": 1_000}
    answer = consumer.roster(collection, **query)
    assert answer.status_code == 200
    ((_, records),) = answer.json.items()
    return {one["sourcedId"] for one in records}


def lists(files, row):
    """The lists that a student's enrollment and the student are in."""
    pupil, place = row["userSourcedId"], f"classes/{row['classSourcedId']}"
    return {
        "enrollments": row["sourcedId"], "students": pupil, "users": pupil, f"{place}/students": pupil,
        f"schools/{row['schoolSourcedId']}/enrollments": row["sourcedId"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "cell"), [("enrollments.csv", "beginDate"), ("users.csv", "enabledUser")], ids=["enrollment", "user"]
)
def test_what_is_set_aside_after_a_restart_is_not_gone_until_it_is(tmp_path, files, file, cell):
    row = next(one for one in files.rows("enrollments.csv") if one["role"] == "student")
    own = row["sourcedId"] if file == "enrollments.csv" else row["userSourcedId"]
    with opened(tmp_path, files) as region:
        follower, clock = Follower(region.consumer(), ["students", "studentSectionAssociations"]), region.clock
        follower.sync()
        for place in lists(files, row):
            assert region.consumer().roster(place).status_code == 200
        since = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    (before,) = [one[cell] for one in files.rows(file) if one["sourcedId"] == own]
    files.put(file, lambda one: one["sourcedId"] == own, **{cell: "perhaps"})
    pupils = (one for one in files.rows("enrollments.csv") if one["role"] == "student")
    other = next(one for one in pupils if one["userSourcedId"] != row["userSourcedId"])
    files.drop("enrollments.csv", lambda one: one == other)
    for _ in range(2):  # a second restart knows no more
        clock.move(AN_HOUR)
        with opened(tmp_path, files, clock) as region:
            follower.consumer = consumer = region.consumer()
            for place, identifier in lists(files, row).items():
                assert identifier not in gone(consumer, place, since), place
            assert consumer.roster(f"enrollments/{row['sourcedId']}").status_code == 404
            if file == "enrollments.csv":
                assert other["sourcedId"] in gone(consumer, "enrollments", since)
                follower.sync()
                assert len(follower.pages("studentSectionAssociations/deletes", {})) == 1
    clock.move(AN_HOUR)
    files.put(file, lambda one: one["sourcedId"] == own, **{cell: before})
    with opened(tmp_path, files, clock) as region:
        consumer = region.consumer()
        assert row["sourcedId"] not in gone(consumer, "enrollments", since)
        assert consumer.roster(f"enrollments/{row['sourcedId']}").status_code == 200
        files.drop("enrollments.csv", lambda one: one["sourcedId"] == row["sourcedId"])
        clock.move(AN_HOUR)
        assert row["sourcedId"] in gone(consumer, "enrollments", since)


def test_what_is_gone_while_it_is_set_aside_is_told_when_the_source_can_be_read_again(tmp_path, files):
    row = next(one for one in files.rows("enrollments.csv") if one["role"] == "student")
    with opened(tmp_path, files) as region:
        clock, since = region.clock, region.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        follower = Follower(region.consumer(), ["studentSectionAssociations"])
        follower.sync()
        region.consumer().roster("enrollments")
    files.put("enrollments.csv", lambda one: one == row, beginDate="perhaps")
    clock.move(AN_HOUR)
    with opened(tmp_path, files, clock) as region:
        follower.consumer = consumer = region.consumer()
        follower.sync()
        assert gone(consumer, "enrollments", since) == set()
        files.drop("enrollments.csv", lambda one: one["sourcedId"] == row["sourcedId"])
        clock.move(AN_HOUR)
        assert gone(consumer, "enrollments", since) == {row["sourcedId"]}
        assert row["userSourcedId"] in gone(consumer, f"classes/{row['classSourcedId']}/students", since)
        assert gone(consumer, "students", since) == set()
        assert len(follower.pages("studentSectionAssociations/deletes", {})) == 1


@pytest.mark.parametrize("named", [True, False], ids=["named", "nameless"])
def test_what_is_set_aside_where_one_may_not_look_hides_nothing_that_is_gone(tmp_path, files, named):
    users = {one["sourcedId"]: one["grades"] for one in files.rows("users.csv")}
    rows = [one for one in files.rows("enrollments.csv") if one["role"] == "student"]
    grade = users[rows[0]["userSourcedId"]]
    shown = [one for one in rows if users[one["userSourcedId"]] == grade]
    hidden = next(one for one in rows if users[one["userSourcedId"]] != grade)
    leaver = shown[0]["userSourcedId"]
    dropped = next(one for one in shown if one["userSourcedId"] != leaver)
    population = f'{{all: [{{grade: {{in: ["{grade}"]}}}}]}}'
    with opened(tmp_path, files, population=population) as region:
        follower, clock = Follower(region.consumer(), ["students", "studentSectionAssociations"]), region.clock
        follower.sync()
        for name in ("students", "enrollments"):
            region.consumer().roster(name)
        since = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    other = "0" + str(1 + int(grade) % 9)
    files.put("users.csv", lambda one: one["sourcedId"] == leaver, grades=other)
    files.drop("enrollments.csv", lambda one: one == dropped)
    wrong = {"beginDate": "perhaps"} if named else {"sourcedId": ""}
    files.put("enrollments.csv", lambda one: one == hidden, **wrong)
    clock.move(AN_HOUR)
    with opened(tmp_path, files, clock, population) as region:
        follower.consumer = consumer = region.consumer()
        assert gone(consumer, "students", since) == {leaver}
        left = {one["sourcedId"] for one in shown if one["userSourcedId"] == leaver}
        assert gone(consumer, "enrollments", since) == left | {dropped["sourcedId"]}
        follower.sync()
        assert len(follower.pages("students/deletes", {})) == 1
        assert len(follower.pages("studentSectionAssociations/deletes", {})) == len(left) + 1


def test_what_is_made_of_a_row_that_is_set_aside_is_not_gone_either(tmp_path, files):
    own = next(one["userSourcedId"] for one in files.rows("enrollments.csv") if one["role"] == "student")
    resources = ["students", "studentSchoolAssociations", "studentEducationOrganizationAssociations"]
    with opened(tmp_path, files) as region:
        follower, clock = Follower(region.consumer(), resources), region.clock
        follower.sync()
    files.put("users.csv", lambda one: one["sourcedId"] == own, enabledUser="perhaps")
    clock.move(AN_HOUR)
    with opened(tmp_path, files, clock) as region:
        follower.consumer = region.consumer()
        follower.sync()
        assert [follower.pages(f"{name}/deletes", {}) for name in resources] == [[], [], []]
        assert len(follower.source()["students"]) == len(follower.copy()["students"]) - 1
