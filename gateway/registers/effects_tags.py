"""Tags of students: what each row of a snapshot is known by in the registers, computed once for each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.registers.effects_state import NAMES, STATE_IDS
from gateway.registers.overlay import derived
from gateway.registers.tags import CONTACT, ID, NAME, STATE_ID, spelt_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gateway.cache.snapshot import Snapshot, Table
    from gateway.registers.effects_state import DistrictRegisters

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
    return _names(table) if kind == NAME else _state_ids(snapshot) if kind == STATE_ID else [()] * table.size


def _own_ids(table: Table) -> Iterator[tuple[str, ...]]:
    """Yield what the source calls each record: its id, and the number that people know it by."""
    unique = table.unique or table.ids
    return ((own, str(number)) for own, number in zip(table.ids, unique, strict=True))


def _names(table: Table) -> Iterator[tuple[str, ...]]:
    columns = [table.columns.get(name) or [None] * table.size for name in NAMES]
    for family, given, born in zip(*columns, strict=True):
        whole = family and given and born
        yield (spelt_name(str(family), str(given), str(born)),) if whole else ()


def _state_ids(snapshot: Snapshot) -> Iterator[list[str]]:
    """Yield every number that another system gave a student."""
    table, profiles = snapshot.table("student"), snapshot.table("profile")
    plain = [table.columns[name] for name in STATE_IDS["student"][:2] if name in table.columns]
    listed, coded = table.columns.get("identifiers"), profiles.columns.get("identificationCodes")
    children = snapshot.children("profile", "student", "student") if coded is not None else None
    for row in range(table.size):
        found: list[Any] = [column[row] for column in plain]
        found += [item.get("value") for item in (listed[row] if listed is not None else None) or ()]
        for kid in children[row] if children is not None else ():
            found += [item.get("code") for item in (coded[kid] if coded is not None else None) or ()]
        yield [str(one) for one in found if one]
