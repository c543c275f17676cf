"""Standing of a child: who it is, and what the registers say of it, as keyed tags by which a later look is compared.

Neither tag says anything to whoever lacks the key: a child without any entry has one as well.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gateway.registers.effects.state import registers_of
from gateway.registers.effects.students import in_force
from gateway.registers.effects.tags import student_tags
from gateway.registers.tags import ID, KINDS
from gateway.transfers.districts.children import row_of_subject
from gateway.transfers.districts.restrictions import restrictions_by_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.registers.effects.state import DistrictRegisters
    from gateway.registers.tags import RegisterKeys
    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.machine.transfer import Transfer
    from policies.grant import Grant

    Places = Iterable[tuple[str, str]]
    Index = Mapping[tuple[str, str], Sequence[Any]]

CHILD, REGISTERED = "child", "registered"
DIRECTORY: Final = "directory"
"""The kind of entries that says nothing about a record that moves."""


def child_tag(keys: RegisterKeys, roll: DistrictRoll, transfer: Transfer, row: int) -> str:
    """Return the tag of who the student of a *row* is: of the birth date and the state's id, in one transfer."""
    known = [transfer.id, roll.value(row, "birthDate"), roll.candidates[roll.id_of(row)].state_id]
    return keys.tag(transfer.sender, CHILD, json.dumps(known))


def registered_tag(keys: RegisterKeys, roll: DistrictRoll, transfer: Transfer, grant: Grant, day: str) -> str:
    """Return the tag of all that the registers, and the district's system, say on a *day* of a transfer's student.

    Of one who is not in the district's system any more, what is entered under the id that the system had given counts.
    """
    row = row_of_subject(roll, keys, transfer.sender, transfer.subject)
    entries = sorted(_entries(roll, transfer.subject, row, grant, day))
    return keys.tag(transfer.sender, REGISTERED, json.dumps([transfer.id, entries]))


def _entries(roll: DistrictRoll, subject: str, row: int | None, grant: Grant, day: str) -> Iterator[str]:
    """Yield each entry in force about a student, and each kind of restriction, in a spelling of its own."""
    registers = registers_of(roll.snapshot)
    if registers is None:
        return
    places = [(ID, subject)] if row is None else list(_places(roll, registers, row))
    found = {one.entry: one for one in _matching(registers.restrictions, places) if in_force(one, day)}
    for one in found.values():
        if one.kind != DIRECTORY:
            yield _spelt(one.kind, one.entry, one.recipients, one.elements, one.contact, sorted(one.substitute.items()))
    kinds = {one.kind for one in found.values()}
    if row is not None:
        kinds = set(restrictions_by_row(roll.snapshot, day).get(row, frozenset()))
    yield from (_spelt(kind) for kind in kinds - {DIRECTORY})
    if form := grant.registered.form:
        consents = _matching(registers.consents(grant.agreement, form), places)
        yield from {_spelt("consent", one.entry, sorted(one.elements)) for one in consents if in_force(one, day)}


def _places(roll: DistrictRoll, registers: DistrictRegisters, row: int) -> Places:
    """Yield all that a student is known by in the registers."""
    for kind in registers.kinds & set(KINDS):
        yield from ((kind, tag) for tag in student_tags(roll.snapshot, registers, kind)[row])


def _matching(index: Index, places: Places) -> Iterator[Any]:
    for place in places:
        yield from index.get(place, ())


def _spelt(*parts: Any) -> str:
    return json.dumps(parts)
