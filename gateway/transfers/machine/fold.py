"""The fold of a transfer's events: each is checked against what the ones before have made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.machine.contents import check_event
from gateway.transfers.machine.errors import HistoryBroken, NotAllowed, NotPartyTo, TransferKeyReused, WrongContent
from gateway.transfers.machine.event import read_moment
from gateway.transfers.machine.guards import GUARDS, package_of, release_of, sections_of
from gateway.transfers.machine.transfer import PackedVersion, Release, Stop, Transfer, stopped_by
from gateway.transfers.machine.transitions import ON_ITS_WAY, TRANSITIONS, allowed
from gateway.transfers.machine.words import (
    SECTIONS,
    SENDING,
    EventKind,
    FiledAs,
    HoldReason,
    MatchResult,
    RecordSection,
    SectionState,
    TransferParty,
    TransferState,
)
from gateway.translations.phrases import Phrase
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from gateway.transfers.machine.event import TransferEvent
    from gateway.transfers.machine.words import Track

    Effect = Callable[[Transfer, TransferEvent], dict[str, Any]]

MATCHED: Final[Mapping[MatchResult, TransferState]] = {
    MatchResult.ONE: TransferState.MATCHED,
    MatchResult.SEVERAL: TransferState.NEAR,
    MatchResult.CONFLICT: TransferState.NEAR,
    MatchResult.NONE: TransferState.UNKNOWN,
}


def fold(events: Iterable[TransferEvent]) -> Transfer:
    """Return what the stored *events* of one transfer have made of it, in whatever order, and however often, they come.

    Raises:
        HistoryBroken: one is missing, two have one number, or one could not have been appended.
        TransferKeyReused: two different events have one key.
    """
    folded: Transfer | None = None
    for event in sorted(events, key=lambda one: one.number):
        folded = _followed(folded, event)
    if folded is None:
        raise HistoryBroken("A transfer begins with a request.")
    return folded


def _followed(transfer: Transfer | None, event: TransferEvent) -> Transfer:
    """Return a stored *transfer* after one more stored *event*."""
    if transfer is not None and is_repeated(transfer, event):
        return transfer
    if event.number != (transfer.number if transfer else 0) + 1:
        raise HistoryBroken("The events of a transfer are not numbered without gaps.")
    try:
        return apply(transfer, event)
    except CallerError:
        raise HistoryBroken("A stored event of a transfer could not have happened.") from None


def next_event(transfer: Transfer | None, draft: TransferEvent) -> TransferEvent:
    """Return *draft* with the number under which it follows what has happened; None where it is repeated.

    Raises:
        NotAllowed: the transfer is in a state that does not allow it.
        TransferKeyReused: its key came with another event.
        NotPartyTo: the actor's district has nothing to do with it.
        WrongContent: it does not say what it must.
    """
    numbered = replace(draft, number=(transfer.number if transfer else 0) + 1)
    apply(transfer, numbered)
    return numbered


def is_repeated(transfer: Transfer, event: TransferEvent) -> bool:
    """Tell whether an *event* is one that has happened already.

    Raises:
        TransferKeyReused: its key came with another one.
    """
    known = transfer.keys.get(event.key)
    if known is not None and known != event.digest:
        raise TransferKeyReused("This idempotency key was used for something else in this transfer.")
    return known is not None


def apply(transfer: Transfer | None, event: TransferEvent) -> Transfer:
    """Return a *transfer* after one more *event*; one that is repeated changes nothing."""
    if transfer is None:
        return _begin(event)
    if event.transfer != transfer.id:
        raise NotPartyTo
    if is_repeated(transfer, event):
        return transfer
    _check_actor(transfer, event)
    check_event(event)
    if event.kind not in allowed(transfer, event.party):
        message = "%(event)s is not possible now for the %(party)s."
        raise NotAllowed(Phrase(message, event=event.kind.value, party=event.party.value))
    if event.at < transfer.changed:
        raise WrongContent("An event cannot have happened before the one ahead of it.")
    if guard := GUARDS.get(event.kind):
        guard(transfer, event)
    return _changed(transfer, event)


def _begin(event: TransferEvent) -> Transfer:
    """Return the transfer that begins with an *event*."""
    check_event(event)
    if event.kind not in allowed(None, event.party):
        raise NotAllowed("A transfer begins with the request of a receiving district.")
    sender, receiver = event.content["sender"], event.content["receiver"]
    if event.org != receiver:
        raise NotPartyTo
    if sender == receiver:
        raise WrongContent("A district asks another one, not itself.")
    due = read_moment(event.content["due"])
    keys = {event.key: event.digest}
    return Transfer(
        event.transfer, sender, receiver, TransferState.REQUESTED, event.at, event.at, due, sender,
        event.content["military"], event.agreement, 1, event.at, keys=keys,
    )  # fmt: skip


def _check_actor(transfer: Transfer, event: TransferEvent) -> None:
    """Refuse an actor whose district is not the one for which it claims to act."""
    own = (
        "" if event.party is TransferParty.GATEWAY else transfer.sender if event.party in SENDING else transfer.receiver
    )
    if event.org != own:
        raise NotPartyTo


def _changed(transfer: Transfer, event: TransferEvent) -> Transfer:
    """Return a *transfer* after an *event* that it allows."""
    changes: dict[str, Any] = {
        "state": TRANSITIONS[event.kind].target,
        "number": transfer.number + 1,
        "changed": event.at,
        "agreement": event.agreement or transfer.agreement,
        "keys": {**transfer.keys, event.key: event.digest},
    }
    if effect := EFFECTS.get(event.kind):
        changes |= effect(transfer, event)
    return replace(transfer, **changes)


def _match(_transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    state = MATCHED[MatchResult(event.content["result"])]
    content = event.content
    return {"state": state, "subject": content.get("subject", ""), "child": content.get("child", "")}


def _choose(_transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    return {"subject": event.content["subject"], "child": event.content["child"], "chosen": True}


def _redirect(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    return {"sender": event.content["sender"], "opened": event.at, "redirects": transfer.redirects + 1}


def _task(transfer: Transfer, _event: TransferEvent) -> dict[str, Any]:
    """Take back what was released and has not left: a person decides on all of it anew."""
    if transfer.state not in {TransferState.APPROVED, TransferState.PACKED}:
        return {}
    released = release_of(transfer).sections | (transfer.queued.sections if transfer.queued else frozenset())
    return {"approved": (transfer.approved - released) | transfer.sent, "queued": None} | _unpack(transfer, _event)


def _stay(transfer: Transfer, _event: TransferEvent) -> dict[str, Any]:
    return {"state": transfer.state}


def _unpack(transfer: Transfer, _event: TransferEvent) -> dict[str, Any]:
    """Take back the package that was not delivered.

    The receiver sees versions: were one that was taken back counted, it would tell that a restriction came between.
    """
    return {"package": transfer.received}


def _doubt(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    """Forget who was found: the district's system says something else of that student now."""
    nobody = {"subject": "", "child": "", "chosen": False, "release": None, "withheld": frozenset()}
    return _task(transfer, event) | nobody


