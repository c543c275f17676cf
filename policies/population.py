"""Populations: the agreement's selectors, and the row rules that decide which rows exist for a consumer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standards.codes import table
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class All:
    """The condition that every clause holds."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The condition that at least one clause holds."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class In:
    """The condition that the field has one of the values; ``key`` is the single part of the row's natural key."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class NotIn:
    """The condition that the field is present and has none of the values."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Null:
    """The condition that the field is absent."""

    field: str


@dataclass(frozen=True, slots=True)
class Active:
    """The condition that the row has begun and not ended; it begins with the first of *begin* that is present."""

    begin: tuple[str, ...]
    end: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The condition that the row that *ref* points to exists for the consumer."""

    ref: str


@dataclass(frozen=True, slots=True)
class Child:
    """The condition that some row of *entity* whose reference *via* points here satisfies the clause."""

    entity: str
    via: str
    clause: Clause


@dataclass(frozen=True, slots=True)
class RefIn:
    """The condition that the row that *ref* points to has one of the values in one of the fields."""

    ref: str
    fields: tuple[str, ...]
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class InProgram:
    """The condition that the row, a student's, is of one who takes part in one of the programs now."""

    programs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Aged:
    """The condition that whoever was born on the day in *birth* has completed so many years today; None is no bound."""

    birth: str
    least: int | None
    most: int | None


Clause = All | AnyOf | In | NotIn | Null | Active | Seen | Child | RefIn | InProgram | Aged

NAMED = ("identifier", "key")
ACTIVE = Active(("entry", "derivedEntry"), "exit")
NOBODY, ANYBODY = AnyOf(()), All(())
# The kinds of organizations that are no schools; one of a kind that nobody knows may be a school.
ABOVE_SCHOOLS = frozenset(table("organizationKind").values) - {"school"}
# Ed-Fi resources about people whom their rows do not name, so that nobody can tell whether those are in a population.
UNNAMED = (
    "edfi.credentials",
    "edfi.people",
    "edfi.surveyQuestionResponses",
    "edfi.surveyResponseEducationOrganizationTargetAssociations",
    "edfi.surveyResponseStaffTargetAssociations",
    "edfi.surveySectionResponses",
    "edfi.surveySectionResponseEducationOrganizationTargetAssociations",
    "edfi.surveySectionResponseStaffTargetAssociations",
)


