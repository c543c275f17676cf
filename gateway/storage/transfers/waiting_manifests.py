"""Manifests that wait for the signature of their district, sealed under a key of the region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from gateway.storage.bounded_calls import timely
from gateway.storage.cipher import Cipher, NotSealed
from gateway.storage.database import transaction
from gateway.storage.secrets import derive_subkey
from gateway.storage.transfers.tables import transfers, waiting_manifests
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from gateway.storage.acts import SqlRegistry

PURPOSE: Final = b"waiting manifests"
APPROVED: Final = "approved"


@dataclass(frozen=True, slots=True)
class WaitingManifest:
    """A manifest of a *version* of a transfer, *made* at a moment, that waits for a *signature* of its *sender*.

    *kid* is the receiver's key to which the package will be sealed: the manifest names it.
    """

    transfer: str
    version: int
    sender: str
    sha256: str
    kid: str
    made: str
    content: bytes = field(repr=False)
    signature: bytes | None = field(default=None, repr=False)


class WaitingManifests:
    """The manifests in the registry; *key* is the one for transfers."""

    def __init__(self, store: SqlRegistry, key: bytes) -> None:
        self._engine, self.calls = store.engine, store.calls
        self._cipher = Cipher(derive_subkey(key, PURPOSE))

    @timely
    def of_sender(self, sender: str) -> tuple[WaitingManifest, ...]:
        """List what waits for a signature of a district: of transfers that still wait to be packed."""
        joined = select(waiting_manifests).join(transfers, transfers.c.id == waiting_manifests.c.transfer)
        mine = transfers.c.sender == sender, transfers.c.state == APPROVED, waiting_manifests.c.signature.is_(None)
        with transaction(self._engine) as connection:
            rows = connection.execute(joined.where(*mine).order_by(waiting_manifests.c.transfer)).all()
        return tuple(map(self._opened, rows))

    @timely
    def find(self, transfer: str) -> WaitingManifest | None:
        """Return the manifest that waits of a transfer, signed or not."""
        with transaction(self._engine) as connection:
            row = connection.execute(_of(select(waiting_manifests), transfer)).first()
        return None if row is None else self._opened(row)

    @timely
    def put(self, manifest: WaitingManifest) -> None:
        """Let a manifest wait, in place of an earlier one of its transfer."""
        sealed = self._cipher.seal(manifest.content, manifest.transfer.encode())
        values = {name: getattr(manifest, name) for name in _COLUMNS} | {"sealed": sealed}
        with transaction(self._engine, write=True) as connection:
            connection.execute(_of(delete(waiting_manifests), manifest.transfer))
            connection.execute(insert(waiting_manifests).values(values))

    @timely
    def sign(self, manifest: WaitingManifest, signature: bytes) -> bool:
        """Write the signature of a manifest down; False where another manifest waits by now."""
        same = waiting_manifests.c.sha256 == manifest.sha256
        with transaction(self._engine, write=True) as connection:
            mine = _of(update(waiting_manifests), manifest.transfer).where(same)
            return bool(connection.execute(mine.values(signature=signature)).rowcount)

    @timely
    def sweep(self) -> int:
        """Delete what waits of transfers that do not wait to be packed any more; return how many."""
        waiting = select(transfers.c.id).where(transfers.c.state == APPROVED)
        gone = delete(waiting_manifests).where(waiting_manifests.c.transfer.not_in(waiting))
        with transaction(self._engine, write=True) as connection:
            return int(connection.execute(gone).rowcount)

    def _opened(self, row: Row[Any]) -> WaitingManifest:
        try:
            content = self._cipher.open(row.sealed, row.transfer.encode())
        except NotSealed:
            raise StoreUnavailable("A manifest does not open under the region's key.") from None
        return WaitingManifest(**{name: getattr(row, name) for name in _COLUMNS}, content=content)


def forget_manifest(connection: Connection, transfer: str) -> None:
    """Delete what waits of a transfer, in the transaction of the event that says that it is packed."""
    connection.execute(_of(delete(waiting_manifests), transfer))


_COLUMNS: Final = ("transfer", "version", "sender", "sha256", "kid", "made", "signature")


def _of(statement: Any, transfer: str) -> Any:
    return statement.where(waiting_manifests.c.transfer == transfer)
