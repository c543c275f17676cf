"""Own students: a bounded search over the students of the registrar's own district."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.transfers.office import TransferOffice
from gateway.admin.transfers.own_children import candidate_of, own_child
from gateway.transfers.matching.children import StatedChild
from gateway.transfers.matching.comparison import compare
from gateway.transfers.matching.levels import EQUAL, ChildPart, PartLevel
from gateway.transfers.matching.spelling import spell_child
from gateway.transfers.matching.weights import published_weights
from standards.errors import InvalidBody, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.admin.transfers.own_children import OwnChild
    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.matching.spelling import SpeltChild

MAX_HITS: Final = 20
MAX_SEARCHES_A_MINUTE: Final = 20
MINUTE: Final = 60.0
LONGEST: Final = 20.0
"""The seconds after which a search of the same person may begin though the one before has not said that it is over."""

PARTS: Final[Mapping[str, str]] = {
    "stateId": "state_id", "family": "family", "given": "given", "middle": "middle", "suffix": "suffix",
    "birthDate": "birth_date", "lastSchool": "last_school",
}  # fmt: skip
LEADING: Final = frozenset({"stateId", "unique", "family", "birthDate"})
"""What leads to somebody; a given name by itself leads to half of a school."""
LEADS_NOWHERE: Final = "Search by a family name, a birth date, a state id or an id of the district's system."
TOO_OFTEN: Final = "You have searched too often within a minute. Wait a minute."
ABOUT: Final = "own student"


@dataclass(frozen=True, slots=True)
class OwnStudent:
    """An own student who was found; *unique* is the id in the district's system, *score* between 0 and 100.

    *stated* is what a request for the student's record can be filled in with.
    """

    handle: str
    unique: str = field(repr=False)
    child: OwnChild = field(repr=False)
    score: float = 0.0
    stated: Mapping[str, str] = field(default_factory=dict, repr=False)


class OwnStudents(TransferOffice):
    """The students of the own district, for its registrars: a name, a birth date or an id leads to at most 20."""

    def search(self, asked: Mapping[str, str]) -> tuple[OwnStudent, ...]:
        """Find own students by any of `stateId unique family given middle birthDate lastSchool`, the likeliest first.

        Raises:
            InvalidBody: nothing is asked that leads to anybody.
            TooManyRequests: this person has searched too often within a minute, or searches already.
        """
        self.need_children()
        given = {name: text.strip() for name, text in asked.items() if text and text.strip()}
        if given.keys() - PARTS.keys() - {"unique"} or not given.keys() & LEADING:
            raise InvalidBody(LEADS_NOWHERE)
        with self._one_at_a_time():
            roll = self.roll()
            found = self._found(roll, given)
        self.record("own students searched", content={"by": sorted(given), "found": len(found)})
        return found

    def find(self, unique: str) -> OwnStudent | None:
        """Find the own student with a unique id of the district's system.

        Raises:
            TooManyRequests: this person has searched too often within a minute, or searches already.
        """
        return next(iter(self.search({"unique": unique})), None) if unique.strip() else None

    def of_handle(self, handle: str) -> OwnStudent:
        """Return the own student who was shown under a *handle*.

        Raises:
            NotFound: it is none of this district.
        """
        self.need_children()
        own = self.opened(ABOUT, handle)
        roll = self.roll_with(own)
        found = self._student(roll, roll.rows[own], 0.0)
        self.record("own student shown")
        return found

    def _found(self, roll: DistrictRoll, given: Mapping[str, str]) -> tuple[OwnStudent, ...]:
        if "unique" in given:
            table = roll.snapshot.table("student")
            ids = table.unique or table.ids
            rows = [ids.index(given["unique"])] if given["unique"] in ids else []
            return tuple(self._student(roll, row, 100.0) for row in rows)
        parts: dict[str, Any] = {PARTS[name]: text for name, text in given.items()}
        asked = spell_child(StatedChild(**parts))
        likely = sorted(_likely(roll, asked, _stated(given)), key=lambda one: (-one[0], one[1]))
        return tuple(self._student(roll, row, score % 1 * 100) for score, _, row in likely[:MAX_HITS])

    def _student(self, roll: DistrictRoll, row: int, score: float) -> OwnStudent:
        table, candidate = roll.snapshot.table("student"), candidate_of(roll, row)
        stated = {name: getattr(candidate, attribute) for name, attribute in PARTS.items() if name != "lastSchool"}
        known = {name: text for name, text in stated.items() if text}
        unique = (table.unique or table.ids)[row]
        return OwnStudent(self.handle(ABOUT, candidate.id), unique, own_child(roll, row), score, known)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Let one search of a person run at a time, and a few within a minute."""
        memory, who = self.region.memory, f"{self.org} {self.actor.person or self.actor.client or self.actor.name}"
        if memory is None:
            yield
            return
        if memory.increment(f"own students {who}", MINUTE) > MAX_SEARCHES_A_MINUTE:
            raise TooManyRequests(TOO_OFTEN, int(MINUTE))
        if not memory.put_if_absent(f"own student search {who}", b"", LONGEST):
            raise TooManyRequests("You search already: wait until that is done.", 1)
        try:
            yield
        finally:
            memory.delete(f"own student search {who}")


def _stated(given: Mapping[str, str]) -> frozenset[ChildPart]:
    """Return the parts that are compared of what is asked."""
    named = {"stateId": "stateId", "lastSchool": "school"}
    return frozenset(ChildPart(named.get(name, name)) for name in given)


def _likely(roll: DistrictRoll, asked: SpeltChild, stated: frozenset[ChildPart]) -> Iterator[tuple[float, str, int]]:
    """Yield the score, the id and the row of the students who differ in nothing that is asked."""
    for row in roll.index.near(asked):
        levels = compare(asked, roll.index.spell(row))
        told = {levels[part] for part in stated}
        if PartLevel.DIFFERS not in told and told - {PartLevel.MISSING}:
            equal = sum(levels[part] in EQUAL for part in stated)
            yield equal + published_weights().score(levels) / 100, row.id, roll.rows[row.id]
