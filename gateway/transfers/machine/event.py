"""The event of a transfer: who did what, for which side, why, under which agreement, when."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.machine.words import EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.transfers.machine.words import TransferParty

COMPUTED: Final = frozenset({"leaves", "due", "registered", "child"})
"""The members that the gateway adds; a repeated request may compute others, and is still the same."""


@dataclass(frozen=True, slots=True)
class TransferEvent:
    """One event of a transfer; one that is not appended yet has the number 0.

    The *actor* acts for the *org*, a district, as that *party*; the gateway acts for none. *key* is the hash of an
    idempotency key, *agreement* that of the agreement's text. *content* is plain JSON without a student's value.
    """

    transfer: str
    kind: EventKind
    party: TransferParty
    org: str
    actor: str
    at: datetime
    key: str
    agreement: str = ""
    reason: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0

    @property
    def digest(self) -> str:
        """The hash of what was asked for, by which a repetition is told from another event under the same key.

        A repeated request begins no other transfer, so the id that it would have had does not count.
        """
        given = {name: value for name, value in self.content.items() if name not in COMPUTED}
        transfer = "" if self.kind is EventKind.ASK else self.transfer
        return _hashed([transfer, self.kind, self.party, self.org, self.actor, self.reason, given])

    @property
    def hash(self) -> str:
        """The hash of all of it, by which the record of acts vouches for the event."""
        said = [self.transfer, self.number, self.kind, self.party, self.org, self.actor, spell_moment(self.at)]
        return _hashed([*said, self.key, self.agreement, self.reason, dict(self.content)])


def idempotency_key(org: str, given: str) -> str:
    """Hash the key that somebody of *org* has *given*: it may say anything, so it is not kept."""
    return hashlib.sha256(f"{org}\0{given}".encode("utf-8", "surrogatepass")).hexdigest()


def _hashed(facts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def spell_moment(moment: datetime) -> str:
    """Spell a moment as it stands in an event."""
    return moment.astimezone(UTC).isoformat()


def read_moment(text: str) -> datetime:
    """Read a moment of an event.

    Raises:
        ValueError: it is none, or one of no zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)
