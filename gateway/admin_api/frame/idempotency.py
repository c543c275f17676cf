"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a repeated write is answered, and not done again.

An answer is kept sealed for a day, under a key that follows from the region's key and from the caller's own
Idempotency-Key, of which only a hash is kept: whoever has the registry and the region's key alone cannot open it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import orjson
from flask import Response, request
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.admin_api.frame.problems import KeyInUse, KeyRequired, KeyReused
from gateway.storage.bounded_calls import timely
from gateway.storage.cipher import Cipher, NotSealed
from gateway.storage.database import transaction
from gateway.storage.people.tables import idempotency_keys
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor

HEADER: Final = "Idempotency-Key"
KEPT: Final = timedelta(hours=24)
RUNNING: Final = 0
"""The status of a request that has not been answered yet."""

QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\]){1,255})"')
BARE: Final = re.compile(r"[!#-+\--:<-~]{1,255}")
"""A key without quotes, as many clients send one: visible characters, none of which separates values."""

HEADERS: Final = ("Content-Type", "ETag", "Location")
UNREADABLE = 'Idempotency-Key must be one string in quotes (RFC 8941), such as "8e03978e-40d5-43e8-bc93-6894a57f9324".'


@dataclass(frozen=True, slots=True)
class RepeatableRequest:
    """A write that may be repeated: the hashes of its key and of what it asks, and what seals its answer."""

    key_hash: str
    request_hash: str
    cipher: Cipher


class Idempotency:
    """The answers to writes, for whoever repeats one.

    A write that was cut off blocks its key for as long as it is kept; where every act is done once by itself, another
    try may be *taken_over* after some time.
    """

    def __init__(self, region: Administration, taken_over: timedelta = KEPT) -> None:
        self._engine, self.calls, self._clock = region.store.engine, region.store.calls, region.clock
        self._taken_over = taken_over
        self._key = region.keys.derive("admin-api-idempotency")

    def once(self, actor: Actor, act: Callable[[], Response]) -> Response:
        """Answer the present write by *act*, or as the same write of the same actor was answered before.

        What was refused has changed nothing and is tried again.

        Raises:
            KeyReused: the key came with another request.
            KeyInUse: the first request with the key is still running, or was cut off.
        """
        header = request.headers.get(HEADER)
        if header is None:
            return act()
        asked = self._repeatable(actor, read_key(header))
        kept = self._begin(asked, self._clock())
        if kept is not None:
            return _restored(asked, kept)
        try:
            response = act()
        except BaseException:
            self._forget(asked)
            raise
        self._finish(asked, response.status_code, _kept(asked, response))
        return response

    def _repeatable(self, actor: Actor, key: str) -> RepeatableRequest:
        """Return the present request under the *key* of its actor; the keys of others are others."""
        whose = orjson.dumps([actor.kind, actor.person or actor.name, key])
        asked = hmac.new(self._key, b"request\0", hashlib.sha256)  # a plain hash of a body tells whom it names
        conditions = request.headers.get("If-Match", "")
        for part in (request.method, request.path, request.query_string.decode("latin-1"), conditions):
            asked.update(part.encode("utf-8", "surrogateescape") + b"\0")
        asked.update(request.get_data())
        return RepeatableRequest(
            hashlib.sha256(b"key\0" + whose).hexdigest(),
            asked.hexdigest(),
            Cipher(hmac.new(self._key, whose, hashlib.sha256).digest()),
        )

    @timely
    def _begin(self, asked: RepeatableRequest, now: datetime) -> tuple[int, bytes] | None:
        """Note that a request runs; return the status and sealed answer of the first one, if it was answered."""
        mine = {"key_hash": asked.key_hash, "request_hash": asked.request_hash, "status": RUNNING, "at": now}
        try:
            with transaction(self._engine, write=True) as connection:
                connection.execute(delete(idempotency_keys).where(idempotency_keys.c.at < now - KEPT))
                connection.execute(insert(idempotency_keys).values(mine))
        except IntegrityError:
            pass
        else:
            return None
        with transaction(self._engine, write=True) as connection:
            if self._takes_over(connection, asked, now):
                return None
            known = select(idempotency_keys).where(idempotency_keys.c.key_hash == asked.key_hash)
            row = connection.execute(known).first()
        if row is not None and row.request_hash != asked.request_hash:
            raise KeyReused("This Idempotency-Key was used with another request.")
        if row is None or row.status == RUNNING or row.sealed is None:
            raise KeyInUse("The first request with this Idempotency-Key is still running, or was cut off: look first.")
        return int(row.status), bytes(row.sealed)

    def _takes_over(self, connection: Connection, asked: RepeatableRequest, now: datetime) -> bool:
        """Tell whether the same request was cut off so long ago that this one is done in its place."""
        same = idempotency_keys.c.key_hash == asked.key_hash, idempotency_keys.c.request_hash == asked.request_hash
        cut_off = idempotency_keys.c.status == RUNNING, idempotency_keys.c.at < now - self._taken_over
        return bool(connection.execute(update(idempotency_keys).where(*same, *cut_off).values(at=now)).rowcount)

    @timely
    def _finish(self, asked: RepeatableRequest, status: int, sealed: bytes) -> None:
        mine = update(idempotency_keys).where(idempotency_keys.c.key_hash == asked.key_hash)
        with transaction(self._engine, write=True) as connection:
            connection.execute(mine.values(status=status, sealed=sealed))

    @timely
    def _forget(self, asked: RepeatableRequest) -> None:
        mine = idempotency_keys.c.key_hash == asked.key_hash, idempotency_keys.c.status == RUNNING
        with transaction(self._engine, write=True) as connection:
            connection.execute(delete(idempotency_keys).where(*mine))


def require_key() -> None:
    """Refuse a write without a key, where a write that is done twice would harm.

    Raises:
        KeyRequired: it has none.
    """
    if HEADER not in request.headers:
        raise KeyRequired("Send an Idempotency-Key: a string of your choice in quotes, another one for each act.")


def read_key(header: str) -> str:
    """Read the key: a string of RFC 8941, or one without quotes, which means the same.

    Raises:
        CallerError: it is neither.
    """
    text = header.strip(" \t")
    if quoted := QUOTED.fullmatch(text):
        return re.sub(r"\\(.)", r"\1", quoted[1])
    if BARE.fullmatch(text):
        return text
    raise CallerError(UNREADABLE)


def _kept(asked: RepeatableRequest, response: Response) -> bytes:
    headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
    body = base64.b64encode(response.get_data()).decode()
    return asked.cipher.seal(orjson.dumps([headers, body]), asked.request_hash.encode())


def _restored(asked: RepeatableRequest, kept: tuple[int, bytes]) -> Response:
    status, sealed = kept
    try:
        headers, body = orjson.loads(asked.cipher.open(sealed, asked.request_hash.encode()))
    except NotSealed:
        raise KeyInUse("The answer to the first request with this Idempotency-Key cannot be read any more.") from None
    return Response(base64.b64decode(body), status, headers)
