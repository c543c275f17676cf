"""``crossing restrictions`` writes down whom it was told of, says what it did, and never repeats a value."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.gateway.commands.register_region import region, register_files

__all__ = ["region", "register_files"]

MAPLE = ("--district", "maple")
ADDRESS = "street: PO Box 257\ncity: Olympia\n\nstate: WA\npostalCode: 98507\n"


def listed(region, *words):
    return json.loads(region.crossing("restrictions", "list", *MAPLE, "--json", *words).stdout)


def typed_name(student):
    return f"{student['familyName']}\n{student['givenName']}\n{student['birthDate']}\n"


def add(region, typed, *words, kind="directory", fails=0):
    return region.crossing("restrictions", "add", *MAPLE, "--kind", kind, *words, typed=typed, fails=fails)


def test_a_restriction_is_written_down_and_listed_without_anybodys_name(region):
    student = region.students[0]
    answer = add(region, f"{student['sourcedId']}\n", "--reason", "annual form", "--actor", "ana")
    assert answer.stdout.endswith(": added.\n")
    (one,) = listed(region)
    assert (one["kind"], one["by"], one["reason"], one["until"]) == ("directory", "ana", "annual form", None)
    assert one["entry"] in region.crossing("restrictions", "list", *MAPLE).stdout
    told = region.crossing("restrictions", "show", one["entry"], *MAPLE).stdout
    for text in ("sourcedId", "familyName", "givenName", "birthDate"):
        assert student[text] not in told + answer.stdout


@pytest.mark.parametrize("by", ["id", "state-id", "name"])
def test_a_student_is_found_by_whatever_is_known_and_it_is_one_entry(region, by):
    student = region.students[0]
    ways = {"id": student["sourcedId"], "state-id": student["userMasterIdentifier"], "name": typed_name(student)}
    add(region, ways[by] + "\n", "--by", by)
    for other, typed in ways.items():
        assert add(region, typed + "\n", "--by", other).stdout.endswith(": there already.\n")
    assert len(listed(region)) == 1


def test_a_restriction_survives_new_ids_of_the_system(region):
    student = region.students[0]
    add(region, f"{student['sourcedId']}\n")
    region.reissue(student["sourcedId"], "brand-new")
    assert len(listed_of(region, "brand-new")) == 1


def listed_of(region, student):
    words = ("restrictions", "list", *MAPLE, "--json", "--student")
    return json.loads(region.crossing(*words, typed=f"{student}\n").stdout)


def test_a_student_whom_nobody_knows_is_refused_unless_the_entry_is_wanted_anyway(region):
    answer = add(region, "no-such-student\n", fails=1)
    assert "no student who is known by this" in answer.output
    assert listed(region) == []
    assert "crossing tasks list" in add(region, "no-such-student\n", "--anyway").stderr
    assert len(listed(region)) == 1


def test_a_name_that_several_have_is_refused_and_no_tag_of_an_entry(region):
    first, second = region.students[:2]
    alike = {name: first[name] for name in ("familyName", "givenName")}
    region.change("users.csv", {second["sourcedId"]: alike})
    region.change("demographics.csv", {second["sourcedId"]: {"birthDate": first["birthDate"]}})
    assert "several students" in add(region, typed_name(first), "--by", "name", fails=1).output
    add(region, f"{first['sourcedId']}\n")
    assert len(listed_of(region, first["sourcedId"])) == 1
    assert listed_of(region, second["sourcedId"]) == []


def test_a_reason_that_says_who_it_is_about_is_refused(region):
    student = region.students[0]
    answer = add(region, f"{student['sourcedId']}\n", "--reason", f"moved: {student['sourcedId']}", fails=2)
    assert "stays on record" in answer.output
    assert listed(region) == []


@pytest.mark.parametrize("word", ["--reason", "--actor"])
def test_who_acts_and_why_are_one_line_each(region, word):
    student = region.students[0]
    answer = add(region, f"{student['sourcedId']}\n", word, "form\nevent 7: another act", fails=1)
    assert "must be one line" in answer.stderr
    assert listed(region) == []


def test_a_protected_address_is_kept_and_never_shown(region):
    place = region.write("box.txt", ADDRESS)
    add(region, f"{region.students[0]['sourcedId']}\n", "--substitute-from", place, kind="acp")
    (one,) = listed(region)
    assert one["substitute"] is True
    shown = region.crossing("restrictions", "show", one["entry"], *MAPLE).stdout
    assert "257" not in shown
    kept = b"".join(path.read_bytes() for path in (region.folder / "state").iterdir() if path.is_file())
    for value in ("PO Box 257", "98507", region.students[0]["sourcedId"], region.students[0]["familyName"]):
        assert value.encode() not in kept


def test_a_substitute_can_be_replaced_and_taken_away(region):
    student = f"{region.students[0]['sourcedId']}\n"
    refused = add(region, student, kind="acp", fails=2)
    assert "recipients get nothing of the address" in " ".join(refused.output.split())
    add(region, student, "--without-substitute", kind="acp")
    (one,) = listed(region)
    assert one["substitute"] is False
    place = region.write("box.txt", ADDRESS)
    words = ("restrictions", "substitute", one["entry"], *MAPLE)
    assert "changed" in region.crossing(*words, "--substitute-from", place).stdout
    assert listed(region)[0]["substitute"] is True
    region.crossing(*words)
    assert listed(region)[0]["substitute"] is False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("streat: x\n", r"box.txt:1:1: write street: …"),
        ("did you mean", "box.txt:1:1"),
        ("street: a\nstreet: b\n", "box.txt:2:1: street is there twice"),
        ("street: a\ncity: b\npostalCode: c\n", "state: the substitute address lacks this"),
        ("street: a\ncity: b\nstate: Washington\npostalCode: c\n", "state: this is no state"),
    ],
)
def test_a_wrong_file_of_an_address_is_refused_with_its_place(region, text, told):
    place = region.write("box.txt", text)
    answer = add(region, f"{region.students[0]['sourcedId']}\n", "--substitute-from", place, kind="acp", fails=1)
    assert told in answer.output
    assert listed(region) == []


def test_an_answer_that_standard_input_does_not_have_is_told(region):
    answer = add(region, f"{region.students[0]['sourcedId']}\n", "--hide", "contact", kind="court-order", fails=1)
    assert "The contact's id in the district's system" in answer.output
    assert "Standard input has ended before all that was asked for" in answer.output


def test_a_court_order_hides_a_contact_or_the_student_from_a_recipient(region):
    student = f"{region.students[0]['sourcedId']}\n"
    assert "say which" in add(region, student, kind="court-order", fails=1).output
    with_contact = student + f"{region.contacts[0]}\n"
    add(region, with_contact, "--hide", "contact", kind="court-order")
    assert (
        "no such contact" in add(region, student + "nobody\n", "--hide", "contact", kind="court-order", fails=1).output
    )
    add(region, student, "--recipient", "reading", kind="court-order")
    told = add(region, student, "--recipient", "raeding", kind="court-order", fails=1).output
    assert "no agreement of maple names this organisation (did you mean reading?)" in told
    assert [(one["hidesContact"], one["recipients"]) for one in listed(region)] == [(True, []), (False, ["reading"])]


@pytest.mark.parametrize(
    ("kind", "words", "told"),
    [
        ("directory", ("--hide", "contact"), "contact: only court-order can have this"),
        ("directory", ("--recipient", "reading"), "recipient: only court-order and parent-objection"),
        ("court-order", ("--recipient", "reading", "--element", "student.email"), "element: only parent-objection"),
        ("parent-objection", ("--element", "student.emale"), "element: there is no such element"),
        ("directory", ("--until", "2020-01-01"), "until: it would end before it begins"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anybody_is_asked_for(region, kind, words, told):
    answer = add(region, "", *words, kind=kind, fails=1)
    assert told in answer.output
    assert "The student's id" not in answer.stderr


def test_a_restriction_is_lifted_by_its_entry_or_by_its_kind_of_a_student(region):
    for student in region.students[:2]:
        add(region, f"{student['sourcedId']}\n")
    first, second = listed(region)
    region.crossing("restrictions", "lift", first["entry"], *MAPLE, "--reason", "form of today")
    typed = f"{region.students[1]['sourcedId']}\n"
    region.crossing("restrictions", "lift", *MAPLE, "--kind", "directory", "--reason", "the same", typed=typed)
    assert listed(region) == []
    assert [one["entry"] for one in listed(region, "--all")] == [first["entry"], second["entry"]]
    region.crossing("restrictions", "lift", *MAPLE, "--kind", "directory", "--reason", "x", typed=typed, fails=1)
    region.crossing("restrictions", "lift", *MAPLE, "--reason", "x", fails=2)


@pytest.mark.parametrize("by", ["id", "state-id"])
def test_a_restriction_of_another_student_who_had_the_id_before_is_not_lifted(region, by):
    before, now = region.students[:2]
    add(region, f"{before['sourcedId']}\n")
    region.reissue(before["sourcedId"], "brand-new")
    region.reissue(now["sourcedId"], before["sourcedId"])
    typed = {"id": before["sourcedId"], "state-id": now["userMasterIdentifier"]}[by]
    lift = ("restrictions", "lift", *MAPLE, "--kind", "directory", "--reason", "letter", "--by", by)
    region.crossing(*lift, typed=f"{typed}\n", fails=1)
    (theirs,) = listed(region)
    add(region, f"{typed}\n", "--by", by)
    answer = region.crossing(*lift, typed=f"{typed}\n")
    assert [one["entry"] for one in listed(region)] == [theirs["entry"]]
    assert f"{theirs['entry']}: not ended, it may be another student's" in answer.stderr
    region.crossing(*lift, typed="brand-new\n", fails=0 if by == "id" else 1)


def test_a_restriction_that_is_a_twins_too_is_lifted_by_its_entry_alone(region):
    one, twin = region.students[:2]
    add(region, "T\nwins\n2015-05-05\n", "--by", "name", "--anyway")
    names = {"familyName": "T", "givenName": "wins"}
    region.change("users.csv", {each["sourcedId"]: names for each in (one, twin)})
    region.change("demographics.csv", {each["sourcedId"]: {"birthDate": "2015-05-05"} for each in (one, twin)})
    lift = ("restrictions", "lift", *MAPLE, "--reason", "letter")
    region.crossing(*lift, "--kind", "directory", typed=f"{one['sourcedId']}\n", fails=1)
    region.crossing(*lift, "--kind", "directory", "--by", "name", typed="T\nwins\n2015-05-05\n", fails=1)
    (entry,) = listed_of(region, one["sourcedId"])
    region.crossing(*lift, entry["entry"])
    assert listed(region) == []


def test_nothing_is_lifted_of_a_student_while_the_system_cannot_say_who_that_is(region):
    typed = f"{region.students[0]['sourcedId']}\n"
    add(region, typed)
    (region.folder / "maple" / "users.csv").unlink()
    lift = ("restrictions", "lift", *MAPLE, "--kind", "directory", "--reason", "letter")
    assert "name it to end it" in region.crossing(*lift, typed=typed, fails=1).stderr
    assert len(listed(region)) == 1


def test_an_entry_of_another_kind_than_the_command_names_is_not_lifted(region):
    add(region, f"{region.students[0]['sourcedId']}\n")
    (entry,) = listed(region)
    words = ("restrictions", "lift", entry["entry"], *MAPLE, "--reason", "letter")
    region.crossing(*words, "--kind", "acp", fails=1)
    assert len(listed(region)) == 1
    region.crossing(*words, "--kind", "directory")


def test_an_entry_is_deleted_once_it_has_ended_for_as_long_as_entries_are_kept(region):
    add(region, f"{region.students[0]['sourcedId']}\n", "--from", "2015-01-01", "--until", "2016-01-01")
    add(region, f"{region.students[1]['sourcedId']}\n", "--from", "2025-01-01", "--until", "2025-06-01")
    add(region, f"{region.students[2]['sourcedId']}\n")
    old, recent, present = listed(region)
    delete = ("restrictions", "delete", *MAPLE, "--reason", "kept long enough")
    assert "is kept until 2032" in region.crossing(*delete, recent["entry"], fails=1).output
    assert "has not ended" in region.crossing(*delete, present["entry"], fails=1).output
    region.crossing(*delete, old["entry"])
    assert [one["entry"] for one in listed(region, "--all")] == [recent["entry"], present["entry"]]


def test_a_list_of_opt_outs_is_imported_whole_and_changes_nothing_the_second_time(region):
    rows = "".join(f"{one['sourcedId']},\n" for one in region.students[:10])
    extra = f",{region.students[10]['userMasterIdentifier']}\n"
    place = region.write("optout.csv", "﻿studentId,stateId\r\n" + rows + extra)
    words = ("restrictions", "import", place, *MAPLE, "--kind", "directory")
    assert region.crossing(*words, "--dry-run").stdout == (
        "optout.csv: 11 entries: 11 to add, 0 to change, 0 there already; nothing was written.\n"
    )
    assert listed(region) == []
    assert region.crossing(*words).stdout == "optout.csv: 11 added, 0 changed, 0 there already.\n"
    assert region.crossing(*words).stdout == "optout.csv: 0 added, 0 changed, 11 there already.\n"
    assert len(listed(region)) == 11


def test_every_mistake_of_an_import_is_named_by_its_place_and_nothing_is_written(region):
    first, second = region.students[:2]
    rows = (
        f"{first['sourcedId']},,directory,,\n"
        f"Kanarinobody,,directory,,\n"
        f"{first['sourcedId']},{second['userMasterIdentifier']},directory,,\n"
        f"{first['sourcedId']},,Kanarikind,,\n"
        f"{first['sourcedId']},,parent-objection,student.Kanari,\n"
        f"{first['sourcedId']},,directory,,Kanariday\n"
        ",,directory,,\n"
    )
    place = region.write("some.csv", "studentId,stateId,kind,element,until\n" + rows)
    answer = region.crossing("restrictions", "import", place, *MAPLE, fails=1)
    assert "anari" not in answer.output
    assert [line.partition(" ")[0] for line in answer.output.splitlines()[:-1]] == [
        "some.csv:3:1:", "some.csv:4:2:", "some.csv:5:3:", "some.csv:6:4:", "some.csv:7:5:", "some.csv:8:1:",
    ]  # fmt: skip
    assert answer.output.splitlines()[-1] == "some.csv: 6 mistakes; nothing was written."
    assert listed(region) == []


def test_an_import_of_lines_that_match_nobody_is_possible_anyway(region):
    place = region.write("some.csv", f"studentId,kind\n{region.students[0]['sourcedId']},directory\nnobody,directory\n")
    answer = region.crossing("restrictions", "import", place, *MAPLE, "--anyway")
    assert answer.stdout == "some.csv: 2 added, 0 changed, 0 there already, 1 of which match nobody or several.\n"


def test_a_district_that_is_not_there_is_named_with_a_hint(region):
    answer = region.crossing("restrictions", "list", "--district", "mable", fails=1)
    assert "there is no district mable (did you mean maple?)" in answer.output


def test_no_argument_of_a_process_says_who_the_student_is(region):
    """The student comes over standard input, in a process of its own."""
    words = ["restrictions", "add", *MAPLE, "--kind", "directory", "--settings", str(region.folder / "gateway.toml")]
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        input=f"{region.students[0]['sourcedId']}\n",
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert len(listed(region)) == 1


def test_a_simulation_counts_students_as_the_registers_leave_them(region):
    words = ("agreements", "simulate", str(region.folder / "agreements" / "tutoring.yaml"), "--json")
    every = json.loads(region.crossing(*words).stdout)["clients"]
    rows = "".join(f"{one['sourcedId']},parent-objection,student.id\n" for one in region.students[:12])
    place = region.write("objections.csv", "studentId,kind,element\n" + rows)
    region.crossing("restrictions", "import", place, *MAPLE, "--reason", "letters of the parents")
    rest = json.loads(region.crossing(*words).stdout)["clients"]
    assert [one["students"]["then"] for one in (*every, *rest)] == [40, 28]
