"""Sessions of each school, in a roster that states sessions once for all schools.

A school keeps the sessions that its classes meet in, and the grading periods below them. A grading period of a whole
year is kept by every school with a class in that year.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from standards.edfi.model import links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.contract import Record

TERM, PERIOD = "term", "gradingPeriod"
KEPT = frozenset({"semester", "term", "schoolYear"})


def term_key(school: str, session: str) -> tuple[str, ...]:
    """Make the key of a *session* as a term of a *school*."""
    return (TERM, school, session)


def period_key(school: str, session: str) -> tuple[str, ...]:
    """Make the key of a *session* as a grading period of a *school*."""
    return (PERIOD, school, session)


@dataclass(slots=True)
class Calendar:
    """The sessions of a district, and those that each school's classes meet in."""

    kinds: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    years: dict[str, str] = field(default_factory=dict)
    terms: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def state(self, session: str, kind: str, parent: str, year: str) -> None:
        """Note a session."""
        self.kinds[session] = kind
        if parent:
            self.parents[session] = parent
        if year.isdigit():
            self.years[session] = year

    def teach(self, school: str, sessions: list[str]) -> None:
        """Note the sessions of a class."""
        self.terms[school].update(dict.fromkeys(session for session in sessions if session in self.kinds))

    def records(self, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Record]]:
        """Yield the school years, and the sessions of every school."""
        if wanted("edfi.schoolYearTypes"):
            yield from (("edfi.schoolYearTypes", self._year(year)) for year in sorted(set(self.years.values())))
        if wanted("schoolSession"):
            for school, terms in self.terms.items():
                yield from (("schoolSession", record) for record in self._kept(school, tuple(terms)))

    def _year(self, year: str) -> Record:
        number = int(year)
        return {
            "key": (year,),
            "schoolYear": number,
            "schoolYearDescription": f"{number - 1}-{number}",
            "currentSchoolYear": year == max(self.years.values(), key=int),
        }

    def _kept(self, school: str, terms: tuple[str, ...]) -> Iterator[Record]:
        lines = {term: self._line(term) for term in terms}
        inside: dict[str, list[str]] = defaultdict(list)
        for session, kind in self.kinds.items():
            above = self._line(session) if kind == PERIOD else ()
            for term in terms:
                if term in above or (above and self.parents.get(session) in lines[term]):
                    inside[session].append(term)
        for term in terms:
            kind = self.kinds[term]
            kind = kind if kind in KEPT else TERM  # whatever else it is: a class meets in it
            record: dict[str, Any] = self._record(term_key(school, term), school, term, kind)
            if periods := [period_key(school, one) for one, those in inside.items() if term in those]:
                record["gradingPeriods"] = periods
            yield record
        for session in inside:
            yield self._record(period_key(school, session), school, session, PERIOD)

    def _record(self, key: tuple[str, ...], school: str, session: str, kind: str) -> Record:
        record: Record = {"key": key, "school": (school,), "session": (session,), "kind": kind}
        if year := self.years.get(session):
            told = links.StatedReference("schoolYearTypeReference", (str(int(year)),), "schoolYearTypes", key=(year,))
            record[links.FIELD] = links.text([told])
        return record

    def _line(self, session: str) -> tuple[str, ...]:
        """Return a session and all that it is a part of."""
        line: list[str] = []
        while session and session not in line:
            line.append(session)
            session = self.parents.get(session, "")
        return tuple(line)
