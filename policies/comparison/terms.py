"""Terms beside what leaves: whether the terms of a later version are at least as strict as those of an earlier one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policies.documents.terms import retention_ends
from policies.transfers.terms import no_wider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Content = Mapping[str, Any]

ELSEWHERE: Final = frozenset(
    {
        "apiVersion", "approvals", "basis", "clients", "elements", "id", "operations", "parties", "population", "tests",
        "validity", "version",
    }
)  # fmt: skip
"""The parts of an agreement that are compared by themselves, or release nothing."""

PART = re.compile(r"([0-9]+)([DWMY])")
DAYS: Final = {"D": 1, "W": 7}
MONTHS: Final = {"M": 1, "Y": 12}


def widened_terms(before: Content, after: Content) -> Iterator[str]:
    """List the terms of *after* that are less strict than those of *before*, or cannot be compared with them."""
    yield from _parties(before["parties"], after["parties"])
    if before["basis"].get("state") != after["basis"].get("state"):
        yield "the basis in state law is another"
    for name in sorted((before.keys() | after.keys()) - ELSEWHERE):
        was, now = before.get(name), after.get(name)
        if was != now and not STRICTER.get(name, _never)(was, now):
            yield f"{name}: less strict than before, or not to be compared with it"


def _parties(before: Content, after: Content) -> Iterator[str]:
    nces = before["provider"].get("nces")
    if nces not in (None, after["provider"].get("nces")):
        yield "the provider's NCES number is another"
    for one in after.get("subprocessors", ()):
        if one not in before.get("subprocessors", ()):
            yield f"the subprocessor {one} is new"


def _never(_was: Any, _now: Any) -> bool:
    return False


def _fewer_parties(was: Any, now: Any) -> bool:
    """Tell whether redisclosure is allowed to nobody new; where nothing was agreed, a prohibition only is stricter."""
    if now == "prohibited":
        return True
    return bool(was and now and was != "prohibited" and frozenset(now["named"]) <= frozenset(was["named"]))


def _shorter(was: Any, now: Any) -> bool:
    """Tell whether data are deleted as soon, after every end as before, with a certificate where one was."""
    if was is None or now is None:
        return was is None
    sooner = was["deleteWithin"] == now["deleteWithin"] or _sooner(was["deleteWithin"], now["deleteWithin"])
    certified = was.get("certificate") != "required" or now.get("certificate") == "required"
    return sooner and certified and frozenset(retention_ends(was)) <= frozenset(retention_ends(now))


def _sooner(was: str, now: str) -> bool:
    """Tell whether the period *now* is no longer than it *was*; months and days are not compared."""
    for units in (DAYS, MONTHS):
        before, after = (_length(period, units) for period in (was, now))
        if before is not None and after is not None:
            return after <= before
    return False


def _length(period: str, units: Mapping[str, int]) -> int | None:
    parts = PART.findall(period)
    known = {unit for _, unit in parts} <= units.keys()
    return sum(int(number) * units[unit] for number, unit in parts) if known else None


def _more(was: Any, now: Any) -> bool:
    return frozenset(was or ()) <= frozenset(now or ())


def _tighter(was: Any, now: Any) -> bool:
    """Tell whether every limit there was is there still and at least as tight; 0 is compared with itself alone."""
    for name, bound in (was or {}).items():
        found = (now or {}).get(name)
        if found == bound:
            continue
        if not found or not bound or name not in TIGHTER or not TIGHTER[name](bound, found):
            return False
    return True


def _honoured(was: Any, now: Any) -> bool:
    return (was or {}).get("optOut") != "honour" and (now or {}).get("optOut") == "honour"


def _offered(was: Any, now: Any) -> bool:
    """Tell whether the terms are offered no longer than they were; an offer that is taken back binds nobody new."""
    return now is None or (was is not None and bool(now["until"] <= was["until"]))


TIGHTER: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "smallCell": lambda was, now: now >= was,
    "maxRowsPerDay": lambda was, now: now <= was,
}
STRICTER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "directory": _honoured,
    "limits": _tighter,
    "obligations": _more,
    "offer": _offered,
    "redisclosure": _fewer_parties,
    "retention": _shorter,
    "transfer": no_wider,
}
