"""The calendar of a school year: its sessions and its school days."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.demo.data.records import Session

SATURDAY = 5
WEEK_DAYS = 7
MIN_WINTER_BREAK_DAY = 19


def first_day(school_year: int) -> date:
    """Return the first Wednesday of September: when the school year that ends in *school_year* begins."""
    start = date(school_year - 1, 9, 1)
    return start + timedelta(days=(2 - start.weekday()) % 7)


def last_day(school_year: int) -> date:
    """Return the last day of school: the third Friday of June."""
    start = date(school_year, 6, 15)
    return start + timedelta(days=(4 - start.weekday()) % 7)


def school_year_of(today: date) -> int:
    """Return the school year that has most recently begun by *today*, named by the year it ends in."""
    return today.year + 1 if today >= first_day(today.year + 1) else today.year


def school_days(school_year: int) -> tuple[date, ...]:
    """Return every day of instruction, in order."""
    begin, end = first_day(school_year), last_day(school_year)
    closed = _closed_days(school_year)
    days = (begin + timedelta(days=number) for number in range((end - begin).days + 1))
    return tuple(day for day in days if day.weekday() < SATURDAY and day not in closed)


def _closed_days(school_year: int) -> frozenset[date]:
    """Return holidays and breaks, by the rules that most districts of Washington follow."""
    autumn, spring = school_year - 1, school_year
    thanksgiving = _monday(autumn, 11, 4, weekday=3)
    breaks = (
        (_monday(autumn, 9, 1), 1),  # Labor Day
        (date(autumn, 11, 11), 1),  # Veterans Day
        (thanksgiving, 2),
        (
            _monday(autumn, 12, 3) + timedelta(days=WEEK_DAYS * (_monday(autumn, 12, 3).day < MIN_WINTER_BREAK_DAY)),
            2 * WEEK_DAYS - 2,
        ),
        (_monday(spring, 1, 3), 1),  # Martin Luther King Jr. Day
        (_monday(spring, 2, 3), SATURDAY),
        (_monday(spring, 4, 1), SATURDAY),
        (_monday(spring, 6, 1) - timedelta(days=WEEK_DAYS), 1),  # Memorial Day
    )
    return frozenset(begin + timedelta(days=number) for begin, days in breaks for number in range(days))


def _monday(year: int, month: int, number: int, weekday: int = 0) -> date:
    """Return the Monday of that number (or another weekday) in a month."""
    start = date(year, month, 1)
    return start + timedelta(days=(weekday - start.weekday()) % WEEK_DAYS + WEEK_DAYS * (number - 1))


def sessions(school_year: int) -> tuple[Session, ...]:
    """Return the tree of sessions: the year; halves with quarters; thirds with one grading period each."""
    days = school_days(school_year)
    label = f"{school_year - 1}-{school_year}"
    year = Session("sy", label, "schoolYear", "Year Round", "all", days[0], days[-1], "", 1, len(days))
    found = [year]
    for sequence, (ident, name) in enumerate((("s1", "Fall Semester"), ("s2", "Spring Semester"))):
        half = _part(days, sequence, 2)
        found.append(_session(ident, f"{label} {name}", "semester", name, "secondary", half, "sy", sequence + 1))
        for part in range(2):
            number = sequence * 2 + part
            nine = f"{('First', 'Second', 'Third', 'Fourth')[number]} Nine Weeks"
            title = f"{label} Quarter {number + 1}"
            quarter = _part(half, part, 2)
            found.append(
                _session(f"q{number + 1}", title, "gradingPeriod", nine, "secondary", quarter, ident, number + 1)
            )
    for sequence, ordinal in enumerate(("First", "Second", "Third")):
        name, third, ident = f"{ordinal} Trimester", _part(days, sequence, 3), f"t{sequence + 1}"
        found.append(_session(ident, f"{label} {name}", "term", name, "elementary", third, "sy", sequence + 1))
        title = f"{label} {name} Marks"
        found.append(
            _session(f"p{sequence + 1}", title, "gradingPeriod", name, "elementary", third, ident, sequence + 1)
        )
    return tuple(found)


def _part(days: tuple[date, ...], number: int, parts: int) -> tuple[date, ...]:
    return days[len(days) * number // parts : len(days) * (number + 1) // parts]


def _session(
    ident: str, title: str, kind: str, label: str, level: str, days: tuple[date, ...], parent: str, sequence: int
) -> Session:
    return Session(ident, title, kind, label, level, days[0], days[-1], parent, sequence, len(days))
