"""OneRoster's bulk files written from the records of its API: the manifest, headings in order, rows in RFC 4180."""

from __future__ import annotations

import csv as rfc4180
import io
from typing import TYPE_CHECKING, Any

from standards.errors import MappingError
from standards.oneroster.csv import specification
from standards.oneroster.csv.cells import cell, free

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from standards.oneroster.csv.rows import ExportedFile

BULK, DELTA, ABSENT = "bulk", "delta", "absent"
SYSTEM_NAME, SYSTEM_CODE = "Crossing Guard", "crossingguard"
OWN_IDS = "userProfiles.csv"  # the one file about parts of records whose ids are the source's
STAMPS = frozenset({specification.STATUS, "dateLastModified"})


def manifest(version: str, modes: Mapping[str, str]) -> bytes:
    """Write the manifest of a set of files; *modes* is for each file that is there ``bulk`` or ``delta``."""
    names = sorted(specification.files(version), key=str.lower)
    stated = [
        ("propertyName", "value"),
        ("manifest.version", "1.0"),
        ("oneroster.version", version),
        *((f"file.{name.removesuffix('.csv')}", modes.get(name, ABSENT)) for name in names),
        ("source.systemName", SYSTEM_NAME),
        ("source.systemCode", SYSTEM_CODE),
    ]
    return _lines(stated)


class ExportSheet:
    """One file as it is written: *told* is its source in the API, *metadata* the members of the open object it shows.

    In a bulk file the columns status and dateLastModified are blank, in a delta each row has both.
    """

    def __init__(self, told: ExportedFile, mode: str = BULK, metadata: Iterable[str] = ()) -> None:
        self.told, name = told, told.file.name
        self._metadata = tuple((key, free(name, specification.METADATA + key)) for key in sorted(metadata))
        if any(not key for key, _ in self._metadata):
            raise MappingError(f"{name}: a member of metadata has no name.")
        blank = STAMPS if mode == BULK else frozenset()
        self._cells = tuple(
            (column.name, None if column.name in blank else cell(name, column)) for column in told.file.columns.values()
        )
        self._ids: set[str] = set()
        self._forget = name != OWN_IDS

    def heading(self) -> bytes:
        """Write the row of headings: the standard's in its order, then the metadata by name."""
        free_columns = (specification.METADATA + key for key, _ in self._metadata)
        return _lines([[*self.told.file.columns, *free_columns]])

    def rows(self, records: Iterable[Mapping[str, Any]]) -> bytes:
        """Write the rows for *records*, which come in the order of their ids.

        Raises:
            MappingError: a value cannot stand in its column, or two rows have one sourcedId.
        """
        return _lines([row for record in records for row in self._of(record)])

    def _of(self, record: Mapping[str, Any]) -> Iterator[Sequence[str]]:
        """Yield the rows of one record; an id is remembered for as long as another row could have it."""
        before = self._ids
        if self._forget:
            self._ids = set() if self.told.derive else before & {record[specification.ID]}
        for row in self.told.rows(record):
            yield self._row(row, record)

    def _row(self, row: Mapping[str, Any], record: Mapping[str, Any]) -> Sequence[str]:
        cells = [write(row.get(name)) if write else "" for name, write in self._cells]
        if cells[0] in self._ids or not cells[0]:
            raise MappingError(f"{self.told.file.name}: two rows have one sourcedId, or a row has none.")
        self._ids.add(cells[0])
        if self._metadata:
            given = record.get("metadata") or {}
            cells.extend(write(given.get(key)) for key, write in self._metadata)
        return cells


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    rfc4180.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
