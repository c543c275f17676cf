"""Signatures that districts make in their own house, over manifests that wait for them here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.transfers.sealing.errors import SealingError
from gateway.transfers.sealing.manifest import SignedBy
from gateway.transfers.sealing.signature import verify_signature
from gateway.transfers.work.keys import parties_of
from standards.errors import Conflict, NotFound

if TYPE_CHECKING:
    from gateway.storage.transfers.waiting_manifests import WaitingManifest
    from gateway.transfers.work.desk import TransferDesk


class NothingToSign(NotFound):
    """Nothing of this transfer waits for a signature of the district."""

    code = "nothing-to-sign"

    def __init__(self) -> None:
        super().__init__("Nothing of this transfer waits for a signature of the district.")


class SignatureRefused(Conflict):
    """The signature is none over the manifest that waits, or by no key that the agreement pins."""

    code = "signature-refused"

    def __init__(self) -> None:
        super().__init__("The signature is none over the manifest that waits now: read it again, and sign that.")


class WaitingSignatures:
    """The manifests that wait for a *district* that signs in its own house; a transfer names each."""

    def __init__(self, desk: TransferDesk, district: str) -> None:
        self._desk, self._district = desk, district

    def list(self) -> tuple[WaitingManifest, ...]:
        """List what waits for a signature."""
        return self._desk.manifests.of_sender(self._district)

    def manifest(self, transfer: str) -> WaitingManifest:
        """Return what waits of a transfer, with the exact bytes to sign.

        Raises:
            NothingToSign: nothing does.
        """
        found = self._desk.manifests.find(transfer)
        if found is None or found.sender != self._district or found.signature is not None:
            raise NothingToSign
        return found

    def sign(self, transfer: str, signature: bytes) -> None:
        """Take a signature; the package is sealed with it as soon as the worker comes by.

        Raises:
            NothingToSign: nothing waits for it.
            SignatureRefused: it is none over what waits now, or by a key that is not pinned.
            Forbidden: no agreement about transfers is in force.
        """
        waiting = self.manifest(transfer)
        found = self._desk.ledger.find(transfer)
        with self._desk.visiting() as gateway:
            terms = gateway.grants.transfer(found.sender, found.receiver)[0].transfer
        assert terms is not None
        signers = parties_of(self._desk, found, terms).signers[SignedBy.DISTRICT]
        try:
            verify_signature(signature, waiting.content, signers, self._desk.clock(), for_new=True)
        except SealingError:
            raise SignatureRefused from None
        if not self._desk.manifests.sign(waiting, signature):
            raise SignatureRefused
        self._desk.tries.hurry(transfer)
