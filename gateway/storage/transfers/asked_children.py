"""Children who were asked for: keyed tags of what a district stated, by which its own second request is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.transfers.tables import asked_children, transfers

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.storage.acts import SqlRegistry

ASKED = "asked"


class AskedChildren:
    """The children whom districts have asked for and got nothing of yet."""

    def __init__(self, store: SqlRegistry) -> None:
        self._engine, self.calls = store.engine, store.calls

    @timely
    def known(self, receiver: str, tags: Collection[str]) -> frozenset[str]:
        """Return those of the *tags* for which a district has an open request."""
        mine = asked_children.c.receiver == receiver, asked_children.c.tag.in_(sorted(tags))
        joined = select(asked_children.c.tag).join(transfers, asked_children.c.transfer == transfers.c.id)
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(joined.where(*mine, transfers.c.outward == ASKED)).scalars())


def open_requests(connection: Connection, receiver: str, tags: Collection[str]) -> tuple[str, ...]:
    """Return the ids of a district's own open requests for a child with any of these *tags*, oldest first."""
    mine = asked_children.c.receiver == receiver, asked_children.c.tag.in_(sorted(tags))
    joined = select(transfers.c.id).join(asked_children, asked_children.c.transfer == transfers.c.id)
    wanted = joined.where(*mine, transfers.c.outward == ASKED).order_by(transfers.c.asked, transfers.c.id)
    return tuple(dict.fromkeys(connection.execute(wanted).scalars()))


def note_asked_child(connection: Connection, transfer: str, receiver: str, tags: Collection[str], at: datetime) -> None:
    """Note whom a new request is about; what was noted of requests that are over is deleted."""
    over = select(transfers.c.id).where(transfers.c.receiver == receiver, transfers.c.outward != ASKED)
    connection.execute(delete(asked_children).where(asked_children.c.transfer.in_(over)))
    rows = [{"transfer": transfer, "tag": tag, "receiver": receiver, "at": at} for tag in sorted(set(tags))]
    if rows:
        connection.execute(insert(asked_children), rows)
