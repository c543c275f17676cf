"""Fetching of packages: in pieces that go on where they stopped, verified and opened before anything is done."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from gateway.receiving.errors import GatewayRefused, GatewayUnreachable, NoSuchTransfer, PackageRefused
from gateway.receiving.state import FILE_MODE, plainly, write_private
from gateway.transfers.package.files import edfi_path, read
from gateway.transfers.package.manifest import WHOLE
from gateway.transfers.sealing.container import MAX_CONTAINER_BYTES
from gateway.transfers.sealing.errors import KeyNotAccepted, SealingError, WrongPackage
from gateway.transfers.sealing.key_set import EXPIRED, NOT_YET, KeySet, read_key_set
from gateway.transfers.sealing.manifest import MAX_VERSION, NAME, SHA256, SignedBy
from gateway.transfers.sealing.package import OTHER_PARTIES, PackageParties, open_package

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gateway.receiving.gateway_client import TransferClient
    from gateway.receiving.settings import HouseSettings
    from gateway.receiving.state import StateFolder

PIECE_BYTES: Final = 4 << 20
PARTIAL, OK, GONE = 206, 200, 404
GATEWAY: Final = "gateway"
"""The name under which the gateway publishes the keys by which it signs for districts."""

NOT_WHOLE = "The package that came is not the one that the gateway lists. It is thrown away: fetch it again."
NOT_THERE = "The gateway has the package no more: it was withdrawn, or its time is over. What had come is thrown away."
NOT_LISTED = "The gateway's list of packages says something that it should not."
CLOCK = "Is the clock of this machine right?"
NOT_FETCHED = "The package is not here: fetch it first."
NOT_BY_GATEWAY = (
    "The gateway has signed in the place of {}, which signs by keys of its own: nothing is opened. Call a number of"
    " theirs that you know already; only if they say that the gateway signs for them, say so under [senders.{}]."
)
NO_SENDER = "The settings name no sender by whose keys the package could be verified."


@dataclass(frozen=True, slots=True)
class ListedPackage:
    """A package that waits at the gateway, as its list says; *sender* is empty where it does not tell."""

    transfer: str
    version: int
    size: int
    sha256: str
    expires: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedPackage:
    """A package that was verified and opened: its *manifest*, and every file by its path."""

    transfer: str
    version: int
    sender: str
    manifest: Mapping[str, Any] = field(repr=False, hash=False)
    files: Mapping[str, bytes] = field(repr=False, hash=False)

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of the sections that came."""
        return tuple(one["name"] for one in self.manifest["sections"] if one["state"] == WHOLE)

    def documents(self, resource: str) -> list[dict[str, Any]]:
        """Return the documents of an Ed-Fi resource, with exact decimals."""
        content = self.files.get(edfi_path(resource))
        return [] if content is None else list(read(content))


def waiting(client: TransferClient) -> list[ListedPackage]:
    """Return the packages that wait for this district."""
    return sorted(map(_waiting, client.list_of("/packages")), key=lambda one: (one.transfer, one.version))


def fetch(client: TransferClient, state: StateFolder, listed: ListedPackage) -> Path:
    """Fetch a package into the state folder, going on where an earlier attempt stopped.

    Raises:
        PackageRefused: what came is not what is listed, or the gateway has it no more.
        GatewayUnreachable: the gateway stopped answering; what has come so far stays.
        StateBroken: the disk is full; likewise.
    """
    path = state.package(listed.transfer, listed.version)
    part = path.with_suffix(f".{listed.sha256[:16]}.part")
    if path.exists() and _hash(path) == listed.sha256:
        return path
    while (have := part.stat().st_size if part.exists() else 0) < listed.size:
        try:
            begin, content = _piece(client, listed, have)
        except GatewayRefused as error:
            if error.answered != GONE:
                raise
            part.unlink(missing_ok=True)
            raise PackageRefused(NOT_THERE) from None
        _append(part, begin, content, listed.size)
    if _hash(part) != listed.sha256 or part.stat().st_size != listed.size:
        part.unlink()
        raise PackageRefused(NOT_WHOLE)
    part.replace(path)
    return path


