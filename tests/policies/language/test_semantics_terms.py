"""What a legal basis demands, directory information, windows and duties: every sentence a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies import agreement, compiler
from policies.documents import terms
from policies.documents.terms import Obligation
from policies.explain import explain
from policies.grant import Limits, Registered
from policies.records import windows
from policies.records.windows import DateWindow
from standards.errors import Forbidden
from standards.fields import fields_of
from tests.policies import documents

DIRECTORY = "directory: {optOut: honour}\n"


def read(tmp_path: Path, elements: str, *, basis: str = "99.31(a)(1)", more: str = "", **changes: object):
    """An agreement on a *basis* with *more* at its end, or its mistakes."""
    text = documents.text(elements, **changes).replace('"99.31(a)(1)"', f'"{basis}"')
    path = tmp_path / "agreement.yaml"
    path.write_text(text + more, "utf-8")
    return agreement.read(path)


def mistakes(tmp_path: Path, elements: str, **changes: object) -> list[str]:
    return [str(one).removeprefix(f"{tmp_path}/agreement.yaml:") for one in read(tmp_path, elements, **changes)[1]]


def warnings(tmp_path: Path, elements: str = "student.id allow", **changes: object) -> str:
    found, problems = read(tmp_path, elements, **changes)
    assert problems == []
    return "\n".join(found.warnings)


NAMES = "student.id pseudonym\nstudent.name.given allow\nstudent.name.family allow"


def test_directory_information_is_what_bears_that_class(tmp_path):
    found, problems = read(tmp_path, NAMES + "\norganization.* allow", basis="99.31(a)(11)+99.37", more=DIRECTORY)
    assert problems == []
    assert compiler.compile(found, documents.CLIENT).registered == Registered("", True, "cbo")


def test_what_bears_another_class_is_a_mistake_at_its_line(tmp_path):
    (told,) = mistakes(tmp_path, NAMES + "\nstudent.birthDate year", basis="99.31(a)(11)", more=DIRECTORY)
    assert told.startswith("13:12: student.birthDate is no directory information")


def test_a_line_about_much_is_told_once(tmp_path):
    (told,) = mistakes(tmp_path, NAMES + "\nattendance.* allow", basis="99.31(a)(11)", more=DIRECTORY)
    assert told.startswith("13:12: attendance.")


def test_what_the_annual_notice_names_is_directory_information_too(tmp_path):
    notice = "directory: {optOut: honour, notice: [student.birthDate, student.email]}\n"
    elements = NAMES + "\nstudent.birthDate allow\nstudent.email allow"
    assert mistakes(tmp_path, elements, basis="99.31(a)(11)", more=notice) == []


def test_an_id_is_directory_information_only_as_a_pseudonym_or_by_the_notice(tmp_path):
    plain = NAMES.replace("pseudonym", "allow")
    assert "student.id is no directory" in mistakes(tmp_path, plain, basis="99.31(a)(11)", more=DIRECTORY)[0]
    notice = "directory: {optOut: honour, notice: [student.id]}\n"
    assert mistakes(tmp_path, plain, basis="99.31(a)(11)", more=notice) == []


def test_everything_is_no_directory_information(tmp_path):
    assert mistakes(tmp_path, "* allow", basis="99.31(a)(11)", more=DIRECTORY)


def test_free_metadata_is_never_directory_information(tmp_path):
    assert mistakes(tmp_path, "oneroster.orgs.metadata allow", basis="99.31(a)(11)", more=DIRECTORY)


@pytest.mark.parametrize("more", ["", "directory: {notice: [student.email]}\n"])
def test_that_opt_outs_are_honoured_must_be_written(tmp_path, more):
    (told,) = mistakes(tmp_path, NAMES, basis="99.31(a)(11)", more=more)
    assert told.startswith("5:16: the basis 99.31(a)(11) is directory information: directory: {optOut: honour} must be")


def test_opt_outs_do_not_apply_only_where_the_basis_is_another_one(tmp_path):
    off = "directory: {optOut: n/a}\n"
    assert mistakes(tmp_path, NAMES, basis="99.31(a)(11)", more=off)[0].startswith("13:21: the basis is directory")
    assert "opt-out" not in warnings(tmp_path, more=off)
    assert "an opt-out of directory information does not touch an agreement" in warnings(tmp_path, more=DIRECTORY)


def test_an_opt_out_does_not_touch_another_basis(tmp_path):
    found, _ = read(tmp_path, NAMES, more=DIRECTORY)
    assert compiler.compile(found, documents.CLIENT).registered == Registered("", False, "cbo")


def test_consent_without_a_form_releases_nothing(tmp_path):
    assert mistakes(tmp_path, NAMES, basis="99.30")
    consented = "{all: [{consent: {form: read-2026, status: granted}}]}"
    found, _ = read(tmp_path, NAMES, basis="99.30", population=consented)
    assert compiler.compile(found, documents.CLIENT).registered.form == "read-2026"
    with pytest.raises(Forbidden, match="names no form"):
        compiler.compile(replace(found, population=replace(found.population, form="")), documents.CLIENT)


@pytest.mark.parametrize("basis", ["99.31(a)(3)+99.35", "99.31(a)(6)", "99.31(a)(6)(i)"])
def test_a_study_or_evaluation_says_when_its_data_are_destroyed(tmp_path, basis):
    assert "there is no retention" in warnings(tmp_path, basis=basis)
    assert "no retention" not in warnings(tmp_path, basis=basis, more="retention: {deleteWithin: P60D}\n")


def test_a_transfer_goes_to_a_district(tmp_path):
    assert "the recipient is a cbo" in warnings(tmp_path, basis="99.31(a)(2)")
    assert "the recipient" not in warnings(tmp_path, basis="99.31(a)(1)")


def test_a_vendor_passes_nothing_on(tmp_path):
    named = "redisclosure: {named: [Cloudy]}\n"
    text = documents.text("student.id allow").replace("kind: cbo", "kind: vendor") + named
    path = tmp_path / "agreement.yaml"
    path.write_text(text, "utf-8")
    assert "a vendor that may pass data on" in "".join(agreement.load(path).warnings)
    assert "pass data on" not in warnings(tmp_path, more=named)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no-ads", Obligation("no-ads")),
        ("log-99.32", Obligation("log-99.32")),
        ("notify-on-breach:P3D", Obligation("notify-on-breach", "P3D")),
        ("notify-on-breach", Obligation("notify-on-breach")),
        ("notify-on-breach:", None),
        ("notify-on-breach:3 days", None),
        ("no-ads:P3D", None),
        ("no-add", None),
    ],
)
def test_a_duty_is_a_known_word_with_a_period_where_it_takes_one(text, found):
    assert terms.obligation(text) == found


def test_an_unknown_duty_is_told_with_the_one_that_may_be_meant(tmp_path):
    told = warnings(tmp_path, more='obligations: [no-ads, no-sales, "tell us of a breach", "notify-on-breach:soon"]\n')
    assert (
        "agreement.yaml:11:23: the obligation 'no-sales' is no known word, so nothing follows it (did you mean no-sale?)"
        in told
    )
    assert "'tell us of a breach'" in told
    assert "the obligation notify-on-breach needs a period such as P3D" in told
    assert "no-ads'" not in told


def test_limits_are_those_of_the_grant(tmp_path):
    found, _ = read(tmp_path, NAMES, more="limits: {smallCell: 10, maxRowsPerDay: 20000}\n")
    assert compiler.compile(found, documents.CLIENT).limits == Limits(10, 20000, "America/Los_Angeles")


WINDOWED = (
    'elements:\n  - {{path: student.id, action: allow}}\n  - {{path: "{path}", action: {action}, window: {window}}}\n'
)


def windowed(tmp_path: Path, path: str, window: str, action: str = "allow", more: str = ""):
    head = documents.text("student.id allow").partition("elements:")[0]
    file = tmp_path / "agreement.yaml"
    file.write_text(head + WINDOWED.format(path=path, window=window, action=action) + more, "utf-8")
    return agreement.read(file)


def test_a_window_holds_for_each_element_of_its_line(tmp_path):
    found, _ = windowed(tmp_path, "attendance.*", "{since: 2026-09-01, until: 2026-12-31}")
    grant = compiler.compile(found, documents.CLIENT)
    assert grant.windows["attendance.kind"] == DateWindow("2026-09-01", "2026-12-31")
    assert grant.windows["attendance.id"] == DateWindow("2026-09-01", "2026-12-31")
    assert "student.id" not in grant.windows


def test_of_several_windows_about_an_element_what_all_of_them_have_remains(tmp_path):
    more = "  - {path: attendance.kind, action: allow, window: {since: 2026-10-01}}\n  - {path: attendance.reason, action: deny}\n"
    found, _ = windowed(tmp_path, "attendance.*", "{since: 2026-09-01, until: 2026-12-31}", more=more)
    grant = compiler.compile(found, documents.CLIENT)
    assert grant.windows["attendance.kind"] == DateWindow("2026-10-01", "2026-12-31")
    assert "attendance.reason" not in grant.windows


def test_a_window_is_part_of_the_text_and_of_the_epoch(tmp_path):
    some = [windowed(tmp_path, "attendance.*", f"{{since: 2026-09-0{day}}}")[0] for day in (1, 2)]
    assert some[0].digest != some[1].digest
    assert len({compiler.compile(one, documents.CLIENT).epoch for one in some}) == 2


@pytest.mark.parametrize(
    "path", ["student.name.given", "section.*", "*", "edfi.programs.*", "oneroster.users.metadata.bus"]
)
def test_no_window_holds_for_what_has_no_date(tmp_path, path):
    found, problems = windowed(tmp_path, path, "{since: 2026-09-01}")
    assert found is None
    assert "no date of their own" in str(problems[0])


@pytest.mark.parametrize(
    "path", ["attendance.*", "enrollment.*", "placement.*", "grade.*", "assessmentResult.*", "incident.*", "result.*"]
)
def test_a_window_fits_a_whole_dated_entity(tmp_path, path):
    assert windowed(tmp_path, path, "{since: 2026-09-01}")[1] == []


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        ("attendance", "date"),
        ("enrollment", "entry"),
        ("edfi.studentProgramAssociations", "beginDate"),
        ("edfi.studentSchoolAttendanceEvents", "eventDate"),
        ("edfi.studentCTEProgramAssociations", "beginDate"),
    ],
)
def test_a_record_is_dated_by_the_first_date_of_its_key(entity, field):
    assert windows.DATED_BY[entity] == field


@pytest.mark.parametrize("entity", ["student", "section", "organization", "edfi.programs", "edfi.countryDescriptors"])
def test_people_places_and_descriptors_are_not_dated(entity):
    assert entity not in windows.DATED_BY


def test_every_field_that_dates_is_a_date_of_its_entity():
    assert {fields_of(entity)[name].type for entity, name in windows.DATED_BY.items()} <= {"date", "datetime"}


def test_a_document_of_before_has_the_same_epoch_and_the_same_text():
    """The epochs and hashes that version 0.2.0 gave these two."""
    known = {
        "tutoring": ("f69aa64b9f2544de", "d8abbeb91e12d30e"),
        "conformance": ("b247f89dc76f45c5", "1c41ecc3e6b74790"),
    }
    for name, hashes in known.items():
        one = agreement.load(documents.SAMPLES / f"{name}.yaml")
        grant = compiler.compile(one, one.clients[0])
        assert (grant.epoch[:16], one.digest[:16]) == hashes


def test_the_date_is_read_where_it_is_not_released(tmp_path):
    head = documents.text("student.id allow").partition("elements:")[0]
    file = tmp_path / "agreement.yaml"
    line = "  - {path: attendance.kind, action: allow, window: {since: 2026-09-01}}\n"
    file.write_text(head + "elements:\n" + line, "utf-8")
    grant = compiler.compile(agreement.load(file), documents.CLIENT)
    assert "date" in grant.reads("attendance")
    assert not grant.releases("attendance.date")
    (trace,) = explain([agreement.load(file)], documents.CLIENT, "attendance.kind", documents.NOW)
    assert "yes  window: of records dated from 2026-09-01 on" in trace.text()
