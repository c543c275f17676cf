"""Which resources may get another natural key: those whose key the model carries on to what refers to them."""

from __future__ import annotations

CASCADING = frozenset(
    {
        "ClassPeriod",
        "CourseOffering",
        "GradebookEntry",
        "Grade",
        "Location",
        "Section",
        "Session",
        "StudentSchoolAssociation",
        "StudentSectionAssociation",
        "StudentSectionAttendanceEvent",
    }
)
