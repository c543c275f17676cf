"""Histories of transfers, event by event, as they happen to a child that moves from Maple to Fir."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from gateway.transfers.machine.event import TransferEvent, idempotency_key, spell_moment
from gateway.transfers.machine.fold import apply, next_event
from gateway.transfers.machine.words import NEVER_BY_RULE, REASONS, EventKind, RecordSection, TransferParty

BEGIN = datetime(2026, 9, 14, 16, tzinfo=UTC)
SENDER, RECEIVER, OTHER = "maple", "fir", "cedar"
AGREEMENT, MANIFEST, ECHO, TRACE = "a" * 64, "b" * 64, "c" * 64, "d" * 64
SUBJECT, CHILD, REGISTERED = "5" * 32, "6" * 32, "7" * 32
BY_RULE = sorted(frozenset(RecordSection) - NEVER_BY_RULE)
PARTIES = {
    EventKind.ASK: TransferParty.RECEIVER, EventKind.MATCH: TransferParty.GATEWAY, EventKind.CHOOSE: TransferParty.SENDER,
    EventKind.NONE_OF_THEM: TransferParty.SENDER, EventKind.REDIRECT: TransferParty.SENDER, EventKind.END: TransferParty.SENDER,
    EventKind.TASK: TransferParty.GATEWAY, EventKind.RELEASE: TransferParty.GATEWAY, EventKind.APPROVE: TransferParty.SENDER_APPROVER,
    EventKind.HOLD: TransferParty.SENDER_APPROVER, EventKind.FREE: TransferParty.SENDER, EventKind.REFUSE: TransferParty.SENDER_APPROVER,
    EventKind.PACK: TransferParty.GATEWAY, EventKind.DELIVER: TransferParty.AGENT, EventKind.ACCEPT: TransferParty.AGENT,
    EventKind.RESEND: TransferParty.AGENT, EventKind.FILE: TransferParty.RECEIVER, EventKind.SUPPLEMENT: TransferParty.SENDER_APPROVER,
    EventKind.ATTACH: TransferParty.SENDER_APPROVER, EventKind.DETACH: TransferParty.SENDER_APPROVER,
    EventKind.WITHDRAW: TransferParty.RECEIVER, EventKind.LAPSE: TransferParty.GATEWAY,
    EventKind.UNPACK: TransferParty.GATEWAY, EventKind.DOUBT: TransferParty.GATEWAY,
}  # fmt: skip
NUMBERS = count(1)


def content_of(kind, transfer, at):
    """Return content that an event of that kind may have, after what has happened."""
    moment = spell_moment(at)
    version = {"version": transfer.version if transfer else 1}
    released = sorted(transfer.release.sections) if transfer and transfer.release else ["identity"]
    accepted = transfer.accepted if transfer else None
    unfiled = sorted(transfer.unfiled if transfer else ()) or ["identity"]
    filed = {"version": accepted.version} if accepted else version
    return {
        EventKind.ASK: {
            "sender": SENDER, "receiver": RECEIVER, "known": ["state-id", "name", "birth-date"],
            "standing": "enrollment", "military": False, "due": spell_moment(at + timedelta(days=2)),
        },
        EventKind.MATCH: {"result": "one", "subject": SUBJECT, "child": CHILD},
        EventKind.CHOOSE: {"subject": SUBJECT, "child": CHILD},
        EventKind.REDIRECT: {"sender": OTHER if transfer and transfer.sender == SENDER else SENDER},
        EventKind.TASK: {"causes": ["agreement" if transfer and transfer.state in {"approved", "packed"} else "no-rule"]},
        EventKind.RELEASE: {"sections": BY_RULE, "leaves": moment, "registered": REGISTERED},
        EventKind.APPROVE: {
            "sections": sorted(RecordSection), "withheld": [], "leaves": moment, "registered": REGISTERED,
        },
        EventKind.ATTACH: {"section": "documents", "attachment": ECHO}, EventKind.DETACH: {"attachment": ECHO},
        EventKind.HOLD: {"sections": ["transcript"]},
        EventKind.PACK: version | {
            "manifest": MANIFEST, "echo": ECHO, "sections": dict.fromkeys(released, "whole"),
            "traces": dict.fromkeys(released, TRACE),
        },
        EventKind.DELIVER: version,
        EventKind.ACCEPT: version | {"echo": ECHO, "leaves": moment},
        EventKind.RESEND: version,
        EventKind.FILE: filed | {"section": unfiled[0], "how": "written"},
        EventKind.SUPPLEMENT: {
            "sections": ["documents"], "withheld": [], "leaves": moment, "on_request": False, "registered": REGISTERED,
        },
    }.get(kind, {})  # fmt: skip


def draft(kind, transfer=None, *, after=timedelta(hours=1), party=None, org=None, key=None, reason=None, **content):
    """Return an event that may follow what has happened; what is named differs."""
    at = transfer.changed + after if transfer else BEGIN
    party = party or PARTIES[kind]
    sending = party in {TransferParty.SENDER, TransferParty.SENDER_APPROVER}
    own = "" if party is TransferParty.GATEWAY else (transfer.sender if transfer else SENDER) if sending else RECEIVER
    why = str(next(iter(REASONS[kind]))) if kind in REASONS else ""
    return TransferEvent(
        transfer.id if transfer else "t1", kind, party, own if org is None else org, f"{party} of {own}", at,
        idempotency_key(own, key or f"key {next(NUMBERS)}"), AGREEMENT, why if reason is None else reason,
        content_of(kind, transfer, at) | content,
    )  # fmt: skip


def happens(transfer, kind, **more):
    """Return a transfer after one more event."""
    return apply(transfer, next_event(transfer, draft(kind, transfer, **more)))


def after(*kinds, transfer=None):
    """Return a transfer after events of these kinds."""
    for kind in kinds:
        transfer = happens(transfer, kind)
    return transfer


def without(event, *names):
    """Return an event without some members of its content."""
    return replace(event, content={name: value for name, value in event.content.items() if name not in names})
