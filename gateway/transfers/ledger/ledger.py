"""The ledger: one event of a transfer after the other, each in one transaction with its act and all that follows.

Whoever appends to a transfer holds its row: of two who decide at once the second sees what the first has done.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.secrets import derive_subkey
from gateway.storage.transfers.asked_children import note_asked_child
from gateway.storage.transfers.asked_values import forget_asked_values, keep_asked_values, open_asked_values
from gateway.storage.transfers.attachments import forget_attachments
from gateway.storage.transfers.tables import transfer_events, transfer_idempotency, transfers
from gateway.transfers.clocks.clocks import told_due
from gateway.transfers.ledger.limits import AskedChild, AskingLimits, note_miss
from gateway.transfers.ledger.rows import event_of, event_values, listed_values
from gateway.transfers.machine.contents import MEMBERS
from gateway.transfers.machine.errors import NotPartyTo, TransferKeyReused
from gateway.transfers.machine.event import spell_moment
from gateway.transfers.machine.fold import apply, fold, next_event
from gateway.transfers.machine.guards import release_of
from gateway.transfers.machine.words import EventKind
from standards.errors import ConcurrentChange, InvalidBody

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.storage.acts import SqlRegistry
    from gateway.transfers.clocks.school_days import SchoolDays
    from gateway.transfers.machine.event import TransferEvent
    from gateway.transfers.machine.transfer import Transfer

    Beside = Callable[[Connection, Transfer], None]

PURPOSE: Final = "transfers"
"""The purpose of the key for what is sealed of transfers."""

ID_BYTES: Final = 16
KEYS_KEPT: Final = timedelta(hours=48)
"""A repeated request is known as one for so long; what happens to a transfer later, for ever."""

TRIES: Final = 3
USUAL_LIMITS: Final = AskingLimits()
ANY_CHILD: Final = AskedChild()


@dataclass(frozen=True, slots=True)
class Appended:
    """A *transfer* after an *event*; *repeated* where the event had happened before, and nothing did now."""

    transfer: Transfer
    event: TransferEvent
    repeated: bool = False


class DistrictTimes(Protocol):
    """The times of districts. It is asked within a transaction, so it must not wait for anything."""

    def school_days(self, district: str) -> SchoolDays:
        """Return the school days of a district; none are known of one that has no calendar."""

    def next_batch(self, district: str, decided: datetime) -> datetime:
        """Return from when on what a district has *decided* may leave."""


class TransferLedger:
    """The events of all transfers.

    *times* gives the school days of a district and its next batch. The ledger alone says what is due, and from when on
    a package may leave.
    """

    def __init__(
        self,
        store: SqlRegistry,
        key: bytes,
        clock: Callable[[], datetime],
        times: DistrictTimes,
        limits: AskingLimits = USUAL_LIMITS,
    ) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock
        self._key, self._times, self._limits = key, times, limits

    def ask(self, draft: TransferEvent, values: Mapping[str, str], child: AskedChild = ANY_CHILD) -> Appended:
        """Begin a transfer, with the *values* by which its student is known; *draft* says nothing of its id.

        Raises:
            TransferKeyReused: the same key came with another request.
            TooManyAsked: the district, or whoever acts for it, has asked for too many in a day.
            TooManyOpen: too many of its requests are open.
            AskedAlready: one for this *child* is open, and nobody says that it is asked for again.
        """
        known = draft.content.get("known")
        if not isinstance(known, list) or sorted(map(str, known)) != sorted(values) or not all(values.values()):
            raise InvalidBody("A request must have the values of the parts that it names, and no others.")
        return self._retried(lambda: self._ask(replace(draft, transfer=secrets.token_hex(ID_BYTES)), values, child))

    def append(self, draft: TransferEvent, expected: int | None = None, beside: Beside | None = None) -> Appended:
        """Append an event to its transfer, at this moment; what is *beside* it is written in the same transaction.

        Raises:
            ConcurrentChange: the transfer's last event is not the *expected* one any more.
            NotPartyTo: there is no such transfer for the actor's district.
            NotAllowed: the transfer is in a state that does not allow it.
            TransferKeyReused: its key came with another event.
        """
        return self._retried(lambda: self._append(draft, expected, beside))

    @timely
    def events(self, transfer: str) -> tuple[TransferEvent, ...]:
        """List the events of a transfer, oldest first.

        Raises:
            NotPartyTo: there is none of that id.
        """
        with transaction(self._engine) as connection:
            return _events(connection, transfer)

    def find(self, transfer: str) -> Transfer:
        """Return a transfer as its events have made it.

        Raises:
            NotPartyTo: there is none of that id.
        """
        return fold(self.events(transfer))

    @timely
    def known_under(self, key: str) -> str:
        """Return the id of the transfer to which something happened under a hashed *key*; empty where nothing did."""
        wanted = select(transfer_idempotency.c.transfer).where(transfer_idempotency.c.key == key)
        with transaction(self._engine) as connection:
            return str(connection.execute(wanted).scalar() or "")

    @timely
    def asked_values(self, transfer: str) -> Mapping[str, str] | None:
        """Return the values by which the student of a transfer was asked for; None once they are deleted."""
        with transaction(self._engine) as connection:
            return open_asked_values(connection, self._key, transfer)

    @timely
    def searched_from(self, transfer: Transfer, limits: AskingLimits) -> datetime | None:
        """Return when a search that finds nobody by the rule goes on, after too many misses; None where it does now."""
        with transaction(self._engine) as connection:
            return limits.searched_from(connection, transfer, self._clock())

    @timely
    def forget_keys(self) -> int:
        """Delete the idempotency keys that have been kept for long enough; return how many."""
        old = transfer_idempotency.c.at < self._clock() - KEYS_KEPT
        with transaction(self._engine, write=True) as connection:
            return int(connection.execute(delete(transfer_idempotency).where(old)).rowcount)

    @timely
    def reclock(self, transfer: str) -> None:
        """Count the clocks of a transfer anew, after its sender's calendar has changed."""
        with transaction(self._engine, write=True) as connection:
            folded = _held(connection, transfer)
            values = listed_values(folded, self._times.school_days(folded.sender))
            connection.execute(update(transfers).where(transfers.c.id == transfer).values(values))

    def _retried(self, write: Callable[[], Appended]) -> Appended:
        """Write once more where another one has written the same key or number at the same moment."""
        for _ in range(TRIES - 1):
            try:
                return write()
            except IntegrityError:
                continue
        try:
            return write()
        except IntegrityError:
            raise ConcurrentChange("The transfer was changed by others at the same moment: try again.") from None

    @timely
    def _ask(self, draft: TransferEvent, values: Mapping[str, str], child: AskedChild) -> Appended:
        draft = self._completed(draft, str(draft.content.get("sender")), self._clock())
        digest = self._digest(draft, values)
        with transaction(self._engine, write=True) as connection:
            if (known := _repeated(connection, draft, digest)) is not None:
                return known
            event = next_event(None, draft)
            self._limits.check(connection, event, child)
            begun = apply(None, event)
            listed = listed_values(begun, self._times.school_days(begun.sender))
            connection.execute(insert(transfers).values(listed))
            self._write(connection, begun, event, digest)
            keep_asked_values(connection, self._key, begun.id, values, event.at)
            note_asked_child(connection, begun.id, begun.receiver, child.tags, event.at)
        return Appended(begun, event)

    @timely
    def _append(self, draft: TransferEvent, expected: int | None, beside: Beside | None) -> Appended:
        with transaction(self._engine, write=True) as connection:
            before = _held(connection, draft.transfer)
            if (known := _repeated(connection, draft, draft.digest, before)) is not None:
                return known
            if expected is not None and expected != before.number:
                raise ConcurrentChange("The transfer has changed since it was looked at: look again.")
            event = next_event(before, self._completed(draft, before.sender, max(self._clock(), before.changed)))
            after = apply(before, event)
            listed = listed_values(after, self._times.school_days(after.sender))
            connection.execute(update(transfers).where(transfers.c.id == after.id).values(listed))
            self._write(connection, after, event, event.digest)
            self._follow(connection, before, after, event)
            if beside is not None:
                beside(connection, after)
        return Appended(after, event)

    def _completed(self, draft: TransferEvent, sender: str, at: datetime) -> TransferEvent:
        """Return an event as of this moment, with what is computed of it."""
        computed: dict[str, str] = {}
        if "due" in MEMBERS[draft.kind]:
            computed["due"] = spell_moment(told_due(at, self._times.school_days(sender)))
        if "leaves" in MEMBERS[draft.kind]:
            computed["leaves"] = spell_moment(self._times.next_batch(sender, at))
        return replace(draft, at=at, content={**draft.content, **computed})

    def _write(self, connection: Connection, transfer: Transfer, event: TransferEvent, digest: str) -> None:
        """Write an event, its key, and its act."""
        connection.execute(insert(transfer_events).values(event_values(event)))
        key = {"key": event.key, "transfer": event.transfer, "number": event.number, "digest": digest, "at": event.at}
        connection.execute(insert(transfer_idempotency).values(key))
        write_act(connection, act_of(transfer, event), event.at)

    def _follow(self, connection: Connection, before: Transfer, after: Transfer, event: TransferEvent) -> None:
        """Write what follows from an event: a miss counts, and values that nobody needs any more are deleted."""
        note_miss(connection, after, event)
        if after.is_closed or after.delivered:
            forget_asked_values(connection, after.id)
        if after.is_closed or event.kind in {EventKind.REDIRECT, EventKind.DOUBT}:
            forget_attachments(connection, after.id)  # whoever is meant next may be another child
        elif event.kind is EventKind.ACCEPT:
            queued = before.queued.sections if before.queued else frozenset()
            forget_attachments(connection, after.id, sections=release_of(before).sections - queued)

    def _digest(self, draft: TransferEvent, values: Mapping[str, str]) -> str:
        """Hash what a request asks for, the values too, so that nobody without the key can guess them from it."""
        asked = json.dumps([draft.digest, sorted(values.items())]).encode()
        return hmac.digest(derive_subkey(self._key, b"requests"), asked, hashlib.sha256).hex()


