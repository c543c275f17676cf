"""The contents of events: which members each kind has, and what each may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.machine.errors import WrongContent
from gateway.transfers.machine.event import read_moment
from gateway.transfers.machine.words import (
    ATTACHED,
    MIN_ASKED_PARTS,
    REASONS,
    AskedPart,
    EventKind,
    FiledAs,
    MatchResult,
    RecordSection,
    RequestStanding,
    SectionState,
    TaskCause,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

    from gateway.transfers.machine.event import TransferEvent

    Check = Callable[[Any], bool]

HASH: Final = re.compile(r"[0-9a-f]{64}")
TAG: Final = re.compile(r"[0-9a-f]{16,64}")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


def _pattern(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _one_of(words: type[StrEnum]) -> Check:
    known = frozenset(map(str, words))
    return lambda value: isinstance(value, str) and value in known


def _some_of(words: type[StrEnum], least: int = 0) -> Check:
    single = _one_of(words)

    def check(value: Any) -> bool:
        return isinstance(value, list) and all(map(single, value)) and len(set(value)) == len(value) >= least

    return check


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and read_moment(value) is not None
    except ValueError:
        return False


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_tags(value: Any) -> bool:
    section = _one_of(RecordSection)
    return isinstance(value, dict) and all(section(name) and HASHED(tag) for name, tag in value.items())


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_states(value: Any) -> bool:
    section, state = _one_of(RecordSection), _one_of(SectionState)
    return isinstance(value, dict) and all(section(name) and state(word) for name, word in value.items())


def _is_attached(value: Any) -> bool:
    return isinstance(value, str) and value in ATTACHED


HASHED, TAGGED, DISTRICT = _pattern(HASH), _pattern(TAG), _pattern(NAME)
SOME_SECTIONS, ANY_SECTIONS = _some_of(RecordSection, 1), _some_of(RecordSection)

MEMBERS: Final[Mapping[EventKind, Mapping[str, Check]]] = {
    EventKind.ASK: {
        "sender": DISTRICT,
        "receiver": DISTRICT,
        "known": _some_of(AskedPart, MIN_ASKED_PARTS),
        "standing": _one_of(RequestStanding),
        "military": _is_flag,
        "due": _is_moment,
    },
    EventKind.MATCH: {"result": _one_of(MatchResult), "subject": TAGGED, "child": TAGGED},
    EventKind.CHOOSE: {"subject": TAGGED, "child": TAGGED},
    EventKind.NONE_OF_THEM: {},
    EventKind.REDIRECT: {"sender": DISTRICT},
    EventKind.END: {},
    EventKind.TASK: {"causes": _some_of(TaskCause, 1)},
    EventKind.ATTACH: {"section": _is_attached, "attachment": TAGGED},
    EventKind.DETACH: {"attachment": TAGGED},
    EventKind.RELEASE: {"sections": SOME_SECTIONS, "leaves": _is_moment, "registered": TAGGED},
    EventKind.APPROVE: {
        "sections": SOME_SECTIONS,
        "withheld": ANY_SECTIONS,
        "leaves": _is_moment,
        "registered": TAGGED,
    },
    EventKind.HOLD: {"sections": SOME_SECTIONS},
    EventKind.FREE: {},
    EventKind.REFUSE: {},
    EventKind.PACK: {
        "version": _is_count,
        "manifest": HASHED,
        "echo": HASHED,
        "sections": _is_states,
        "traces": _is_tags,
    },
    EventKind.DELIVER: {"version": _is_count},
    EventKind.ACCEPT: {"version": _is_count, "echo": HASHED, "leaves": _is_moment},
    EventKind.RESEND: {"version": _is_count},
    EventKind.FILE: {"version": _is_count, "section": _one_of(RecordSection), "how": _one_of(FiledAs)},
    EventKind.SUPPLEMENT: {
        "sections": SOME_SECTIONS,
        "withheld": ANY_SECTIONS,
        "leaves": _is_moment,
        "on_request": _is_flag,
        "registered": TAGGED,
    },
    EventKind.WITHDRAW: {},
    EventKind.LAPSE: {},
    EventKind.UNPACK: {},
    EventKind.DOUBT: {},
}
"""The members of each kind of event, all of them required, but that only a match of one has a *subject* and *child*.

*subject* is a keyed tag of the student in the sending district, *child* one of the birth date and the state's id at
that moment, *attachment* one of what a person adds to the record, *registered* one of what the registers said when it
was decided, *traces* one of each section's content.
*echo* is a keyed digest of the figures that the receiver's side must read back, *leaves* the earliest moment for the
package, *due* what the receiver is told.
"""

UNDER_AGREEMENT: Final = frozenset(
    {
        EventKind.ASK, EventKind.REDIRECT, EventKind.RELEASE, EventKind.APPROVE, EventKind.PACK,
        EventKind.SUPPLEMENT,
    },
)  # fmt: skip
"""The events that nothing but an agreement in force allows."""


def check_event(event: TransferEvent) -> None:
    """Check what an event says by itself, whatever has happened before it.

    Raises:
        WrongContent: a member is missing, unknown, or not what it must be.
    """
    members = dict(MEMBERS[event.kind])
    if event.kind is EventKind.MATCH and event.content.get("result") != MatchResult.ONE:
        del members["subject"], members["child"]
    if set(members) != set(event.content):
        raise WrongContent(f"The content of '{event.kind}' must have these members: {', '.join(members) or 'none'}.")
    wrong = [name for name, check in members.items() if not check(event.content[name])]
    if wrong:
        raise WrongContent(f"In the content of '{event.kind}' this is not what it must be: {', '.join(wrong)}.")
    _check_frame(event)


def _check_frame(event: TransferEvent) -> None:
    """Check what every event has."""
    reasons = REASONS.get(event.kind)
    if not _one_of(reasons)(event.reason) if reasons else event.reason:
        raise WrongContent(f"The reason of '{event.kind}' must be {_listed(reasons)}.")
    if not HASHED(event.key):
        raise WrongContent("The idempotency key of an event must be hashed.")
    if not HASHED(event.agreement) and (event.agreement or event.kind in UNDER_AGREEMENT):
        raise WrongContent(f"'{event.kind}' must name its agreement by hash.")
    if event.at.tzinfo is None or not event.transfer or not event.actor:
        raise WrongContent("An event must say of which transfer it is, who acts, and at which moment of UTC.")


def _listed(reasons: type[StrEnum] | None) -> str:
    return f"one of {', '.join(reasons)}" if reasons else "empty"
