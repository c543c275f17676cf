"""The row filter: a grant's row rules compiled to one test for rows of a snapshot and for single records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from gateway.cache.group_references import DANGLING
from gateway.cache.snapshot import NO_ROW
from policies.population import Active, Aged, All, AnyOf, Child, In, InProgram, NotIn, Null, RefIn, Seen
from standards.days import years_between
from standards.fields import fields_of
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gateway.cache.snapshot import Snapshot
    from policies.grant import Grant
    from policies.population import Clause
    from standards.vocabulary import Field

Row = TypeVar("Row")
Row_contra = TypeVar("Row_contra", contravariant=True)


class Around(Protocol):
    """The context of a row rule: a snapshot as one grant shows it on one day."""

    snapshot: Snapshot
    today: str

    def visible(self, entity: str) -> bytearray | None:
        """Return one byte per row, 1 where the row is visible to the consumer; None where every row is."""
        ...


class Reader(Protocol[Row_contra]):
    """The interface through which a row rule reads the rows of one entity."""

    entity: str

    def value(self, name: str) -> Callable[[Row_contra], Any]:
        """Return a function that reads a field of a row; ``key`` is the single part of the natural key."""
        ...

    def target(self, ref: str) -> Callable[[Row_contra], int]:
        """Return a function that follows a reference to a row of the snapshot; a negative number is no row."""
        ...

    def children(self, child: str, via: str) -> Callable[[Row_contra], Iterable[int]]:
        """Return a function that finds the rows of *child* that point to a row by the reference *via*."""
        ...

    def number(self, row: Row_contra) -> int:
        """Return the number of a row in the snapshot; a negative number where it has none yet."""
        ...


class TableRows:
    """A reader of the rows of one entity of a snapshot, by their numbers."""

    def __init__(self, snapshot: Snapshot, entity: str) -> None:
        self.entity, self._snapshot, self._table = entity, snapshot, snapshot.table(entity)

    def value(self, name: str) -> Callable[[int], Any]:
        """Return a function that reads a field; ``key`` is the single part of the natural key."""
        if name == "key":
            texts = {row: key[0] for key, row in self._table.rows.items() if len(key) == 1}
            return texts.get
        column = self._table.columns.get(name)
        return (lambda _row: None) if column is None else column.__getitem__

    def target(self, ref: str) -> Callable[[int], int]:
        """Return a function that follows a reference; without the column it leads to no row."""
        refs = self._table.refs.get(ref)
        return (lambda _row: NO_ROW) if refs is None else refs.__getitem__

    def children(self, child: str, via: str) -> Callable[[int], Iterable[int]]:
        """Return a function that finds the rows of *child* that point to a row."""
        return self._snapshot.children(child, via, self.entity).__getitem__

    def number(self, row: int) -> int:
        """Return the row itself."""
        return row


class RecordInHand:
    """A reader of a record about to be written or just read from the source; *row* is its row in the snapshot."""

    def __init__(self, snapshot: Snapshot, entity: str, row: int | None = None) -> None:
        self.entity, self._snapshot, self._row = entity, snapshot, row

    def value(self, name: str) -> Callable[[Mapping[str, Any]], Any]:
        """Return a function that reads a field; ``key`` is the single part of the natural key."""
        return _only_key if name == "key" else lambda record: record.get(name)

    def target(self, ref: str) -> Callable[[Mapping[str, Any]], int]:
        """Return a function that follows a reference by the natural key in the record."""
        rows = self._snapshot.table(fields_of(self.entity)[ref].to).rows
        return lambda record: NO_ROW if record.get(ref) is None else rows.get(tuple(record[ref]), DANGLING)

    def children(self, child: str, via: str) -> Callable[[Mapping[str, Any]], Iterable[int]]:
        """Return the rows of *child* that point to the record's own row; none point to a new record."""
        found = () if self._row is None else self._snapshot.children(child, via, self.entity)[self._row]
        return lambda _record: found

    def number(self, record: Mapping[str, Any]) -> int:  # noqa: ARG002  as in `Reader`
        """Return the record's own row; a new record has none."""
        return NO_ROW if self._row is None else self._row


