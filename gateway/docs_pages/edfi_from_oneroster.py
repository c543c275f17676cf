"""The page about OneRoster sources that answer in Ed-Fi: ``python -m gateway.docs_pages across``."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from adapters.defaults import TABLE
from gateway.docs_pages.oneroster_sources import members_told, said_at
from standards import registry
from standards.edfi.model.model import by_collection
from standards.vocabulary import Field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.defaults import Declarable
    from standards.edfi.model.model import Property
    from standards.view import Branch

CSV = "oneroster.csv"
COLLECTIONS = (
    "schoolYearTypes", "localEducationAgencies", "schools", "sessions", "gradingPeriods", "locations", "courses",
    "courseOfferings", "sections", "students", "studentSchoolAssociations", "studentEducationOrganizationAssociations",
    "studentSectionAssociations", "staffs", "staffSectionAssociations",
    "staffEducationOrganizationAssignmentAssociations", "contacts", "studentContactAssociations", "gradebookEntries",
    "studentGradebookEntries", "assessments", "studentAssessments",
)  # fmt: skip
TOKEN = re.compile(r"uri://[^'`]+")
WORKED_OUT: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("enrollment", "derivedEntry"): "the first day in a class of the school, else the first day of all sessions",
        ("employment", "derivedBegin"): "the first day with a class of the school, else the first day of all sessions",
        ("placement", "derivedBegin"): "the first day of the terms of the class",
        ("teaching", "derivedBegin"): "the first day of the terms of the class",
        ("offering", "session"): "the first of `classes.termSourcedIds`",
        ("offering", "code"): "`courses.courseCode`, else `courses.sourcedId`",
        ("section", "offering"): "the classes of one course in one school and term",
        ("enrollment", "grade"): "the first of `users.grades`",
        ("guardianship", "student"): "`users.agentSourcedIds`",
        ("guardianship", "contact"): "`users.agentSourcedIds`",
        ("guardianship", "role"): "`roles.role` of the contact",
        ("profile", "student"): "one for each school of which the user is a student",
        ("profile", "organization"): "the school of a role as a student",
        ("schoolSession", "school"): "a school with a class in the session",
        ("schoolSession", "session"): "a session of a class of the school, or a grading period below it",
        ("edfi.schoolYearTypes", "schoolYear"): "every `academicSessions.schoolYear`",
        ("edfi.schoolYearTypes", "schoolYearDescription"): "the two calendar years, such as 2026-2027",
        ("edfi.schoolYearTypes", "currentSchoolYear"): "true for the latest year that the source names",
        ("edfi.locations", "classroomIdentificationCode"): "every `classes.location`, once for a school",
        ("edfi.locations", "schoolReference.schoolId"): "`orgs.identifier` of the school of the class",
        ("organization", "derivedIdentifier"): "else `orgs.sourcedId`",
        ("session", "derivedName"): "`academicSessions.title` with something of its `sourcedId`",
        ("course", "derivedCode"): "`courses.courseCode` with something of its `sourcedId`",
        ("offering", "derivedCode"): "`courses.courseCode` with something of the course's `sourcedId`",
    }
)
BEGINNING = """\
# OneRoster sources in Ed-Fi

Written from the views, the lenses and the table of declarable facts by `python -m gateway.docs_pages across`.
A district whose system speaks OneRoster is served in Ed-Fi too. Ed-Fi requires more than OneRoster states, and
every required member comes from one of three places:

1. **stated** or **worked out** from what the source states; what is worked out from a fact is released with that fact
   and hidden with it;
2. **declared** by the district in its settings, or in the table below where the district says nothing;
3. nowhere: then the member is absent. No value is made up, and no record is left out for want of a member, because
   consumers delete what is missing. A consumer that must have the member has to ask the district for it.

A session or grading period without a school has no key in Ed-Fi and is none there: each school keeps the sessions that
its classes meet in, and the grading periods below them. A session in which no class meets is in OneRoster only. Ed-Fi
has no room for a class in several terms: it is a section of the first.

