"""Weights of matching as published in ``weights.json``, and the score by Fellegi and Sunter that they make."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.matching.levels import EQUAL, ChildPart, PartLevel

if TYPE_CHECKING:
    from collections.abc import Mapping

RELEASED_SCORE: Final = 100.0


@dataclass(frozen=True, slots=True)
class MatchWeights:
    """The file's figures: log2 of the odds before anything is compared, of each level, and the caps."""

    prior: float
    parts: Mapping[ChildPart, Mapping[PartLevel, float]]
    caps: Mapping[str, float]
    listed_from: float

    def score(self, levels: Mapping[ChildPart, PartLevel]) -> float:
        """Return how likely a row with these *levels* is the child, 0 to 99, in steps of a tenth."""
        total = self.prior + sum(self.parts[part][level] for part, level in levels.items())
        likely = 100 / (1 + 2**-total)
        return min(math.floor(likely * 10) / 10, self._cap(levels))

    def _cap(self, levels: Mapping[ChildPart, PartLevel]) -> float:
        same_id = levels[ChildPart.STATE_ID] in EQUAL
        other_given = levels[ChildPart.GIVEN] is PartLevel.DIFFERS
        applies = {
            "notReleased": True,
            "stateIdNotEqual": not same_id,
            "givenDiffers": other_given,
            "givenDiffersWithoutStateId": other_given and not same_id,
            "birthDateDiffers": levels[ChildPart.BIRTH_DATE] is PartLevel.DIFFERS,
        }
        return min(self.caps[name] for name, does in applies.items() if does)


@cache
def published_weights() -> MatchWeights:
    """Read the published file.

    Raises:
        ValueError: it lacks a part, or its levels are not in the order of their weights.
    """
    text = files("gateway.transfers.matching").joinpath("weights.json").read_text(encoding="utf-8")
    return read_weights(json.loads(text))


def read_weights(document: Mapping[str, Any]) -> MatchWeights:
    """Read weights out of a *document*.

    Raises:
        ValueError: it lacks a part, or its levels are not in the order of their weights.
    """
    parts = {ChildPart(part): _part(levels) for part, levels in document["parts"].items()}
    if set(parts) != set(ChildPart):
        raise ValueError("Weights are there for some parts only.")
    prior = document["prior"]
    return MatchWeights(
        math.log2(prior["match"] / (prior["among"] - prior["match"])),
        parts,
        {name: float(cap["score"]) for name, cap in document["caps"].items()},
        float(document["listed_from"]),
    )


def _part(levels: Mapping[str, Mapping[str, float]]) -> Mapping[PartLevel, float]:
    weights = {PartLevel(level): math.log2(chances["m"] / chances["u"]) for level, chances in levels.items()}
    if any(better <= worse for better, worse in pairwise(weights.values())):
        raise ValueError("The levels of a part are not in the order of their weights.")
    return weights
