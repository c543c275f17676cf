"""Students of a sending district as the worker knows them: found by what is stated, or by the tag of an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.transfers.districts.children import row_of_subject, stated_child, subject_tag
from gateway.transfers.districts.restrictions import restrictions_by_row
from gateway.transfers.districts.standing import child_tag
from gateway.transfers.machine.words import MatchResult
from gateway.transfers.matching.finding import MatchVerdict, TooLittleStated, find_child

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.gateway import Gateway
    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.work.desk import TransferDesk

RESTRICTING: Final = frozenset({"acp", "court-order", "parent-objection", "do-not-transfer-discipline"})
"""The kinds of entries of the registers under which no rule releases a record."""

RESULTS: Final[Mapping[MatchVerdict, MatchResult]] = {
    MatchVerdict.ONE: MatchResult.ONE,
    MatchVerdict.SEVERAL: MatchResult.SEVERAL,
    MatchVerdict.NONE: MatchResult.NONE,
    MatchVerdict.CONFLICT: MatchResult.CONFLICT,
}


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What a search came to; *subject* is the tag of the one student that it found, *child* that of who it is."""

    result: MatchResult
    subject: str = ""
    child: str = ""

    @property
    def content(self) -> dict[str, str]:
        """What the event says of it."""
        found = {"result": self.result.value}
        return found | ({"subject": self.subject, "child": self.child} if self.result is MatchResult.ONE else {})


def roll_of(desk: TransferDesk, gateway: Gateway, transfer: Transfer) -> DistrictRoll:
    """Return the students of the district that has the request, as they are now.

    Raises:
        SourceError: the source cannot be read whole.
    """
    return desk.children.roll(gateway.districts[transfer.sender])


def search(desk: TransferDesk, gateway: Gateway, transfer: Transfer) -> SearchOutcome:
    """Search the sender's students for the one whom a *transfer* states; one who is restricted is found like any.

    Raises:
        SourceError: the source cannot be read whole.
    """
    values = desk.ledger.asked_values(transfer.id)
    roll = roll_of(desk, gateway, transfer)
    try:
        finding = find_child(stated_child(values or {}), roll.index)
    except TooLittleStated:
        return SearchOutcome(MatchResult.NONE)
    result = RESULTS[finding.verdict]
    if result is not MatchResult.ONE:
        return SearchOutcome(result)
    row, keys = roll.rows[finding.candidates[0].id], desk.register_keys
    subject = subject_tag(keys, transfer.sender, roll.own_id(row))
    return SearchOutcome(result, subject, child_tag(keys, roll, transfer, row))


def student_of(desk: TransferDesk, roll: DistrictRoll, transfer: Transfer) -> str | None:
    """Return the source's id of the student of a *transfer*; None where the district has no such student any more."""
    row = row_of_subject(roll, desk.register_keys, transfer.sender, transfer.subject)
    return None if row is None else roll.id_of(row)


def is_another(desk: TransferDesk, roll: DistrictRoll, transfer: Transfer) -> bool:
    """Tell whether the district's system calls another child by the id of the one who was found."""
    row = row_of_subject(roll, desk.register_keys, transfer.sender, transfer.subject)
    return row is not None and child_tag(desk.register_keys, roll, transfer, row) != transfer.child


def is_restricted(roll: DistrictRoll, student: str, day: str) -> bool:
    """Tell whether an entry of the registers, or the district's system, forbids that a rule releases a record.

    One who is not there is taken to be restricted: then a person looks.
    """
    row = roll.rows.get(student)
    return row is None or not RESTRICTING.isdisjoint(restrictions_by_row(roll.snapshot, day).get(row, frozenset()))
