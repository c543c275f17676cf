"""Log lines and metrics of districts: failures, recoveries and dropped data; never a value of a record."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import structlog
from prometheus_client import Counter as Metric

from gateway.cache.completeness import plain_reason
from gateway.failure_reasons import HIDDEN, plain_place, reason
from gateway.telemetry import metrics
from standards import vocabulary
from standards.errors import Incomplete

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.cache.completeness import Completeness
    from gateway.failure_reasons import Reason

NOTHING: Final = "-"
OTHER: Final = "other"
MAX_LOG_PATHS: Final = 20
"""Rows logged of a refused load, at every attempt; `crossing check` prints all of them."""

# The kinds by which an adapter's notes are counted, each with the pattern of its notes.
KINDS: Final[Mapping[str, str]] = {
    "unknown column": r"unknown column",
    "unknown member": r"unknown member",
    "unknown property": r"unknown property",
    "unknown file": r"unknown file",
    "unknown element": r"[A-Z]\w*(/\w+)*",
    "renamed column": r"\S+ is (called|written otherwise)",
    "row left out": r"\w+ row$",
    "document left out": r"\w+ document$",
    "owner left out": r"belongs to what the source calls gone",
    "dangling reference": r"dangling",
    "not offered": r"not offered",
    "not kept": r".*(is not kept|is never kept|that is no contact)",
    "not read": r".*is wrong and not read",
    "given twice": r".*given twice|the last one holds",
    "is null": r"\S+ is null",
    "read again": r"read again",
    "missing manifest": r"manifest.csv is missing",
    "unmapped role": r"no role says|the user is neither",
    "other school": r"schoolSourcedId is not",
    "stated as absent": r".*stated as absent",
}
_PATTERNS: Final = {kind: re.compile(pattern) for kind, pattern in KINDS.items()}

_failures = Metric(
    "crossing_district_failures",
    "Loads and refreshes of a district's snapshot, and readings of it, that failed or were refused.",
    ["district", "entity", "kind", "place"],
    registry=metrics,
)
_dropped = Metric(
    "crossing_district_dropped",
    "What a district's adapter dropped or could not understand while it read.",
    ["district", "kind", "place"],
    registry=metrics,
)
_log: Any = structlog.get_logger()


def tell_failure(event: str, district: str, error: BaseException, *, quiet: bool = False) -> Reason:
    """Count that *district* failed, and log it unless *quiet*."""
    why = reason(district, error)
    for entity in [one.entity for one in why.losses] or [_entity(why.place)]:
        _failures.labels(district, entity, why.kind, _source(why.place)).inc()
    if not quiet:
        _tell("warning", event, district=district, kind=why.kind, place=why.place, raised=why.raised, reason=why)
        for place, told in error.places[:MAX_LOG_PATHS] if isinstance(error, Incomplete) else ():
            _tell("warning", "row refused", district=district, place=plain_place(place), kind=_short(told))
    return why


def tell_recovery(district: str) -> None:
    """Log that *district* has recovered."""
    _tell("info", "district recovered", district=district)


def tell_approval(district: str, count: int) -> None:
    """Log that an operator approved the loss of *count* rows of *district*."""
    _tell("warning", "loss approved", district=district, count=count)


def tell_aside(district: str, asides: Mapping[str, int]) -> None:
    """Count the rows, by entity, that one uncached read of *district* set aside."""
    for entity, times in asides.items():
        _dropped.labels(district, "row set aside", plain_place(entity)).inc(times)


def tell_dropped(district: str, notes: Mapping[str, int], dropped: Mapping[str, int], *, quiet: bool = False) -> None:
    """Count, and log unless *quiet*, what one load of *district* left out: by kind and file, not by row."""
    found: Counter[tuple[str, str]] = Counter()
    for note, times in dict(notes).items():
        found[classify(note)] += times
    for name, times in dict(dropped).items():
        found["unknown field", plain_place(name.partition(".")[0])] += times
    for (kind, place), times in sorted(found.items()):
        _dropped.labels(district, kind, place or NOTHING).inc(times)
        if not quiet:
            _tell("info", "dropped while reading", district=district, kind=kind, place=place, count=times)


def tell_lacking(district: str, found: Completeness) -> None:
    """Log what a load of *district* lacks of its source: each set-aside row, and dangling references."""
    for row in found.places:
        place, entity = plain_place(row.place), plain_place(row.entity)
        _tell("warning", "row set aside", district=district, entity=entity, place=place, kind=_short(row.reason))
    for one in found.rows:
        if one.aside:
            _tell("warning", "rows set aside", district=district, entity=plain_place(one.entity), count=one.aside)
        if one.gone:
            _tell("info", "rows left out", district=district, entity=plain_place(one.entity), count=one.gone)
    for lost in found.references:
        _tell("warning", "references lead nowhere", district=district, entity=plain_place(lost.name), count=lost.lost)


def _short(told: str) -> str:
    """Shorten a reason to its words, without the field that it is about."""
    return re.split(r" ?[(;,]| of \{|-8", plain_reason(told).removeprefix(f"{HIDDEN} "))[0]


def classify(note: str) -> tuple[str, str]:
    """Return the kind of an adapter's note, and the file or resource it is about, never the note's own words."""
    if note.startswith("default: "):
        return "declared default", ""
    place, colon, text = note.partition(": ")
    place, text = (place, text) if colon else ("", note)
    kind = next((kind for kind, pattern in _PATTERNS.items() if pattern.match(text)), OTHER)
    return kind, _source(plain_place(place)) if place else ""


def _tell(level: str, event: str, **line: Any) -> None:
    """Log *line* without empty values; without a configured log (in a command) do nothing."""
    if structlog.is_configured():
        getattr(_log, level)(event, **{name: value for name, value in line.items() if value not in ("", None)})


def _entity(place: str) -> str:
    head = re.split(r"[\[:.]", place, maxsplit=1)[0]
    return head if head in vocabulary.entities() else NOTHING


def _source(place: str) -> str:
    """Return the file or resource of a place, without line, column and number."""
    head = re.split(r"[\[:]", place, maxsplit=1)[0]
    return head if head and head != HIDDEN else NOTHING
