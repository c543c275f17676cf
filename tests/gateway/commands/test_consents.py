"""``crossing consents`` asks for all that 34 CFR 99.30 wants, imports lists whole or not at all, and withdraws."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.gateway.commands.register_region import AGREEMENT, region, register_files

__all__ = ["region", "register_files"]

MAPLE = ("--district", "maple")
FORM = "I agree that Maple tells Reading Partners …\n"
HASH = hashlib.sha256(FORM.encode()).hexdigest()
GIVEN = ("--agreement", "tutoring-maple", "--form", "rp-2026")
SIGNED = ("--signer", "parent", "--method", "paper", "--signed", "2026-09-02")


def listed(region, *words):
    return json.loads(region.crossing("consents", "list", *MAPLE, "--json", *words).stdout)


def add(region, student, *words, given=GIVEN, signed=SIGNED, fails=0, form=("--form-hash", HASH)):
    typed = f"{student['sourcedId']}\n"
    return region.crossing("consents", "add", *MAPLE, *given, *signed, *form, *words, typed=typed, fails=fails)


def test_a_consent_covers_what_the_agreement_releases_when_it_is_given(region):
    place = region.write("form.txt", FORM)
    answer = add(region, region.students[0], form=("--form-text", place))
    assert answer.stdout.endswith(": added.\n")
    (one,) = listed(region)
    assert one["formHash"] == HASH
    shown = json.loads(region.crossing("consents", "show", one["entry"], *MAPLE).stdout)
    assert shown["elements"] == ["student.birthDate year", "student.id", "student.name.given"]
    assert (shown["from"], shown["until"], shown["signer"]) == ("2026-09-02", None, "parent")
    assert region.crossing("consents", "form", one["entry"], *MAPLE).stdout == FORM


def test_a_consent_names_what_was_masked_or_denied_and_nothing_that_holds_others(region):
    """A later version may release more of what is named here, and other parts of what holds them."""
    lines = (("student.address", "allow"), ("student.address.county", "deny"), ("student.address.postalCode", "zip3"),
             ("oneroster.users.metadata.*", "allow"), ("oneroster.users.metadata.ssn", "deny"))  # fmt: skip
    more = "".join(f"  - {{path: {path}, action: {action}}}\n" for path, action in lines)
    (region.folder / "agreements" / "tutoring.yaml").write_text(AGREEMENT + more)
    add(region, region.students[0])
    (entry,) = listed(region)
    shown = json.loads(region.crossing("consents", "show", entry["entry"], *MAPLE).stdout)["elements"]
    told = {"student.birthDate year", "student.address.postalCode zip3", "oneroster.users.metadata.ssn deny"}
    assert told <= set(shown)
    assert {"student.address", "student.address.county", "student.birthDate"}.isdisjoint(shown)
    assert {"student.address.city", "oneroster.users.metadata"} <= set(shown)


def test_a_consent_can_cover_less(region):
    add(region, region.students[0], "--element", "student.name.*")
    (one,) = listed(region)
    assert json.loads(region.crossing("consents", "show", one["entry"], *MAPLE).stdout)["elements"] == [
        "student.name.given"
    ]
    assert "does not release" in add(region, region.students[1], "--element", "student.email", fails=1).output


@pytest.mark.parametrize(
    ("given", "signed", "form", "told"),
    [
        (GIVEN[2:], SIGNED, ("--form-hash", HASH), "agreement: must be one of: tutoring-maple"),
        (("--agreement", "tutoring-mapel", *GIVEN[2:]), SIGNED, ("--form-hash", HASH), "did you mean tutoring-maple?"),
        (GIVEN[:2], SIGNED, ("--form-hash", HASH), "form: the name of the form is missing"),
        (GIVEN, SIGNED, ("--form-hash", "abc"), "formHash: the hash of the form's text is missing, or is no SHA-256"),
        (GIVEN, (*SIGNED[:4], "--signed", "2999-01-01"), ("--form-hash", HASH), "signed: the day of the signature"),
    ],
)
def test_a_consent_without_records_purpose_party_signer_or_date_is_refused(region, given, signed, form, told):
    answer = add(region, region.students[0], given=given, signed=signed, form=form, fails=1)
    assert told in answer.output
    assert listed(region) == []


@pytest.mark.parametrize("missing", [0, 2, 4])
def test_signer_method_and_date_must_be_given(region, missing):
    add(region, region.students[0], signed=(*SIGNED[:missing], *SIGNED[missing + 2 :]), fails=2)


def test_the_form_or_its_hash_must_be_given_and_agree(region):
    add(region, region.students[0], form=(), fails=2)
    place = region.write("form.txt", FORM)
    answer = add(region, region.students[0], form=("--form-text", place, "--form-hash", "0" * 64), fails=1)
    assert "another hash" in answer.output


def test_no_value_of_a_student_or_a_form_is_in_the_registry(region):
    student = region.students[0]
    add(region, student, form=("--form-text", region.write("form.txt", f"I, mother of {student['givenName']} …")))
    kept = b"".join(path.read_bytes() for path in (region.folder / "state").iterdir() if path.is_file())
    assert b"tutoring-maple" in kept
    names = ("sourcedId", "familyName", "givenName", "birthDate", "userMasterIdentifier")
    assert [student[name] for name in names if student[name].encode() in kept] == []
    assert b"mother of" not in kept


def test_consents_are_withdrawn_by_entry_or_all_of_a_student(region):
    for student in region.students[:2]:
        add(region, student)
    first, second = listed(region)
    words = ("consents", "withdraw", *MAPLE, "--reason", "letter of today")
    assert region.crossing(*words, first["entry"]).stdout.endswith("1 consent withdrawn.\n")
    assert region.crossing(*words, typed=f"{region.students[1]['sourcedId']}\n").stdout.endswith(
        "1 consent withdrawn.\n"
    )
    assert listed(region) == []
    assert [(one["entry"], one["reason"]) for one in listed(region, "--all")] == [
        (first["entry"], "letter of today"), (second["entry"], "letter of today"),
    ]  # fmt: skip
    region.crossing(*words, typed=f"{region.students[1]['sourcedId']}\n", fails=1)
    region.crossing("consents", "withdraw", *MAPLE, first["entry"], fails=2)


def test_consents_of_a_student_who_has_left_can_still_be_withdrawn(region):
    add(region, region.students[0])
    (region.folder / "maple" / "users.csv").unlink()
    words = ("consents", "withdraw", *MAPLE, "--reason", "letter")
    answer = region.crossing(*words, typed="another-student\n", fails=1)
    assert "only what was typed is compared" in answer.stderr
    answer = region.crossing(*words, typed=f"{region.students[0]['sourcedId']}\n")
    assert "1 consent withdrawn" in answer.output


def test_a_withdrawal_finds_what_was_given_under_an_id_of_before(region):
    student = region.students[0]
    add(region, student)
    region.reissue(student["sourcedId"], "brand-new")
    add(region, {"sourcedId": "brand-new"}, signed=(*SIGNED[:4], "--signed", "2026-09-05"))
    words = ("consents", "withdraw", *MAPLE, "--reason", "letter")
    assert "2 consents withdrawn" in region.crossing(*words, typed="brand-new\n").output
    assert listed(region) == []


def test_consents_of_another_student_who_had_the_id_before_are_not_withdrawn(region):
    before, now = region.students[:2]
    add(region, before)
    region.reissue(before["sourcedId"], "brand-new")
    region.reissue(now["sourcedId"], before["sourcedId"])
    (theirs,) = listed(region)
    add(region, before)
    words = ("consents", "withdraw", *MAPLE, "--reason", "letter")
    assert "1 consent withdrawn" in region.crossing(*words, typed=f"{before['sourcedId']}\n").output
    assert listed(region) == [theirs]
    region.crossing(*words, typed=f"{before['sourcedId']}\n", fails=1)
    region.crossing(*words, theirs["entry"], "--agreement", "another", fails=1)
    assert listed(region) == [theirs]


def test_a_consent_of_whom_nothing_but_an_id_tells_is_refused_since_it_would_count_for_nobody(region):
    student = region.students[0]
    region.change("users.csv", {student["sourcedId"]: {"userMasterIdentifier": "", "identifier": "", "userIds": ""}})
    region.change("demographics.csv", {student["sourcedId"]: {"birthDate": ""}})
    assert "would count for nobody" in add(region, student, fails=1).stderr
    place = region.write(
        "consents.csv", f"studentId,signer,method,signed\n{student['sourcedId']},parent,paper,2026-09-02\n"
    )
    words = ("consents", "import", place, *MAPLE, *GIVEN, "--form-hash", HASH)
    assert "consents.csv:2:1" in region.crossing(*words, fails=1).stdout
    add(region, student, "--anyway")
    assert len(listed(region)) == 1


def test_a_text_that_was_signed_for_one_purpose_is_no_consent_to_another(region):
    add(region, region.students[0])
    folder = region.folder / "agreements"
    (folder / "study.yaml").write_text(
        AGREEMENT.replace("tutoring-maple", "study-maple").replace("purpose: tutoring", "purpose: study")
    )
    (folder / "more.yaml").write_text(AGREEMENT.replace("tutoring-maple", "more-maple"))
    study, more = (("--agreement", name, "--form", "rp-2026") for name in ("study-maple", "more-maple"))
    assert (
        "signed for tutoring-maple, which has another purpose"
        in add(region, region.students[1], given=study, fails=1).stderr
    )
    rows = f"studentId,agreement,signer,method,signed\n{region.students[1]['sourcedId']},study-maple,parent,paper,2026-09-02\n"
    place = region.write("consents.csv", rows)
    words = ("consents", "import", place, *MAPLE, "--form", "rp-2026", "--form-hash", HASH)
    assert "signed for tutoring-maple" in region.crossing(*words, fails=1).stdout
    assert len(listed(region)) == 1
    add(region, region.students[1], given=more)
    add(region, region.students[1], given=study, form=("--form-hash", "0" * 64))


def test_an_agreement_that_asks_for_a_form_takes_no_other(region):
    from gateway.registers.stating import ConsentTerms, WrongPart, consent_of

    terms = {"a": ConsentTerms("a", {"student.id": "allow"}, "cy-2026")}
    given = {"agreement": "a", "formHash": HASH, "signer": "parent", "method": "paper", "signed": "2026-09-02"}
    from datetime import date

    assert consent_of("maple", {"id": "0" * 32}, given, terms, date(2026, 9, 3)).form == "cy-2026"
    with pytest.raises(WrongPart, match="asks for the form cy-2026"):
        consent_of("maple", {}, {**given, "form": "cy-2025"}, terms, date(2026, 9, 3))


def rows_of(region, count):
    return "".join(f"{one['sourcedId']},parent,paper,2026-09-02\n" for one in region.students[:count])


def test_a_list_of_consents_is_imported_with_a_dry_run_first(region):
    place = region.write("signed.csv", "studentId,signer,method,signed\n" + rows_of(region, 20))
    words = ("consents", "import", place, *MAPLE, *GIVEN, "--form-hash", HASH)
    assert (
        region.crossing(*words, "--dry-run").stdout
        == "signed.csv: 20 entries: 20 to add, 0 to change, 0 there already; nothing was written.\n"
    )
    assert region.crossing(*words).stdout == "signed.csv: 20 added, 0 changed, 0 there already.\n"
    assert region.crossing(*words).stdout == "signed.csv: 0 added, 0 changed, 20 there already.\n"
    more = region.write("more.csv", "studentId,signer,method,signed\n" + rows_of(region, 21) + rows_of(region, 1))
    dry = region.crossing("consents", "import", more, *MAPLE, *GIVEN, "--form-hash", HASH, "--dry-run").stdout
    assert dry == "more.csv: 22 entries: 1 to add, 0 to change, 21 there already; nothing was written.\n"
    (withdrawn, *_) = listed(region)
    region.crossing("consents", "withdraw", *MAPLE, withdrawn["entry"], "--reason", "letter")
    assert region.crossing(*words).stdout == "signed.csv: 0 added, 0 changed, 20 there already.\n"
    assert len(listed(region)) == 19


def test_a_list_that_is_imported_again_covers_nothing_that_the_agreement_has_released_since(region):
    """The parents signed a form that did not name it: a later version of the agreement is nothing they consented to."""
    place = region.write("consents.csv", "studentId,signer,method,signed\n" + rows_of(region, 3))
    words = ("consents", "import", place, *MAPLE, *GIVEN, "--form-hash", HASH)
    region.crossing(*words)
    add(region, region.students[3])
    before = [region.crossing("consents", "show", one["entry"], *MAPLE).stdout for one in listed(region)]
    wider = AGREEMENT.replace("version: 1", "version: 2") + "  - {path: student.phone, action: allow}\n"
    (region.folder / "agreements" / "second.yaml").write_text(wider)
    assert "0 added, 0 changed, 3 there already" in region.crossing(*words).stdout
    assert add(region, region.students[3]).stdout.endswith(": there already.\n")
    assert [region.crossing("consents", "show", one["entry"], *MAPLE).stdout for one in listed(region)] == before
    assert add(region, region.students[3], "--element", "student.phone").stdout.endswith(": changed.\n")
    assert "student.phone" in region.crossing("consents", "show", listed(region)[3]["entry"], *MAPLE).stdout


@pytest.mark.parametrize("named", ["student.name", "student.name.*", "student.name.given student.birthDate"])
def test_what_is_named_again_covers_what_it_did_and_as_it_did(named, region):
    words = [word for one in named.split() for word in ("--element", one)]
    add(region, region.students[0], *words)
    (one,) = listed(region)
    before = region.crossing("consents", "show", one["entry"], *MAPLE).stdout
    wider = AGREEMENT.replace("version: 1", "version: 2").replace("action: year", "action: allow")
    (region.folder / "agreements" / "second.yaml").write_text(
        wider + "  - {path: student.name.family, action: allow}\n"
    )
    assert add(region, region.students[0], *words).stdout.endswith(": there already.\n")
    assert region.crossing("consents", "show", one["entry"], *MAPLE).stdout == before


def test_columns_may_name_agreement_form_and_elements_line_by_line(region):
    (region.folder / "agreements" / "other.yaml").write_text(
        AGREEMENT.replace("tutoring-maple", "second-maple").replace("clients: [tutoring]", "clients: [second]")
    )
    head = "studentId,agreement,form,formHash,signer,method,signed,until,elements\n"
    rows = (
        f"{region.students[0]['sourcedId']},tutoring-maple,a,{HASH},parent,paper,2026-09-02,2026-12-31,student.id\n"
        f"{region.students[0]['sourcedId']},second-maple,b,{HASH},eligible-student,electronic,2026-09-02,,\n"
    )
    region.crossing("consents", "import", region.write("signed.csv", head + rows), *MAPLE)
    told = [(one["agreement"], one["form"], one["signer"], one["until"], one["elements"]) for one in listed(region)]
    assert told == [
        ("tutoring-maple", "a", "parent", "2026-12-31", 1),
        ("second-maple", "b", "eligible-student", None, 3),
    ]


HEAD = "studentId,signer,method,signed\n"
HOSTILE = {
    "no file of text": (b"\xff\xfe\x00s", "signed.csv:1:1: this is not UTF-8 text"),
    "nothing": ("", "signed.csv:1:1: there is no row of headings"),
    "a heading twice": ("studentId,signer,studentid\n", "signed.csv:1:3: the heading studentId is there twice"),
    "an unknown heading": ("studentId,sigher\n", "signed.csv:1:2: this is no heading of such a file (did you mean signer?)"),
    "an empty heading": ("studentId,,signer\n", "signed.csv:1:2: the heading is empty"),
    "no headings": ("Kanariperson,Kanariname\n", "signed.csv:1:1: this is no heading of such a file"),
    "a million columns": ("studentId" + ",x" * 10**6 + "\n", "signed.csv:1:101: there are more than 100 columns"),
    "NUL": (HEAD + "s\0,parent,paper,2026-09-02\n", "signed.csv:2:1: the line has a NUL character"),
    "an open quotation mark": (HEAD + '"Kanari,parent,paper,2026-09-02\n', "signed.csv:2:1: a quotation mark is out of place"),
    "a stray quotation mark": (HEAD + '"a"b,parent,paper,2026-09-02\n', "signed.csv:2:1: a quotation mark is out of place"),
    "a formula": (HEAD + '"=cmd|Kanari",parent,paper,2026-09-02\n', "signed.csv:2:1: this begins like a formula"),
    "a formula elsewhere": (HEAD + "x,@Kanari,paper,2026-09-02\n", "signed.csv:2:2: this begins like a formula"),
    "more cells": (HEAD + "x,parent,paper,2026-09-02,Kanari\n", "signed.csv:2:5: there are more cells than headings"),
    "a long cell": (HEAD + "x" * 3000 + ",parent,paper,2026-09-02\n", "signed.csv:2:1: the cell is longer than 2,000"),
    "lines in a cell": (HEAD + '"Kanari\nx",parent,paper,2026-09-02\n', "signed.csv:2:1: the cell has a control character"),
    "a huge cell": (HEAD + "x" * 200_000 + ",parent,paper,2026-09-02\n", "signed.csv:2:1: a quotation mark is out of place or never closed, or a cell is too long"),
    "semicolons": (HEAD.replace(",", ";") + "x;parent\n", "signed.csv:1:1: the cells are parted by semicolons: save"),
    "tabs": (HEAD.replace(",", "\t") + "x\tparent\n", "signed.csv:1:1: the cells are parted by tabs: save the file as"),
    "another heading": ("classroom," + HEAD, "signed.csv:1:1: this is no heading of such a file: it may have studentId"),
    "a date of another land": (HEAD + "{id},parent,paper,09/02/2026\n", "signed.csv:2:4: write a date as 2026-09-01"),
    "no signer": (HEAD + "{id},,paper,2026-09-02\n", "signed.csv:2:2: must be one of: eligible-student, parent"),
    "a short line": (HEAD + "{id}\n", "signed.csv:2:4: the day of the signature is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_place_and_without_its_values(region, name):
    content, told = HOSTILE[name]
    if isinstance(content, str):
        content = content.replace("{id}", region.students[0]["sourcedId"])
    place = region.write("signed.csv", content)
    answer = region.crossing("consents", "import", place, *MAPLE, *GIVEN, "--form-hash", HASH, fails=1)
    assert told in answer.output
    assert "anari" not in answer.output
    assert "nothing was written" in answer.output
    assert listed(region) == []


def test_what_the_command_says_wrong_is_one_mistake_and_not_one_of_every_row(region):
    place = region.write("signed.csv", HEAD + rows_of(region, 20))
    words = ("consents", "import", place, *MAPLE, "--form-hash", HASH)
    answer = region.crossing(*words, "--agreement", "tutoring-mapel", fails=1)
    told = "agreement (in no column, so by the command's option): must be one of: tutoring-maple"
    assert answer.output.startswith(f"signed.csv:1:1: {told} (did you mean tutoring-maple?)\n")
    assert answer.output.endswith("signed.csv: 1 mistakes; nothing was written.\n")
    answer = region.crossing("consents", "import", place, *MAPLE, *GIVEN, fails=1)
    assert "signed.csv:1:1: formHash (in no column, so by the command's option): the hash" in answer.output


def test_a_file_that_is_not_there_is_refused(region):
    answer = region.crossing("consents", "import", "none.csv", *MAPLE, *GIVEN, "--form-hash", HASH, fails=1)
    assert "none.csv: the file cannot be read" in answer.output


def test_the_place_of_a_mistake_counts_lines_of_the_file(region):
    rows = rows_of(region, 3).replace("\n", "\r\n") + "\r\n\r\nnobody,parent,paper,2026-09-02\r\n"
    place = region.write("signed.csv", HEAD.replace("\n", "\r\n") + rows)
    answer = region.crossing("consents", "import", place, *MAPLE, *GIVEN, "--form-hash", HASH, "--dry-run", fails=1)
    assert answer.output.startswith("signed.csv:7:1: ")


def test_an_entry_goes_when_its_agreement_has_ended_long_ago(region):
    old = AGREEMENT.replace("tutoring-maple", "old").replace("2026-09-01, to: 2027-08-31", "2014-09-01, to: 2015-08-31")
    (region.folder / "agreements" / "old.yaml").write_text(old)
    signed = (*SIGNED[:4], "--signed", "2014-10-01")
    add(region, region.students[0], given=("--agreement", "old", *GIVEN[2:]), signed=signed)
    add(region, region.students[0])
    gone, kept = listed(region)
    words = ("consents", "delete", *MAPLE, "--reason", "kept long enough")
    region.crossing(*words, gone["entry"])
    region.crossing(*words, kept["entry"], fails=1)
    assert [one["entry"] for one in listed(region, "--all")] == [kept["entry"]]
