"""Finding: search one named district for the child that is stated, and say whether the rule may take it for found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gateway.transfers.matching.candidates import CandidateIndex
from gateway.transfers.matching.comparison import compare, compare_families
from gateway.transfers.matching.levels import EQUAL, ChildPart, PartLevel, shown
from gateway.transfers.matching.spelling import spell_child
from gateway.transfers.matching.weights import RELEASED_SCORE, published_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.transfers.matching.children import ChildCandidate, StatedChild
    from gateway.transfers.matching.levels import PartLikeness
    from gateway.transfers.matching.spelling import SpeltChild

MIN_STATED: Final = 3
"""Of state id, name, birth date and last school: what must be stated."""
MAX_LISTED: Final = 10
"""The candidates that the custodian is shown."""
CONTRADICTIONS: Final = (ChildPart.MIDDLE, ChildPart.SUFFIX, ChildPart.SEX)
"""The parts of which a different one stops the rule, beside the given name. Another family name is a change of names,
another last school or birth city a memory of the family."""


class MatchVerdict(StrEnum):
    """What a search came to: the rule found the child, a person must choose, nobody is like it, or rows disagree."""

    ONE = "one"
    SEVERAL = "several"
    NONE = "none"
    CONFLICT = "conflict"


class TooLittleStated(ValueError):
    """Too few parts of a child are stated, or those that are say nothing."""

    def __init__(self) -> None:
        super().__init__("State at least three of state id, name, birth date and last school.")


@dataclass(frozen=True, slots=True, repr=False)
class FoundCandidate:
    """A row of the sending district for its custodian: its own *id*, and how each part stands to what was stated."""

    id: str
    score: float
    parts: Mapping[ChildPart, PartLikeness]


@dataclass(frozen=True, slots=True, repr=False)
class ChildFinding:
    """The verdict, and for the sending custodian alone the best candidates, with the number of those left out.

    *several* stands for one candidate too, where the rule may not take it for the child.
    """

    verdict: MatchVerdict
    candidates: tuple[FoundCandidate, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class _Compared:
    id: str
    row: SpeltChild
    levels: Mapping[ChildPart, PartLevel]
    score: float

    def has(self, part: ChildPart, *levels: PartLevel) -> bool:
        return self.levels[part] in levels

    @property
    def holds_state_id(self) -> bool:
        return self.levels[ChildPart.STATE_ID] is PartLevel.AGREE


def is_enough(asked: SpeltChild) -> bool:
    """Tell whether enough is stated of the child *asked* for."""
    named = any(name.given or name.family for name in asked.names)
    return sum(map(bool, (asked.state_id, named, asked.birth_date, asked.schools))) >= MIN_STATED


def find_child(stated: StatedChild, candidates: CandidateIndex | Iterable[ChildCandidate]) -> ChildFinding:
    """Search the *candidates* of one district for the child that is *stated*.

    Raises:
        TooLittleStated: less is stated than a search may begin with.
    """
    asked = spell_child(stated)
    if not is_enough(asked):
        raise TooLittleStated
    index = candidates if isinstance(candidates, CandidateIndex) else CandidateIndex(candidates)
    compared = [_compared(asked, row, index.spell(row)) for row in index.near(asked)]
    holders = [one for one in compared if one.holds_state_id]
    if len(holders) > 1 or any(map(_is_other_child, holders)):
        return _listed(MatchVerdict.CONFLICT, compared)
    found = next((one for one in holders if _is_released(one, compared)), None)
    if found is not None:
        return ChildFinding(MatchVerdict.ONE, (_shown(found, RELEASED_SCORE),))
    return _listed(MatchVerdict.SEVERAL, compared)


def _compared(asked: SpeltChild, row: ChildCandidate, spelt: SpeltChild) -> _Compared:
    levels = compare(asked, spelt)
    return _Compared(row.id, spelt, levels, published_weights().score(levels))


def _is_other_child(holder: _Compared) -> bool:
    """Tell whether the state id is another child's by the birth date; a slip in that is one where both names agree."""
    if holder.has(ChildPart.BIRTH_DATE, PartLevel.SWAPPED, PartLevel.DIGIT):
        return not (holder.has(ChildPart.GIVEN, *EQUAL) and holder.has(ChildPart.FAMILY, *EQUAL))
    return holder.has(ChildPart.BIRTH_DATE, PartLevel.DIFFERS)


def _is_released(holder: _Compared, compared: Sequence[_Compared]) -> bool:
    """Tell whether the rule takes the only row with the state id for the child.

    The birth date is equal, nothing contradicts, and the given name is equal; or it is one from before or a nickname,
    the family name is equal and nobody alike stands beside.
    """
    if not holder.has(ChildPart.BIRTH_DATE, PartLevel.AGREE):
        return False
    if any(holder.has(part, PartLevel.DIFFERS) for part in CONTRADICTIONS):
        return False
    beside = [other for other in compared if other is not holder and _is_alike(other, holder)]
    if holder.has(ChildPart.GIVEN, PartLevel.AGREE):
        return not any(_may_be_meant(other) for other in beside)
    known = holder.has(ChildPart.GIVEN, PartLevel.ALIAS, PartLevel.NICKNAME)
    return known and holder.has(ChildPart.FAMILY, *EQUAL) and not beside


def _is_alike(other: _Compared, holder: _Compared) -> bool:
    """Tell whether another row has the birth date, and the family name that is stated or that of the *holder*."""
    if not other.has(ChildPart.BIRTH_DATE, PartLevel.AGREE):
        return False
    families = {other.levels[ChildPart.FAMILY], compare_families(other.row, holder.row)}
    return bool(families - {PartLevel.DIFFERS, PartLevel.MISSING})


def _may_be_meant(other: _Compared) -> bool:
    """Tell whether a row beside has the same given name, or no state id that shows it to be another child."""
    return not other.row.state_id or other.has(ChildPart.GIVEN, *EQUAL)


def _listed(verdict: MatchVerdict, compared: Sequence[_Compared]) -> ChildFinding:
    least = published_weights().listed_from
    likely = sorted(
        (one for one in compared if one.score >= least or one.holds_state_id),
        key=lambda one: (not one.holds_state_id, -one.score, one.id),
    )
    if not likely:
        return ChildFinding(MatchVerdict.NONE)
    kept = tuple(_shown(one, one.score) for one in likely[:MAX_LISTED])
    return ChildFinding(verdict, kept, len(likely) - len(kept))


def _shown(found: _Compared, score: float) -> FoundCandidate:
    return FoundCandidate(found.id, score, {part: shown(level) for part, level in found.levels.items()})
