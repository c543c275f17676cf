"""The registry of clients, in SQLite by default, in PostgreSQL in production."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS, Calls, timely
from gateway.storage.database import look_into, open_database, transaction
from gateway.storage.signed_heads import Checkpoint
from gateway.storage.tables import client_events, clients, marks
from standards.errors import CallerError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine, Row

DRAFT, ENABLED, SUSPENDED, ENDED = "draft", "enabled", "suspended", "ended"
# An administrator's actions on a client: its states before, its state after, and the word in the log.
STEPS = {
    "suspend": ((ENABLED,), SUSPENDED, "suspended"),
    "resume": ((SUSPENDED,), ENABLED, "resumed"),
    "end": ((DRAFT, ENABLED, SUSPENDED), ENDED, "ended"),
}
IGNORE, REFUSE = "ignore", "refuse"
"""The treatment of members of an Ed-Fi body that the client's view does not have."""

CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Secret:
    """The hash of one client secret, valid until *not_after*."""

    hash: str
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """An OAuth 1.0 secret that the region's key can open, to check signatures, valid until *not_after*."""

    sealed: bytes
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Client:
    """One registered client of one organisation, with its scopes, the most that it may ever be granted.

    *epoch* grows whenever earlier tokens of the client must stop working. *unknown_members* of its Ed-Fi bodies are
    ignored or refused. Its *steward* is the district whose people registered it; without one it is the region's.
    """

    client_id: str
    org: str
    kind: str
    scopes: tuple[str, ...]
    secrets: tuple[Secret, ...]
    created: datetime
    created_by: str
    status: str = ENABLED
    epoch: int = 1
    last_used: datetime | None = None
    oauth1: SharedSecret | None = None
    unknown_members: str = IGNORE
    steward: str = ""


@dataclass(frozen=True, slots=True)
class ClientUpdate:
    """What becomes of a client: the *columns* that change, what is *said* of it on record, and what *more* is."""

    columns: Mapping[str, Any]
    said: str
    more: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """One action of an administrator on a client."""

    at: datetime
    client_id: str
    action: str
    actor: str


class Store(Protocol):
    """The interface of the registry: what outlives a restart, except the record of disclosures."""

    def add_client(self, client: Client) -> None:
        """Register *client*; an id is never used twice."""

    def find_client(self, client_id: str) -> Client | None:
        """Find the client of that id, whatever its status."""

    def list_clients(self) -> tuple[Client, ...]:
        """List every client, by id."""

    def change_status(self, client_id: str, step: str, actor: str) -> Client:
        """Suspend, resume or end a client, as *step* says; refused where its state does not allow it."""

    def rotate_secret(self, client_id: str, new: str, keep_old_until: datetime | None, actor: str) -> Client:
        """Replace the secret by hash *new*; the old one is valid until *keep_old_until*, else all tokens end."""

    def share_secret(self, client_id: str, secret: SharedSecret | None, actor: str) -> Client:
        """Set, or with None end, the secret by which alone the client signs requests; its tokens stay valid."""

    def treat_unknown_members(self, client_id: str, how: str, actor: str) -> Client:
        """Ignore or refuse unknown members of the client's Ed-Fi bodies, as *how* says."""

    def touch_client(self, client_id: str) -> None:
        """Record that the client authenticated now."""

    def list_events(self, client_id: str) -> tuple[ClientEvent, ...]:
        """List the administrators' actions on a client, oldest first."""

    def read_checkpoint(self, name: str) -> Checkpoint | None:
        """Return the checkpoint called *name*, kept apart from the files it vouches for."""

    def write_checkpoint(self, name: str, mark: Checkpoint) -> None:
        """Set the checkpoint called *name*."""

    def close(self) -> None:
        """Close the connections."""


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def open_store(url: str, clock: Callable[[], datetime] = utc_now, seconds: float = MAX_COMMAND_SECONDS) -> SqlStore:
    """Open and migrate the registry at *url*, whose calls take *seconds* at most; many workers may start at once."""
    return SqlStore(open_database(url, seconds), clock, seconds)


def registered(url: str) -> tuple[Client, ...]:
    """List every client of the registry at *url*, without changing or creating it.

    Raises:
        StoreUnavailable: it cannot be used, or another version of this program wrote it.
    """
    engine = look_into(url, MAX_COMMAND_SECONDS)
    if engine is None:
        return ()
    store = SqlStore(engine, utc_now, MAX_COMMAND_SECONDS)
    try:
        return store.list_clients()
    finally:
        store.close()


