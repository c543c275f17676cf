"""Change queries: a client that follows versions ends equal to the source, and learns of nothing else."""

from __future__ import annotations

import pytest

from gateway.change_versions.journals import VERSION_ORIGIN_SECONDS, VERSION_STEP_SECONDS
from standards import registry
from standards.edfi.from_oneroster.key_texts import key_text
from tests.gateway.writes.test_edfi_write_rules import SCHOOL
from tests.support.edfi_memory import room, site
from tests.support.following import FOLLOWING, RESOURCES, VERSIONS, Files, Follower
from tests.support.regions import EDFI, EVERYTHING, TUTORING, agreement, running

AN_HOUR = 3700
LIFE = '[tokens]\nlife = "1d"\n'
FEEDS = ("deletes", "keyChanges")


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


@pytest.fixture
def region(tmp_path, files):
    agreements = [
        agreement("maple", operations=FOLLOWING),
        agreement("maple", TUTORING, client="tutor", purpose="tutoring", operations=FOLLOWING),
        agreement("maple", client="reader", purpose="reading"),
    ]
    with running(tmp_path / "r", {"maple": files.site}, agreements, LIFE) as one:
        yield one


@pytest.fixture
def follower(region):
    made = Follower(region.consumer())
    made.sync()
    return made


def in_step(follower, region):
    """An hour later the follower is equal to the source; what it was told, where anything."""
    region.clock.move(AN_HOUR)
    follower.sync()
    assert follower.copy() == follower.source()
    return {name: told for name, told in follower.told.items() if any(told)}


def changed(follower, rest, **window):
    return follower.pages(rest, window)


def student_of(files):
    return next(row for row in files.rows("users.csv") if row["sourcedId"].startswith("maple-s-"))


def test_the_first_pull_is_whole(follower):
    assert follower.copy() == follower.source()
    assert sum(map(len, follower.copies.values())) > 500
    empty = [name for name in RESOURCES if not follower.copies[name]]
    assert empty in ([], ["studentEducationOrganizationAssociations"])


def test_where_nothing_happens_nothing_is_told(follower, region):
    assert in_step(follower, region) == {}


def test_an_update_is_told_once(follower, region, files):
    student = student_of(files)
    files.put("users.csv", lambda row: row == student, givenName="Renamed")
    told = in_step(follower, region)
    assert told["students"] == (0, 1, 0)
    assert in_step(follower, region) == {}


def test_an_insert_is_told(follower, region, files):
    student = student_of(files)
    enrolled = next(row for row in files.rows("enrollments.csv") if row["userSourcedId"] == student["sourcedId"])
    role = next(row for row in files.rows("roles.csv") if row["userSourcedId"] == student["sourcedId"])
    files.add("users.csv", student, sourcedId="fresh", username="fresh", userMasterIdentifier="", identifier="fresh-1")
    files.add("roles.csv", role, sourcedId="fresh-role", userSourcedId="fresh")
    files.add("enrollments.csv", enrolled, sourcedId="fresh-enrolled", userSourcedId="fresh")
    told = in_step(follower, region)
    assert told["students"] == (0, 1, 0)
    assert told["studentSectionAssociations"] == (0, 1, 0)


def test_a_delete_is_told_with_the_key_that_the_record_had(follower, region, files):
    before = {one["id"]: one for one in follower.source()["studentSectionAssociations"].values()}
    left = next(row for row in files.rows("enrollments.csv") if row["role"] == "student")
    assert files.drop("enrollments.csv", lambda row: row == left) == 1
    since = follower.version + 1
    assert in_step(follower, region)["studentSectionAssociations"] == (0, 0, 1)
    (entry,) = changed(follower, "studentSectionAssociations/deletes", minChangeVersion=since)
    gone = before[entry["id"]]
    assert since <= entry["changeVersion"] <= follower.version
    assert entry["keyValues"] == {
        "beginDate": gone["beginDate"],
        "localCourseCode": gone["sectionReference"]["localCourseCode"],
        "schoolId": gone["sectionReference"]["schoolId"],
        "schoolYear": gone["sectionReference"]["schoolYear"],
        "sessionName": gone["sectionReference"]["sessionName"],
        "sectionIdentifier": gone["sectionReference"]["sectionIdentifier"],
        "studentUniqueId": gone["studentReference"]["studentUniqueId"],
    }


