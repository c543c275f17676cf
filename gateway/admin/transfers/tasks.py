"""Tasks of transfers that the gateway has given up: people of the sending district may have each tried once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import MATCH, TransferOffice
from gateway.storage.acts import Act
from gateway.storage.transfers.tries import TransferTries
from gateway.transfers.machine.words import TransferState

if TYPE_CHECKING:
    from datetime import datetime


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
            GivenUpStep(
                one.transfer, TransferState(one.state), one.why if self.is_told else one.told, one.at, not one.replayed
            )
            for one in found
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