@dataclass(frozen=True, slots=True)
class Population:
    """The students an agreement is about; all selectors hold together.

    Schools, grades and *active* are of one and the same enrollment of a student; programs, ages and the form of the
    consent are of the student. None excludes nobody; an empty tuple would exclude everybody. *assigned* leaves in only
    students who are assigned to the person who asks: to a client, which is no person, nobody is.
    """

    schools: tuple[str, ...] | None = None
    grades: tuple[str, ...] | None = None
    active: bool = False
    programs: tuple[str, ...] | None = None
    ages: tuple[int | None, int | None] | None = None
    form: str = ""
    assigned: bool = False

    @property
    def everyone(self) -> bool:
        """Whether nobody is left out."""
        return self == EVERYONE

    def rows(self, *, registered: bool = False) -> Mapping[str, Clause]:
        """Return the row rule of every entity that has one; *registered* is whether a register leaves students out.

        Students that a register may leave out have a rule too, if only one that holds for everybody: they are not all
        there.
        """
        if self.everyone and not registered:
            return {}
        rules: dict[str, Clause] = {
            "contact": Child("guardianship", "contact", Seen("student")),
            **dict.fromkeys(UNNAMED, NOBODY),
        }
        student = self._student()
        rules["student"] = ANYBODY if student is None else student
        if self.schools is not None:
            schools = frozenset(self.schools)
            rules["enrollment"] = RefIn("school", NAMED, schools)
            rules["organization"] = AnyOf((In("kind", ABOVE_SCHOOLS), *(In(name, schools) for name in NAMED)))
            rules["staff"] = AnyOf(
                (
                    Child("teaching", "staff", Seen("section")),
                    Child("employment", "staff", RefIn("organization", NAMED, schools)),
                )
            )
        return rules

    def _student(self) -> Clause | None:
        """Return the row rule of students; None where only a register leaves any out."""
        clauses: list[Clause] = []
        if enrolled := self._enrollment():
            clauses.append(Child("enrollment", "student", All(enrolled)))
        if self.programs is not None:
            clauses.append(InProgram(frozenset(self.programs)))
        if self.ages is not None:
            clauses.append(Aged("birthDate", *self.ages))
        if self.assigned:
            clauses.append(NOBODY)
        return None if not clauses else clauses[0] if len(clauses) == 1 else All(tuple(clauses))

    def _enrollment(self) -> tuple[Clause, ...]:
        clauses: list[Clause] = []
        if self.schools is not None:
            clauses.append(RefIn("school", NAMED, frozenset(self.schools)))
        if self.grades is not None:
            clauses.append(In("grade", frozenset(self.grades)))
        if self.active:
            clauses.append(ACTIVE)
        return tuple(clauses)

    def words(self, names: Mapping[str, str] | None = None) -> str:
        """Write the population in plain words; *names* has a school's name by its identifier."""
        if self.everyone:
            return "everyone in the district"
        parts = [self._who()]
        if self.schools is not None:
            known = names or {}
            parts.append("at " + _either([known.get(school, f"school {school}") for school in self.schools]))
        if self.grades is not None:
            parts.append(f"in {'grade' if len(self.grades) == 1 else 'grades'} {', '.join(self.grades)}")
        if self.programs is not None:
            parts.append(f"who take part in {_either(self.programs)} today")
        if self.ages is not None:
            parts.append(f"aged {_years(*self.ages)}")
        if self.form:
            parts.append(f"with consent by the form {self.form}")
        if self.assigned:
            parts.append("assigned to the person who asks (a client is no person, and gets none)")
        return " ".join(parts)

    def _who(self) -> str:
        if self.active:
            return "students enrolled today"
        return "students" if not self._enrollment() else "students enrolled at any time"

    def steps(self, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Write every selector by itself in plain words."""
        known = names or {}
        said: list[str] = []
        if self.schools is not None:
            said.append("has an enrollment at " + _either([known.get(s, f"school {s}") for s in self.schools]))
        if self.grades is not None:
            said.append(f"is enrolled there in {_either([f'grade {grade}' for grade in self.grades])}")
        if self.active:
            said.append("that enrollment has begun and has not ended today")
        if self.programs is not None:
            said.append(f"takes part in {_either(self.programs)} today")
        if self.ages is not None:
            said.append(f"is aged {_years(*self.ages)} today")
        if self.form:
            said.append(f"has a consent by the form {self.form} that holds today")
        if self.assigned:
            said.append("is assigned to the person who asks, which no client is")
        return tuple(said)


EVERYONE = Population()


def reads(entity: str, clause: Clause) -> Iterator[tuple[str, str]]:
    """Yield every (entity, field) that *clause* about *entity* reads."""
    match clause:
        case All(clauses) | AnyOf(clauses):
            for part in clauses:
                yield from reads(entity, part)
        case In(name) | NotIn(name) | Null(name):
            yield entity, name
        case Active(begin, end):
            yield from ((entity, name) for name in (*begin, end))
        case Seen(ref):
            yield entity, ref
        case Child(child, via, inner):
            yield child, via
            yield from reads(child, inner)
        case Aged(birth):
            yield entity, birth
        case RefIn(ref, names):
            yield entity, ref
            yield from ((fields_of(entity)[ref].to, name) for name in names)


def values(entity: str, clause: Clause) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
    """Yield the values that *clause* about *entity* compares with, by entity and field."""
    match clause:
        case All(clauses) | AnyOf(clauses):
            for part in clauses:
                yield from values(entity, part)
        case In(name, some) | NotIn(name, some):
            yield (entity, name), some
        case Child(child, _, inner):
            yield from values(child, inner)
        case RefIn(ref, names, some):
            yield from (((fields_of(entity)[ref].to, name), some) for name in names)


def programs(clause: Clause) -> Iterator[str]:
    """Yield the names of the programs that *clause* asks for."""
    match clause:
        case All(clauses) | AnyOf(clauses):
            for part in clauses:
                yield from programs(part)
        case Child(_, _, inner):
            yield from programs(inner)
        case InProgram(names):
            yield from names


def _years(least: int | None, most: int | None) -> str:
    """Write bounds of an age."""
    if most is None:
        return f"{least} or more"
    return f"{most} or less" if least is None else f"{least}" if least == most else f"{least} to {most}"


def _either(words: Iterable[str]) -> str:
    """Write a list as it is spoken."""
    known = list(words)
    return " or ".join(known) if len(known) < 3 else f"{', '.join(known[:-1])} or {known[-1]}"  # noqa: PLR2004  two need no comma