def test_a_key_change_is_told_with_both_keys_and_as_a_change_of_the_record(follower, region, files):
    taught = {row["courseSourcedId"] for row in files.rows("classes.csv")}
    course = next(row for row in files.rows("courses.csv") if row["sourcedId"] in taught)
    assert files.put("courses.csv", lambda row: row == course, courseCode="NEW-1") == 1
    told = in_step(follower, region)
    assert told["courses"] == (1, 1, 0)
    rekeyed, upserts, gone = told["sections"]
    assert rekeyed == upserts > 0
    assert gone == 0
    entries = changed(follower, "sections/keyChanges")
    assert {entry["oldKeyValues"]["localCourseCode"] for entry in entries} == {
        key_text(course["courseCode"], course["sourcedId"])
    }
    assert {entry["newKeyValues"]["localCourseCode"] for entry in entries} == {key_text("NEW-1", course["sourcedId"])}


def test_several_key_changes_in_a_window_are_one_and_there_and_back_is_none(follower, region, files):
    course = next(iter(files.rows("courses.csv")))
    since = follower.version + 1

    def key(code):
        return key_text(code, course["sourcedId"])

    def named(code):
        files.put("courses.csv", lambda row: row["sourcedId"] == course["sourcedId"], courseCode=code)
        in_step(follower, region)
        return changed(follower, "courses/keyChanges", minChangeVersion=since)

    assert [one["newKeyValues"]["courseCode"] for one in named("ONE")] == [key("ONE")]
    (both,) = named("TWO")
    assert both["oldKeyValues"]["courseCode"] == key(course["courseCode"])
    assert both["newKeyValues"]["courseCode"] == key("TWO")
    assert named(course["courseCode"]) == []


def test_a_delete_that_is_followed_by_a_new_record_of_the_same_key_is_suppressed(follower, region, files):
    placed, name = (
        next(row for row in files.rows("enrollments.csv") if row["role"] == "student"),
        "studentSectionAssociations",
    )
    files.drop("enrollments.csv", lambda row: row == placed)
    since = follower.version + 1
    in_step(follower, region)
    assert len(changed(follower, f"{name}/deletes", minChangeVersion=since)) == 1
    files.add("enrollments.csv", placed)
    in_step(follower, region)
    assert changed(follower, f"{name}/deletes", minChangeVersion=since) == []
    files.put("enrollments.csv", lambda row: row == placed, sourcedId="another-id")
    region.clock.move(AN_HOUR)
    assert changed(follower, f"{name}/deletes", minChangeVersion=since) == []
    assert len(changed(follower, name, minChangeVersion=follower.version + 1)) == 1


def test_much_at_once_while_the_client_is_away_is_caught_up_with(follower, region, files):
    students = sorted({row["userSourcedId"] for row in files.rows("enrollments.csv") if row["role"] == "student"})
    for number, student in enumerate(students[:6]):
        files.drop("enrollments.csv", lambda row, one=student: row["userSourcedId"] == one)
        files.put(
            "users.csv", lambda row, one=students[-1 - number]: row["sourcedId"] == one, familyName=f"Name{number}"
        )
        region.clock.move(AN_HOUR)
        region.consumer().ask(EDFI + "schools")
    told = in_step(follower, region)
    assert told["students"][1] == 6
    assert told["studentSectionAssociations"][2] >= 6


def test_a_walk_stays_on_its_rows_when_the_hold_is_renewed_meanwhile(follower, region, files):
    consumer, asked = region.consumer(), EDFI + "studentSectionAssociations"
    first = consumer.ask(asked, limit=100, totalCount="true", maxChangeVersion=follower.version)
    files.drop("enrollments.csv", lambda row: row["role"] == "student" and row["userSourcedId"] < "maple-s-17258")
    region.clock.move(600)
    consumer.ask(EDFI + "schools")
    second = consumer.ask(asked, limit=100, offset=100, totalCount="true", maxChangeVersion=follower.version)
    assert second.headers["Total-Count"] == first.headers["Total-Count"]
    assert not {one["id"] for one in first.json} & {one["id"] for one in second.json}
    assert in_step(follower, region)


