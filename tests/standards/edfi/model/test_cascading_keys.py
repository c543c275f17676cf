"""Which natural keys may change."""

from __future__ import annotations

from standards.edfi.model.cascading_keys import CASCADING_KEYS, followers, following
from standards.edfi.model.model import resources


def test_the_keys_that_a_client_may_change_are_those_of_an_ods():
    assert {resources()[name].collection for name in CASCADING_KEYS} == {
        "classPeriods", "grades", "gradebookEntries", "locations", "sections", "sessions", "studentSchoolAssociations",
        "studentSectionAssociations",
    }  # fmt: skip


def test_the_keys_that_follow_are_those_that_refer_to_one_that_changes():
    assert following() - CASCADING_KEYS == {
        "CourseOffering", "SectionAttendanceTakenEvent", "StaffSectionAssociation", "StudentGradebookEntry",
        "StudentSchoolAttendanceEvent", "StudentSectionAttendanceEvent", "SurveySectionAssociation",
    }  # fmt: skip


def test_a_session_is_followed_by_what_is_offered_in_it_and_by_all_that_refers_to_that():
    assert {"CourseOffering", "Section", "StudentSectionAssociation", "Grade"} <= followers("Session")
    assert not followers("Location")
    assert "Session" not in followers("Session")
