"""Drafts of agreements from a schedule of data: the checked facts, least sensitive first, for a person to finish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.one_line import one_line
from policies import elements
from policies.documents import loading
from policies.elements import Line
from policies.transfers.terms import is_transfer
from standards import schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.documents.schedule_csv import CheckedRow, ReadSchedule

ORDER = ("directory", "education", "contact", "demographic", "identifier", "sensitive", "special", "never")
"""The classes of facts, least sensitive first."""
UNDECIDED = frozenset({"sensitive", "special"})
"""The classes whose facts a draft names without releasing them."""
GUARDED = {
    "student.id": ("pseudonym", "allow gives the number itself"),
    "contact.id": ("pseudonym", "allow gives the number itself"),
    "student.birthDate": ("year", "month or allow, where the purpose needs more"),
    "student.address.postalCode": ("zip3", "allow, where the purpose needs the whole code"),
    "contact.address.postalCode": ("zip3", "allow, where the purpose needs the whole code"),
}
"""Facts that a draft releases in part, and what a person may decide instead."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a schedule does not say of an agreement; what is empty is left for a person to fill in."""

    id: str
    district: str
    org: str
    kind: str
    basis: str = "99.31(a)(1)"
    purpose: str = ""
    interest: str = ""
    begin: str = ""
    end: str = ""
    timezone: str = ""
    clients: tuple[str, ...] = ()
    operations: tuple[str, ...] = ("read",)


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A fact of a checked row, and whether the row is optional."""

    path: str
    sensitivity: str
    row: str
    optional: bool = False


STUDENT = DraftLine("student.id", "identifier", "needed for any record of a student")


def draft(frame: Frame, read: ReadSchedule, source: str) -> str:
    """Write the draft of an agreement from the schedule *read* from the file *source*."""
    written = [
        f"# A draft from {one_line(source)}. Nothing here is in force: finish it, have it approved, and move it up."
    ]
    written += _head(frame)
    written += ["elements:", *_lines(read.rows)]
    written += [f"  # {line}" for line in _left(read, source)]
    return "\n".join(written) + "\n"


def _head(frame: Frame) -> Iterator[str]:
    yield "apiVersion: dsa/v1"
    yield f"id: {_text(frame.id)}"
    yield "version: 1"
    yield "parties:"
    yield f"  provider: {{district: {_text(frame.district)}}}"
    yield f"  recipient: {{org: {_text(frame.org)}, kind: {_text(frame.kind)}}}"
    yield "basis:"
    yield f"  ferpa: {_text(frame.basis)}  # decide: the section of 34 CFR Part 99 that allows it"
    yield f"  purpose: {_filled(frame.purpose, 'one word for what the data are used for')}"
    yield f"  legitimateInterest: {_filled(frame.interest, 'the interest in a sentence, printed in every record')}"
    yield "validity:"
    yield f"  from: {_filled(frame.begin, 'the first day, such as 2026-09-01')}"
    yield f"  to: {_filled(frame.end, 'the last day')}"
    yield f"  timezone: {_filled(frame.timezone, 'such as America/Los_Angeles')}"
    clients = ", ".join(map(_text, frame.clients))
    yield f"clients: [{clients}]" + ("" if clients else "  # fill in: the ids of the clients that act under it")
    yield f"operations: [{', '.join(frame.operations)}]"
    if not is_transfer(frame.operations):
        yield "# decide: a population; without one, every student of the district is included"


def _lines(rows: Iterable[CheckedRow]) -> Iterator[str]:
    """Yield the lines of the elements, by class, each row's title beside its facts."""
    facts: dict[str, DraftLine] = {}
    for line in (*_facts(rows), STUDENT):
        facts.setdefault(line.path, line)
    for sensitivity in ORDER[:-1]:
        some = [line for line in facts.values() if line.sensitivity == sensitivity]
        if some:
            decide = ": decide; take away the # of a line to release it" if sensitivity in UNDECIDED else ""
            yield f"  # {sensitivity}{decide}"
            yield from map(_line, some)


def _facts(rows: Iterable[CheckedRow]) -> Iterator[DraftLine]:
    for row in rows:
        named = schedule.categories()[row.category].elements[row.element]
        for path in named.facts:
            if (sensitivity := _sensitivity(path)) != ORDER[-1]:
                yield DraftLine(path, sensitivity, named.title, row.optional)


def _sensitivity(path: str) -> str:
    """Return the most sensitive class among the facts of a path."""
    classes = {field.sensitivity for one in elements.under(Line(path, "allow")) for field in one.fields}
    return max(classes, key=ORDER.index)


def _line(line: DraftLine) -> str:
    action, choice = GUARDED.get(line.path, ("allow", ""))
    written = f"- {{path: {_text(line.path)}, action: {action}}}  # {line.row}"
    if choice:
        written += f"; decide: {choice}"
    if line.optional:
        written += "; optional"
    return f"  # {written}" if line.sensitivity in UNDECIDED or line.optional else f"  {written}"


def _left(read: ReadSchedule, source: str) -> Iterator[str]:
    """Yield what is checked and has no fact here, and what could not be read."""
    for row in read.rows:
        category = schedule.categories()[row.category]
        named = category.elements[row.element]
        place = f"{one_line(source)}:{row.line}: {category.title}, {named.title}"
        if row.element == schedule.REST:
            yield f"{place}: decide which facts are meant" + (f": {one_line(row.said)}" if row.said else "")
        elif not named.facts:
            yield f"{place}: no fact of a district's system; the agreement cannot release it"
        elif all(_sensitivity(path) == ORDER[-1] for path in named.facts):
            yield f"{place}: never released, under no agreement"
    yield from (f"not read: {one_line(str(error))}" for error in read.unknown)


def _text(text: str) -> str:
    """Write a text as YAML reads it back, whatever is in it."""
    return loading.write(text)


def _filled(text: str, meaning: str) -> str:
    return _text(text) if text else f'""  # fill in: {meaning}'