def test_who_first_asks_for_a_resource_late_gets_all_of_it_whatever_it_asks_from(region):
    one = Follower(region.consumer(), ["schools"])
    one.sync()
    region.clock.move(AN_HOUR)
    one.sync()
    late = changed(one, "students", minChangeVersion=one.version)
    assert len(late) == len(one.consumer.resources("students"))


def test_a_consumer_with_less_is_told_of_less(region, files):
    tutor = Follower(region.consumer("tutor"), ["students", "studentSchoolAssociations", "studentSectionAssociations"])
    tutor.sync()
    assert tutor.copy() == tutor.source()
    student = student_of(files)
    files.put("users.csv", lambda row: row == student, familyName=student["familyName"][0] + "else", email="new@x.org")
    files.put("courses.csv", lambda row: row["courseCode"] != "", courseCode="HIDDEN", title="Hidden")
    assert in_step(tutor, region) == {}
    files.put("users.csv", lambda row: row["sourcedId"] == student["sourcedId"], givenName="Seen")
    assert in_step(tutor, region) == {"students": (0, 1, 0)}
    files.drop("enrollments.csv", lambda row: row["userSourcedId"] == student["sourcedId"])
    told = in_step(tutor, region)
    assert told["studentSectionAssociations"][2] > 0
    for entry in changed(tutor, "studentSectionAssociations/deletes"):
        assert entry["keyValues"].keys() <= {"studentUniqueId", "beginDate"}
        assert student["sourcedId"] not in str(entry)


def test_who_was_never_shown_a_record_is_not_told_that_it_is_gone(region, files):
    consumer = Follower(region.consumer(), ["students"])
    consumer.versions()
    files.drop("enrollments.csv", lambda row: row["role"] == "student" and row["userSourcedId"] < "maple-s-17258")
    region.clock.move(AN_HOUR)
    assert changed(consumer, "studentSectionAssociations/deletes") == []


def test_after_a_restart_it_goes_on_where_it_was_and_finds_what_left_meanwhile(tmp_path, files):
    sites, agreements = {"maple": files.site}, [agreement("maple", operations=FOLLOWING)]
    with running(tmp_path / "r", sites, agreements, LIFE) as region:
        follower = Follower(region.consumer())
        follower.sync()
        oldest, clock = follower.versions()["oldestChangeVersion"], region.clock
    student = student_of(files)
    files.put("users.csv", lambda row: row == student, givenName="Renamed")
    left = files.drop("enrollments.csv", lambda row: row["userSourcedId"] == student["sourcedId"])
    clock.move(AN_HOUR)
    with running(tmp_path / "r", sites, agreements, LIFE, clock) as region:
        follower.consumer = region.consumer()
        told = in_step(follower, region)
        assert told["students"] == (0, 1, 0)
        assert told["studentSectionAssociations"] == (0, 0, left)
        assert told.keys() <= {"students", "studentSectionAssociations", "studentSchoolAssociations",
                               "studentEducationOrganizationAssociations"}  # fmt: skip
        assert follower.versions()["oldestChangeVersion"] == oldest
        assert in_step(follower, region) == {}


@pytest.mark.parametrize("spoil", ["cut", "another key", "emptied"])
def test_a_journal_that_cannot_be_read_counts_as_unknown_and_everything_is_told_again(tmp_path, files, spoil):
    sites, agreements = {"maple": files.site}, [agreement("maple", operations=FOLLOWING)]
    with running(tmp_path / "r", sites, agreements, LIFE) as region:
        follower = Follower(region.consumer(), ["students", "courses"])
        follower.sync()
        oldest, clock = follower.versions()["oldestChangeVersion"], region.clock
    for file in (tmp_path / "r" / "state" / "journals").rglob("*"):
        if file.is_file():
            whole = file.read_bytes()
            file.write_bytes({"cut": whole[:20], "another key": whole[:-1] + b"\0\0", "emptied": b""}[spoil])
    clock.move(AN_HOUR)
    with running(tmp_path / "r", sites, agreements, LIFE, clock) as region:
        follower.consumer = region.consumer()
        told = in_step(follower, region)
        assert told["students"] == (0, len(follower.copies["students"]), 0)
        assert follower.versions()["oldestChangeVersion"] > oldest