Ed-Fi tells records apart by codes and names that need not be unique in OneRoster. A `courseCode`, `localCourseCode`,
`sessionName` or `gradingPeriodName` is therefore the code or title of the source with `~` and twelve characters that
follow from the record's own `sourcedId` (`ALG1~d6jwapnvhp5n`): always, so that no other record changes it. The code
alone is among the course's `identificationCodes`. An organization whose `identifier` is a whole number has that number;
one with letters, or without an `identifier`, has a number between 2^48 and 2^49 that follows from it, or from its
`sourcedId`, and stays.
Two organizations with one `identifier` have one number: `crossing check` names them. Enrollments that repeat (one
student, one class, one first day) are one association, which ends with the last of them; roles likewise.

Of the `userIds` of a student, the one whose type is the state's (`state`, `stateId`, `SSID` and the like) is in Ed-Fi
among the `studentIdentificationCodes` of the student's associations, with the system *State*; of several the first. It
is released by `student.identifiers`.

OneRoster's end dates are the day after the last day: an `endDate` or `exitWithdrawDate` in Ed-Fi is the day before it.
What ends on the day it begins has no day, and its last day in Ed-Fi is before its first.

## Facts that a district can declare

They stand in `[districts.NAME.defaults]` by the name of the fact and apply to records that do not state it, in every
API; each use is counted in the notes of the adapter. `crossing check` warns of those that no OneRoster system states.

```toml
[districts.maple]
adapter = "oneroster_csv"
settings = { source = "maple.zip" }

[districts.maple.defaults]
session.instructionalDays = { semester = 90, term = 60, gradingPeriod = 45 }
edfi.courses.numberOfParts = 1
```

| fact | where nothing is declared | meaning |
|---|---|---|
"""
MEMBERS = """
## Where each required member comes from

Columns are those of the files of OneRoster 1.2 (`file.column`); 1.1 and OneRoster REST are read in the same words. A
name in the third column is the name by which an agreement releases the member; with several, the first that is released
and present is shown.
"""


def page() -> str:
    """Write the page."""
    return BEGINNING + "".join(map(_declarable, TABLE)) + MEMBERS + "".join(map(_resource, COLLECTIONS))


def _declarable(one: Declarable) -> str:
    shipped = one.shipped[0] if isinstance(one.shipped, tuple) else one.shipped
    return f"| `{one.name}` | {'absent' if shipped is None else f'`{shipped}`'} | {one.about} |\n"


def _resource(collection: str) -> str:
    resource = by_collection(collection)
    assert resource is not None
    branch = registry.views("edfi")[collection].branches[-1]
    known: dict[str, list[Field | str]] = {}
    for path, what in members_told(branch.nodes, branch.entity, "", ""):
        known.setdefault(path, []).append(what)
    lines = "".join(_line(path, known, branch) for path in _required(resource.properties, ""))
    return f"\n### {collection}\n\n| member | comes from | released as |\n|---|---|---|\n{lines}"


def _required(properties: Mapping[str, Property], prefix: str) -> Iterator[str]:
    """Return the path of every member that a document must have."""
    for name, known in properties.items():
        if known.required and not known.properties:
            yield f"{prefix}{name}"
        elif known.required:
            yield from _required(known.properties, f"{prefix}{name}.")


def _line(path: str, known: Mapping[str, list[Field | str]], branch: Branch) -> str:
    found = known.get(path) or known.get(path.rpartition(".")[0]) or []
    facts = [what for what in found if isinstance(what, Field)]
    names = ", ".join(dict.fromkeys(f"`{fact.release}`" for fact in facts))
    origins = [origin for fact in facts if (origin := _origin(fact))]
    origins += [f"`{token}`" for what in found if isinstance(what, str) for token in TOKEN.findall(what)]
    own = path in {f"{branch.entity}UniqueId", "sectionIdentifier", "gradebookEntryIdentifier"}
    return f"| `{path}` | {', '.join(dict.fromkeys(origins)) or ('the id' if own else 'absent')} | {names or '–'} |\n"


def _origin(fact: Field) -> str:
    """Return where a OneRoster source has *fact*, or where it comes from otherwise."""
    if worked_out := WORKED_OUT.get((fact.entity, fact.name)):
        return worked_out
    if fact.type == "id":
        return "the id"
    if found := said_at(CSV, fact):
        return ", ".join(f"`{place}`" for place in found)
    return "declared" if any((one.entity, one.field) == (fact.entity, fact.name) for one in TABLE) else ""