def open_received(
    settings: HouseSettings,
    state: StateFolder,
    transfer: str,
    version: int,
    moments: Sequence[datetime],
    client: TransferClient | None,
) -> ReceivedPackage:
    """Verify and open the package of one version, by the keys that were good at one of the *moments*.

    These are when it came, and now, since a clock that was wrong when it came may be right by now.

    Raises:
        NoSuchTransfer: it is not here.
        PackageRefused: it is not what it should be; nothing of it is given out.
    """
    keys, own = settings.private_keys(), _published(settings.district, None, client, state)
    own = own.pinned_by({one.thumbprint() for one in keys})
    refused: SealingError | None = None
    for at, name in product(moments, settings.senders):
        parties = PackageParties(name, settings.district, _signers(settings, name, client, state), own)
        try:
            with _opened(state.package(transfer, version)) as stream:
                found = open_package(stream, transfer, version, parties, keys, at)
        except (WrongPackage, KeyNotAccepted) as error:
            refused = error if refused is None or error.message != OTHER_PARTIES else refused
        except SealingError as error:
            raise PackageRefused(error.message, again=True) from None
        else:
            if found.facts.signed_by is SignedBy.GATEWAY and not settings.senders[name].gateway_signs:
                raise PackageRefused(NOT_BY_GATEWAY.format(settings.senders[name].name, name))
            return ReceivedPackage(transfer, version, name, read(found.manifest), found.files)
    message = refused.message if refused else NO_SENDER
    raise PackageRefused(f"{message} {CLOCK}" if message in {NOT_YET, EXPIRED} else message)


def refresh_keys(client: TransferClient, state: StateFolder, names: Collection[str]) -> None:
    """Fetch the public keys of districts, and keep them as they are now."""
    for name in names:
        try:
            content = client.content(f"/keys/{name}")
        except GatewayRefused:
            continue  # one that has none: what it signed is refused
        read_key_set(content, name)
        with plainly():
            write_private(state.path / "keys" / f"{name}.jwks", content)


def _signers(
    settings: HouseSettings, name: str, client: TransferClient | None, state: StateFolder
) -> dict[SignedBy, KeySet]:
    """Return the pinned keys by which a package of a sender may be signed: its own, and the gateway's.

    Whether the gateway's signature counts for it is not said here (see `open_received`): where it does not, that the
    gateway has signed is told, instead of a key that nobody knows.
    """
    sender, gateway = settings.senders[name], frozenset(settings.gateway["signers"])
    found = {}
    if sender.keys:
        found[SignedBy.DISTRICT] = _published(name, sender.jwks, client, state).pinned_by(sender.keys)
    if gateway:
        found[SignedBy.GATEWAY] = _published(GATEWAY, None, client, state).pinned_by(gateway)
    return found


def _published(name: str, file: Path | None, client: TransferClient | None, state: StateFolder) -> KeySet:
    """Return the public keys of a district: those in a *file*, or those that were fetched."""
    path = file or state.path / "keys" / f"{name}.jwks"
    if file is None and client is not None and not path.exists():
        refresh_keys(client, state, (name,))
    try:
        return read_key_set(path.read_bytes(), name)
    except FileNotFoundError:
        return KeySet(name, ())
    except (OSError, SealingError):
        raise PackageRefused(f"The public keys of {name} cannot be read.") from None


def _piece(client: TransferClient, listed: ListedPackage, have: int) -> tuple[int, bytes]:
    """Ask for the next bytes; return where they begin, and them."""
    headers = {
        "Range": f"bytes={have}-{min(have + PIECE_BYTES, listed.size) - 1}", "If-Range": f'"{listed.sha256}"',
        "Accept": "application/octet-stream",
    }  # fmt: skip
    path = f"/transfers/{listed.transfer}/package?version={listed.version}"
    answer = client.ask("GET", path, None, headers)
    if answer.status == PARTIAL and answer.headers.get("content-range", "").startswith(f"bytes {have}-"):
        return have, answer.body
    if answer.status == OK:
        return 0, answer.body
    raise GatewayUnreachable("The gateway's answer is not the part of the package that was asked for.")


def _append(part: Path, begin: int, content: bytes, size: int) -> None:
    """Write bytes behind those that are there, or from the beginning where the whole package came."""
    if not content or begin + len(content) > size:
        part.unlink(missing_ok=True)
        raise PackageRefused(NOT_WHOLE)
    with plainly(), os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, FILE_MODE), "r+b") as file:
        file.truncate(begin)
        file.seek(begin)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise NoSuchTransfer(NOT_FETCHED) from None


def _waiting(told: Mapping[str, Any]) -> ListedPackage:
    """Read one entry of the gateway's list, whose names become names of files."""
    transfer, version, size, sha256 = (told.get(name) for name in ("transfer", "version", "size", "sha256"))
    texts: Sequence[Any] = (told.get("expires", ""), told.get("sender", ""))
    if not (isinstance(transfer, str) and NAME.fullmatch(transfer) and isinstance(sha256, str)):
        raise GatewayUnreachable(NOT_LISTED)
    if type(version) is not int or not 1 <= version <= MAX_VERSION or not SHA256.fullmatch(sha256):
        raise GatewayUnreachable(NOT_LISTED)
    if type(size) is not int or not 0 < size <= MAX_CONTAINER_BYTES or not all(isinstance(one, str) for one in texts):
        raise GatewayUnreachable(NOT_LISTED)
    return ListedPackage(transfer, version, size, sha256, *texts)


def moment(text: str) -> datetime:
    """Read a moment as the journal has it."""
    return datetime.fromisoformat(text)
