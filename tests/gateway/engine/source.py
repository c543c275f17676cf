"""A district's system that is nothing but a list of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema

from adapters.contract import Adapter, Manifest, picker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapters.contract import Problem, Record, Wanted


class RecordsAdapter(Adapter):
    """Yields the records it was given, cut to what is asked for; every new world has a new stamp."""

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
        pick = {entity: picker(entity, fields) for entity, fields in wanted.items()}
        for entity, record in self.records:
            if entity in pick:
                yield entity, pick[entity](dict(record))

    def stamp(self) -> str:
        return str(self._stamp)
