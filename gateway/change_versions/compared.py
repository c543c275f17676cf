"""Compared states: the rows that are shown now, and the state of the data that a log was last compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from weakref import ReferenceType

    from gateway.cache.snapshot import Table
    from gateway.engine.view_rows import ViewRows

    About = Callable[[ViewRows], Callable[[int], Iterable[bytes]]]


@dataclass(frozen=True, slots=True)
class CurrentRows:
    """The rows *shown* now, the *entities* that decide them, and a function to the students they are *about*."""

    shown: ViewRows
    entities: frozenset[str]
    about: About


@dataclass(frozen=True, slots=True)
class RecordedState:
    """The state of the data with which a log was last compared."""

    number: int
    today: str
    epoch: str
    tables: Mapping[str, ReferenceType[Table] | None]

    @classmethod
    def by(cls, present: CurrentRows) -> RecordedState:
        """Return the present state."""
        visibility = present.shown.visibility
        found = {entity: visibility.snapshot.tables.get(entity) for entity in present.entities}
        tables = {entity: None if table is None else ref(table) for entity, table in found.items()}
        return cls(visibility.snapshot.number, visibility.today, visibility.grant.epoch, tables)

    def covers(self, present: CurrentRows) -> bool:
        """Tell whether this is the present state, or a later one."""
        visibility = present.shown.visibility
        same = visibility.snapshot.number == self.number and visibility.today == self.today
        later = (self.number, self.today) > (visibility.snapshot.number, visibility.today)
        return later or (same and visibility.grant.epoch == self.epoch)

    def rests_on(self, present: CurrentRows) -> bool:
        """Tell whether everything that decides what is shown is unchanged."""
        visibility = present.shown.visibility
        if (visibility.today, visibility.grant.epoch) != (self.today, self.epoch):
            return False
        now = visibility.snapshot.tables
        return all(_same(known, now.get(entity)) for entity, known in self.tables.items())


def _same(known: ReferenceType[Table] | None, table: Table | None) -> bool:
    return table is None if known is None else table is not None and known() is table
