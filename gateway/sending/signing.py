"""Signing of what leaves a district: the manifest comes, its signature goes, the key stays in the house."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.receiving.errors import GatewayUnreachable, PackageRefused
from gateway.transfers.package.files import read
from gateway.transfers.sealing.manifest import NAME, SHA256, SignedBy, read_manifest
from gateway.transfers.sealing.signature import sign_manifest
from standards.errors import SettingsError

if TYPE_CHECKING:
    from gateway.receiving.gateway_client import TransferClient
    from gateway.receiving.settings import HouseSettings

NO_KEY = "keys.signing names no file of a private key"
OTHER = "The manifest is not the one that the gateway lists: nothing is signed."
NOT_OURS = "The manifest is of another district, or is not to be signed by this one: nothing is signed."
NOT_LISTED = "The gateway's list of what waits for a signature says something that it should not."


@dataclass(frozen=True, slots=True)
class WaitingSignature:
    """A manifest that waits to be signed, as the gateway lists it; *kid* is the receiver's key to seal to."""

    id: str
    transfer: str
    version: int
    sha256: str
    kid: str


@dataclass(frozen=True, slots=True)
class UnsignedManifest:
    """A manifest before it is signed: to whom the record goes, and the state of each of its *sections*."""

    waiting: WaitingSignature
    receiver: str
    sections: dict[str, str] = field(hash=False)
    content: bytes = field(repr=False)


def waiting(client: TransferClient) -> list[WaitingSignature]:
    """Return what waits for the district's signature."""
    return [_waiting(one) for one in client.list_of("/signatures")]


def fetch(client: TransferClient, settings: HouseSettings, listed: WaitingSignature) -> UnsignedManifest:
    """Fetch the exact bytes of a manifest, if they are those that are listed, of this district, and to be signed by it.

    Raises:
        PackageRefused: they are not.
    """
    content = client.content(f"/signatures/{listed.id}")
    if hashlib.sha256(content).hexdigest() != listed.sha256:
        raise PackageRefused(OTHER)
    facts = read_manifest(content)
    if facts.sender != settings.district or facts.signed_by is not SignedBy.DISTRICT:
        raise PackageRefused(NOT_OURS)
    if (facts.transfer, facts.version, facts.receiver_kid) != (listed.transfer, listed.version, listed.kid):
        raise PackageRefused(OTHER)
    states = {str(one["name"]): str(one["state"]) for one in read(content)["sections"]}
    return UnsignedManifest(listed, facts.receiver, states, content)


def sign(client: TransferClient, settings: HouseSettings, unsigned: UnsignedManifest) -> None:
    """Sign a manifest with the district's key, and give the detached signature to the gateway."""
    if not settings.keys["signing"]:
        raise SettingsError(NO_KEY, str(settings.file))
    key = settings.private_key(settings.keys["signing"])
    signature = sign_manifest(unsigned.content, key)
    client.post(f"/signatures/{unsigned.waiting.id}", {"signature": signature.decode("ascii")})


def _waiting(told: dict[str, Any]) -> WaitingSignature:
    names = [told.get("id"), told.get("transfer")]
    version, sha256, kid = told.get("version"), told.get("sha256"), told.get("kid")
    if not all(isinstance(one, str) and NAME.fullmatch(one) for one in names) or type(version) is not int:
        raise GatewayUnreachable(NOT_LISTED)
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256) or not isinstance(kid, str):
        raise GatewayUnreachable(NOT_LISTED)
    return WaitingSignature(str(names[0]), str(names[1]), version, sha256, kid)
