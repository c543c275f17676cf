"""Uploaded files of districts: sealed under a key of each, one for each district, replaced whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from adapters.uploads import UploadedFile, nothing_uploaded
from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS
from gateway.storage.cipher import Cipher, NotSealed
from gateway.storage.database import look_into, transaction
from gateway.storage.people.tables import uploads
from gateway.storage.secrets import derive_subkey
from standards.errors import SourceBroken, SourceUnavailable, StoreUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

PURPOSE: Final = "uploads"
"""The purpose of the key from which each district's key for its files is derived."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file of a district, without its bytes."""

    district: str
    name: str
    size: int
    sha256: str
    at: datetime
    actor: str


def keep_upload(connection: Connection, key: bytes, upload: Upload, data: bytes) -> None:
    """Keep the *data* of an upload sealed, in place of every earlier file of its district."""
    about = f"{upload.district}/{upload.sha256}".encode()
    sealed = Cipher(derive_subkey(key, upload.district.encode())).seal(data, about)
    connection.execute(delete(uploads).where(uploads.c.district == upload.district))
    values = {name: getattr(upload, name) for name in ("district", "name", "size", "sha256", "at", "actor")}
    connection.execute(insert(uploads).values(sealed=sealed, **values))


def forget_uploads(connection: Connection, district: str) -> None:
    """Delete every file of a district."""
    connection.execute(delete(uploads).where(uploads.c.district == district))


def newest_uploads(connection: Connection) -> dict[str, Upload]:
    """Return the newest file of each district that has one, without its bytes."""
    columns = [uploads.c[name] for name in ("district", "name", "size", "sha256", "at", "actor")]
    rows = connection.execute(select(*columns).order_by(uploads.c.at)).all()
    return {row.district: Upload(*row) for row in rows}


@dataclass(frozen=True, slots=True)
class DistrictUploads:
    """The uploaded files of one *district* in the registry at *url*, as its adapter opens them."""

    url: str = field(repr=False)
    key: bytes = field(repr=False)
    district: str

    def newest(self) -> UploadedFile:
        """Return the file uploaded last; its bytes are fetched and opened whenever they are read.

        Raises:
            SourceUnavailable: the registry cannot be read.
            SourceBroken: none has been uploaded, or it does not open under the district's key.
        """
        row = self._find("name", "size", "sha256")
        if row is None:
            return nothing_uploaded()
        return UploadedFile(row.name, row.size, row.sha256, lambda: self._open(row.sha256))

    def _open(self, sha256: str) -> bytes:
        row = self._find("sha256", "sealed")
        if row is None or row.sha256 != sha256:
            raise SourceUnavailable("The uploaded file was replaced while it was opened.")
        cipher = Cipher(derive_subkey(self.key, self.district.encode()))
        try:
            return cipher.open(row.sealed, f"{self.district}/{sha256}".encode())
        except NotSealed:
            raise SourceBroken("The uploaded file does not open under the district's key.", "source") from None

    def _find(self, *columns: str) -> Any:
        wanted = select(*(uploads.c[name] for name in columns)).where(uploads.c.district == self.district)
        try:
            engine = look_into(self.url, MAX_COMMAND_SECONDS)
            if engine is None:
                return None
            try:
                with transaction(engine) as connection:
                    return connection.execute(wanted.order_by(uploads.c.at.desc()).limit(1)).first()
            finally:
                engine.dispose()
        except StoreUnavailable:
            raise SourceUnavailable("The uploaded file cannot be fetched from the registry.") from None


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of a file in hex, as people compare it."""
    return hashlib.sha256(data).hexdigest()
