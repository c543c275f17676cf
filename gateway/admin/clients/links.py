"""One-time links: whoever presses the button behind one gets a client's secret, made at that moment and shown once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from gateway.people.sessions import hashed
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.tables import client_links
from standards.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from gateway.people.actor import Actor
    from gateway.storage.registry import SqlStore

TOKEN_BYTES: Final = 32
LINK_LIFE: Final = timedelta(hours=24)
MAX_TOKEN_CHARACTERS: Final = 100
GONE: Final = "This link has been used or taken back, or it is too old."


class LinkGone(NotFound):
    """A one-time link that gives nothing: used, taken back, too old, or none at all; nobody is told which."""

    code = "link-gone"

    def __init__(self) -> None:
        super().__init__(GONE)


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that nobody has used yet, without its token.

    Its *maker* is the id of a person or of a machine client, or the account of an operator, as *maker_kind* says.
    """

    client_id: str
    keep_old_days: int
    made: datetime
    made_by: str
    maker_kind: str
    maker: str
    expires: datetime


class ClientLinks:
    """The one-time links in the registry, by the hashes of their tokens."""

    def __init__(self, store: SqlStore) -> None:
        self._engine, self.calls = store.engine, store.calls

    @timely
    def open(self, token: str, now: datetime) -> OpenLink:
        """Return the link of a token, if it would give something.

        Raises:
            LinkGone: it would not.
        """
        with transaction(self._engine) as connection:
            row = connection.execute(select(client_links).where(client_links.c.token_hash == hash_of(token))).first()
        if row is None or row.used or row.withdrawn or row.expires <= now:
            raise LinkGone
        return _link(row)

    @timely
    def of(self, client_id: str, now: datetime) -> OpenLink | None:
        """Return the open link of a client; there is one at most."""
        mine = select(client_links).where(*_open(client_id), client_links.c.expires > now)
        with transaction(self._engine) as connection:
            row = connection.execute(mine.order_by(client_links.c.made.desc())).first()
        return _link(row) if row else None


def hash_of(token: str) -> str:
    """Return the hash under which the registry knows a link's token."""
    return hashed(f"client link {token[:MAX_TOKEN_CHARACTERS]}")


def new_link(connection: Connection, client_id: str, keep_old_days: int, actor: Actor, now: datetime) -> str:
    """Make a link for a client, in the transaction that notes it; an earlier one gives nothing any more."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    withdraw_links(connection, client_id, now)
    values = {
        "token_hash": hash_of(token), "client_id": client_id, "keep_old_days": keep_old_days, "made": now,
        "made_by": actor.name, "maker_kind": actor.kind, "maker": actor.person or actor.client or actor.name,
        "expires": now + LINK_LIFE,
    }  # fmt: skip
    connection.execute(insert(client_links).values(values))
    return token


def withdraw_links(connection: Connection, client_id: str, now: datetime) -> int:
    """Take back the open links of a client; return how many there were."""
    return connection.execute(update(client_links).where(*_open(client_id)).values(withdrawn=now)).rowcount


def use_link(connection: Connection, token: str, client_id: str, now: datetime) -> None:
    """Use a link, in the transaction that gives the secret: of several at once, one does.

    Raises:
        LinkGone: it has been used, taken back, or is too old.
    """
    mine = client_links.c.token_hash == hash_of(token), client_links.c.expires > now, *_open(client_id)
    if connection.execute(update(client_links).where(*mine).values(used=now)).rowcount != 1:
        raise LinkGone


def _link(row: Row[Any]) -> OpenLink:
    return OpenLink(
        row.client_id, row.keep_old_days, row.made, row.made_by, row.maker_kind, row.maker, row.expires
    )  # fmt: skip


def _open(client_id: str) -> tuple[ColumnElement[bool], ...]:
    columns = client_links.c
    return columns.client_id == client_id, columns.used.is_(None), columns.withdrawn.is_(None)