class SqlStore:
    """The registry in an SQL database."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], seconds: float) -> None:
        self._engine, self._clock, self.calls = engine, clock, Calls(seconds)

    @property
    def engine(self) -> Engine:
        """The database, for the other tables of the registry."""
        return self._engine

    @timely
    def add_client(self, client: Client) -> None:
        """Register *client*; an id is never used twice."""
        try:
            with transaction(self._engine, write=True) as connection:
                connection.execute(insert(clients).values(_values(client)))
                self._note(connection, "added", client.created_by, None, client)
        except IntegrityError:
            raise CallerError(f"There is a client {client.client_id!r} already.") from None

    @timely
    def find_client(self, client_id: str) -> Client | None:
        """Find the client of that id, whatever its status."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(clients).where(clients.c.client_id == client_id)).first()
        return _client(row) if row else None

    @timely
    def list_clients(self) -> tuple[Client, ...]:
        """List every client, by id."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(clients)).all()
        return tuple(sorted(map(_client, rows), key=lambda client: client.client_id))

    @timely
    def alter_client(
        self, client_id: str, actor: str, decide: Callable[[Connection, Client], ClientUpdate | None]
    ) -> Client:
        """Change a client as *decide* says, which sees it as it is then and nobody else changes it meanwhile."""
        with transaction(self._engine, write=True) as connection:
            found = _locked(connection, client_id)
            change = decide(connection, found)
            if change is None:
                return found
            if change.columns:
                self._change(connection, client_id, dict(change.columns))
            return self._note(connection, change.said, actor, found, more=change.more, reason=change.reason)

    @timely
    def change_status(self, client_id: str, step: str, actor: str) -> Client:
        """Suspend, resume or end a client, as *step* says; all its tokens end, unless it resumes."""
        before, after, said = STEPS[step]
        with transaction(self._engine, write=True) as connection:
            found = _locked(connection, client_id)
            if found.status not in before:
                raise CallerError(f"{client_id!r} is {found.status}: there is nothing to {step}.")
            changes: dict[str, Any] = {"status": after}
            if after != ENABLED:
                changes["epoch"] = found.epoch + 1
            if after == ENDED:
                changes |= _shared(None)
            self._change(connection, client_id, changes)
            return self._note(connection, said, actor, found)

    @timely
    def rotate_secret(self, client_id: str, new: str, keep_old_until: datetime | None, actor: str) -> Client:
        """Replace the secret by hash *new*; the old one is valid until *keep_old_until*, else all tokens end."""
        with transaction(self._engine, write=True) as connection:
            found = _not_ended(_locked(connection, client_id))
            changes: dict[str, Any] = {"secret_hash_1": new, "secret_hash_2": None, "not_after_2": None}
            if keep_old_until is None:
                changes["epoch"] = found.epoch + 1
            else:
                changes |= {"secret_hash_2": found.secrets[0].hash, "not_after_2": keep_old_until}
            self._change(connection, client_id, changes)
            return self._note(connection, "secret rotated", actor, found)

    @timely
    def share_secret(self, client_id: str, secret: SharedSecret | None, actor: str) -> Client:
        """Set, or with None end, the secret by which alone the client signs requests; its tokens stay valid."""
        with transaction(self._engine, write=True) as connection:
            found = _not_ended(_locked(connection, client_id))
            if found.oauth1 == secret:
                return found
            self._change(connection, client_id, _shared(secret))
            return self._note(connection, "oauth1 secret set" if secret else "oauth1 secret ended", actor, found)

    @timely
    def treat_unknown_members(self, client_id: str, how: str, actor: str) -> Client:
        """Ignore or refuse unknown members of the client's Ed-Fi bodies, as *how* says."""
        with transaction(self._engine, write=True) as connection:
            found = _not_ended(_locked(connection, client_id))
            self._change(connection, client_id, {"unknown_members": how})
            return self._note(connection, f"unknown members: {how}", actor, found)

    @timely
    def touch_client(self, client_id: str) -> None:
        """Record that the client authenticated now."""
        with transaction(self._engine, write=True) as connection:
            self._change(connection, client_id, {"last_used": self._clock()})

    @timely
    def list_events(self, client_id: str) -> tuple[ClientEvent, ...]:
        """List the administrators' actions on a client, oldest first."""
        of_client = select(client_events).where(client_events.c.client_id == client_id)
        with transaction(self._engine) as connection:
            rows = connection.execute(of_client.order_by(client_events.c.number)).all()
        return tuple(ClientEvent(row.at, row.client_id, row.action, row.actor) for row in rows)

    @timely
    def read_checkpoint(self, name: str) -> Checkpoint | None:
        """Return the checkpoint called *name*, kept apart from the files it vouches for."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(marks).where(marks.c.name == name)).first()
        return Checkpoint(row.number, row.digest) if row else None

    @timely
    def write_checkpoint(self, name: str, mark: Checkpoint) -> None:
        """Set the checkpoint called *name*."""
        values = {"number": mark.number, "digest": mark.digest}
        with transaction(self._engine, write=True) as connection:
            if not connection.execute(update(marks).where(marks.c.name == name).values(values)).rowcount:
                connection.execute(insert(marks).values(name=name, **values))

    def close(self) -> None:
        """Wait for the calls under way and close the connections."""
        self.calls.close()
        self._engine.dispose()

    def _change(self, connection: Connection, client_id: str, changes: dict[str, Any]) -> None:
        connection.execute(update(clients).where(clients.c.client_id == client_id).values(changes))

    def _note(
        self,
        connection: Connection,
        action: str,
        actor: str,
        before: Client | None,
        added: Client | None = None,
        more: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> Client:
        """Note an action on a client, for the audit log too; return the client after it."""
        after = added or _locked(connection, before.client_id if before else "")
        event_values = {"at": self._clock(), "client_id": after.client_id, "action": action, "actor": actor}
        connection.execute(insert(client_events).values(event_values))
        content = {"client": after.client_id, "before": digest_of(before), "after": digest_of(after)}
        act = Act(actor, f"client {action}", after.steward, content | dict(more or {}), reason)
        write_act(connection, act, self._clock())
        return after


def digest_of(client: Client | None) -> str:
    """Hash all that is registered of a client, but for when it was last used; empty where there is none."""
    if client is None:
        return ""
    known = asdict(replace(client, last_used=None))
    if not client.steward:  # a client of before there were stewards keeps its hash
        del known["steward"]
    facts = json.dumps(known, default=_spelt, sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()


def _spelt(value: datetime | bytes) -> str:
    return value.hex() if isinstance(value, bytes) else value.isoformat()


def _locked(connection: Connection, client_id: str) -> Client:
    row = connection.execute(select(clients).where(clients.c.client_id == client_id).with_for_update()).first()
    if row is None:
        raise NotFound(f"There is no client {client_id!r}.")
    return _client(row)


def _not_ended(client: Client) -> Client:
    """Refuse a new secret for a client that has been ended for good."""
    if client.status == ENDED:
        raise CallerError(f"{client.client_id!r} is ended, which is for ever: register another client.")
    return client


def _client(row: Row[Any]) -> Client:
    slots = ((row.secret_hash_1, row.not_after_1), (row.secret_hash_2, row.not_after_2))
    return Client(
        client_id=row.client_id,
        org=row.org,
        kind=row.kind,
        scopes=tuple(row.scopes),
        secrets=tuple(Secret(kept, not_after) for kept, not_after in slots if kept),
        created=row.created,
        created_by=row.created_by,
        status=row.status,
        epoch=row.epoch,
        last_used=row.last_used,
        oauth1=SharedSecret(row.oauth1_sealed, row.oauth1_not_after) if row.oauth1_sealed else None,
        unknown_members=row.unknown_members,
        steward=row.steward,
    )


def _values(client: Client) -> dict[str, Any]:
    first, second = (*client.secrets, Secret(""), Secret(""))[:2]
    return {
        "client_id": client.client_id,
        "org": client.org,
        "kind": client.kind,
        "scopes": list(client.scopes),
        "secret_hash_1": first.hash,
        "not_after_1": first.not_after,
        "secret_hash_2": second.hash or None,
        "not_after_2": second.not_after,
        "created": client.created,
        "created_by": client.created_by,
        "status": client.status,
        "epoch": client.epoch,
        "last_used": client.last_used,
        "unknown_members": client.unknown_members,
        "steward": client.steward,
        **_shared(client.oauth1),
    }


def _shared(secret: SharedSecret | None) -> dict[str, Any]:
    return {
        "oauth1_sealed": secret.sealed if secret else None,
        "oauth1_not_after": secret.not_after if secret else None,
    }
