"""Tasks about records that move: who of which district must look, release, read in, try again, or write a letter."""

from __future__ import annotations

from datetime import UTC, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.tasks import task
from gateway.tasks.task import ADMINISTRATOR, APPROVER, REGISTRAR, computed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date, datetime, tzinfo

    from gateway.storage.transfers.tries import DeadStep
    from gateway.storage.transfers.waiting_transfers import WaitingTransfer
    from gateway.tasks.task import PersonTask

LETTER_DAYS: Final = 3
ARRIVAL_DAYS: Final = 5
SUPPLEMENT_DAYS: Final = 10
LONGEST: Final = timedelta(days=30)
"""A clock that stands still gives no due day: then the task is due after these."""

MOMENT: Final = timedelta(seconds=1)
"""A clock ends with the first moment of the next day: the task is due on the day before, as the pages say it."""

OF_SENDER: Final[Mapping[str, tuple[str, str]]] = {
    "near": (task.TRANSFER_NEAR, REGISTRAR),
    "unknown": (task.TRANSFER_UNKNOWN, REGISTRAR),
    "waiting": (task.TRANSFER_WAITS, APPROVER),
}
"""The task of the sending district in each state that waits for one of its people, and of whom."""

NO_ZONES: Final[Mapping[str, tzinfo]] = MappingProxyType({})
LEFT: Final = frozenset({"approved", "packed", "delivered", "acknowledged", "filed"})


def moving(
    waiting: Iterable[WaitingTransfer],
    given_up: Iterable[DeadStep],
    by_letter: Collection[str],
    now: datetime,
    zones: Mapping[str, tzinfo] = NO_ZONES,
) -> Iterator[PersonTask]:
    """Yield the tasks of both districts of each transfer; the receiving one has none before it has the record.

    *by_letter* are the ids of those about which parents are told by letter, once they are released;
    days are those of each district, by its time zone in *zones*.
    """
    for one in waiting:
        yield from _of_sender(one, now, zones.get(one.sender, UTC))
        if one.state == "delivered":
            opened = _day(one.changed, zones.get(one.receiver, UTC))
            due = opened + timedelta(days=ARRIVAL_DAYS)
            yield computed(
                task.TRANSFER_ARRIVED, one.receiver, REGISTRAR, {"transfer": one.id, "version": one.version},
                opened=opened, due=due,
            )  # fmt: skip
        if one.state in LEFT and one.id in by_letter:
            yield letter_task(one.id, one.sender, one.asked, zones.get(one.sender, UTC))
    for dead in given_up:
        opened, about = (
            _day(dead.at, zones.get(dead.sender, UTC)),
            {"transfer": dead.transfer, "since": dead.at.isoformat(timespec="seconds")},
        )
        told = {"why": dead.told, "again": "no" if dead.replayed else "once"}
        yield computed(task.TRANSFER_STUCK, dead.sender, REGISTRAR, about, opened=opened, due=opened, content=told)


def _of_sender(one: WaitingTransfer, now: datetime, zone: tzinfo) -> Iterator[PersonTask]:
    """Yield what a person of the sending district has to do, and what its administrator must know is late."""
    due = _day(min(one.next_due, one.asked + LONGEST) - MOMENT, zone)
    if one.state in OF_SENDER:
        kind, role = OF_SENDER[one.state]
        about = {"transfer": one.id}
        yield computed(kind, one.sender, role, about, opened=min(_day(one.changed, zone), due), due=due)
    if one.is_in_part:
        opened = min(_day(one.changed, zone), due)
        yield computed(task.TRANSFER_REST, one.sender, APPROVER, {"transfer": one.id}, opened=opened, due=due)
    if one.next_amber <= now:
        about = {"transfer": one.id, "due": due.isoformat()}
        yield computed(
            task.TRANSFER_LATE, one.sender, ADMINISTRATOR, about, opened=min(_day(one.next_amber, zone), due), due=due
        )


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def letter_task(transfer: str, sender: str, asked: datetime, zone: tzinfo = UTC) -> PersonTask:
    """Return the task of the sending district to tell the parents by letter; its id is the same in each *zone*."""
    opened = _day(asked, zone)
    due = opened + timedelta(days=LETTER_DAYS)
    return computed(task.TRANSFER_LETTER, sender, REGISTRAR, {"transfer": transfer}, opened=opened, due=due)


def supplement_task(transfer: str, sender: str, version: int, opened: date) -> PersonTask:
    """Return the task of the sending district to send what has changed since the last delivered *version*."""
    about = {"transfer": transfer, "version": version}
    due = opened + timedelta(days=SUPPLEMENT_DAYS)
    return computed(task.SUPPLEMENT_ASKED, sender, APPROVER, about, opened=opened, due=due)
