"""The guards of events: what the history of a transfer must be for an event that its state would allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.transfers.machine.errors import NotAllowed, WrongContent
from gateway.transfers.machine.event import read_moment
from gateway.transfers.machine.words import LAWFULLY_HELD as LAWFUL
from gateway.transfers.machine.words import (
    MAX_RESENDS,
    NEVER_BY_RULE,
    SUPPLEMENT_LIFE,
    EventKind,
    HoldReason,
    RecordSection,
    SectionState,
    TaskCause,
    TransferParty,
    TransferState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.transfers.machine.event import TransferEvent
    from gateway.transfers.machine.transfer import PackedVersion, Release, Transfer

    Guard = Callable[[Transfer, TransferEvent], None]


NOT_THE_NEWEST: Final = "This is not the newest version of the package."
ANEW: Final = frozenset({TaskCause.AGREEMENT, TaskCause.RESTRICTION, TaskCause.REGISTERS})
"""Why what was released, and has not left, is asked of a person after all."""


def sections_of(event: TransferEvent, member: str = "sections") -> frozenset[RecordSection]:
    """Return the sections that an event names."""
    return frozenset(map(RecordSection, event.content[member]))


def release_of(transfer: Transfer) -> Release:
    """Return what was released last; every state from *approved* on has it."""
    assert transfer.release is not None
    return transfer.release


def package_of(transfer: Transfer) -> PackedVersion:
    """Return the package made last; every state from *packed* on has it."""
    assert transfer.package is not None
    return transfer.package


def received_of(transfer: Transfer) -> PackedVersion:
    """Return the package that was delivered last; there is one once anything was."""
    assert transfer.received is not None
    return transfer.received


def _ensure(holds: bool, message: str) -> None:
    if not holds:
        raise NotAllowed(message)


def _redirect(transfer: Transfer, event: TransferEvent) -> None:
    district = event.content["sender"]
    if district in {transfer.sender, transfer.receiver}:
        raise WrongContent("A request is redirected to another district than the two that have it.")


def _task(transfer: Transfer, event: TransferEvent) -> None:
    causes = set(event.content["causes"])
    if transfer.state in {TransferState.APPROVED, TransferState.PACKED}:
        _ensure(causes <= ANEW, "What was released is asked for anew by another agreement or the registers alone.")
    else:
        nothing = {TaskCause.AGREEMENT, TaskCause.REGISTERS}.isdisjoint(causes)
        _ensure(nothing, "Nothing was released that could be asked for anew.")


def _leaving(_transfer: Transfer, event: TransferEvent) -> None:
    if read_moment(event.content["leaves"]) < event.at:
        raise WrongContent("A package cannot have left before it was decided upon.")


def _release(transfer: Transfer, event: TransferEvent) -> None:
    _leaving(transfer, event)
    if sections_of(event) & NEVER_BY_RULE:
        raise WrongContent(
            f"These sections leave only when a person approved them: {', '.join(sorted(NEVER_BY_RULE))}."
        )


def _approve(transfer: Transfer, event: TransferEvent) -> None:
    _leaving(transfer, event)
    if sections_of(event) & sections_of(event, "withheld"):
        raise WrongContent("A section is either approved or withheld.")


def _hold(_transfer: Transfer, event: TransferEvent) -> None:
    if event.reason == HoldReason.FEE and not sections_of(event) <= LAWFUL[HoldReason.FEE]:
        raise WrongContent("For a fee nothing but the official transcript may be held.")


def _version(transfer: Transfer, event: TransferEvent) -> None:
    _ensure(event.content["version"] == transfer.version, NOT_THE_NEWEST)


def _pack(transfer: Transfer, event: TransferEvent) -> None:
    _version(transfer, event)
    release, states = release_of(transfer), event.content["sections"]
    _ensure(event.at >= release.leaves, "The package leaves with the next batch.")
    whole = {name for name, state in states.items() if state == SectionState.WHOLE}
    if set(event.content["traces"]) != set(states):
        raise WrongContent("A package has a trace of each of its sections.")
    if not whole <= release.sections or not release.sections <= set(states):
        raise WrongContent("A package holds what was released, all of it and nothing else.")


def _deliver(transfer: Transfer, event: TransferEvent) -> None:
    _version(transfer, event)
    _ensure(event.at < package_of(transfer).lapses, "The package has lapsed.")


def _lapse(transfer: Transfer, event: TransferEvent) -> None:
    _ensure(event.at >= package_of(transfer).lapses, "The package has not lapsed yet.")


def _accept(transfer: Transfer, event: TransferEvent) -> None:
    _version(transfer, event)
    echoed = event.content["echo"] == package_of(transfer).echo
    _leaving(transfer, event)
    _ensure(echoed, "The figures read are not those that were sent: ask for the package again.")


def _resend(transfer: Transfer, event: TransferEvent) -> None:
    """Refuse to read a record anew for whoever has had it: so nobody follows a child by a decision of long ago."""
    _version(transfer, event)
    _ensure(event.at < package_of(transfer).lapses, "The package was made too long ago to be sent again: ask anew.")
    _ensure(transfer.resends < MAX_RESENDS, "The package was sent again too often: ask anew.")


def _file(transfer: Transfer, event: TransferEvent) -> None:
    """Refuse to file a section of another version than the one that was acknowledged last."""
    accepted = transfer.accepted
    _ensure(accepted is not None and event.content["version"] == accepted.version, NOT_THE_NEWEST)
    section = RecordSection(event.content["section"])
    _ensure(section in transfer.unfiled, "The section is not in the package, or is filed already.")


def _supplement(transfer: Transfer, event: TransferEvent) -> None:
    _approve(transfer, event)
    first = transfer.first_delivery
    within = first is None or event.at <= first + SUPPLEMENT_LIFE
    _ensure(within or event.content["on_request"], "After 60 days a supplement is sent only when it is asked for.")
    anew = sections_of(event) <= transfer.approved
    _ensure(anew or event.party is TransferParty.SENDER_APPROVER, "Sections that nobody has approved need an approver.")


GUARDS: Final[Mapping[EventKind, Guard]] = {
    EventKind.REDIRECT: _redirect,
    EventKind.TASK: _task,
    EventKind.RELEASE: _release,
    EventKind.APPROVE: _approve,
    EventKind.HOLD: _hold,
    EventKind.PACK: _pack,
    EventKind.DELIVER: _deliver,
    EventKind.LAPSE: _lapse,
    EventKind.ACCEPT: _accept,
    EventKind.RESEND: _resend,
    EventKind.FILE: _file,
    EventKind.SUPPLEMENT: _supplement,
}
