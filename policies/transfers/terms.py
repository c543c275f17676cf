"""Terms of a transfer: which sections of a student's record leave by rule, and on which of them a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

OPERATION: Final = "transfer"
"""The operation of an agreement about transfers, which has no other."""
PART: Final = "transfer"
"""The key of an agreement under which its terms of a transfer stand."""

SECTIONS: Final = (
    "identity", "contacts", "enrollment", "schedule", "transcript", "attendance", "assessment", "programs",
    "special-education", "health", "discipline", "graduation", "restrictions", "documents",
)  # fmt: skip
"""The sections of a student's record, in their order."""
INFO, FULL = "info", "full"
TRACKS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {INFO: frozenset(SECTIONS) - {"contacts", "assessment", "graduation", "documents"}, FULL: frozenset(SECTIONS)}
)
"""The sections that each track carries: the information that is due at once, and the whole record."""
BY_PERSON_ALONE: Final = frozenset({"contacts", "special-education", "health", "discipline", "documents"})
"""The sections that no rule releases.

With `contacts` go all addresses, also those of the student. What a document holds, no rule can tell.
"""

STATE_ID, BIRTH_DATE, NO_RESTRICTION, NO_HOLD = "stateId exact", "birthDate exact", "noRestriction", "noHold"
CONDITIONS: Final = (STATE_ID, BIRTH_DATE, NO_RESTRICTION, NO_HOLD)
INDISPENSABLE: Final = (STATE_ID, BIRTH_DATE, NO_RESTRICTION)
"""The conditions without which no rule releases anything."""

ANNUAL_NOTICE, LETTER, BEGUN_BY_PARENT = "annual-notice", "letter", "begun-by-parent"
NOTICES: Final = (ANNUAL_NOTICE, LETTER, BEGUN_BY_PARENT)
"""The ways in which parents know of a transfer (34 CFR 99.34(a)(1))."""
RECEIVER, SENDER = "receiver", "sender"


class SectionDecision(StrEnum):
    """Who releases a section on one track: the agreement's rule, a person who is asked, or nobody."""

    RULE = "rule"
    ASK = "ask"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """The rule by which *sections* leave on some *tracks* without a person, where all of its *conditions* hold."""

    conditions: frozenset[str]
    tracks: frozenset[str]
    sections: frozenset[str]

    def covers(self, track: str, section: str) -> bool:
        """Tell whether it may release a *section* on a *track*."""
        return track in self.tracks and section in self.sections and section not in BY_PERSON_ALONE


@dataclass(frozen=True, slots=True)
class TransferTerms:
    """What the parties agree on the transfer of a student's record from the provider to the recipient.

    Without a *rule* a person decides on every release, as on the sections that *ask* names. *notify* is how parents
    know of it, by a letter that names the *office* they may turn to. The keys are thumbprints (RFC 7638) of those that
    each district has published, two at most so that one can replace the other. With *two_persons* a second person
    confirms what the first releases.
    """

    rule: ReleaseRule | None
    ask: frozenset[str]
    notify: str
    office: str
    receiver_keys: tuple[str, ...]
    sender_keys: tuple[str, ...]
    two_persons: bool = False

    def decision(self, track: str, section: str) -> SectionDecision:
        """Return who releases a *section* on a *track*.

        Raises:
            KeyError: there is no such track.
        """
        if section not in TRACKS[track]:
            return SectionDecision.NEVER
        by_rule = self.rule is not None and section not in self.ask and self.rule.covers(track, section)
        return SectionDecision.RULE if by_rule else SectionDecision.ASK


def is_transfer(operations: Collection[str]) -> bool:
    """Tell whether an agreement or a grant with these *operations* is about transfers, and so opens no API of data."""
    return OPERATION in operations


def transfer_terms(content: Mapping[str, Any]) -> TransferTerms | None:
    """Read the terms of a transfer from the checked *content* of an agreement; None where it has none."""
    written = content.get(PART)
    if written is None:
        return None
    keys = written["keys"]
    return TransferTerms(
        _rule(written.get("release")),
        frozenset(written.get("ask", ())),
        written["notify"],
        " ".join(written.get("office", "").split()),
        tuple(keys[RECEIVER]),
        tuple(keys[SENDER]),
        written.get("twoPersons", False),
    )


def _rule(written: Mapping[str, Any] | None) -> ReleaseRule | None:
    if written is None:
        return None
    named = frozenset(written.get("sections", SECTIONS))
    return ReleaseRule(frozenset(written["when"]), frozenset(written["tracks"]), named - BY_PERSON_ALONE)


def sections_of(
    terms: TransferTerms, covered: Collection[str] = SECTIONS
) -> Mapping[str, Mapping[str, SectionDecision]]:
    """Return of each track who releases each section, in the order of the sections.

    The elements of the agreement stay the ceiling. Which views, and so which elements, a section is made of is known to
    who packs it: it says which sections are *covered* by what the grant releases, and no other ever leaves.
    """
    return {
        track: {one: terms.decision(track, one) if one in covered else SectionDecision.NEVER for one in SECTIONS}
        for track in TRACKS
    }


def by_rule(terms: TransferTerms, track: str) -> tuple[str, ...]:
    """Return the sections that the rule may release on a *track*, in their order."""
    return tuple(one for one in SECTIONS if terms.decision(track, one) is SectionDecision.RULE)


def no_wider(was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> bool:
    """Tell whether the terms *now* let no more leave by rule, to no other keys and with no less care than they did."""
    before, after = transfer_terms({PART: was}), transfer_terms({PART: now})
    if before is None or after is None:
        return before is after
    return (
        (before.notify, before.office) == (after.notify, after.office)
        and before.two_persons <= after.two_persons
        and frozenset(after.receiver_keys) <= frozenset(before.receiver_keys)
        and frozenset(after.sender_keys) <= frozenset(before.sender_keys)
        and all(frozenset(by_rule(after, one)) <= frozenset(by_rule(before, one)) for one in TRACKS)
        and (after.rule is None or before.rule is None or after.rule.conditions >= before.rule.conditions)
    )