def test_one_lost_journal_makes_everything_of_its_resource_new_and_the_oldest_version_rise(tmp_path, files):
    sites, agreements = {"maple": files.site}, [agreement("maple", operations=FOLLOWING)]
    with running(tmp_path / "r", sites, agreements, LIFE) as region:
        follower = Follower(region.consumer(), ["students", "courses"])
        follower.sync()
        places = [file for file in (tmp_path / "r" / "state" / "journals").rglob("*") if file.is_file()]
        place = max(places, key=lambda file: file.stat().st_size)
        version, clock = follower.version, region.clock
    place.unlink()
    clock.move(AN_HOUR)
    with running(tmp_path / "r", sites, agreements, LIFE, clock) as region:
        follower.consumer = region.consumer()
        told = in_step(follower, region)
        (whole,) = told.values()
        assert whole[1] == len(follower.copies[next(iter(told))])
        assert follower.versions()["oldestChangeVersion"] > version


def test_one_more_field_makes_every_record_that_has_it_a_change(tmp_path, files):
    lines = [line for line in TUTORING if line[0] != "student.name.given"]
    sites, clock = {"maple": files.site}, None
    with running(tmp_path / "r", sites, [agreement("maple", lines, operations=FOLLOWING)], LIFE) as region:
        follower = Follower(region.consumer(), ["students", "studentSchoolAssociations"])
        follower.sync()
        clock = region.clock
    clock.move(60)
    wider = agreement("maple", TUTORING, operations=FOLLOWING, version=2)
    with running(tmp_path / "r", sites, [wider], LIFE, clock) as region:
        follower.consumer = region.consumer()
        told = in_step(follower, region)
        assert told == {"students": (0, len(follower.copies["students"]), 0)}


def test_who_leaves_the_population_is_gone_and_who_enters_it_is_new(tmp_path, files):
    def signed(school, version):
        people = f'{{all: [{{school: {{in: ["{school}"]}}}}]}}'
        return [agreement("maple", operations=FOLLOWING, population=people, version=version)]

    schools = {row["identifier"] for row in files.rows("orgs.csv") if row["type"] == "school"}
    one, other = sorted(schools)[:2]
    sites = {"maple": files.site}
    with running(tmp_path / "r", sites, signed(one, 1), LIFE) as region:
        follower = Follower(region.consumer(), ["students", "studentSectionAssociations"])
        follower.sync()
        first, clock = set(follower.copies["students"]), region.clock
        assert first
    clock.move(60)
    with running(tmp_path / "r", sites, signed(other, 2), LIFE, clock) as region:
        follower.consumer = region.consumer()
        told = in_step(follower, region)
        assert told["students"] == (0, len(follower.copies["students"]), len(first))


def test_an_enrollment_that_is_over_by_date_takes_its_student_out_of_sight(tmp_path, files):
    people = "{all: [{enrollment: active}]}"
    signed = [agreement("maple", operations=FOLLOWING, population=people)]
    student = student_of(files)
    files.put("enrollments.csv", lambda row: row["userSourcedId"] == student["sourcedId"], endDate="2026-11-04")
    files.put("roles.csv", lambda row: row["userSourcedId"] == student["sourcedId"], endDate="2026-11-04")
    with running(tmp_path / "r", {"maple": files.site}, signed, LIFE.replace("1d", "9d")) as region:
        follower = Follower(region.consumer(), ["students", "studentSectionAssociations"])
        follower.sync()
        for _ in range(60):
            told = in_step(follower, region)
            if told:
                break
        assert told["students"] == (0, 0, 1)
        assert told["studentSectionAssociations"][2] > 0


