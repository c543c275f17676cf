"""The twelve cases from the field, run as they lie in the reference data, answer as their ``expected.md`` says."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from contextlib import contextmanager

import pytest

from adapters.oneroster.records import FILES
from adapters.simulators.oneroster import Sis, documents, run
from standards import registry
from standards.edfi.model.flat_key_names import flat_key_names
from standards.edfi.model.model import resources
from tests.conformance.cases import NEW, OLD, ROOTS, case, check, listed, serving, up, whole
from tests.support.needs import shared
from tests.support.regions import EDFI, Site, agreement, running

EVERY = [
    one.collection
    for one in resources().values()
    if not one.is_descriptor and registry.lens("edfi", one.collection).entity in FILES
]
SECRET = "a secret of the tests"


def keys(consumer):
    """The natural key of every Ed-Fi record, by its resource; none is without one, and no two have the same."""
    found = {}
    for resource in EVERY:
        records = consumer.resources(resource, district="maple")
        own = [tuple(_at(record, path) for path in flat_key_names(resource)) for record in records]
        assert None not in {part for key in own for part in key}, resource
        assert max(Counter(own).values(), default=1) == 1, resource
        if records:
            found[resource] = records
    return found


def _at(record, path):
    for part in path.split("."):
        record = record.get(part) if record is not None else None
    return record


def numbers(value):
    """Every number of an education organization in what is told."""
    if isinstance(value, list):
        for one in value:
            yield from numbers(one)
    for name, one in value.items() if isinstance(value, dict) else ():
        if name in {"schoolId", "educationOrganizationId", "localEducationAgencyId"}:
            yield one
        yield from numbers(one)


# cells-nobody-reads


def test_a_wrong_time_that_nobody_reads_is_a_warning_of_check(tmp_path, monkeypatch):
    code, lines = check(case(tmp_path, "cells-nobody-reads"), monkeypatch)
    assert code == 0
    told = {
        "users.csv:2:3": "is neither a date nor a time (YYYY-MM-DDTHH:MM:SS.sssZ); nobody reads it",
        "orgs.csv:3:3": "is not written as the standard writes it",
    }
    for place, what in told.items():
        assert f"warning: districts.maple: {place}: dateLastModified {what}" in lines


def test_the_whole_district_is_read_in_spite_of_a_wrong_time(tmp_path):
    with serving(case(tmp_path, "cells-nobody-reads")) as consumer:
        assert whole(consumer)


# check-names-the-district


def with_birch(folder):
    """The case with an agreement of birch too, so that birch is loaded."""
    text = (folder / "agreements" / "maple.yaml").read_text("utf-8")
    (folder / "agreements" / "birch.yaml").write_text(
        text.replace("maple", "birch").replace("id: case", "id: other"), "utf-8"
    )
    return folder


def test_a_mistake_in_the_files_of_one_of_two_districts_is_told_with_the_district(tmp_path, monkeypatch):
    for added in (lambda folder: folder, with_birch):
        folder = added(case(tmp_path, "check-names-the-district"))
        _, lines = check(folder, monkeypatch)
        told = "districts.birch: users.csv:2:4: enabledUser is not written as the standard writes it"
        assert f"warning: {told}" in lines
        assert [line for line in lines if "users.csv" in line and "districts.birch" not in line] == []
        shutil.rmtree(folder)


def test_a_hold_that_cannot_be_loaded_or_renewed_is_logged_with_the_district(tmp_path, log):
    folder = with_birch(case(tmp_path, "check-names-the-district"))
    (users := folder / "b" / "users.csv").write_text(users.read_text("utf-8").replace("yes", "perhaps"), "utf-8")
    with up(folder) as region:
        consumer = region.consumer("tester")
        assert listed(consumer, f"/birch{OLD}users").keys() == {"st2", "te1"}
        assert {(line["place"], line["district"]) for line in log() if line["event"] == "row set aside"} == {
            ("users.csv:2:4", "birch"), ("enrollments.csv:2", "birch"),
        }  # fmt: skip
    users.write_text(users.read_text("utf-8").replace("true", "perhaps"), "utf-8")
    with up(folder) as region:
        assert region.consumer("tester").ask(f"/birch{OLD}users").status_code == 502
        (failed,) = [line for line in log() if line["event"] == "load failed"]
        assert failed["district"] == "birch"
        assert failed["reason"].startswith("districts.birch: ")
        assert ("users.csv:3:4", "birch") in {
            (line["place"], line["district"]) for line in log() if line["event"] == "row refused"
        }
        assert listed(region.consumer("tester"), f"/maple{OLD}users").keys() == {"st1", "st2", "te1"}


# class-lists-go-by-the-enrollment


def test_a_student_who_helps_in_a_class_is_not_one_of_its_students(tmp_path):
    with serving(case(tmp_path, "class-lists-go-by-the-enrollment")) as consumer:
        for root in (district + root for district in ("", "/maple") for root in ROOTS):
            assert listed(consumer, f"{root}classes/K2/students") == {}
            assert listed(consumer, f"{root}classes/K1/students").keys() == {"st1", "st2"}
            found = listed(consumer, f"{root}enrollments")
            assert found.keys() == {"e1", "e2", "e3", "e7", "e8"}
            stated = {one: (found[one]["role"], found[one]["user"]["sourcedId"]) for one in ("e1", "e7", "e8")}
            aide = "aide" if root.endswith(OLD) else "ext:aide"
            assert stated == {"e1": ("student", "st1"), "e7": (aide, "st1"), "e8": ("teacher", "st1")}
        found = keys(consumer)
    sections = {one["sectionIdentifier"]: one["courseOfferingReference"]["schoolId"] for one in found["sections"]}
    assert sorted(sections.values()) == [900101, 900102]
    placed = [
        (one["studentReference"]["studentUniqueId"], sections[one["sectionReference"]["sectionIdentifier"]],
         one["beginDate"], one["endDate"])
        for one in found["studentSectionAssociations"]
    ]  # fmt: skip
    assert sorted(placed) == [
        ("st1", 900101, "2026-08-15", "2026-12-19"), ("st2", 900101, "2026-08-15", "2026-12-19"),
    ]  # fmt: skip


# school-without-number


def test_schools_without_an_identifier_have_one_number_wherever_they_are_told(tmp_path, monkeypatch):
    folder = case(tmp_path, "school-without-number")
    assert check(folder, monkeypatch)[0] == 0
    with serving(folder) as consumer:
        found = keys(consumer)
        schools = {one["schoolId"]: one["nameOfInstitution"] for one in found["schools"]}
        assert sorted(schools.values()) == ["Elm School", "Oak School"]
        agencies = {one["localEducationAgencyId"] for one in found["localEducationAgencies"]}
        assert len(agencies) == 1
        assert set(numbers(list(found.values()))) == schools.keys() | agencies
        for resource in ("sessions", "courseOfferings", "sections", "studentSchoolAssociations",
                         "studentSectionAssociations", "staffSectionAssociations"):  # fmt: skip
            told = [set(numbers(one)) for one in found[resource]]
            assert all(len(one & schools.keys()) == 1 for one in told), resource


# second-role-is-no-enrollment


def test_a_role_that_is_no_students_puts_nobody_into_the_population_of_a_school(tmp_path):
    folder = case(tmp_path, "second-role-is-no-enrollment")
    elm = agreement("maple", client="elm", population='{all: [{school: {in: ["900101"]}}, {enrollment: active}]}')
    (folder / "agreements" / "elm.yaml").write_text(elm, "utf-8")
    with up(folder) as region:
        consumer, other = region.consumer("tester"), region.consumer("elm")
        for root in (district + root for district in ("", "/maple") for root in ROOTS):
            for collection in ("users", "students", "demographics", "schools/S2/students"):
                assert "st1" not in listed(consumer, root + collection), collection
            for one in ("users/st1", "students/st1", "demographics/st1"):
                assert consumer.ask(root + one).status_code == 404
            assert {"st1", "st2"} <= listed(other, f"{root}users").keys()
            assert "st1" in listed(other, f"{root}demographics")
        for district in ("", "maple"):
            for resource in ("students", "studentSchoolAssociations", "studentEducationOrganizationAssociations"):
                assert consumer.resources(resource, district=district) == []
            held = other.resources("studentSchoolAssociations", district=district)
            who = {(one["studentReference"]["studentUniqueId"], one["schoolReference"]["schoolId"]) for one in held}
            assert who == {("st1", 900101), ("st2", 900101)}


# user-without-role


def test_check_names_the_user_whom_the_roles_forget(tmp_path, monkeypatch):
    code, lines = check(case(tmp_path, "user-without-role"), monkeypatch)
    assert code == 0
    for place in ("users.csv:3", "enrollments.csv:3"):
        assert f"warning: districts.maple: {place}: no role says what the user is: the row is set aside" in lines
    told = "districts.maple: set aside: 1 of 3 rows of user: no role says what the user is (1)"
    assert told in lines


def test_a_user_whom_the_roles_forget_is_counted_at_run_time(tmp_path, log):
    with up(case(tmp_path, "user-without-role")) as region:
        consumer = region.consumer("tester")
        for root in ROOTS:
            assert listed(consumer, f"{root}users").keys() == {"st1", "te1"}
            assert listed(consumer, f"{root}enrollments").keys() == {"e1", "e3"}
        assert {(line["place"], line["kind"]) for line in log() if line["event"] == "row set aside"} == {
            (place, "no role says what the user is") for place in ("users.csv:3", "enrollments.csv:3")
        }
        assert "set aside: 1 of 3 rows of user" in region.gateway.districts["maple"].status().text()


# zip-made-on-a-mac


def test_a_zip_made_on_a_mac_is_read(tmp_path, monkeypatch):
    folder = case(tmp_path, "zip-made-on-a-mac")
    assert check(folder, monkeypatch)[0] == 0
    with serving(folder) as consumer:
        assert whole(consumer)


# files-1.2-without-roles


def test_check_names_files_of_1_2_without_roles(tmp_path, monkeypatch):
    code, lines = check(case(tmp_path, "files-1.2-without-roles"), monkeypatch)
    assert code == 1
    assert (
        "districts.maple: manifest.csv:21:2: OneRoster 1.2 tells in roles.csv what every user is, and that file is"
        " absent. Where users.csv tells it, oneroster.version is 1.1." in lines
    )


def test_nothing_is_served_of_files_of_1_2_without_roles(tmp_path):
    with serving(case(tmp_path, "files-1.2-without-roles")) as consumer:
        for address in (f"{root}{name}" for root in ROOTS for name in ("users", "students", "orgs")):
            for district in ("", "/maple"):
                assert consumer.ask(district + address).status_code == 502, address
        assert consumer.ask(f"{EDFI}students").status_code == 502


# refusal-tells-no-count


def refused(folder):
    """What the consumer of a case is told once half of the users have gone: every answer, without its own id."""
    with serving(folder) as consumer:
        for root in ROOTS:
            assert listed(consumer, f"{root}orgs").keys() == {"D1", "S1", "S2"}
        shutil.copyfile(folder / "after" / "users.csv", folder / "before" / "users.csv")
        consumer.region.clock.move(5)
        answers = [
            consumer.ask(district + address)
            for district in ("", "/maple")
            for address in (f"{OLD}orgs", f"{NEW}orgs", f"{OLD}schools", f"{NEW}orgs/S1", f"{EDFI}schools")
        ]
        kept = [{name: value for name, value in one.json.items() if name != "correlationId"} for one in answers]
        return [one.status_code for one in answers], kept


def large(folder):
    """The same case with a district of 90 users, of which the same share goes."""
    for part, count in (("before", 90), ("after", 45)):
        path = folder / part / "users.csv"
        heading, first, *rest = path.read_text("utf-8").splitlines()
        form = next(row for row in rest if row.startswith("u1,"))
        others = [row for row in rest if not row.startswith("u")]
        made = [form.replace("u1,", f"u{at},").replace("N1,", f"N{at},") for at in range(count)]
        path.write_text("\n".join([heading, first, *others, *made, ""]), "utf-8", newline="")
    return folder


def test_what_a_consumer_is_told_of_a_broken_source_does_not_depend_on_hidden_rows(tmp_path, log):
    few = refused(case(tmp_path, "refusal-tells-no-count"))
    reasons = {line["reason"] for line in log() if "reason" in line}
    (tmp_path / "refusal-tells-no-count").rename(tmp_path / "few")
    assert refused(large(case(tmp_path, "refusal-tells-no-count"))) == few
    states, told = few
    assert [states[at] for at in (0, 1, 3)] == [503] * 3
    assert set(states) == {503, 403}  # the kinds of organizations are not released, so that there are no schools
    said = {re.findall('"imsx_description": "([^"]*)"', json.dumps(told[at]))[0] for at in (0, 1, 3)}
    assert said == {"The district's system cannot be reached now."}
    assert any("districts.maple" in one and "20 of 42 rows of student" in one for one in reasons)
    reasons = {line["reason"] for line in log() if "reason" in line} - reasons
    assert any("45 of 92 rows of student" in one for one in reasons)


# role-in-capitals-over-rest and status-inactive-over-rest


def given(version, name=""):
    """The documents of a OneRoster server: the small district of the cases, and over it the *name*d input."""
    place = shared("cases", "cells-nobody-reads", "input")
    rows = {path.stem: list(csv.DictReader(path.read_text("utf-8").splitlines())) for path in place.glob("*.csv")}
    for row in (row for some in rows.values() for row in some if "status" in row):
        row |= {"status": "", "dateLastModified": ""}
    found = documents({name: some for name, some in rows.items() if name != "manifest"})
    for user in rows["users"]:
        as_it_is(version, found["users"][user["sourcedId"]], user["role"])
    for collection, some in json.loads(shared("cases", name).read_text("utf-8")).items() if name else ():
        found[collection] |= {one["sourcedId"]: one for one in some}
        for user in some if collection == "users" else ():
            as_it_is(version, user, user["role"])
    return found


def as_it_is(version, user, role):
    """Give a user its role at S1, in the way of the version."""
    org = {"sourcedId": "S1", "type": "org", "href": "x"}
    user.pop("roles", None)
    old = {"role": role, "orgs": [org]}
    user |= old if version == "1.1" else {"roles": [{"roleType": "primary", "role": role, "org": org}]}


@contextmanager
def over_rest(folder, version, found, agreements):
    """A gateway over a OneRoster server that shows its documents as they are; agreements by their clients."""
    sis = Sis(found, secret=SECRET)
    sis._shown = lambda _asked, document: document
    with run(sis) as system:
        (folder / "secret").write_text(SECRET, "utf-8")
        settings = {
            "url": system.url, "token_url": system.token_url, "client_id": "crossing", "version": version,
            "client_secret": f"file:{folder}/secret", "allow_private": "true",
        }  # fmt: skip
        with running(folder / "region", {"maple": Site("oneroster_rest", settings)}, agreements) as region:
            yield region


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_child_whose_role_is_written_in_capitals_is_never_a_member_of_staff(tmp_path, version):
    staff = shared("cases", "role-in-capitals-over-rest", "agreements", "maple.yaml").read_text("utf-8")
    found = given(version, "role-in-capitals-over-rest/input/users.json")
    with over_rest(tmp_path, version, found, [staff, agreement("maple")]) as region:
        consumer, other = region.consumer("tester"), region.consumer()
        for root in (district + root for district in ("", "/maple") for root in ROOTS):
            assert listed(consumer, f"{root}users").keys() == {"te1"}
            assert consumer.ask(f"{root}users/st1").status_code == 404
            assert listed(other, f"{root}students").keys() == {"st1", "st2"}
            assert listed(other, f"{root}teachers").keys() == {"te1"}
        for district in ("", "maple"):
            assert [one["staffUniqueId"] for one in consumer.resources("staffs", district=district)] == ["te1"]
            assert [one["staffUniqueId"] for one in other.resources("staffs", district=district)] == ["te1"]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_the_source_calls_inactive_is_left_out_and_counted(tmp_path, log, version):
    found = given(version, "status-inactive-over-rest/input/enrollments.json")
    found["users"]["st3"] = found["users"]["st1"] | {"sourcedId": "st3", "status": "inactive"}
    with over_rest(tmp_path, version, found, [agreement("maple")]) as region:
        consumer = region.consumer()
        for root in (district + root for district in ("", "/maple") for root in ROOTS):
            assert listed(consumer, f"{root}users").keys() == {"st1", "st2", "te1"}
            assert listed(consumer, f"{root}enrollments").keys() == {"e1", "e3"}
            assert listed(consumer, f"{root}classes/K1/students").keys() == {"st1"}
            for one in ("users/st3", "students/st3", "enrollments/e2"):
                assert consumer.ask(root + one).status_code == 404
        assert len(consumer.resources("studentSectionAssociations")) == 1
        dropped = [(one["place"], one["count"]) for one in log() if one.get("kind") == "document left out"]
    assert sorted(dropped) == [("enrollments", 1), ("users", 1)]


def test_what_files_call_inactive_is_left_out_and_counted_too(tmp_path, log):
    folder = case(tmp_path, "user-without-role")
    for name, own in (("users.csv", "st1"), ("enrollments.csv", "e3")):
        text = (folder / "input" / name).read_text("utf-8")
        (folder / "input" / name).write_text(text.replace(f"\n{own},,", f"\n{own},inactive,"), "utf-8", newline="")
    with (folder / "input" / "roles.csv").open("a", encoding="utf-8", newline="") as roles:
        roles.write("r2,,,st2,primary,student,2026-08-15,,S1,\n")
    with serving(folder) as consumer:
        for root in ROOTS:
            assert listed(consumer, f"{root}users").keys() == {"st2", "te1"}
            assert listed(consumer, f"{root}enrollments").keys() == {"e2"}
    dropped = [(one["place"], one["count"]) for one in log() if one.get("kind") == "row left out"]
    assert ("users.csv", 1) in dropped
    assert ("enrollments.csv", 1) in dropped


def test_what_belongs_to_users_whom_files_call_deleted_is_gone_with_them(tmp_path, log):
    folder = case(tmp_path, "cells-nobody-reads")
    users = folder / "input" / "users.csv"
    rows = list(csv.reader(users.read_text("utf-8").splitlines()))
    for row in rows:
        row[1:3] = ["tobedeleted", ""] if row[0].startswith("st") else row[1:3]
    with users.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with serving(folder) as consumer:
        for root in ROOTS:
            assert listed(consumer, f"{root}users").keys() == {"te1"}
            assert {one["user"]["sourcedId"] for one in listed(consumer, f"{root}enrollments").values()} == {"te1"}
            assert listed(consumer, f"{root}classes/K1/students") == {}
        assert consumer.resources("studentSectionAssociations") == []
        assert consumer.resources("studentSchoolAssociations") == []
    assert ("enrollments.csv", "owner left out", 2) in {
        (one.get("place"), one.get("kind"), one.get("count")) for one in log()
    }


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_belongs_to_users_whom_a_server_calls_deleted_is_gone_with_them(tmp_path, version):
    found = given(version)
    for own in ("st1", "st2"):
        found["users"][own]["status"] = "tobedeleted"
    with over_rest(tmp_path, version, found, [agreement("maple")]) as region:
        consumer = region.consumer()
        for root in ROOTS:
            assert listed(consumer, f"{root}users").keys() == {"te1"}
            assert {one["user"]["sourcedId"] for one in listed(consumer, f"{root}enrollments").values()} == {"te1"}
        assert consumer.resources("studentSectionAssociations") == []


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_belongs_to_a_class_that_a_server_calls_deleted_is_gone_with_it(tmp_path, version):
    found = given(version)
    found["classes"]["K1"]["status"] = "tobedeleted"
    with over_rest(tmp_path, version, found, [agreement("maple")]) as region:
        consumer = region.consumer()
        for root in ROOTS:
            assert listed(consumer, f"{root}classes").keys() == {"K2"}
            assert {one["class"]["sourcedId"] for one in listed(consumer, f"{root}enrollments").values()} <= {"K2"}
