"""Tasks of transfers: what waits for people of the sending district, each by the id of its transfer alone."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.tasks.moving import LETTER_DAYS
from gateway.tasks.task import ID_CHARACTERS, REGISTRAR, SUPPLEMENT_ASKED, TRANSFER_LETTER, PersonTask, computed

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