def test_what_is_gone_is_told_for_as_long_as_is_set_and_the_oldest_version_says_so(tmp_path, files):
    settings = LIFE + '[changes]\nwindow = "3h"\n'
    agreements = [agreement("maple", operations=FOLLOWING)]
    with running(tmp_path / "r", {"maple": files.site}, agreements, settings) as region:
        follower = Follower(region.consumer(), ["studentSectionAssociations"])
        follower.sync()
        placed = next(row for row in files.rows("enrollments.csv") if row["role"] == "student")
        files.drop("enrollments.csv", lambda row: row == placed)
        in_step(follower, region)
        assert len(changed(follower, "studentSectionAssociations/deletes")) == 1
        assert follower.versions()["oldestChangeVersion"] < follower.version
        region.clock.move(4 * AN_HOUR)
        assert changed(follower, "studentSectionAssociations/deletes") == []
        newest = follower.versions()
        assert newest["newestChangeVersion"] - newest["oldestChangeVersion"] == 3 * 3600 / VERSION_STEP_SECONDS


def test_no_parameter_selects_anything_of_the_change_versions(region):
    consumer = region.consumer()
    answer = consumer.ask(f"{VERSIONS}?minChangeVersion=1&foo=bar")
    assert (answer.status_code, set(answer.json)) == (200, {"oldestChangeVersion", "newestChangeVersion"})


def test_versions_are_a_matter_of_the_clock(region, files):
    consumer = Follower(region.consumer(), ["students"])
    begun = int((region.clock().timestamp() - VERSION_ORIGIN_SECONDS) / VERSION_STEP_SECONDS)
    assert consumer.versions() == {"oldestChangeVersion": begun, "newestChangeVersion": begun}
    files.drop("enrollments.csv", lambda row: row["role"] == "student" and row["userSourcedId"] < "maple-s-17258")
    region.clock.move(AN_HOUR)
    assert consumer.versions() == {
        "oldestChangeVersion": begun,
        "newestChangeVersion": begun + AN_HOUR / VERSION_STEP_SECONDS,
    }


def test_every_resource_has_feeds_in_any_case(region):
    consumer = region.consumer()
    consumer.ask(VERSIONS)
    answers = {}
    for name in registry.views("edfi"):
        for feed in FEEDS:
            answers.setdefault(consumer.ask(f"{EDFI}{name}/{feed}", limit=1).status_code, []).append(name)
    print({status: len(names) for status, names in answers.items()})
    assert answers.keys() <= {200, 404}
    assert len(answers[200]) > 600
    assert consumer.ask("/maple/data/v3/ed-fi/STUDENTS/Deletes").status_code == 200
    assert consumer.ask("/maple/changequeries/V1/availablechangeversions").json.keys() == {
        "oldestChangeVersion", "newestChangeVersion",
    }  # fmt: skip
    assert consumer.ask(EDFI + "shoes/deletes").status_code == 404


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("minChangeVersion=5&maxChangeVersion=4", "MinChangeVersion must be less than or equal to MaxChangeVersion."),
        ("minChangeVersion=-1", "MinChangeVersion must be a numeric value greater than or equal to 0."),
        ("MAXCHANGEVERSION=x", "MaxChangeVersion must be a numeric value greater than or equal to 0."),
        (
            "maxChangeVersion=9223372036854775808",
            "MaxChangeVersion must be a numeric value greater than or equal to 0.",
        ),
        ("limit=501", "Limit must be omitted or set to a numeric value between 0 and 500."),
    ],
)
@pytest.mark.parametrize("feed", ["", "/deletes", "/keyChanges"])
def test_a_window_that_is_none_is_refused_in_the_words_of_the_standard(region, query, told, feed):
    answer = region.consumer().ask(f"{EDFI}students{feed}?{query}")
    assert answer.status_code == 400
    assert answer.json["type"] == "urn:ed-fi:api:bad-request:parameter-validation-failed"
    assert answer.json["errors"] == [told]


def test_a_window_goes_with_a_filter_and_with_pages(follower, region, files):
    student = student_of(files)
    files.put("users.csv", lambda row: row["familyName"] != "", familyName="Same")
    region.clock.move(AN_HOUR)
    since = follower.version + 1
    consumer = region.consumer()
    whole = consumer.resources("students", minChangeVersion=since)
    assert len(whole) > 20
    pages = [
        one
        for offset in range(0, len(whole), 7)
        for one in consumer.edfi("students", limit=7, offset=offset, minChangeVersion=since).json
    ]
    assert pages == whole
    (found,) = consumer.edfi("students", minChangeVersion=since, firstName=student["givenName"], limit=1).json
    assert found["lastSurname"] == "Same"
    assert consumer.edfi("students", maxChangeVersion=since - 1, lastSurname="Same").json == []