def row_filter(clause: Clause, rows: Reader[Row], around: Around) -> Callable[[Row], bool]:
    """Compile a *clause* of a grant's row rules to a test of the *rows* of one entity."""
    match clause:
        case All(clauses):
            tests = [row_filter(part, rows, around) for part in clauses]
            return lambda row: all(test(row) for test in tests)
        case AnyOf(clauses):
            tests = [row_filter(part, rows, around) for part in clauses]
            return lambda row: any(test(row) for test in tests)
        case In() | NotIn() | Null():
            return _of_a_field(clause, rows)
        case Active(begin, end):
            return _active(begin, end, rows, around.today)
        case Aged() | InProgram():
            return _of_a_student(clause, rows, around)
        case _:
            return _related(clause, rows, around)


def owner_counts(owner: Field, target: int, grant: Grant) -> bool:
    """Tell whether a row may be visible whose *owner* is absent (`NO_ROW`) or dangling (`DANGLING`)."""
    person = owner.to in PERSONS
    if target == NO_ROW:
        return owner.lenient or not person
    return owner.lenient and not person and grant.unrestricted(owner.to)


def _of_a_field(clause: In | NotIn | Null, rows: Reader[Row]) -> Callable[[Row], bool]:
    value = rows.value(clause.field)
    match clause:
        case In(_, values):
            return lambda row: value(row) in values
        case NotIn(_, values):
            return lambda row: (found := value(row)) is not None and found not in values
        case Null():
            return lambda row: value(row) is None


def _active(begin: Sequence[str], end: str, rows: Reader[Row], today: str) -> Callable[[Row], bool]:
    """Compile a test that a period covers *today*; it needs a first day, and without a last day does not end."""
    starts, stop = [rows.value(name) for name in begin], rows.value(end)

    def active(row: Row) -> bool:
        first = next((found for start in starts if (found := start(row)) is not None), None)
        last = stop(row)
        return first is not None and first <= today and (last is None or last >= today)

    return active


def _of_a_student(clause: Aged | InProgram, rows: Reader[Row], around: Around) -> Callable[[Row], bool]:
    if isinstance(clause, Aged):
        return _aged(rows.value(clause.birth), around.today, clause.least, clause.most)
    number, members = rows.number, around.snapshot.members_of(clause.programs)
    return lambda row: number(row) in members


def _aged(value: Callable[[Row], Any], today: str, least: int | None, most: int | None) -> Callable[[Row], bool]:
    """Compile a test of the years completed *today*; without a date of birth nobody has any."""

    def aged(row: Row) -> bool:
        years = years_between(value(row), today)
        return years is not None and (least is None or years >= least) and (most is None or years <= most)

    return aged


def _related(clause: Clause, rows: Reader[Row], around: Around) -> Callable[[Row], bool]:
    """Compile a test of what a row refers to (`Seen`, `RefIn`), or of what refers to it (`Child`)."""
    match clause:
        case Seen(ref):
            visible, follow = around.visible(fields_of(rows.entity)[ref].to), rows.target(ref)
            return lambda row: (to := follow(row)) >= 0 and (visible is None or bool(visible[to]))
        case RefIn(ref, names, values):
            follow, target = rows.target(ref), TableRows(around.snapshot, fields_of(rows.entity)[ref].to)
            readers = [target.value(name) for name in names]
            return lambda row: (to := follow(row)) >= 0 and any(read(to) in values for read in readers)
        case Child(child, via, inner):
            test = row_filter(inner, TableRows(around.snapshot, child), around)
            children = rows.children(child, via)
            return lambda row: any(test(one) for one in children(row))
    msg = f"unknown clause {type(clause).__name__}"  # which shows nothing
    raise TypeError(msg)


def _only_key(record: Mapping[str, Any]) -> Any:
    key = record.get("key", ())
    return key[0] if len(key) == 1 else None
