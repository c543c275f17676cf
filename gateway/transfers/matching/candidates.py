"""Candidates of one district, by the few things that can lead to a child: state id, birth date and family name."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from gateway.transfers.matching.comparison import MIN_MISTYPED_CHARACTERS, PARTICLES
from gateway.transfers.matching.spelling import SpeltTexts, spell_child, spell_date, spell_state_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.transfers.matching.children import ChildCandidate
    from gateway.transfers.matching.spelling import Spelling, SpeltChild

MAX_FAMILY_ROWS: Final = 5000
"""The rows of one family name that are looked at; of a name with more only those that something else leads to."""


class CandidateIndex:
    """The *candidates* of a district; a row that is there twice, equal in everything, is one.

    It is made once for a snapshot, and serves any number of searches. It compares nothing: a search looks at the rows
    with the same or nearly the same state id or birth date, and at those with a family name in common.
    """

    def __init__(self, candidates: Iterable[ChildCandidate]) -> None:
        self.rows: Sequence[ChildCandidate] = tuple(dict.fromkeys(candidates))
        self._by_state_id: dict[str, list[int]] = defaultdict(list)
        self._by_date: dict[str, list[int]] = defaultdict(list)
        self._by_family: dict[str, list[int]] = defaultdict(list)
        self._texts = SpeltTexts()
        dates: dict[str, str] = {}
        families: dict[str, tuple[str, ...]] = {}
        for number, row in enumerate(self.rows):
            if row.birth_date not in dates:
                dates[row.birth_date] = spell_date(row.birth_date)
            self._by_date[dates[row.birth_date]].append(number)
            self._by_state_id[spell_state_id(row.state_id)].append(number)
            for family in (row.family, *(name.family for name in row.other_names)):
                if family not in families:
                    families[family] = tuple(_family_keys(self._texts[family]))
                for key in families[family]:
                    self._by_family[key].append(number)

    def spell(self, row: ChildCandidate) -> SpeltChild:
        """Spell one of the rows."""
        return spell_child(row, self._texts)

    def near(self, asked: SpeltChild) -> Iterator[ChildCandidate]:
        """Yield the rows that may be the child *asked* for, in their order."""
        found = {number for numbers in self._blocks(asked) for number in numbers}
        return (self.rows[number] for number in sorted(found))

    def _blocks(self, asked: SpeltChild) -> Iterator[Sequence[int]]:
        for state_id in self._near_state_ids(asked.state_id):
            yield self._by_state_id[state_id]
        for day in near_dates(asked.birth_date):
            yield self._by_date.get(day, ())
        families = chain.from_iterable(_family_keys(name.family) for name in asked.names)
        exchanged = chain.from_iterable(name.given.joined for name in asked.names)
        for key in {*families, *exchanged}:
            if len(rows := self._by_family.get(key, ())) <= MAX_FAMILY_ROWS:
                yield rows

    def _near_state_ids(self, state_id: str) -> list[str]:
        if len(state_id) < MIN_MISTYPED_CHARACTERS:
            return [state_id] if state_id and state_id in self._by_state_id else []
        found = process.extract(state_id, self._by_state_id.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
        return [near for near, _distance, _key in found if near]


def near_dates(day: str) -> Iterator[str]:
    """Yield the date *day*, and what it becomes with day and month exchanged, or with one slip; not all are dates."""
    if not day:
        return
    found = {day, day[:4] + day[6:] + day[4:6]}
    for place in range(len(day)):
        found.update(f"{day[:place]}{digit}{day[place + 1 :]}" for digit in "0123456789")
        found.add(day[:place] + day[place : place + 2][::-1] + day[place + 2 :])
    yield from sorted(found)


def _family_keys(family: Spelling) -> Iterator[str]:
    """Yield the joined spellings of a *family* name and each word of it that is no particle."""
    yield from family.joined.union(word for word in family.words if word not in PARTICLES)
