"""A record as the registrar reads it before it is filed: section by section, what is here and what came from there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gateway.receiving.filing.codes import COURSE
from gateway.receiving.filing.filing_plan import FilingVerdict
from gateway.transfers.package.files import read
from gateway.transfers.package.notes import PATH as NOTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.receiving.fetching import ReceivedPackage
    from gateway.receiving.filing.codes import CodeQuestion
    from gateway.receiving.filing.filing_plan import PlannedRecord

MAX_MEMBERS: Final = 5
MAX_VALUE_CHARACTERS: Final = 60
MEANS: Final = {
    FilingVerdict.NEW: "new", FilingVerdict.SAME: "the same is here", FilingVerdict.KEPT: "differs from what is here",
    FilingVerdict.WAITING: "waits for an answer", FilingVerdict.DOCUMENT: "stays a document",
}  # fmt: skip
STATES: Final = {
    "whole": "came", "none": "nothing", "withheld": "withheld by the sending district",
    "unchanged": "as in the version before",
    "not-in-source": "the sending district's system keeps none: telephone",
}  # fmt: skip


def lines(received: ReceivedPackage, planned: Sequence[PlannedRecord], only: frozenset[str]) -> Iterator[str]:
    """Yield the lines of the table: the child's own record, for nobody but the registrar."""
    manifest = received.manifest
    track = _printable(str(manifest["track"]))
    yield f"{received.transfer}, version {received.version}, from {received.sender}, {track}"
    for section in manifest["sections"]:
        if only and section["name"] not in only:
            continue
        own = [one for one in planned if one.section == section["name"]]
        yield ""
        state = STATES.get(section["state"], section["state"])
        yield _printable(f"{section['name']}: {state}{_check(section)}")
        yield from (line for one in own for line in _record(one))
        yield from (f"  file       {one['path']}" for one in section["files"] if not one["path"].startswith("ed-fi/"))
        if any(one["path"] == NOTES for one in section["files"]):
            yield from _notes(read(received.files[NOTES]))


def questions(asked: Iterable[CodeQuestion]) -> Iterator[str]:
    """Yield a line for each open question."""
    for one in sorted(asked):
        code, about = _printable(one.code), _printable(one.about)
        if one.kind == COURSE:
            title = f" ({about})" if about else ""
            yield f"{one.id}  course {code}{title} of {one.sender}: which course here? a code, new, or document"
        else:
            yield f"{one.id}  {about} {code} of {one.sender}: which one here? a code, or document"


def _record(one: PlannedRecord) -> Iterator[str]:
    left = f"; left out: {', '.join(sorted(set(one.left_out)))}" if one.left_out else ""
    why = f" ({one.why})" if one.why else ""
    yield f"  {one.place:<40} {MEANS[one.verdict]}{why}{left}"
    if one.verdict is FilingVerdict.KEPT and one.there is not None and one.ours is not None:
        for name in one.differ:
            here, there = (_text(some.get(name)) for some in (one.there.document, one.ours))
            yield f"    {one.place}.{name}: here {here} · there {there}"
    else:
        yield f"    {_summary(one.ours or one.source)}"


def _summary(document: Mapping[str, Any]) -> str:
    simple = [(name, value) for name, value in document.items() if not isinstance(value, dict | list)]
    return ", ".join(f"{name} {_text(value)}" for name, value in simple[:MAX_MEMBERS])


def _text(value: Any) -> str:
    """Write a value for a person, without the namespaces of codes."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return _printable(value.rpartition("#")[2] if "://" in value else value)
    if isinstance(value, dict | list):
        found = json.dumps(value, default=str, ensure_ascii=False)
        return _printable(found if len(found) <= MAX_VALUE_CHARACTERS else found[:MAX_VALUE_CHARACTERS] + "…")
    return str(value)


def _printable(text: str) -> str:
    """Return a text without what could move the cursor of a terminal."""
    return "".join(one if one.isprintable() else "�" for one in text)


def _check(section: Mapping[str, Any]) -> str:
    told = section.get("check")
    return "; " + ", ".join(f"{name} {value}" for name, value in sorted(told.items())) if told else ""


def _notes(told: Mapping[str, Any]) -> Iterator[str]:
    for one in told.get("restrictions", ()):
        until = f" until {one['until']}" if one.get("until") else ""
        yield _printable(f"  NOTE       {one['kind']}{until}: for the registrar alone")
    if message := str(told.get("message", "")):
        yield "  NOTE       from the registrar there, for the registrar alone:"
        yield from (f"    {_printable(line)}" for line in message.splitlines())
