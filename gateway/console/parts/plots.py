"""Plots: lines, bars and calendars drawn as SVG on the server, with a title and a description, by classes alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from gateway.console.tables import State

WIDTH: Final = 640
HEIGHT: Final = 220
LEFT: Final = 48
TOP: Final = 12
BOTTOM: Final = 28
MARKS: Final = ("one", "two", "three")
"""The classes of up to three series; their lines also differ in how they are dashed."""

DASHES: Final = ("—", "- -", "···")
LETTERS: Final = {"ok": "·", "warn": "!", "bad": "×", "wait": "…", "off": ""}
"""What stands in a day of a calendar, so that its colour is not needed."""

CHARACTER: Final = 8
"""How wide a character of a label is, about."""

CELL: Final = 30
WEEK_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing, and its legend as pairs of a mark and a word."""

    svg: Markup
    legend: tuple[tuple[str, str], ...] = ()


def lines(title: str, about: str, labels: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> Plot:
    """Draw up to three *series* over the same *labels*; a missing value is a gap."""
    top = _round_up(max((value for some in series.values() for value in some if value is not None), default=0))
    step = (WIDTH - LEFT - 10) / max(1, len(labels) - 1)
    parts = [_grid(top), _labels(labels, lambda number: LEFT + number * step)]
    for mark, some in zip(MARKS, series.values(), strict=False):
        path, pen = [], "M"
        for number, value in enumerate(some):
            if value is None:
                pen = "M"
                continue
            path.append(f"{pen}{LEFT + number * step:.1f} {_height(value, top):.1f}")
            pen = "L"
        parts.append(Markup('<path class="line {}" d="{}"/>').format(mark, " ".join(path)))
    return Plot(_drawn(title, about, HEIGHT, parts), tuple(zip(DASHES, series, strict=False)))


def bars(title: str, about: str, values: Sequence[tuple[str, float]]) -> Plot:
    """Draw a bar for each label and value; labels that have no room below are in the legend, by a number."""
    top = _round_up(max((value for _, value in values), default=0))
    step = (WIDTH - LEFT - 10) / max(1, len(values))
    labels = [label for label, _ in values]
    numbers = [str(number) for number in range(1, len(labels) + 1)]
    roomy = all(len(label) * CHARACTER <= step for label in labels)
    parts = [_grid(top), _labels(labels if roomy else numbers, lambda number: LEFT + (number + 0.5) * step)]
    for number, (_label, value) in enumerate(values):
        x, y = LEFT + number * step + step * 0.15, _height(value, top)
        parts.append(
            Markup('<rect class="one" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                x, y, step * 0.7, HEIGHT - BOTTOM - y
            )
        )
    return Plot(_drawn(title, about, HEIGHT, parts), () if roomy else tuple(zip(numbers, labels, strict=True)))


def calendar(title: str, about: str, days: Iterable[tuple[date, State]]) -> Plot:
    """Draw a row for each week, a cell for each day from Monday on, with the day's number and the sign of its state."""
    known = dict(days)
    if not known:
        return Plot(_drawn(title, about, CELL, []))
    first, last = min(known), max(known)
    first -= timedelta(days=first.weekday())
    parts = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        x, y = (number % WEEK_DAYS) * CELL * 2, (number // WEEK_DAYS) * CELL
        parts.append(_day(day, known.get(day), x + 60, y))
        if number % WEEK_DAYS == 0:
            parts.append(Markup('<text x="0" y="{}">{}</text>').format(y + 19, f"{day:%d.%m.}"))
    weeks = (last - first).days // WEEK_DAYS + 1
    legend = {str(one.word): LETTERS[one.kind] or "□" for one in known.values()}
    return Plot(
        _drawn(title, about, weeks * CELL, parts, 60 + WEEK_DAYS * CELL * 2),
        tuple((mark, word) for word, mark in legend.items()),
    )


def _day(day: date, state: State | None, x: int, y: int) -> Markup:
    if state is None:
        return Markup("")
    cell = Markup('<g><title>{}: {}</title><rect class="day day-{}" x="{}" y="{}" width="{}" height="{}"/>')
    sign = Markup('<text class="in-day" x="{}" y="{}">{} {}</text></g>')
    size = CELL * 2 - 4, CELL - 4
    drawn = cell.format(day.isoformat(), state.word, state.kind, x, y + 2, *size)
    return drawn + sign.format(x + CELL - 2, y + 19, day.day, LETTERS[state.kind])


def _drawn(title: str, about: str, height: int, parts: Iterable[Markup], width: int = WIDTH) -> Markup:
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title><desc>{}</desc>')
    return head.format(width, height, f"{title}. {about}", title, about) + Markup("").join(parts) + Markup("</svg>")


def _grid(top: float) -> Markup:
    """Draw the axis of values: its ground, middle and top, each with its number."""
    found = []
    for share in (0, 0.5, 1):
        value, y = top * share, _height(top * share, top)
        found.append(Markup('<path class="grid" d="M{} {:.1f}H{}"/>').format(LEFT, y, WIDTH - 10))
        found.append(Markup('<text x="{}" y="{:.1f}" text-anchor="end">{:g}</text>').format(LEFT - 6, y + 4, value))
    return Markup("").join(found)


def _labels(labels: Sequence[str], place: Callable[[int], float]) -> Markup:
    """Write as many of the labels under the axis as have room."""
    every = max(1, -(-len(labels) // 8))
    text = Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
    return Markup("").join(
        text.format(place(number), HEIGHT - 8, label) for number, label in enumerate(labels) if number % every == 0
    )


def _height(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50 and so on."""
    scale = 1.0
    while scale * 10 < value:
        scale *= 10
    return next((scale * one for one in (1, 2, 5, 10) if scale * one >= value), scale)
