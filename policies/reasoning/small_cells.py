"""Small cells: counts of so few students that they could be told apart are not printed, nor what would reveal them."""

from __future__ import annotations

from dataclasses import dataclass

SMALL_CELL = 10
FEWER = f"fewer than {SMALL_CELL}"
WITHHELD = "withheld"
FEW, NEARLY_ALL = "few", "nearly all"
INEXACT = frozenset({FEW, NEARLY_ALL})
WHY_WITHHELD = f"{WITHHELD}: {FEWER} students, or a number that would tell how few"


def suppressed(count: int, least: int = SMALL_CELL) -> bool:
    """Tell whether a count is of somebody, and of fewer than *least*."""
    return 0 < count < least


def shown(count: int, least: int = SMALL_CELL) -> int | None:
    """Return a count that may be printed; None where it is small."""
    return None if suppressed(count, least) else count


def share(part: int, whole: int, least: int = SMALL_CELL) -> int | None:
    """Return a share in whole percent; None where the part or the rest is small, or there is no whole."""
    if not whole or suppressed(part, least) or suppressed(whole - part, least):
        return None
    return round(100 * part / whole)


def extent(part: int, whole: int, least: int = SMALL_CELL) -> str:
    """Write in a word how much of a whole a part is: few and nearly all stand for numbers that are not told."""
    if not whole or not part:
        return "none"
    if part == whole:
        return FEW if suppressed(part, least) else "all"
    if suppressed(part, least):
        return FEW
    return NEARLY_ALL if suppressed(whole - part, least) else "some"


@dataclass(frozen=True, slots=True)
class Movement:
    """The numbers of students before and after a change; None stands for a few, or for what would reveal how few."""

    now: int | None
    then: int | None
    gained: int | None
    lost: int | None


def movement(now: int, gained: int, lost: int, least: int = SMALL_CELL) -> Movement:
    """Return the numbers of a change that may be printed.

    Three of the four tell the fourth: so the number after the change is left out with any that is small, and the one
    before it where the number after is the small one, or could be by what else is told: that it is not would tell.
    """
    then = now + gained - lost
    small = any(suppressed(one, least) for one in (now, then, gained, lost))
    lowest = now + (1 if suppressed(gained, least) else gained) - (least - 1 if suppressed(lost, least) else lost)
    before = None if small and lowest < least else shown(now, least)
    return Movement(before, None if small else then, shown(gained, least), shown(lost, least))


def words(count: int | None) -> str:
    """Write a count that may be left out."""
    return WITHHELD if count is None else str(count)
