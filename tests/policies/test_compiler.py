"""An agreement becomes a grant that releases what its lines name and nothing else."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import agreement, compiler, elements
from policies.compiler import Grants
from standards import registry, vocabulary
from standards.errors import Forbidden
from standards.pruning import prune
from standards.view import paths
from tests.policies import documents


def actions(lines: str) -> dict[str, str]:
    return {name: rule.action for name, rule in documents.grant(lines).rules.items()}


def test_nothing_is_released_that_no_line_names():
    assert actions("student.name.given allow") == {"student.name.given": "allow"}


def test_a_prefix_releases_everything_below_it():
    names = {name for name in elements.dictionary() if name.startswith("student.name.")}
    assert len(names) > 5
    assert actions("student.name allow").keys() == names
    assert actions("student.name.* allow").keys() == names


def test_a_prefix_is_whole_words():
    assert not elements.Line("student.phone", "allow").covers("student.phones.number")
    assert "student.phones.number" not in actions("student.phone allow")


def test_the_profile_is_released_as_the_student():
    grant = documents.grant("student.address.city allow")
    assert "address.city" in grant.reads("profile")
    assert not grant.releases("profile.id")


def test_a_star_releases_everything_but_what_is_never_released():
    released = actions("* allow")
    never = {one.name for one in elements.dictionary().values() if one.never}
    assert never == {"student.password", "staff.password", "contact.password"}
    assert released.keys() >= elements.dictionary().keys() - never
    assert not released.keys() & never
    assert any(name.startswith("edfi.") for name in released)
    assert set(released.values()) == {"allow"}


@pytest.mark.parametrize(
    "lines", ["student.name allow\nstudent.name.given deny", "student.name.given deny\nstudent.name allow"]
)
def test_a_deny_beats_an_allow_whatever_the_order(lines):
    found = actions(lines)
    assert "student.name.given" not in found
    assert found["student.name.family"] == "allow"


def test_a_denied_prefix_beats_an_allowed_name():
    assert actions("student.name deny\nstudent.name.given allow\nstudent.email allow") == {"student.email": "allow"}


def test_the_lowest_of_several_actions_counts():
    assert actions("student.* allow\nstudent.birthDate year")["student.birthDate"] == "year"
    assert actions("student.birthDate month\nstudent.* allow")["student.birthDate"] == "month"


def test_a_pseudonym_reaches_the_records_of_a_person():
    found = actions(
        "student.id pseudonym\nenrollment.id allow\nplacement.id allow\nprofile.id allow\nsection.id allow\nstaff.id allow\nteaching.id allow"
    )
    assert {name for name, action in found.items() if action == "pseudonym"} == {
        "student.id", "enrollment.id", "placement.id", "profile.id",
    }  # fmt: skip


def test_a_pseudonym_reaches_native_records_of_a_person():
    found = actions(
        "student.id pseudonym\nedfi.studentCohortAssociations allow\nattendance allow\nedfi.calendars allow"
    )
    assert found["edfi.studentCohortAssociations.id"] == "pseudonym"
    assert found["attendance.id"] == "pseudonym"
    assert found["edfi.calendars.id"] == "allow"


def shown(collection, lines):
    """The members of an Ed-Fi resource that an agreement shows, without what is no fact."""
    view = prune(registry.views("edfi")[collection], documents.grant(lines))
    return view and {path for path, _ in paths(view.branches[0].nodes)} - {"_etag", "_lastModifiedDate"}


def test_a_fact_that_only_ed_fi_states_is_released_by_its_name_in_the_vocabulary():
    assert shown("grades", "grade.letter allow") is None
    assert shown("grades", "grade.id allow\ngrade.letter allow") == {"id", "letterGradeEarned"}
    assert shown("grades", "grade.* allow\ngrade.letter deny") >= {"id", "numericGradeEarned"}
    assert "letterGradeEarned" not in shown("grades", "* allow\ngrade.letter deny")


def test_one_line_releases_a_fact_in_every_resource_that_states_it():
    for collection in ("studentSchoolAttendanceEvents", "studentSectionAttendanceEvents"):
        members = shown(collection, "attendance.id allow\nattendance.kind allow")
        assert members == {"id", "attendanceEventCategoryDescriptor"}


def test_a_person_in_a_native_record_is_shown_by_the_name_of_the_reference_and_of_the_id():
    both = "attendance.id allow\nattendance.student allow"
    assert shown("studentSchoolAttendanceEvents", both) == {"id"}
    assert "studentReference.studentUniqueId" in shown("studentSchoolAttendanceEvents", f"{both}\nstudent.id allow")


def test_one_member_of_a_small_native_record_is_released_alone():
    averages = "academicRecord.id allow\nacademicRecord.averages.value allow"
    assert shown("studentAcademicRecords", averages) == {"id", "gradePointAverages.gradePointAverageValue"}
    incident = "incident.* allow"
    assert "behaviors.behaviorDescriptor" in shown("disciplineIncidents", incident)
    assert "behaviors.behaviorDetailedDescription" not in shown("disciplineIncidents", incident)


def test_a_native_date_that_states_a_fact_can_be_made_coarser():
    assert documents.grant("attendance.date month").rule("attendance.date").action == "month"


def test_the_record_of_a_person_whose_id_is_withheld_has_a_pseudonym():
    assert actions("enrollment.id allow")["enrollment.id"] == "pseudonym"
    assert actions("contact.id pseudonym\nstudent.id allow\nguardianship.id allow")["guardianship.id"] == "pseudonym"
    assert actions("student.id allow\nenrollment.id allow")["enrollment.id"] == "allow"


OPEN = "oneroster.users.metadata"


def test_free_members_are_released_one_by_one():
    grant = documents.grant(f"{OPEN}.club allow\n{OPEN}.lunch initial")
    assert grant.releases(OPEN)
    assert grant.rule(f"{OPEN}.club").action == "allow"
    assert grant.rule(f"{OPEN}.lunch").action == "initial"
    assert not grant.releases(f"{OPEN}.other")


def test_free_members_are_released_together_but_for_the_denied():
    grant = documents.grant(f"{OPEN}.* allow\n{OPEN}.lunch deny")
    assert grant.releases(f"{OPEN}.club")
    assert grant.releases(f"{OPEN}.x.y")
    assert not grant.releases(f"{OPEN}.lunch")
    assert not grant.releases(f"{OPEN}.lunch.kind")


def test_a_denied_dictionary_has_no_members():
    grant = documents.grant(f"{OPEN} deny\n{OPEN}.club allow\nstudent.email allow")
    assert not grant.releases(OPEN)
    assert not grant.releases(f"{OPEN}.club")


NAMES = sorted(
    name
    for name, one in elements.dictionary().items()
    if not one.never and name.startswith(("student.", "enrollment."))
)


@given(st.sets(st.sampled_from(NAMES), min_size=1, max_size=8), st.sets(st.sampled_from(NAMES), max_size=4))
def test_what_is_released_is_what_is_allowed_and_not_denied(allowed, denied):
    allowed, denied = allowed | {"student.id"}, denied - {"student.id"}  # without it, other numbers are hidden too
    lines = [elements.Line(name, "allow") for name in sorted(allowed - denied)]
    lines += [elements.Line(name, "deny") for name in sorted(denied)]
    released = compiler.rules(elements.settle(lines)).keys()
    below = {name for name in NAMES if any(name == one or name.startswith(f"{one}.") for one in allowed)}
    gone = {name for name in NAMES if any(name == one or name.startswith(f"{one}.") for one in denied)}
    assert released == below - gone


@given(st.permutations([
    elements.Line("student.*", "allow"), elements.Line("student.birthDate", "month"), elements.Line("student.id", "pseudonym"),
    elements.Line("enrollment", "allow"), elements.Line("student.address", "deny"), elements.Line("student.name", "initial"),
]))  # fmt: skip
def test_the_order_of_lines_does_not_matter(lines):
    settled = elements.settle(lines)
    assert compiler.rules(settled) == compiler.rules(elements.settle(sorted(lines, key=lambda line: line.path)))


def test_every_field_of_the_vocabulary_can_be_named():
    for entity in vocabulary.entities().values():
        for field in entity.fields.values():
            assert elements.element(field.release) is not None, field.release


def test_a_client_that_is_not_named_gets_no_grant():
    with pytest.raises(Forbidden):
        compiler.compile(documents.load("student.id allow"), "somebody-else")


def clock(*moment: int):
    return lambda: datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "grants"),
    [
        ((2026, 9, 1, 6, 59), 0),  # still the last day of August in Los Angeles
        ((2026, 9, 1, 7, 0), 1),
        ((2027, 9, 1, 6, 59), 1),  # the last day counts
        ((2027, 9, 1, 7, 0), 0),
    ],
)
def test_an_agreement_counts_on_its_own_days_in_its_own_zone(moment, grants):
    found = Grants([documents.load("student.id allow")], clock(*moment)).of(documents.CLIENT)
    assert len(found) == grants


def test_the_highest_version_that_has_begun_counts():
    both = [documents.load("student.id allow"), documents.load("student.email allow", version=2, begin="2026-10-01")]
    early, late = (Grants(both, clock(2026, month, 15)).of(documents.CLIENT) for month in (9, 11))
    assert [grant.version for grant in (*early, *late)] == [1, 2]
    assert not late[0].releases("student.id")


def test_one_purpose_may_span_districts():
    both = [documents.load("student.id allow"), documents.load("student.id allow", id="cedar", district="cedar")]
    found = Grants(both, clock(2026, 10, 1)).of(documents.CLIENT)
    assert [grant.district for grant in found] == ["cedar", "maple"]


def test_different_purposes_never_meet():
    both = [documents.load("student.id allow"), documents.load("student.email allow", id="study", purpose="research")]
    grants = Grants(both, clock(2026, 10, 1))
    with pytest.raises(Forbidden, match="dsa_ambiguous"):
        grants.of(documents.CLIENT)
    assert [grant.purpose for grant in grants.of(documents.CLIENT, "study")] == ["research"]


@pytest.mark.parametrize("basis", ["99.30", "99.30(b)(2)", "99.31(a)(1)+99.30"])
def test_what_rests_on_consent_compiles_to_nothing(basis):
    """No document of this kind is read at all; one that is made otherwise releases nothing either."""
    consented = dataclasses.replace(documents.load("student.id allow"), ferpa=basis)
    with pytest.raises(Forbidden, match="consent"):
        compiler.compile(consented, documents.CLIENT)


def test_an_unknown_client_has_no_grants():
    grants = Grants([documents.load("student.id allow")], clock(2026, 10, 1))
    assert grants.of("nobody") == ()
    assert grants.of(documents.CLIENT, "no-such-agreement") == ()


def test_the_epoch_changes_with_everything_that_changes_what_leaves():
    usual = documents.grant("student.id allow")
    others = [
        documents.grant("student.id pseudonym"),
        documents.grant("student.id allow\nstudent.email allow"),
        documents.grant("student.id allow", "{all: [{enrollment: active}]}"),
        documents.grant("student.id allow", '{all: [{school: {in: ["101"]}}]}'),
        documents.grant("student.id allow", version=2),
        documents.grant("student.id allow", id="other"),
        documents.grant("student.id allow", district="cedar"),
        documents.grant("student.id allow", operations="[read]"),
    ]
    assert len({grant.epoch for grant in (usual, *others)}) == len(others) + 1
    assert documents.grant("student.id allow").epoch == usual.epoch


def test_clients_compiled_together_have_the_grants_that_each_has_by_itself():
    one = dataclasses.replace(
        documents.load("student.* allow\nstudent.birthDate year", "{all: [{enrollment: active}]}"),
        clients=("first", "second", documents.CLIENT),
    )
    together = list(compiler.compile_each(one, one.clients))
    assert together == [compiler.compile(one, client) for client in one.clients]
    assert list(Grants([one], lambda: documents.NOW).every("maple")) == together
    content = {
        name: getattr(together[1], name)
        for name in (
            "client",
            "org",
            "agreement",
            "version",
            "purpose",
            "basis",
            "district",
            "operations",
            "rules",
            "rows",
        )
    }
    assert [grant.epoch for grant in together].count(together[1].epoch) == 1
    assert together[1].epoch == compiler.fingerprint(content)


def test_the_epoch_is_the_same_in_another_process():
    program = (
        "from tests.policies import documents\n"
        'print(documents.grant(\'student.* allow\', \'{all: [{school: {in: ["101", "102", "103"]}}]}\').epoch)'
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}, capture_output=True, text=True, check=True,
            cwd=documents.SAMPLES.parents[2],
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1
    assert len(found.pop()) == 64


def test_a_grant_cannot_be_changed():
    grant = documents.grant("student.id allow")
    with pytest.raises(TypeError):
        grant.rules["student.email"] = grant.rules["student.id"]


def test_the_samples_compile():
    for one in agreement.load_folder(documents.SAMPLES):
        grant = compiler.compile(one, one.clients[0])
        assert grant.releases("student.name.given")


def test_what_is_compiled_is_not_compiled_again(monkeypatch):
    one, made = documents.load("student.id allow"), []
    plain = compiler.combining.settled
    monkeypatch.setattr(compiler.combining, "settled", lambda *given: made.append(given) or plain(*given))
    grants = Grants([one], lambda: documents.NOW)
    first = grants.every("maple")
    assert made
    made.clear()
    assert grants.every("maple") == first
    assert Grants([one], lambda: documents.NOW, grants).every("maple") == first
    assert made == []
