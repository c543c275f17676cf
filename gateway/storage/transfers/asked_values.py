"""The values of a request: the state id, names, birth date and last school by which a student is asked for, sealed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from gateway.storage.cipher import Cipher, NotSealed
from gateway.storage.secrets import derive_subkey
from gateway.storage.transfers.tables import asked_values
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


def keep_asked_values(
    connection: Connection, key: bytes, transfer: str, values: Mapping[str, str], at: datetime
) -> None:
    """Keep the *values* of a request, sealed under a key of its own that follows from the *key* for transfers."""
    sealed = _cipher(key, transfer).seal(json.dumps(dict(values)).encode(), transfer.encode())
    connection.execute(insert(asked_values).values(transfer=transfer, sealed=sealed, at=at))


def open_asked_values(connection: Connection, key: bytes, transfer: str) -> Mapping[str, str] | None:
    """Return the values of a request; None once they are deleted.

    Raises:
        StoreUnavailable: they do not open under the key.
    """
    wanted = select(asked_values.c.sealed).where(asked_values.c.transfer == transfer)
    sealed = connection.execute(wanted).scalar()
    if sealed is None:
        return None
    try:
        values: dict[str, str] = json.loads(_cipher(key, transfer).open(sealed, transfer.encode()))
    except NotSealed:
        raise StoreUnavailable("The values of a request do not open under the region's key.") from None
    return values


def forget_asked_values(connection: Connection, transfer: str) -> None:
    """Delete the values of a request."""
    connection.execute(delete(asked_values).where(asked_values.c.transfer == transfer))


def _cipher(key: bytes, transfer: str) -> Cipher:
    return Cipher(derive_subkey(key, transfer.encode()))
