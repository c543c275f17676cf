"""Troubles of work: why a step could not be done now, in words that name no student."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from random import SystemRandom
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)
GIVEN_UP_AFTER: Final = timedelta(hours=48)
SIGNATURE_WAIT: Final = timedelta(hours=1)
"""How often it is looked whether a record that waits for a signature has changed meanwhile."""
CHANCE: Final = SystemRandom()
DOUBLINGS: Final = 10
"""After so many the pause is as long as it gets."""


class TroubleReason(StrEnum):
    """Why a step was not done."""

    SOURCE = "source"
    NOT_COVERED = "not-covered"
    OTHER_STUDENT = "other-student"
    AGREEMENT = "agreement"
    RECEIVER_KEY = "receiver-key"
    SIGNATURE = "signature"
    FAULT = "fault"


FOR_A_PERSON: Final = frozenset({TroubleReason.NOT_COVERED, TroubleReason.OTHER_STUDENT})
"""What trying again does not change: a person looks at it at once."""


class StepTrouble(Exception):
    """A step cannot be done now, for a *reason*."""

    def __init__(self, reason: TroubleReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class SignatureAwaited(Exception):
    """A package waits for its district's signature: no failure, however long it takes."""


class SearchPutOff(Exception):
    """A search that found no child by the rule waits *until* a moment: its receiver has too many misses. No failure."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


def pause_after(tries: int, chance: Random = CHANCE) -> timedelta:
    """Return how long to wait after so many tries: any time up to one that doubles, so that not all come at once."""
    longest = min(FIRST_PAUSE * 2 ** min(max(tries, 1) - 1, DOUBLINGS), LONGEST_PAUSE)
    pause: timedelta = longest * chance.random()
    return pause
