"""An agreement is right as a whole or refused, and every mistake in it is told with its place."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from policies import agreement, standing
from policies.documents import schema
from standards.errors import SettingsError
from tests.policies import documents

GOOD = (documents.SAMPLES / "tutoring.yaml").read_text("utf-8")

MISTAKES = [
    ("apiVersion: dsa/v1", "apiVersion: dsa/v2", "1:13", "apiVersion must be dsa/v1"),
    ("clients: [", "client: [", "1:1", "clients is missing"),
    ("operations:", "operation:", "15:1", "unknown key 'operation' (did you mean operations?)"),
    ("version: 1", "version: one", "3:10", "version must be a whole number from 1 on"),
    ("version: 1", "version: 1.5", "3:10", "version must be a whole number from 1 on"),
    ("kind: cbo", "kind: cob", "6:44", "kind must be district, cbo, vendor, sea or researcher (did you mean cbo?)"),
    ('in: ["03", "04", "05"]', 'in: [03, "04"]', "19:21", 'entry 1 of grade must be a text: write it in quotes, like "01"'),
    ('in: ["03", "04", "05"]', 'in: ["3"]', "19:21", "there is no grade '3' (did you mean 03?)"),
    ("{enrollment: active}", "{enrolment: active}", "20:8", "unknown key 'enrolment' (did you mean enrollment?)"),
    ("{enrollment: active}", "{grade: {in: [KG]}}", "20:8", "the selector grade is here twice"),
    ("{enrollment: active}", "{consent: {form: a, status: given}}", "20:35", "status must be granted"),
    ("{enrollment: active}", "{consent: {form: the form, status: granted}}", "20:24", "form must be a name of letters, digits, dots and dashes"),
    ("{enrollment: active}", "{consent: {status: granted}}", "20:17", "form is missing in consent"),
    ("{enrollment: active}", "{program: {named: Tutoring}}", "20:18", "unknown key 'named'"),
    ("{enrollment: active}", "{program: {is: A, in: [B]}}", "20:17", "program must be {is: NAME} or {in: [NAME, ...]}"),
    ("{enrollment: active}", "{program: {in: []}}", "20:22", "in must not be empty"),
    ("{enrollment: active}", "{age: {}}", "20:13", "age must be {from: YEARS, to: YEARS}, or one of the two"),
    ("{enrollment: active}", '{age: {from: "12"}}', "20:20", "from must be a whole number of years from 0 to 150"),
    ("{enrollment: active}", "{age: {from: 12, to: 11}}", "20:28", "the ages end before they begin"),
    ("{enrollment: active}", "{ages: {from: 12}}", "20:8", "unknown key 'ages' (did you mean age?)"),
    ("elements:", "  staffAssignment: wanted\nelements:", "21:20", "staffAssignment must be required"),
    ("from: 2026-09-01", "from: 2026-02-30", "13:18", "from is not a day of the calendar"),
    ("from: 2026-09-01", "from: 01.09.2026", "13:18", "from must be a date such as 2026-09-01"),
    ("to: 2027-08-31", "to: 2026-08-31", "13:34", "the agreement ends before it begins"),
    ("America/Los_Angeles", "America/Los_Angles", "13:56", "there is no time zone 'America/Los_Angles' (did you mean America/Los_Angeles?)"),
    ("America/Los_Angeles", "../../etc/passwd", "13:56", "there is no time zone '../../etc/passwd'"),
    ("clients: [reading-partners-prod]", "clients: []", "14:10", "clients must not be empty"),
    ("clients: [reading-partners-prod]", "clients: [a, b, a]", "14:17", "the client 'a' is here twice"),
    ("operations: [read, search]", "operations: [red]", "15:14", "entry 1 of operations must be read, search, create"),
    ('ferpa: "99.31(a)(1)"', 'ferpa: "99.31(a)(11)"', "9:10", "the basis 99.31(a)(11) is directory information: directory: {optOut: honour} must be written"),
    ('ferpa: "99.31(a)(1)"', 'ferpa: "99.31(a)(1)+99.31(a)(11)"', "9:10", "the basis 99.31(a)(11) is directory information"),
    ("redisclosure: prohibited", "directory: {optOut: honor}", "32:21", "optOut must be honour or n/a (did you mean honour?)"),
    ("redisclosure: prohibited", "directory: {optOut: honour, notice: [student.photo]}", "32:38", "no element is called 'student.photo' (did you mean student.phone?)"),
    ('ferpa: "99.31(a)(1)"', 'ferpa: "99.30"', "9:10", "the basis 99.30 is consent, and no selector of the population asks for it"),
    ('ferpa: "99.31(a)(1)"', 'ferpa: "99.30(b)(2)"', "9:10", "the basis 99.30 is consent, and no selector of the population asks for it"),
    ('ferpa: "99.31(a)(1)"', 'ferpa: "99.31(a)(1)+99.30"', "9:10", "the basis 99.30 is consent, and no selector of the population asks for it"),
    ('ferpa: "99.31(a)(1)"', 'ferpa: "99.31(a)(99)"', "9:10", "34 CFR 99.31(a) has the paragraphs (1) to (16), and no (99)"),
    ('ferpa: "99.31(a)(1)"', 'ferpa: "99.31(a)(1)+99.31(a)(0)"', "9:10", "34 CFR 99.31(a) has the paragraphs (1) to (16), and no (0)"),
    ('ferpa: "99.31(a)(1)"', 'ferpa: "99.31(1)"', "9:10", "34 CFR 99.31 has the paragraphs (a, b, c, d), and no (1)"),
    ('ferpa: "99.31(a)(1)"', "ferpa: 99.31", "9:10", "ferpa must be a section of 34 CFR Part 99"),
    ("path: student.birthDate,", "path: student.birthdate,", "25:12", "no element is called 'student.birthdate' (did you mean student.birthDate?)"),
    ("path: student.birthDate,", "path: edfi.grades.letterGradeEarned,", "25:12", "no element is called 'edfi.grades.letterGradeEarned' (did you mean grade.letter?)"),
    ("path: student.birthDate,", "path: edfi.studentHealths.*,", "25:12", "no element is called 'edfi.studentHealths.*' (did you mean healthRecord.*?)"),
    ("path: student.birthDate,", "path: student.password,", "25:12", "student.password is never released, under no agreement"),
    ("path: student.birthDate,", "path: student. birthDate,", "25:12", "path must be the path of an element"),
    ("birthDate, action: year", "phone, action: year", "25:35", "year fits dates only, and student.phone is not one"),
    ("birthDate, action: year", "name, action: month", "25:34", "month fits dates only"),
    ("birthDate, action: year", "birthDate, action: years", "25:39", "action must be allow, year"),
    ("postalCode, action: zip3", "city, action: zip3", "26:42", "zip3 fits postal codes only, and student.address.city is not one"),
    ("{path: student.phone, action: last4}", "{path: enrollment.primary, action: last4}", "27:40", "last4 fits texts only"),
    ("{path: student.id, action: pseudonym}", "{path: student.id, action: hash}", "22:32", "an id can only be allowed, denied or a pseudonym, not hash"),
    ("{path: student.phone, action: last4}", "{path: course.id, action: pseudonym}", "27:31", "pseudonym fits ids of people and of their records only"),
    ("{path: student.phone, action: last4}", "{path: student.email, action: pseudonym}", "27:35", "pseudonym fits ids of people and of their records only"),
    ("{path: student.phone, action: last4}", "{path: student.identifier, action: last4}", "28:12", "the path student.identifier is also in line 27"),
    ("{path: student.phone, action: last4}", "{path: student.name.*, action: hash}", "27:12", "hash and initial (line 24) cannot both apply to student.name.family"),
    ("{path: student.phone, action: last4}", "{path: student.phone}", "27:5", "action is missing in this line"),
    ("{path: student.phone, action: last4}", "{path: student.phone, action: last4, window: {since: 2026-09-01}}", "27:42", "records of student have no date of their own, so that no window can hold for them"),
    ("{path: enrollment.exitKind, action: deny}", "{path: enrollment.exitKind, action: deny, window: {since: 2026-09-01}}", "30:47", "a deny holds for all days"),
    ("{path: enrollment.*, action: allow}", "{path: enrollment.*, action: allow, window: {}}", "29:49", "window must be {since: DAY, until: DAY}, or one of the two"),
    ("{path: enrollment.*, action: allow}", "{path: enrollment.*, action: allow, window: {since: 2026-02-30}}", "29:57", "since is not a day of the calendar"),
    ("{path: enrollment.*, action: allow}", "{path: enrollment.*, action: allow, window: {since: 2026-09-02, until: 2026-09-01}}", "29:76", "the window ends before it begins"),
    ("{path: enrollment.*, action: allow}", "{path: enrollment.*, action: allow, window: {from: 2026-09-02}}", "29:50", "unknown key 'from'"),
    ("{set: school.basic}", "{set: school.basics}", "31:11", "there is no set 'school.basics' (did you mean school.basic?)"),
    ("{set: school.basic}", "{set: school.basic, action: deny}", "31:5", "a line names either a set or a path with its action"),
    ("redisclosure: prohibited", "limits: {smallCell: 1}", "32:21", "smallCell must be at least 2"),
    ("redisclosure: prohibited", "limits: {maxRowsPerDay: 0}", "32:25", "maxRowsPerDay must be at least 1"),
    ("redisclosure: prohibited", "limits: {maxRows: 10}", "32:10", "unknown key 'maxRows'"),
    ("redisclosure: prohibited", "redisclosure: allowed", "32:15", "redisclosure must be prohibited, or {named: [...]}"),
    ("deleteWithin: P60D", "deleteWithin: 60 days", "33:27", "deleteWithin must be a period such as P60D"),
]  # fmt: skip


def read(folder: Path, text: str):
    sets = folder / "sets"
    sets.mkdir(exist_ok=True)
    bundle = documents.SAMPLES / "sets" / "school.basic.yaml"
    (sets / bundle.name).write_text(bundle.read_text("utf-8"), "utf-8")
    path = folder / "agreement.yaml"
    path.write_text(text, "utf-8")
    return agreement.read(path)


@pytest.mark.parametrize(("right", "wrong", "place", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place(tmp_path, right, wrong, place, message):
    assert right in GOOD
    found, problems = read(tmp_path, GOOD.replace(right, wrong, 1))
    assert found is None
    said = [str(problem).removeprefix(f"{tmp_path}/") for problem in problems]
    assert any(one.startswith(f"agreement.yaml:{place}: {message}") for one in said), said


def test_every_mistake_of_a_file_is_told_in_its_order(tmp_path):
    text = GOOD.replace("student.birthDate", "student.birthdate").replace("student.phone", "student.fone")
    _, problems = read(tmp_path, text)
    assert [problem.line for problem in problems] == [25, 27]


def test_loading_raises_the_first_mistake(tmp_path):
    path = tmp_path / "agreement.yaml"
    path.write_text("id: x\nid: y\n", "utf-8")
    with pytest.raises(SettingsError, match=r"agreement.yaml:2:1: the key 'id' is here twice"):
        agreement.load(path)


def test_a_right_agreement_says_what_it_says():
    found = agreement.load(documents.SAMPLES / "tutoring.yaml")
    assert (found.id, found.version, found.district, found.org, found.kind) == (
        "reading-partners-2026", 1, "maple", "reading-partners", "cbo",
    )  # fmt: skip
    assert (found.begin, found.end, found.timezone.key) == (date(2026, 9, 1), date(2027, 8, 31), "America/Los_Angeles")
    assert found.population.schools == ("101", "102")
    assert found.population.grades == ("03", "04", "05")
    assert found.terms["obligations"] == ["no-ads", "notify-on-breach:P3D"]
    assert found.terms["redisclosure"] == "prohibited"
    assert found.terms["approvals"] == [{"by": "maple-privacy", "at": "2026-08-01"}]


def test_a_set_brings_its_lines_with_their_own_places():
    found = agreement.load(documents.SAMPLES / "tutoring.yaml")
    line = next(line for line in found.lines if line.path == "organization.name")
    assert line.place.endswith("sets/school.basic.yaml:5")
    assert line.bundle == "school.basic"


@pytest.mark.parametrize(
    ("wrong", "place", "message"),
    [
        ("id: school.basics", "1:5", "the set in this file must be called 'school.basic'"),
        ("title: x", "1:1", "unknown key 'title'"),
        ("id: [", "3:9", "this is not YAML"),
    ],
)
def test_a_mistake_in_a_set_is_told_where_the_set_is(tmp_path, wrong, place, message):
    read(tmp_path, GOOD)
    bundle = tmp_path / "sets" / "school.basic.yaml"
    bundle.write_text(bundle.read_text("utf-8").replace("id: school.basic", wrong, 1), "utf-8")
    _, problems = agreement.read(tmp_path / "agreement.yaml")
    said = [str(problem).removeprefix(f"{tmp_path}/sets/") for problem in problems]
    assert any(one.startswith(f"school.basic.yaml:{place}: {message}") for one in said), said


def test_a_set_holds_no_other_set(tmp_path):
    read(tmp_path, GOOD)
    bundle = tmp_path / "sets" / "school.basic.yaml"
    bundle.write_text("id: school.basic\ntext: all\nelements: [{set: school.basic}]\n", "utf-8")
    _, problems = agreement.read(tmp_path / "agreement.yaml")
    assert "a set cannot hold another set" in str(problems[0])


def test_everything_a_star_releases_deserves_a_second_look():
    found = agreement.load(documents.SAMPLES / "conformance.yaml")
    assert any("* releases everything" in one for one in found.warnings)
    assert any("everyone in the district" in one for one in found.warnings)


def test_a_pseudonym_beside_telling_facts_deserves_a_second_look():
    found = documents.load("student.id pseudonym\nstudent.username allow")
    assert any("beside student.username" in one for one in found.warnings)


def test_a_resource_whose_facts_have_other_names_deserves_a_second_look():
    found = documents.load("student.id allow\nedfi.grades.* allow")
    assert any("edfi.grades.* is about what has no other name; the rest is grade.*" in one for one in found.warnings)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [("[create, update]", True), ("[read, create, update, delete]", False), ("[search]", False)],
)
def test_writing_without_reading_deserves_a_second_look(operations, expected):
    found = documents.load("student.id allow", operations=operations)
    assert any("without the operation read" in one for one in found.warnings) is expected


def test_consent_with_its_selector_is_read_and_names_the_form(tmp_path):
    text = GOOD.replace('"99.31(a)(1)"', '"99.30"')
    found, problems = read(tmp_path, text.replace("{enrollment: active}", "{consent: {form: a, status: granted}}"))
    assert (problems, found.population.form) == ([], "a")


def write(folder: Path, name: str, **changes: object) -> None:
    (folder / name).write_text(documents.text("student.id allow", **changes), "utf-8")


def test_two_versions_of_one_agreement_stand_side_by_side(tmp_path):
    write(tmp_path, "one.yaml")
    write(tmp_path, "two.yml", version=2, begin="2027-01-01")
    (tmp_path / "notes.txt").write_text("not an agreement", "utf-8")
    assert [one.version for one in agreement.load_folder(tmp_path)] == [1, 2]


def test_a_version_is_given_once(tmp_path):
    write(tmp_path, "one.yaml")
    write(tmp_path, "two.yaml")
    with pytest.raises(SettingsError, match="version 1 of reading is also in"):
        agreement.load_folder(tmp_path)


def test_two_agreements_for_one_client_district_and_purpose_stand_side_by_side(tmp_path):
    write(tmp_path, "one.yaml")
    write(tmp_path, "two.yaml", id="writing", begin="2027-01-01")
    assert [one.id for one in agreement.load_folder(tmp_path)] == ["reading", "writing"]


def test_two_purposes_of_one_client_in_one_district_stand_side_by_side(tmp_path):
    write(tmp_path, "one.yaml")
    write(tmp_path, "two.yaml", id="study", purpose="research", begin="2027-01-01")
    assert [one.purpose for one in agreement.load_folder(tmp_path)] == ["tutoring", "research"]


@pytest.mark.parametrize(
    "apart",
    [
        {"district": "cedar"},
        {"district": "cedar", "purpose": "research"},
        {"begin": "2027-09-01", "end": "2028-08-31"},
        {"purpose": "research", "begin": "2027-09-01", "end": "2028-08-31"},
    ],
)
def test_two_agreements_that_never_meet_are_fine(tmp_path, apart):
    write(tmp_path, "one.yaml")
    write(tmp_path, "two.yaml", id="writing", **apart)
    assert len(agreement.load_folder(tmp_path)) == 2


def test_a_mistake_in_one_file_does_not_hide_those_in_another(tmp_path):
    write(tmp_path, "one.yaml")
    (tmp_path / "two.yaml").write_text("a: 1", "utf-8")
    (tmp_path / "zoo.yaml").write_text("b: [", "utf-8")
    found, problems = agreement.read_folder(tmp_path)
    assert len(found) == 1
    assert {Path(problem.file).name for problem in problems} == {"two.yaml", "zoo.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("id: reading\n", 'id: "reading\\n"\n', "id must be a name"),
        ("org: reading-partners", 'org: "reading-partners\\n"', "org must be a name"),
        ("district: maple", 'district: "maple\\n"', "district must be a name"),
        ("purpose: tutoring", 'purpose: "tutoring\\n"', "purpose must be a name"),
        ("[reading-partners-prod]", '["reading-partners-prod\\n"]', "must be a name"),
        ("plan weekly", "plan \\e[2J weekly", "legitimateInterest has a control character"),
        ("plan weekly", "plan \\L weekly", "legitimateInterest has a control character"),
        ("student.id", "student.id\\n", "must be the path of an element"),
        ("student.id", "oneroster.users.metadata.a\\eb", "must be the path of an element"),
    ],
)
def test_a_name_has_no_line_feed_behind_it_and_no_text_steers_a_terminal(tmp_path, old, new, told):
    text = documents.text("student.id allow")
    assert old in text
    (tmp_path / "one.yaml").write_text(text.replace(old, new), "utf-8")
    _, problems = agreement.read(tmp_path / "one.yaml")
    assert told in problems[0].message


def test_an_interest_of_several_lines_is_told_in_one(tmp_path):
    text = documents.text("student.id allow").replace("plan weekly", "plan\\n  who: nobody\\nweekly")
    (tmp_path / "one.yaml").write_text(text, "utf-8")
    assert agreement.load(tmp_path / "one.yaml").interest == "plan who: nobody weekly reading support"


CONSENTED = "{all: [{consent: {form: rp-2026, status: granted}}]}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("org: reading-partners", "org: other"),
            "reading is an agreement of maple and reading-partners: other parties",
        ),
        (
            ("district: maple", "district: cedar"),
            "reading is an agreement of maple and reading-partners: other parties",
        ),
        (("purpose: tutoring", "purpose: research"), "the form rp-2026 was signed for tutoring: another purpose needs"),
    ],
)
def test_an_id_stays_with_its_parties_and_a_form_with_its_purpose(tmp_path, change, told):
    """Consents know the id and the form: they would count for a party, or a purpose, that no parent has heard of."""
    texts = [documents.text("student.id allow", CONSENTED, version=number) for number in (1, 2, 3)]
    texts[1] = texts[1].replace("rp-2026", "rp-2027")
    texts[2] = texts[2].replace(*change)
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_text(text, "utf-8")
    _, problems = agreement.read_folder(tmp_path)
    assert problems
    assert all(told in one.message for one in problems)
    assert standing.stand(tmp_path, {"maple", "cedar"}).agreements == ()


def test_another_purpose_with_a_form_of_its_own_is_a_version_like_any(tmp_path):
    first, second = (documents.text("student.id allow", CONSENTED, version=number) for number in (1, 2))
    (tmp_path / "1.yaml").write_text(first, "utf-8")
    (tmp_path / "2.yaml").write_text(second.replace("tutoring", "research").replace("rp-2026", "rp-2027"), "utf-8")
    assert agreement.read_folder(tmp_path)[1] == []


def test_a_folder_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(SettingsError, match="not a folder"):
        agreement.load_folder(tmp_path / "none")


def test_a_replaced_version_does_not_come_back_when_its_successor_ends():
    old = documents.load("student.id allow")
    new = documents.load("student.id allow", version=2, begin="2026-10-01", end="2026-12-31")
    assert agreement.current([old, new], date(2026, 9, 30)) == (old,)
    assert agreement.current([old, new], date(2026, 10, 1)) == (new,)
    assert agreement.current([old, new], date(2027, 1, 1)) == ()


def test_the_published_schema_is_itself_valid():
    Draft202012Validator.check_schema(schema.published())
    assert json.dumps(schema.published())


def test_every_action_and_no_other_is_in_the_schema():
    from policies.transforms import ACTIONS

    assert tuple(schema.published()["$defs"]["element"]["properties"]["action"]["enum"]) == ACTIONS


def test_a_document_that_was_right_is_checked_anew_when_it_or_a_set_of_it_is_another(tmp_path):
    sets = tmp_path / agreement.SETS
    sets.mkdir()
    bundle = "id: basics\ntext: who it is\nelements: [{path: student.id, action: allow}]\n"
    (sets / "basics.yaml").write_text(bundle)
    file = tmp_path / "one.yaml"
    file.write_text(documents.text("") + "  - {set: basics}\n")
    first, problems = agreement.read(file)
    assert problems == []
    assert agreement.read(file)[0] is first
    (sets / "basics.yaml").write_text(bundle.replace("student.id", "student.email"))
    assert [line.path for line in agreement.read(file)[0].lines] == ["student.email"]
    (sets / "basics.yaml").write_text(bundle.replace("student.id", "student.nothing"))
    assert "student.nothing" in str(agreement.read(file)[1])
    (sets / "basics.yaml").unlink()
    assert "no set" in str(agreement.read(file)[1])
    (sets / "basics.yaml").write_text(bundle)
    assert agreement.read(file)[0] == first
    file.write_text(file.read_text().replace("version: 1", "version: 2"))
    assert agreement.read(file)[0].version == 2


def test_what_is_no_file_among_the_sets_holds_nobody_up(tmp_path):
    (tmp_path / agreement.SETS).mkdir()
    os.mkfifo(tmp_path / agreement.SETS / "pipe.yaml")
    (tmp_path / agreement.SETS / "folder.yaml").mkdir()
    (tmp_path / "one.yaml").write_text(documents.text("student.id allow"))
    assert agreement.read(tmp_path / "one.yaml")[1] == []
