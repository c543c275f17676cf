"""Days and moments as people write them: in the language of the page, in the time zone of whoever looks at it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Final

from flask import current_app, g
from markupsafe import Markup, escape

from gateway.console.wording import language

if TYPE_CHECKING:
    from gateway.admin.administration import Administration

MONTHS: Final = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}
"""The months in short, in each language."""

DAY_CHARACTERS: Final = 10


def zone() -> tzinfo:
    """Return the time zone of who is signed in: that of one's district, or the one that most districts here have."""
    region: Administration = current_app.extensions["region"]
    zones, session = region.settings().zones, g.get("session")
    mine = [] if session is None else sorted({one.org for one in session.actor.memberships if one.org in zones})
    if mine:
        return zones[mine[0]]
    most = Counter(str(one) for one in zones.values()).most_common(1)
    return next(one for one in zones.values() if str(one) == most[0][0]) if most else UTC


def timed(value: date | datetime | str | None) -> Markup:
    """Say a moment as `moment` does, for people and for programs that read the page."""
    return _element(value, moment(value))


def timed_day(value: date | datetime | str | None) -> Markup:
    """Say a day as `day` does, for people and for programs that read the page."""
    return _element(value, day(value))


def _element(value: date | datetime | str | None, said: str) -> Markup:
    found = None if value is None else read(value)
    if found is None:
        return escape(said)
    return Markup('<time datetime="{}">{}</time>').format(found.isoformat(), said)


def read(value: date | datetime | str) -> date | datetime | None:
    """Return the day or moment that a text in ISO 8601 names; one without a zone is in UTC; None for another text."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > DAY_CHARACTERS else date.fromisoformat(value)
        except ValueError:
            return None
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def moment(value: date | datetime | str | None) -> str:
    """Say a day, or a moment with its time and zone; a text that is neither stays as it is."""
    found = None if value is None else read(value)
    if found is None:
        return str(value or "")
    if not isinstance(found, datetime):
        return day(found)
    local = found.astimezone(zone())
    if language() == "es":
        return f"{day(local)}, {local:%H:%M} {local:%Z}"
    return f"{day(local)}, {local.hour % 12 or 12}:{local:%M %p} {local:%Z}"


def day(value: date | datetime | str | None) -> str:
    """Say a day; of a moment, the day that it is in the zone of whoever looks."""
    found = None if value is None else read(value)
    if found is None:
        return str(value or "")
    if isinstance(found, datetime):
        found = found.astimezone(zone())
    months = MONTHS[language()]
    if language() == "es":
        return f"{found.day} {months[found.month - 1]} {found.year}"
    return f"{months[found.month - 1]} {found.day}, {found.year}"
