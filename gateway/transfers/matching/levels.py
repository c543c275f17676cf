"""Levels: how a part of what is stated stands to the same part of a row, in matching's words and the custodian's."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ChildPart(StrEnum):
    """What is compared of a child."""

    STATE_ID = "stateId"
    BIRTH_DATE = "birthDate"
    GIVEN = "given"
    FAMILY = "family"
    MIDDLE = "middle"
    SUFFIX = "suffix"
    SEX = "sex"
    SCHOOL = "school"
    BIRTH_CITY = "birthCity"


class PartLevel(StrEnum):
    """How much a part agrees; each part has some of these."""

    AGREE = "agree"
    ALIAS = "alias"
    NICKNAME = "nickname"
    CONTAINED = "contained"
    SWAPPED = "swapped"
    DIGIT = "digit"
    SIMILAR = "similar"
    INITIAL = "initial"
    MISSING = "missing"
    DIFFERS = "differs"


class PartLikeness(StrEnum):
    """What the custodian is shown of a level."""

    AGREE = "agree"
    NEAR = "near"
    DIFFERS = "differs"
    MISSING = "missing"


EQUAL: Final = frozenset({PartLevel.AGREE, PartLevel.ALIAS})
"""The levels that the rule takes for equal."""
_SHOWN: Final = {
    PartLevel.AGREE: PartLikeness.AGREE,
    PartLevel.ALIAS: PartLikeness.AGREE,
    PartLevel.MISSING: PartLikeness.MISSING,
    PartLevel.DIFFERS: PartLikeness.DIFFERS,
}


def shown(level: PartLevel) -> PartLikeness:
    """Return what the custodian is shown of a *level*."""
    return _SHOWN.get(level, PartLikeness.NEAR)
