"""Attachments: what people of the sending district add to a record, sealed at once, and gone with the package."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, or_, select

from gateway.storage.bounded_calls import timely
from gateway.storage.cipher import Cipher, NotSealed
from gateway.storage.database import transaction
from gateway.storage.secrets import derive_subkey
from gateway.storage.transfers.tables import transfer_attachments, transfers
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.storage.acts import SqlRegistry

KEPT: Final = timedelta(days=14)
"""For so long something waits to be released; what was sent is kept for twice as long, to be sent again."""
RELEASED: Final = ("approved", "packed")
"""The states in which what was released has not left: then nothing of it is deleted."""
SENT: Final = "delivered"


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that was added to a *section* of a record: its size in bytes, who added it, and when."""

    id: str
    section: str
    size: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenedAttachment:
    """An attachment with its *content*."""

    about: Attachment
    content: bytes = field(repr=False)


class Attachments:
    """The attachments of all transfers, sealed under keys that follow from the *key* for transfers."""

    def __init__(self, store: SqlRegistry, key: bytes, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._key, self._clock = store.engine, store.calls, key, clock

    @timely
    def of(self, transfer: str) -> tuple[Attachment, ...]:
        """List what was added to a transfer, in the order in which it was."""
        names = [transfer_attachments.c[name] for name in Attachment.__slots__]
        wanted = select(*names).where(transfer_attachments.c.transfer == transfer)
        with transaction(self._engine) as connection:
            rows = connection.execute(wanted.order_by(transfer_attachments.c.at, transfer_attachments.c.id)).all()
        return tuple(Attachment(*row) for row in rows)

    @timely
    def opened(self, transfer: str) -> tuple[OpenedAttachment, ...]:
        """Open what was added to a transfer, in the order in which it was.

        Raises:
            StoreUnavailable: something does not open under the key.
        """
        wanted = select(transfer_attachments).where(transfer_attachments.c.transfer == transfer)
        with transaction(self._engine) as connection:
            rows = connection.execute(wanted.order_by(transfer_attachments.c.at, transfer_attachments.c.id)).all()
        try:
            return tuple(
                OpenedAttachment(
                    Attachment(row.id, row.section, row.size, row.by, row.at),
                    _cipher(self._key, transfer).open(row.sealed, _about(transfer, row.section, row.id)),
                )
                for row in rows
            )
        except NotSealed:
            raise StoreUnavailable("An attachment does not open under the region's key.") from None

    @timely
    def expire(self) -> int:
        """Delete what was added and not released for as long as it may wait; return how many."""
        now, states = self._clock(), (*RELEASED, SENT)
        waiting = select(transfers.c.id).where(transfers.c.state.not_in(states))
        delivered = select(transfers.c.id).where(transfers.c.state == SENT)
        table = transfer_attachments.c
        old = or_(
            (table.at < now - KEPT) & table.transfer.in_(waiting),
            (table.at < now - 2 * KEPT) & table.transfer.in_(delivered),
        )
        with transaction(self._engine, write=True) as connection:
            return int(connection.execute(delete(transfer_attachments).where(old)).rowcount)


def keep_attachment(connection: Connection, key: bytes, transfer: str, about: Attachment, content: bytes) -> None:
    """Keep an attachment, in the transaction of the event that says so."""
    sealed = _cipher(key, transfer).seal(content, _about(transfer, about.section, about.id))
    values = {name: getattr(about, name) for name in Attachment.__slots__}
    connection.execute(insert(transfer_attachments).values(transfer=transfer, sealed=sealed, **values))


def forget_attachments(
    connection: Connection,
    transfer: str,
    *,
    ids: Collection[str] | None = None,
    sections: Collection[str] | None = None,
) -> None:
    """Delete what was added to a transfer: all of it, those *ids*, or what belongs to those *sections*."""
    chosen = delete(transfer_attachments).where(transfer_attachments.c.transfer == transfer)
    if ids is not None:
        chosen = chosen.where(transfer_attachments.c.id.in_(list(ids)))
    if sections is not None:
        chosen = chosen.where(transfer_attachments.c.section.in_(list(sections)))
    connection.execute(chosen)


def _cipher(key: bytes, transfer: str) -> Cipher:
    return Cipher(derive_subkey(derive_subkey(key, b"attachments"), transfer.encode()))


def _about(transfer: str, section: str, identifier: str) -> bytes:
    return f"{transfer}\0{section}\0{identifier}".encode()
