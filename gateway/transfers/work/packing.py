"""Packing: the record of a student as it was released, on record before it is sealed, and sealed before it is kept.

Nothing of it is on a disk, or in the registry, but for the receiver's key.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.storage.transfers.packages import note_package
from gateway.storage.transfers.waiting_manifests import WaitingManifest, forget_manifest
from gateway.transfers.attachments.added import added_to
from gateway.transfers.districts.release import header_of, plan_of, sending_office, track_of
from gateway.transfers.machine.event import read_moment, spell_moment
from gateway.transfers.machine.guards import release_of
from gateway.transfers.machine.words import ATTACHED, EventKind
from gateway.transfers.package.assembly import wanted
from gateway.transfers.package.contents.reader import GatewayRecord
from gateway.transfers.package.contents.record import OtherStudentFound, StudentNotCovered
from gateway.transfers.package.figures import figures_of
from gateway.transfers.package.header import ReceivingKey
from gateway.transfers.package.supplement import EarlierVersions, supplement
from gateway.transfers.sealing.errors import SealingError
from gateway.transfers.sealing.manifest import SignedBy
from gateway.transfers.sealing.package import seal_package
from gateway.transfers.sealing.signature import sign_manifest
from gateway.transfers.work.disclosing import disclose
from gateway.transfers.work.echo import echo_of, trace_of
from gateway.transfers.work.gateway_key import gateway_key
from gateway.transfers.work.keys import parties_of, receiver_kid, signer_of
from gateway.transfers.work.students import roll_of, student_of
from gateway.transfers.work.troubles import SignatureAwaited, StepTrouble, TroubleReason
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from gateway.gateway import Gateway
    from gateway.storage.transfers.packages import SealedPackage
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.package.assembly import TransferPackage
    from gateway.transfers.package.contents.record import RecordContents
    from gateway.transfers.package.header import SendingOffice
    from gateway.transfers.package.plan import PackagePlan
    from gateway.transfers.sealing.package import PackageParties
    from gateway.transfers.work.desk import TransferDesk
    from policies.agreement import Agreement
    from policies.grant import Grant
    from policies.transfers.terms import TransferTerms


@dataclass(frozen=True, slots=True)
class PackedRecord:
    """A package in memory, with what it was made of; nothing of it is written out."""

    package: TransferPackage
    contents: RecordContents
    parties: PackageParties
    kid: str
    signed_by: SignedBy
    made: str
    traces: Mapping[str, str]

    def __repr__(self) -> str:
        """Write nothing of the record."""
        return "PackedRecord()"

    @property
    def attached(self) -> int:
        """How many files leave that people have added."""
        return sum(len(one["files"]) for one in self.package.manifest["sections"] if one["name"] in ATTACHED)

    @property
    def sha256(self) -> str:
        """The hash of the manifest, which is what is signed."""
        return hashlib.sha256(self.package.signed).hexdigest()


def pack(desk: TransferDesk, gateway: Gateway, transfer: Transfer, agreement: Agreement, grant: Grant) -> Transfer:
    """Pack, sign, and seal what was released of a *transfer*; return it packed.

    Raises:
        StepTrouble: the student is not there any more, or a key is missing.
        SignatureAwaited: the district signs in its own house, and has not yet.
        SourceError: the source cannot be read whole.
    """
    made = _made(desk, gateway, transfer, agreement, grant)
    signature = _signature(desk, transfer, made)
    disclose(gateway, grant, transfer, made.contents, made.attached)
    return _sealed(desk, transfer, agreement, made, signature)


def _made(desk: TransferDesk, gateway: Gateway, transfer: Transfer, agreement: Agreement, grant: Grant) -> PackedRecord:
    """Make the package in memory."""
    terms = agreement.transfer
    assert terms is not None
    now = desk.clock()
    parties = parties_of(desk, transfer, terms)
    kid, signed_by = receiver_kid(parties, now), signer_of(parties, now)
    waiting = desk.manifests.find(transfer.id) if signed_by is SignedBy.DISTRICT else None
    same = waiting is not None and (waiting.version, waiting.kid) == (transfer.version, kid)
    at = waiting.made if waiting is not None and same else spell_moment(now)
    plan = _plan(transfer, terms)
    contents, office = _contents(desk, gateway, transfer, agreement, grant, plan)
    header = header_of(
        transfer.id, transfer.version, agreement, office, ReceivingKey(transfer.receiver, kid, transfer.receiver),
        read_moment(at), signed_by.value, transfer.package.version if transfer.package else None,
    )  # fmt: skip
    added = added_to(desk.attachments.opened(transfer.id))
    package, traces = supplement(header, plan, contents, _before(desk, transfer), added)
    return PackedRecord(package, contents, parties, kid, signed_by, at, traces)


def _before(desk: TransferDesk, transfer: Transfer) -> EarlierVersions:
    """Return what the receiver has acknowledged by now."""
    had = transfer.accepted

    def trace(section: str, held: Any) -> str:
        return trace_of(desk.key, transfer.id, section, held)

    if had is None:
        return EarlierVersions(trace)
    return EarlierVersions(trace, {one.value: tag for one, tag in had.traces.items()}, {one.value for one in had.whole})


def _plan(transfer: Transfer, terms: TransferTerms) -> PackagePlan:
    """Return the plan of what was released last."""
    release = release_of(transfer)
    named, withheld = ({one.value for one in some} for some in (release.sections, transfer.withheld))
    return plan_of(track_of(terms, by_rule=release.by_rule), named, withheld, by_rule=release.by_rule)


def _contents(
    desk: TransferDesk, gateway: Gateway, transfer: Transfer, agreement: Agreement, grant: Grant, plan: PackagePlan
) -> tuple[RecordContents, SendingOffice]:
    """Read the record that leaves, and what its district calls itself."""
    roll = roll_of(desk, gateway, transfer)
    student = student_of(desk, roll, transfer)
    if student is None:
        raise StepTrouble(TroubleReason.NOT_COVERED)
    try:
        contents = GatewayRecord(gateway, grant, student, roll.key_of(student)).read(wanted(plan))
    except StudentNotCovered:
        raise StepTrouble(TroubleReason.NOT_COVERED) from None
    except OtherStudentFound:
        raise StepTrouble(TroubleReason.OTHER_STUDENT) from None
    return contents, sending_office(agreement, roll)


def _signature(desk: TransferDesk, transfer: Transfer, made: PackedRecord) -> bytes:
    """Sign the manifest, or take the signature that its district has made of these very bytes."""
    if made.signed_by is SignedBy.GATEWAY:
        return sign_manifest(made.package.signed, gateway_key(desk.keys))
    waiting = desk.manifests.find(transfer.id)
    if waiting is not None and waiting.sha256 == made.sha256:
        if waiting.signature is None:
            raise SignatureAwaited
        return waiting.signature
    fresh = WaitingManifest(
        transfer.id, transfer.version, transfer.sender, made.sha256, made.kid, made.made, made.package.signed
    )
    desk.manifests.put(fresh)
    raise SignatureAwaited


def _sealed(
    desk: TransferDesk, transfer: Transfer, agreement: Agreement, made: PackedRecord, signature: bytes
) -> Transfer:
    """Seal a package, keep it, and append that it is packed; what is not packed after all is not kept."""
    try:
        parts = seal_package(made.package.signed, signature, made.package.sealed, made.parties, desk.clock())
        kept = desk.packages.write(transfer.id, transfer.version, parts, transfer.receiver, made.kid)
    except SealingError:
        _ask_anew(desk, transfer)
        raise StepTrouble(TroubleReason.SIGNATURE) from None

    def beside(connection: Connection, packed: Transfer) -> None:
        note_package(connection, kept)
        forget_manifest(connection, packed.id)

    content = _content(desk, transfer, made)
    try:
        return desk.append(transfer, EventKind.PACK, content, agreement.digest, beside=beside)
    except BaseException:
        _discard(desk, transfer, kept)
        raise


def _ask_anew(desk: TransferDesk, transfer: Transfer) -> None:
    """Let a manifest wait for another signature: the one that was made is of a key that may not sign any more."""
    waiting = desk.manifests.find(transfer.id)
    if waiting is not None:
        desk.manifests.put(replace(waiting, signature=None))


def _content(desk: TransferDesk, transfer: Transfer, made: PackedRecord) -> dict[str, Any]:
    manifest = made.package.manifest
    return {
        "version": transfer.version,
        "manifest": made.sha256,
        "echo": echo_of(desk.key, transfer.id, figures_of(manifest)),
        "sections": {one["name"]: one["state"] for one in manifest["sections"]},
        "traces": dict(made.traces),
    }


def _discard(desk: TransferDesk, transfer: Transfer, kept: SealedPackage) -> None:
    """Delete the file of a package that was not noted; where nobody can tell, the sweep does so later."""
    with suppress(StoreUnavailable):
        packed = desk.ledger.find(transfer.id).package
        if packed is None or packed.version != transfer.version:
            desk.packages.discard(kept)