def test_who_may_not_know_what_changes_is_refused_by_the_name_of_the_action(region):
    reader, scopeless = region.consumer("reader"), region.consumer(scopes=["edfi:read"])
    for consumer, named in ((reader, "the operation 'changes'"), (scopeless, "the action 'ReadChanges'")):
        for rest in (
            f"{EDFI}students/deletes",
            f"{EDFI}students/keyChanges",
            f"{EDFI}students?minChangeVersion=0",
            VERSIONS,
        ):
            answer = consumer.ask(rest)
            assert answer.status_code == 403
            assert answer.json["type"] == "urn:ed-fi:api:security:authorization:access-denied:action"
            assert named in answer.json["errors"][0].replace("The action", "the action")
        assert consumer.edfi("students").status_code == 200


def test_what_is_read_live_from_a_system_that_cannot_tell_says_so(region):
    consumer = region.consumer()
    live = next(
        name
        for name, view in registry.views("edfi").items()
        if consumer.ask(f"{EDFI}{name}/deletes").status_code == 404
    )
    answer = consumer.ask(f"{EDFI}{live}/keyChanges")
    assert answer.json["type"] == "urn:ed-fi:api:system:configuration:feature-disabled"
    assert "compare whole lists" in answer.json["errors"][0]
    window = consumer.edfi(live, minChangeVersion=1)
    assert window.status_code == 400
    assert "compare whole lists" in window.json["errors"][0]
    assert consumer.edfi(live).status_code == 200


def test_change_versions_belong_to_one_district(tmp_path, files):
    sites = {"maple": files.site, "cedar": files.site}
    agreements = [agreement(name, EVERYTHING, operations=FOLLOWING) for name in sites]
    with running(tmp_path / "r", sites, agreements, LIFE) as region:
        consumer = region.consumer()
        for rest in (VERSIONS, f"{EDFI}students/deletes"):
            answer = consumer.ask(rest)
            assert answer.status_code == 404
            assert "/{district}/" in answer.json["errors"][0]
        answer = consumer.edfi("students", minChangeVersion=1)
        assert answer.status_code == 400
        assert "/{district}/" in answer.json["errors"][0]
        for name in sites:
            follower = Follower(consumer, ["students", "courses"], f"/{name}")
            follower.sync()
            assert follower.copy() == follower.source()


def course(code, school, **more):
    return {
        "courseCode": code, "courseTitle": "One", "numberOfParts": 1,
        "educationOrganizationReference": {"educationOrganizationId": school},
        "identificationCodes": [{
            "courseIdentificationSystemDescriptor": "uri://ed-fi.org/CourseIdentificationSystemDescriptor#Other",
            "identificationCode": "1",
        }],
        **more,
    }  # fmt: skip


def test_a_record_that_shares_the_part_of_its_key_that_is_told_does_not_hide_that_another_is_gone(tmp_path):
    """The schools of both are not told; a change of the one that stays is no return of the other."""
    terms = [agreement("elm", (*EVERYTHING, ("organization.identifier", "deny")), operations=FOLLOWING)]
    with room("elm") as elm:
        for number in (101, 102):
            elm.put("schools", SCHOOL | {"schoolId": number})
        gone, kept = (elm.put("courses", course("ALG", number)) for number in (101, 102))
        for number in range(9):
            elm.put("courses", course(f"C{number}", 101))
        with running(tmp_path / "r", {"elm": site("elm")}, terms, LIFE) as region:
            consumer = region.consumer()
            assert consumer.ask(f"{EDFI}courses/deletes", minChangeVersion=0).json == []
            region.clock.move(AN_HOUR)
            del elm.documents["courses"][gone]
            elm.put("courses", course("ALG", 102, courseTitle="Two"), kept)
            deleted = consumer.ask(f"{EDFI}courses/deletes", minChangeVersion=0).json
            assert [(one["id"].replace("-", ""), one["keyValues"]) for one in deleted] == [
                (gone, {"courseCode": "ALG"})
            ]
