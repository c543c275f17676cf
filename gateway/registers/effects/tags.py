"""Tags of students: what each row of a snapshot is known by in the registers, computed once for each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.registers.matching import NAME_FIELDS, STATE_FIELDS, names_of, own_ids, state_ids
from gateway.registers.overlay import derived
from gateway.registers.tags import CONTACT, ID, NAME, STATE_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gateway.cache.snapshot import Snapshot, Table
    from gateway.registers.effects.state import DistrictRegisters

    Tags = Sequence[tuple[str, ...]]


def student_tags(snapshot: Snapshot, registers: DistrictRegisters, kind: str) -> Tags:
    """Return the tags of one *kind* of every student of a snapshot; none where what they are made of is missing."""
    beside = snapshot.table("profile") if kind == STATE_ID else None
    return _kept(snapshot.table("student"), registers, kind, beside, lambda: _texts(snapshot, kind))


def contact_tags(snapshot: Snapshot, registers: DistrictRegisters) -> Tags:
    """Return the tags of every contact of a snapshot."""
    table = snapshot.table("contact")
    return _kept(table, registers, CONTACT, None, lambda: _own_ids(table))


def _kept(
    table: Table,
    registers: DistrictRegisters,
    kind: str,
    beside: Table | None,
    texts: Callable[[], Iterable[Iterable[str]]],
) -> Tags:
    """Return the tags of the rows of a *table*, kept with it for as long as the rows *beside* are the same too."""
    facts, place = derived(table).facts, ("tags", registers.state.district, kind)
    known = facts.get(place)
    if known is None or known[0] is not registers.keys or known[1] is not beside:
        made = [tuple(registers.tag(kind, text) for text in dict.fromkeys(some)) for some in texts()]
        known = facts[place] = registers.keys, beside, made
    found: Tags = known[2]
    return found


def _texts(snapshot: Snapshot, kind: str) -> Iterable[Iterable[str]]:
    table = snapshot.table("student")
    if kind == ID:
        return _own_ids(table)
    if kind == NAME:
        return map(names_of, _records(table, NAME_FIELDS))
    return _state_ids(snapshot) if kind == STATE_ID else [()] * table.size


def _records(table: Table, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield each row as the record that a command reads, with the fields of these *names* that there are."""
    columns = {name: table.columns[name] for name in names if name in table.columns}
    return ({name: column[row] for name, column in columns.items()} for row in range(table.size))


def _own_ids(table: Table) -> Iterator[tuple[str, ...]]:
    """Yield what the source calls each record: its key, its id, and the number that people know it by."""
    unique = table.unique or table.ids
    for row, (own, number) in enumerate(zip(table.ids, unique, strict=True)):
        yield own_ids(table.key(row), {"id": own, "uniqueId": number})


def _state_ids(snapshot: Snapshot) -> Iterator[tuple[str, ...]]:
    """Yield what may be the state's id of each student."""
    table, profiles = snapshot.table("student"), snapshot.table("profile")
    coded = profiles.columns.get("identificationCodes")
    children = snapshot.children("profile", "student", "student") if coded is not None else None
    for row, record in enumerate(_records(table, STATE_FIELDS)):
        kids = children[row] if children is not None else ()
        codes = (item for kid in kids for item in (coded[kid] if coded is not None else None) or ())
        yield state_ids(record, codes)
