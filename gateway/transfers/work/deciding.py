"""Deciding: whether the agreement's rule releases the record of a student who was found, or a person does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.transfers.districts.release import is_to_be_decided_anew
from gateway.transfers.districts.standing import registered_tag
from gateway.transfers.machine.guards import package_of, release_of
from gateway.transfers.machine.words import (
    NEVER_BY_RULE,
    EventKind,
    RecordSection,
    TaskCause,
    TransferState,
    UnpackReason,
)
from gateway.transfers.work.keys import is_open_to
from gateway.transfers.work.students import is_another, is_restricted, roll_of, student_of
from gateway.transfers.work.troubles import StepTrouble, TroubleReason
from policies.transfers.terms import by_rule
from standards.errors import Forbidden, SourceError

if TYPE_CHECKING:
    from gateway.gateway import Gateway
    from gateway.storage.transfers.packages import SealedPackage
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.work.desk import TransferDesk
    from policies.agreement import Agreement
    from policies.grant import Grant
    from policies.transfers.terms import TransferTerms


def released_by_rule(terms: TransferTerms) -> tuple[RecordSection, ...]:
    """Return the sections that the rule of an agreement releases, in their order."""
    tracks = terms.rule.tracks if terms.rule is not None else ()
    named = {section for track in tracks for section in by_rule(terms, track)}
    return tuple(one for one in RecordSection if one.value in named and one not in NEVER_BY_RULE)


def causes_of(
    desk: TransferDesk, gateway: Gateway, transfer: Transfer, grant: Grant, terms: TransferTerms
) -> list[TaskCause]:
    """Return why a person must decide on the record of the student who was found; nothing where a rule releases it.

    Whom the search found by itself has the state id and the birth date that are stated; whom a person chose may not.

    Raises:
        SourceError: the source cannot be read whole.
    """
    roll = roll_of(desk, gateway, transfer)
    student = student_of(desk, roll, transfer)
    restricted = student is None or is_restricted(roll, student, gateway.views.today(grant))
    found = {
        TaskCause.NO_RULE: not released_by_rule(terms),
        TaskCause.RESTRICTION: restricted,
        TaskCause.HOLD: transfer.hold is not None,
        TaskCause.CHOSEN: transfer.chosen,
    }
    return [cause for cause in TaskCause if found.get(cause, False)]


def causes_anew(
    desk: TransferDesk, gateway: Gateway, transfer: Transfer, agreement: Agreement, grant: Grant
) -> list[TaskCause]:
    """Return why a person must decide on what was released and has not left: what was agreed or registered since.

    Whoever decided, a rule or a person, has seen the registers of that moment.

    What the receiver asks for again is a later state of the record than the one that a person has released.

    Raises:
        SourceError: the source cannot be read whole.
    """
    release, day = release_of(transfer), gateway.views.today(grant)
    decided = desk.ledger.events(transfer.id)[release.number - 1]
    found = [TaskCause.AGREEMENT] if is_to_be_decided_anew(agreement, transfer, decided) else []
    roll = roll_of(desk, gateway, transfer)
    student = student_of(desk, roll, transfer)
    if student is None and transfer.state is TransferState.APPROVED:
        return found  # nothing can be packed
    restricted = student is not None and is_restricted(roll, student, day)
    changed = registered_tag(desk.register_keys, roll, transfer, grant, day) != release.registered
    if restricted and (changed or transfer.resends):
        return [*found, TaskCause.RESTRICTION]
    return [*found, TaskCause.REGISTERS] if changed else found


def doubt(desk: TransferDesk, gateway: Gateway, transfer: Transfer) -> Transfer | None:
    """Ask a person anew which student is meant, where another one goes by the id of who was found; None where not.

    Raises:
        StepTrouble: something was delivered already: the receiver must ask anew.
        SourceError: the source cannot be read whole.
    """
    if not is_another(desk, roll_of(desk, gateway, transfer), transfer):
        return None
    if transfer.delivered:
        raise StepTrouble(TroubleReason.OTHER_STUDENT)
    return desk.append(transfer, EventKind.DOUBT, {})


def ask_anew(desk: TransferDesk, transfer: Transfer, agreement: Agreement, causes: list[TaskCause]) -> Transfer:
    """Open the task of a person on what was released and has not left."""
    return desk.append(transfer, EventKind.TASK, {"causes": [one.value for one in causes]}, agreement.digest)


def decide(desk: TransferDesk, gateway: Gateway, transfer: Transfer, agreement: Agreement, grant: Grant) -> Transfer:
    """Release by rule what it lets go, or open the task of a person.

    Raises:
        SourceError: the source cannot be read whole.
    """
    terms = agreement.transfer
    assert terms is not None
    roll = roll_of(desk, gateway, transfer)
    registered = registered_tag(desk.register_keys, roll, transfer, grant, gateway.views.today(grant))
    causes = causes_of(desk, gateway, transfer, grant, terms)  # behind the tag: it knows nothing that these do not
    if causes:
        return ask_anew(desk, transfer, agreement, causes)
    content = {"sections": [one.value for one in released_by_rule(terms)], "registered": registered}
    return desk.append(transfer, EventKind.RELEASE, content, agreement.digest)


def take_back(desk: TransferDesk, gateway: Gateway, transfer: Transfer) -> Transfer | None:
    """Take back a package that lies ready, where it may not leave any more as it is; None where it may.

    What a person must decide anew waits for one; what another agreement, or another key, asks for is packed anew.

    Raises:
        SourceError: the source cannot be read whole: it is not known whether it may.
    """
    kept = desk.packages.find(transfer.id, transfer.version)
    why = _hindrance(desk, gateway, transfer, kept)
    if why is None:
        return None
    if isinstance(why, UnpackReason):
        taken = desk.append(transfer, EventKind.UNPACK, {}, reason=why.value)
    else:
        taken = ask_anew(desk, transfer, *why)
    desk.packages.delete(kept)
    return taken


def may_leave(desk: TransferDesk, gateway: Gateway, transfer: Transfer, kept: SealedPackage) -> bool:
    """Tell whether a package may be handed to its receiver now, as it was decided; where nobody knows, it may not."""
    try:
        return _hindrance(desk, gateway, transfer, kept) is None
    except SourceError:
        return False


def _hindrance(
    desk: TransferDesk, gateway: Gateway, transfer: Transfer, kept: SealedPackage
) -> UnpackReason | tuple[Agreement, list[TaskCause]] | None:
    """Return why a package may not leave as it is: what to pack it anew for, or what a person must decide anew."""
    try:
        agreement, grant = gateway.grants.transfer(transfer.sender, transfer.receiver)
    except Forbidden:
        return UnpackReason.AGREEMENT
    if causes := causes_anew(desk, gateway, transfer, agreement, grant):
        return agreement, causes
    if package_of(transfer).agreement != agreement.digest:
        return UnpackReason.AGREEMENT
    return None if is_open_to(desk.district_keys, kept, agreement, desk.clock()) else UnpackReason.KEY