def act_of(transfer: Transfer, event: TransferEvent) -> Act:
    """Return the act by which an event is on record, in the actor's district, or of the gateway in the sender's."""
    content: dict[str, Any] = {
        "transfer": transfer.id, "number": event.number, "party": event.party.value, "state": transfer.state.value,
        "version": transfer.version, "agreement": event.agreement, "event": event.hash,
    }  # fmt: skip
    return Act(event.actor, f"transfer {event.kind}", event.org or transfer.sender, content, event.reason)


def _held(connection: Connection, transfer: str) -> Transfer:
    """Return a transfer whose row nobody else changes until this transaction has ended."""
    row = select(transfers.c.id).where(transfers.c.id == transfer).with_for_update()
    if connection.execute(row).first() is None:
        raise NotPartyTo
    return fold(_events(connection, transfer))


def _events(connection: Connection, transfer: str) -> tuple[TransferEvent, ...]:
    mine = select(transfer_events).where(transfer_events.c.transfer == transfer)
    found = tuple(map(event_of, connection.execute(mine.order_by(transfer_events.c.number)).all()))
    if not found:
        raise NotPartyTo
    return found


def _repeated(
    connection: Connection, draft: TransferEvent, digest: str, transfer: Transfer | None = None
) -> Appended | None:
    """Return what came of the same event before, if it did; refuse another one under its key."""
    if transfer is not None and draft.key in transfer.keys:
        return _again(connection, draft, transfer)
    wanted = select(transfer_idempotency).where(transfer_idempotency.c.key == draft.key)
    row = connection.execute(wanted).first()
    if row is None:
        return None
    if row.digest != digest:
        raise TransferKeyReused("This idempotency key was used for something else.")
    return _again(connection, replace(draft, transfer=row.transfer), fold(_events(connection, row.transfer)))


def _again(connection: Connection, draft: TransferEvent, transfer: Transfer) -> Appended:
    apply(transfer, draft)  # refuses another event under the key
    event = next(one for one in _events(connection, transfer.id) if one.key == draft.key)
    return Appended(transfer, event, repeated=True)