def _released(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    """Release what an *event* names, as the version behind the last package."""
    sections = sections_of(event)
    approved = transfer.approved | sections
    withheld = sections_of(event, "withheld") if "withheld" in event.content else frozenset()
    leaves = read_moment(event.content["leaves"])
    by_rule = event.kind is EventKind.RELEASE
    version = transfer.package.version + 1 if transfer.package else 1
    release = Release(version, sections, event.at, leaves, by_rule, event.number, event.content["registered"])
    kept_back = (transfer.withheld | withheld) - sections
    found: dict[str, Any] = {"approved": approved, "withheld": kept_back}
    if transfer.state in ON_ITS_WAY:
        return found | {"queued": release, "state": transfer.state}
    return found | {"release": release, "resends": 0}


def _hold(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    """Hold the record back; of one that was delivered, what was to leave next: that is decided on anew."""
    if transfer.state is TransferState.DELIVERED:
        queued = transfer.queued.sections if transfer.queued else frozenset()
        return {"state": transfer.state, "approved": (transfer.approved - queued) | transfer.sent, "queued": None}
    reason = HoldReason(event.reason)
    stopped = stopped_by(reason, sections_of(event))
    stops = (*transfer.stops, *([Stop(stopped, event.at)] if stopped else []))
    return _task(transfer, event) | {"hold": reason, "stops": stops}


def _free(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    ended = tuple(stop if stop.end else replace(stop, end=event.at) for stop in transfer.stops)
    return {"hold": None, "stops": ended}


def _refuse(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    """Refuse the whole record, or the rest of one of which the receiver has a version."""
    if transfer.accepted is None:
        return {}
    withheld = transfer.withheld | transfer.undecided
    settled = _settled(replace(transfer, withheld=withheld), transfer.sent, event.at)
    return {"withheld": withheld, "settled": settled, "state": _received_state(transfer)}


def _lapse(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    """Let a package lapse; what the receiver has of an earlier version stays as it was."""
    if transfer.accepted is None:
        return {}
    return _task(transfer, event) | {"state": _received_state(transfer)}


def _received_state(transfer: Transfer) -> TransferState:
    """Return the state of a transfer of which a version was acknowledged, and nothing is on its way."""
    return TransferState.ACKNOWLEDGED if transfer.unfiled else TransferState.FILED


def _pack(_transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    content = event.content
    states = {RecordSection(name): SectionState(state) for name, state in content["sections"].items()}
    traces = {RecordSection(name): tag for name, tag in content["traces"].items()}
    package = PackedVersion(
        content["version"], content["manifest"], content["echo"], states, event.at, event.agreement, traces
    )
    return {"package": package}


def _deliver(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    sent = transfer.sent | release_of(transfer).sections
    delivered = {**transfer.delivered, transfer.version: event.at}
    settled = _settled(transfer, sent, event.at)
    return {"sent": sent, "delivered": delivered, "settled": settled, "received": transfer.package}


def _accept(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    """Note what the receiver has by now, and release what was decided on the rest meanwhile."""
    package, before = package_of(transfer), transfer.accepted
    known = before.sections if before else {}
    same = {name for name, state in package.sections.items() if state is SectionState.UNCHANGED}
    states = {name: known.get(name, state) if name in same else state for name, state in package.sections.items()}
    accepted = replace(
        package,
        sections=dict(known) | states,
        traces={**(before.traces if before else {}), **package.traces},
    )
    filed = {name: how for name, how in transfer.filed.items() if states.get(name) is None or name in same}
    found: dict[str, Any] = {"accepted": accepted, "filed": filed}
    if transfer.queued is not None:
        leaves = read_moment(event.content["leaves"])
        release = replace(transfer.queued, version=package.version + 1, leaves=leaves)
        return found | {"state": TransferState.APPROVED, "release": release, "queued": None, "resends": 0}
    done = filed and accepted.whole <= filed.keys()
    return found | ({"state": TransferState.FILED} if done else {})


def _settled(transfer: Transfer, sent: frozenset[RecordSection], at: datetime) -> dict[Track, datetime]:
    """Return since when each track is done, of those that are, where those sections are *sent*."""
    done = sent | transfer.withheld
    return {track: transfer.settled.get(track, at) for track, sections in SECTIONS.items() if sections <= done}


def _resend(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    """Release the same once more; what could not be read has not been sent."""
    last = release_of(transfer)
    sent = transfer.sent - last.sections
    release = replace(last, version=last.version + 1, decided=event.at, leaves=event.at)
    settled = _settled(transfer, sent, event.at)
    return {"release": release, "sent": sent, "settled": settled, "resends": transfer.resends + 1}


def _file(transfer: Transfer, event: TransferEvent) -> dict[str, Any]:
    filed = {**transfer.filed, RecordSection(event.content["section"]): FiledAs(event.content["how"])}
    last = transfer.state is TransferState.ACKNOWLEDGED and transfer.unfiled <= filed.keys()
    return {"filed": filed, "state": TransferState.FILED if last else transfer.state}


EFFECTS: Final[Mapping[EventKind, Effect]] = {
    EventKind.MATCH: _match,
    EventKind.CHOOSE: _choose,
    EventKind.REDIRECT: _redirect,
    EventKind.TASK: _task,
    EventKind.ATTACH: _stay,
    EventKind.DETACH: _stay,
    EventKind.RELEASE: _released,
    EventKind.APPROVE: _released,
    EventKind.SUPPLEMENT: _released,
    EventKind.HOLD: _hold,
    EventKind.REFUSE: _refuse,
    EventKind.LAPSE: _lapse,
    EventKind.FREE: _free,
    EventKind.PACK: _pack,
    EventKind.UNPACK: _unpack,
    EventKind.DOUBT: _doubt,
    EventKind.DELIVER: _deliver,
    EventKind.ACCEPT: _accept,
    EventKind.RESEND: _resend,
    EventKind.FILE: _file,
}
"""What an event changes beside the state, the number and the moment."""
