"""A district's system that is nothing but a list of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema

from adapters.contract import Adapter, Change, Manifest, picker
from adapters.notes import USER
from gateway.cache.completeness import Shares
from standards.errors import ChangesLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from adapters.contract import Aside, Problem, Record, Wanted


class Whatever(Shares):
    """What a district may lack whose rows a test has made up: anything."""

    def refuse_rows(self, entity, aside, read, left):
        return ""

    def refuse_references(self, name, lost, all_of):
        return ""


class RecordsAdapter(Adapter):
    """Yields the records it was given, cut to what is asked for; every new world has a new stamp.

    It sets the rows *aside* whenever it is read.
    """

    aside: tuple[Aside, ...] = ()
    name: ClassVar[str] = "records"
    Settings: ClassVar[type[Schema]] = Schema

    def __init__(
        self, records: Iterable[tuple[str, Record]] = (), district: str = "maple", entities: Iterable[str] | None = None
    ) -> None:
        super().__init__(district, {})
        self._stamp = 0
        self.load(records)
        self.entities = frozenset((entity for entity, _ in self.records) if entities is None else entities)

    def load(self, records: Iterable[tuple[str, Record]]) -> None:
        """Put other records in place of those before."""
        self.records = list(records)
        self._stamp += 1

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.entities)

    def check(self) -> list[Problem]:
        return []

    def read(self, wanted: Wanted, hints=()) -> Iterator[tuple[str, Any]]:
        self.notes.clear()
        pick = {entity: picker(entity, fields) for entity, fields in wanted.items()}
        for entity, record in self.records:
            if entity in pick:
                yield entity, pick[entity](dict(record))
        for row in self.aside:
            if row.entity in {*wanted, USER}:
                self.notes.set_aside(row)

    def stamp(self) -> str:
        return str(self._stamp)


class FollowedAdapter(RecordsAdapter):
    """A system that numbers its changes and tells them, and counts what it is asked for."""

    def __init__(self, records: Iterable[tuple[str, Record]] = (), delta: Iterable[str] | None = None) -> None:
        self.version, self.log = 7, []
        super().__init__(records)
        self.delta = self.entities if delta is None else frozenset(delta)
        self.whole: list[Wanted] = []
        self.asked: list[tuple[int, int]] = []
        self.found: list[tuple[str, str]] = []
        self.oldest = 0
        self.during: Callable[[str], object] = lambda _what: None

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.entities, delta=self.delta, bulk=False)

    def put(self, entity: str, record: Record) -> None:
        """Create or replace a record."""
        self.records = [one for one in self.records if (one[0], one[1].get("id")) != (entity, record["id"])]
        self.records.append((entity, record))
        self._change(entity, record["id"])

    def remove(self, entity: str, own: str) -> None:
        """Delete a record."""
        self.records = [one for one in self.records if (one[0], one[1].get("id")) != (entity, own)]
        self._change(entity, own)

    def _change(self, entity: str, own: str) -> None:
        self.version += 1
        self._stamp += 1
        self.log.append((self.version, entity, own))

    def read(self, wanted: Wanted, hints=()) -> Iterator[tuple[str, Any]]:
        self.whole.append(wanted)
        records = list(super().read(wanted))
        self.during("read")
        yield from records

    def find(self, entity: str, identifier: str) -> Record | None:
        self.found.append((entity, identifier))
        self.during("find")
        return next(
            (dict(record) for name, record in self.records if (name, record["id"]) == (entity, identifier)), None
        )

    def newest(self) -> int | None:
        self.during("newest")
        return self.version

    def changes(self, wanted: Wanted, since: int, until: int) -> Iterator[Change]:
        self.asked.append((since, until))
        if since < self.oldest:
            raise ChangesLost("the source has forgotten")
        told = {(entity, own) for version, entity, own in self.log if since < version <= until and entity in wanted}
        self.during("changes")
        for entity, own in sorted(told):
            record = next((one for name, one in self.records if (name, one.get("id")) == (entity, own)), None)
            yield Change(entity, own, record and picker(entity, wanted[entity])(dict(record)))
