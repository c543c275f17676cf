"""Tasks of transfers: what waits for people of the sending district, each by the id of its transfer alone."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.tasks.task import ID_CHARACTERS, PARENT_LETTER, REGISTRAR, SUPPLEMENT_ASKED, PersonTask

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


def letter_task(transfer: Transfer) -> PersonTask:
    """Return the task to tell the parents of what was released last."""
    released = transfer.release
    assert released is not None
    name = _id(PARENT_LETTER, transfer.id, str(released.version))
    about = {"transfer": transfer.id, "version": released.version}
    opened = released.decided
    return PersonTask(name, PARENT_LETTER, transfer.sender, REGISTRAR, about, opened, opened + ANSWER)


def _id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:ID_CHARACTERS]
