"""Notices in the registry: what somebody is told of, once; who sends one has claimed it, and notes what came of it.

What was claimed and never noted as sent, because the process died, is sent again: at least once, not at most once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.acts import write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.tables import notice_choices, notice_items, notices

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Row

    from gateway.storage.acts import Act, SqlRegistry

CLAIM: Final = timedelta(minutes=10)
"""For how long nobody else sends a notice that one process has claimed: longer than sending may take."""

MAX_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice of a *kind* (digest, urgent, head) to a *recipient*: a person's id, ``org:NAME``, or a witness."""

    id: str
    kind: str
    org: str
    channel: str
    recipient: str
    made: datetime
    next_try: datetime
    tries: int = 0
    error: str = ""
    sent: datetime | None = None
    given_up: datetime | None = None


class Notices:
    """The notices in the registry."""

    def __init__(self, store: SqlRegistry, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def told(self, recipient: str) -> frozenset[str]:
        """Return the items that a recipient was told of, or is about to be."""
        mine = select(notice_items.c.item).where(notice_items.c.recipient == recipient)
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(mine).scalars())

    @timely
    def last(self, recipient: str, kind: str) -> datetime | None:
        """Return when the newest notice of that kind to a recipient was made."""
        mine = select(notices.c.made).where(notices.c.recipient == recipient, notices.c.kind == kind)
        with transaction(self._engine) as connection:
            return connection.execute(mine.order_by(notices.c.made.desc()).limit(1)).scalar()

    @timely
    def add(self, notice: Notice, items: Iterable[str]) -> bool:
        """Write a notice down with the items that it tells of; False where another process was the first."""
        rows = [{"recipient": notice.recipient, "item": item, "notice": notice.id} for item in items]
        values = {name: getattr(notice, name) for name in _COLUMNS}
        try:
            with transaction(self._engine, write=True) as connection:
                connection.execute(insert(notices).values(values))
                if rows:
                    connection.execute(insert(notice_items), rows)
        except IntegrityError:
            return False
        return True

    @timely
    def due(self) -> tuple[Notice, ...]:
        """List the notices to be sent now, oldest first; some at a time."""
        waiting = notices.c.sent.is_(None), notices.c.given_up.is_(None), notices.c.next_try <= self._clock()
        wanted = select(notices).where(*waiting).order_by(notices.c.made, notices.c.id).limit(MAX_AT_ONCE)
        with transaction(self._engine) as connection:
            return tuple(map(_notice, connection.execute(wanted).all()))

    @timely
    def claim(self, notice: Notice) -> Notice | None:
        """Claim the sending of a notice, and count the try; None where another process has."""
        until = self._clock() + CLAIM
        mine = update(notices).where(
            notices.c.id == notice.id, notices.c.tries == notice.tries, notices.c.sent.is_(None)
        )
        with transaction(self._engine, write=True) as connection:
            taken = connection.execute(mine.values(tries=notice.tries + 1, next_try=until)).rowcount
        return replace(notice, tries=notice.tries + 1, next_try=until) if taken else None

    @timely
    def items(self, notice: Notice) -> frozenset[str]:
        """Return the items that a notice tells of."""
        mine = select(notice_items.c.item).where(notice_items.c.notice == notice.id)
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(mine).scalars())

    @timely
    def note_sent(self, notice: Notice, told: str = "") -> None:
        """Note that a claimed notice was sent, or that nothing was left to tell."""
        self._note(notice, {"sent": self._clock(), "error": told})

    @timely
    def note_failed(self, notice: Notice, error: str, again: datetime | None) -> None:
        """Note why a claimed notice was not sent, and when it is tried *again*; None gives it up."""
        given_up = {"given_up": self._clock()} if again is None else {"next_try": again}
        self._note(notice, {"error": error[:200], **given_up})

    @timely
    def given_up(self) -> tuple[Notice, ...]:
        """List the notices that nobody could be told."""
        wanted = select(notices).where(notices.c.given_up.is_not(None)).order_by(notices.c.given_up)
        with transaction(self._engine) as connection:
            return tuple(map(_notice, connection.execute(wanted).all()))

    @timely
    def failing(self) -> int:
        """Count the notices that were tried and not sent yet."""
        waiting = notices.c.sent.is_(None), notices.c.given_up.is_(None), notices.c.error != ""
        with transaction(self._engine) as connection:
            return len(connection.execute(select(notices.c.id).where(*waiting)).all())

    @timely
    def forget(self, notice: Notice) -> None:
        """Let what a given-up notice told of be told anew."""
        with transaction(self._engine, write=True) as connection:
            connection.execute(delete(notice_items).where(notice_items.c.notice == notice.id))

    def _note(self, notice: Notice, values: dict[str, Any]) -> None:
        with transaction(self._engine, write=True) as connection:
            connection.execute(update(notices).where(notices.c.id == notice.id).values(values))


class NoticeChoices:
    """Who wants no mail."""

    def __init__(self, store: SqlRegistry, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def without_mail(self) -> Collection[str]:
        """Return the ids of the people who want none."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(notice_choices.c.person).where(notice_choices.c.mail.is_(False)))
            return frozenset(rows.scalars())

    @timely
    def choose(self, person: str, act: Act, *, mail: bool) -> None:
        """Write down what a person chose."""
        at = self._clock()
        with transaction(self._engine, write=True) as connection:
            connection.execute(delete(notice_choices).where(notice_choices.c.person == person))
            connection.execute(insert(notice_choices).values(person=person, mail=mail, changed=at))
            write_act(connection, act, at)


_COLUMNS: Final = (
    "id", "kind", "org", "channel", "recipient", "made", "next_try", "tries", "error", "sent", "given_up",
)  # fmt: skip


def _notice(row: Row[Any]) -> Notice:
    return Notice(**{name: getattr(row, name) for name in _COLUMNS})
