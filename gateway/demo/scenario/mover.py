"""The mover: a child whom one district holds with a history, and whom another one has just enrolled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gateway.demo.data.records import Birthplace
from gateway.demo.data.schools.terms import school_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from gateway.demo.data.records import FictionalDistrict, Organization, Placement, Student

    Document = dict[str, Any]

FOLLOWED: Final = 3
"""The first children of a district are followed elsewhere, or have the samples of every resource around them."""
NEW: Final = "transferred"
"""Why the child was enrolled: Ed-Fi's entry type *Transfer*, all that its vocabulary says of a district before."""
NOT_TYPED: Final = Birthplace("", "", "")
DAYS_AGO: Final = 2
"""The school days since the child came."""
TELLING: Final = 5
"""The letters of a name that nothing else is likely to contain."""
PROFILES, ENROLLMENTS = "studentEducationOrganizationAssociations", "studentSchoolAssociations"
TYPED: Final = frozenset({"studentReference", "educationOrganizationReference", "studentIdentificationCodes"})
"""What of a new child's facts somebody has typed in."""
AGENCIES, SCHOOLS = "localEducationAgencies", "schools"
WHERE: Final = frozenset({"identificationCodes", "addresses", "institutionTelephones"})
"""What of an organization is its own district's business."""


@dataclass(frozen=True, slots=True)
class Mover:
    """The same child *there*, in the district that it comes from, and *here*, where it was enrolled."""

    there: Student
    here: Student


def with_mover(sender: FictionalDistrict, receiver: FictionalDistrict) -> tuple[FictionalDistrict, Mover]:
    """Return the *receiver* with a child of the *sender* in the place of one of its own, and who it is."""
    there = _one_who_leaves(sender)
    other = _one_in_the_place(receiver, there.grade)
    here = replace(
        other,
        state_id=there.state_id,
        name=replace(there.name, preferred_given="", preferred_family=""),
        birth_date=there.birth_date,
        birthplace=NOT_TYPED,
        sex=there.sex,
        characteristics=(),
        unlisted=False,
    )
    return _enrolled(receiver, here), Mover(there, here)


def as_enrolled(
    documents: Sequence[tuple[str, Document]], sender: FictionalDistrict, mover: Mover
) -> list[tuple[str, Document]]:
    """Return the *documents* of the receiver as whoever enrolled the child has typed them in.

    Where it was before is there, and its ids; its sex, its language, its race and its address are not yet.
    """
    unique = mover.here.state_id
    typed = [
        (collection, _begun(document) if _is_about(unique, collection, document) else document)
        for collection, document in documents
    ]
    return [*typed, *_before(documents, sender, mover)]


def _is_about(unique: str, collection: str, document: Document) -> bool:
    return collection == PROFILES and bool(document["studentReference"]["studentUniqueId"] == unique)


def _begun(document: Document) -> Document:
    return {name: value for name, value in document.items() if name in TYPED}


def _before(
    documents: Iterable[tuple[str, Document]], sender: FictionalDistrict, mover: Mover
) -> Iterator[tuple[str, Document]]:
    """Yield the district and the school that the child comes from, and that it was enrolled there."""
    agency, school = sender.organizations[0], next(one for one in sender.schools if one.id == mover.there.school)
    known = {collection: document for collection, document in documents if collection in {AGENCIES, SCHOOLS}}
    own = next(
        document
        for collection, document in documents
        if collection == ENROLLMENTS and document["studentReference"]["studentUniqueId"] == mover.here.state_id
    )
    yield AGENCIES, _called(known[AGENCIES], agency) | {"localEducationAgencyId": int(agency.id)}
    link = {"localEducationAgencyReference": {"localEducationAgencyId": int(agency.id)}}
    yield SCHOOLS, _called(known[SCHOOLS], school) | {"schoolId": int(school.id)} | link
    there = next(one for one in sender.enrollments if one.student == mover.there.id)
    kept = {name: value for name, value in own.items() if name not in {"calendarReference", "entryTypeDescriptor"}}
    left = {"entryDate": there.entry.isoformat(), "exitWithdrawDate": own["entryDate"], "primarySchool": False}
    yield ENROLLMENTS, kept | left | {"schoolReference": {"schoolId": int(school.id)}}


def _called(document: Document, one: Organization) -> Document:
    """Return what an organization of another district is like, under the name of *one*."""
    kept = {name: value for name, value in document.items() if name not in WHERE}
    return kept | {"nameOfInstitution": one.name, "shortNameOfInstitution": one.short_name}


def _any_of(district: FictionalDistrict) -> tuple[Student, ...]:
    return district.students[FOLLOWED:] or district.students[-1:]


def _one_who_leaves(district: FictionalDistrict) -> Student:
    """Choose the child that tells the story best: nobody's twin, in one school all year, with grades, well named."""
    born = Counter(one.birth_date for one in district.students)
    steady, graded = _steady(district), {one.student for one in district.results}

    def fitness(one: Student) -> tuple[bool, ...]:
        names = one.name.given, one.name.family
        tells = all(len(name) >= TELLING and name.isalpha() and name.isascii() for name in names)
        return born[one.birth_date] == 1, one.id in steady, tells, one.id in graded

    return max(_any_of(district), key=fitness)


def _one_in_the_place(district: FictionalDistrict, grade: str) -> Student:
    """Choose a child of a *grade* around whom nothing else is made up."""
    steady = _steady(district)
    sampled = set(islice(dict.fromkeys(one.student for one in district.placements), FOLLOWED))
    return max(_any_of(district), key=lambda one: (one.id not in sampled, one.grade == grade, one.id in steady))


def _steady(district: FictionalDistrict) -> set[str]:
    """Return the children who have one enrollment, which goes on."""
    held = Counter(one.student for one in district.enrollments)
    return {one.student for one in district.enrollments if held[one.student] == 1 and one.exit is None}


def _enrolled(district: FictionalDistrict, child: Student) -> FictionalDistrict:
    """Return a *district* in which a child came some days ago: nothing of it is older."""
    past = [day for day in school_days(district.school_year) if day <= district.today]
    came = past[-DAYS_AGO:][0]

    def others(rows: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(one for one in rows if one.student != child.id)

    enrollments = tuple(
        replace(one, entry=came, entry_reason=NEW, exit=None, exit_reason="") if one.student == child.id else one
        for one in district.enrollments
    )
    return replace(
        district,
        students=tuple(child if one.id == child.id else one for one in district.students),
        enrollments=enrollments,
        placements=tuple(_since(district.placements, child, came)),
        absences=others(district.absences),
        participations=others(district.participations),
        results=others(district.results),
    )


def _since(placements: Iterable[Placement], child: Student, came: date) -> Iterator[Placement]:
    """Yield the places in sections, those of a child from the day on which it came."""
    for one in placements:
        if one.student != child.id:
            yield one
        elif one.end >= came:
            yield replace(one, begin=max(one.begin, came))
