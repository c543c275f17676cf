"""The counter of what people have written: raised with every change, followed by every process that serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.database import transaction
from gateway.storage.tables import marks
from standards.errors import PreconditionFailed

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.storage.acts import SqlRegistry

COUNTER: Final = "written"
BUSY: Final = "Others are publishing at this very moment, and nothing of this was done: do it again."


class OthersChanged(PreconditionFailed):
    """What people wrote has changed since something else was checked against it."""

    def __init__(self) -> None:
        super().__init__(BUSY)


def note_written(connection: Connection) -> None:
    """Raise the counter in the transaction of a change to a written agreement or district.

    Of two that raise it at once the second waits for the first, so that no change goes unnoticed.
    """
    _raise_by(connection, 1)


def hold_written(connection: Connection) -> None:
    """Let every other transaction that changes what is written wait until this one has ended."""
    hold(connection, COUNTER)


def hold(connection: Connection, name: str) -> None:
    """Let every other transaction that holds the same *name* wait until this one has ended."""
    _raise_by(connection, 0, name)


def _raise_by(connection: Connection, steps: int, name: str = COUNTER) -> None:
    raised = update(marks).where(marks.c.name == name).values(number=marks.c.number + steps)
    if connection.execute(raised).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(marks).values(name=name, number=steps, digest=""))
    except IntegrityError:  # another process has just made it
        connection.execute(raised)


def written_changes(store: SqlRegistry) -> int:
    """Return how often people have changed what they wrote.

    Raises:
        StoreUnavailable: the registry cannot be read.
    """

    def read() -> int:
        with transaction(store.engine) as connection:
            return changes_in(connection)

    return store.calls.run(read)


def require_changes(connection: Connection, expected: int) -> None:
    """Let what people wrote stay as it is until the transaction ends.

    Raises:
        OthersChanged: it has been changed more often than *expected* by now.
    """
    hold_written(connection)
    if changes_in(connection) != expected:
        raise OthersChanged


def changes_in(connection: Connection) -> int:
    """Return how often people have changed what they wrote, as a transaction sees it."""
    return connection.scalar(select(marks.c.number).where(marks.c.name == COUNTER)) or 0
