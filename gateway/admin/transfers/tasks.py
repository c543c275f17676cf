"""Tasks of transfers: what waits for people of the sending district, each by the id of its transfer alone.

What the gateway has given up is among it, and a person's to have tried once more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.admin.transfers.office import MATCH, TransferOffice
from gateway.storage.acts import Act
from gateway.storage.transfers.tries import TransferTries
from gateway.tasks.moving import LETTER_DAYS
from gateway.tasks.task import ID_CHARACTERS, REGISTRAR, SUPPLEMENT_ASKED, TRANSFER_LETTER, PersonTask, computed
from gateway.transfers.machine.words import TransferState

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.transfers.machine.transfer import Transfer

ANSWER: Final = timedelta(days=10)
"""For so long a task of a transfer that no law gives a day for is not late."""


def supplement_task(transfer: Transfer, now: datetime) -> PersonTask:
    """Return the task of the sending district to send what has changed since the last delivery."""
    about = {"transfer": transfer.id, "version": max(transfer.delivered, default=0)}
    name = _id(SUPPLEMENT_ASKED, transfer.id, str(about["version"]))
    return PersonTask(name, SUPPLEMENT_ASKED, transfer.sender, REGISTRAR, about, now, now + ANSWER)


def letter_task(transfer: str, sender: str, asked: datetime) -> PersonTask:
    """Return the task to tell the parents by letter, the same that `gateway.tasks.moving` computes."""
    opened = asked.date()
    about = {"transfer": transfer}
    due = opened + timedelta(days=LETTER_DAYS)
    return computed(TRANSFER_LETTER, sender, REGISTRAR, about, opened=opened, due=due)


def _id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:ID_CHARACTERS]


@dataclass(frozen=True, slots=True)
class GivenUpStep:
    """What is not tried any more *since* a moment: of which transfer, in which state, *why*; *again* if once more."""

    transfer: str
    state: TransferState
    why: str
    since: datetime
    again: bool


class GivenUpTransfers(TransferOffice):
    """The dead letters of a district that is asked for records."""

    def list(self) -> tuple[GivenUpStep, ...]:
        """List what waits for a person, oldest first."""
        self.need(MATCH)
        found = TransferTries(self.region.store, self.region.clock).given_up(self.org)
        return tuple(
            GivenUpStep(one.transfer, TransferState(one.state), one.why, one.at, not one.replayed) for one in found
        )

    def replay(self, transfer: str) -> None:
        """Let a step be tried once more.

        Raises:
            NotPartyTo: the transfer is none that is asked of this district.
            Conflict: nothing of it was given up, or it was tried anew before.
        """
        self.need(MATCH)
        found = self.sent_to_us(transfer)
        act = Act(self.actor.name, "transfer replayed", self.org, {"transfer": found.id, "number": found.number})
        TransferTries(self.region.store, self.region.clock).replay(found.id, act)
