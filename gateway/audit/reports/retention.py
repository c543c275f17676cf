"""Retention: which parts of the record of disclosures have been kept as long as they must be, and may end.

Disclosures are kept with the education records they are about (34 CFR 99.32(a)(2)), for as long as the district's
settings say; refusals and acts of administrators for some years. What has no end is kept for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway.audit.chain import list_segments
from gateway.audit.reports.reading import EVERY_DISTRICT
from gateway.audit.students.index import ACT
from gateway.audit.students.subject_keys import FIRST_MONTH, school_year
from gateway.audit.tail import REOPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.audit.students.subject_keys import SubjectKey
    from gateway.config.settings import Settings

KEYS, FILES = "record-key", "record-files"
"""The kinds of what may be due: the key of a school year's student tags, and old files of the record."""
WITHOUT_STUDENTS: Final = frozenset({"refused", ACT})
NEVER: Final = date.max


@dataclass(frozen=True, slots=True)
class DueEnd:
    """Something whose retention ended on a day (*since*): of one *district*, or of the region where it is empty.

    Its *id* is the same whenever it is asked for, so that what was decided about it is found again.
    """

    id: str
    kind: str
    district: str
    since: date
    school_year: int = 0
    files: tuple[str, ...] = ()


def ends(settings: Settings, district: str, year: int) -> date:
    """Return the first day on which the disclosures of a district's school *year* need not be kept any more."""
    known = settings.districts.get(district)
    if known is None or known.record_years is None:
        return NEVER
    return date(year + known.record_years, FIRST_MONTH, 1)


def due(settings: Settings, keys: Iterable[SubjectKey], now: datetime) -> tuple[DueEnd, ...]:
    """List what is due by now: keys of school years by district, then the oldest files of the record."""
    found = [
        DueEnd(f"{KEYS}:{one.district}:{one.school_year}", KEYS, one.district, end, one.school_year)
        for one in keys
        if one.key is not None and (end := ends(settings, one.district, one.school_year)) <= _today(settings, one, now)
    ]
    files, since = _due_files(settings, now.astimezone(UTC).date())
    if files:
        found.append(DueEnd(f"{FILES}:{files[-1]}", FILES, "", since, files=tuple(files)))
    return tuple(found)


def _today(settings: Settings, one: SubjectKey, now: datetime) -> date:
    return now.astimezone(settings.zones.get(one.district, UTC)).date()


def _due_files(settings: Settings, today: date) -> tuple[list[str], date]:
    """Return the oldest files of which every event is due, and the day on which the last of these became so."""
    found, since = list[str](), date.min
    for path in list_segments(settings.audit.folder)[:-1]:
        with path.open("rb") as file:
            for line in file:
                end = _end(settings, line)
                if end > today:
                    return found, since
                since = max(since, end)
        found.append(path.name)
    return found, since


def _end(settings: Settings, line: bytes) -> date:
    """Return the day from which on an event need not be kept; what is no event is kept for ever."""
    try:
        event = orjson.loads(line)
        moment, operation = datetime.fromisoformat(event["at"]), event["operation"]
    except (ValueError, KeyError, TypeError):
        return NEVER
    if operation in WITHOUT_STUDENTS:
        return date(moment.year + settings.audit.refusal_years + 1, 1, 1)
    return NEVER if operation == REOPEN else _end_of_disclosure(settings, event, moment)


def _end_of_disclosure(settings: Settings, event: Mapping[str, Any], moment: datetime) -> date:
    district = event.get("district", EVERY_DISTRICT)
    districts = settings.districts if district == EVERY_DISTRICT else [district]
    days = {one: moment.astimezone(settings.zones.get(one, UTC)).date() for one in districts}
    return max((ends(settings, one, school_year(day.isoformat())) for one, day in days.items()), default=NEVER)
