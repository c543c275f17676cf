"""Checks of an agreement about transfers: it stands alone, and no rule of it releases what a person decides on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policies import elements
from policies.documents.terms import TRANSFER, rests_on
from policies.transfers.terms import (
    BY_PERSON_ALONE,
    FULL,
    INDISPENSABLE,
    LETTER,
    OPERATION,
    PART,
    RECEIVER,
    SENDER,
    TRACKS,
)
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policies.documents.loading import Document, Where
    from policies.elements import Line

CONDITION_OF_TRANSFER: Final = "99.34"
UNFIT: Final = {
    "population": "a transfer is about the one student whose record is asked for: leave out population",
    "limits": "limits count what the APIs of data send, and a transfer opens none: leave them out",
    "offer": "a transfer names the keys of its two districts, so no other district can take it over: leave out offer",
    "adopts": "a transfer names the keys of its two districts, so it adopts no offer: leave out adopts",
}
"""The parts that an agreement about transfers cannot have, and why."""
WHOLE: Final = frozenset({"allow", "deny"})


def problems(document: Document) -> Iterator[SettingsError]:
    """Yield what is wrong with what an agreement says of transfers, or with the rest of it because of that."""
    content = document.content
    operations = content["operations"]
    if OPERATION not in operations:
        if PART in content:
            message = f"{PART} needs operations: [{OPERATION}]: the agreement opens an API of data instead"
            yield document.error((PART,), message, at_key=True)
        return
    where: Where = ("operations", operations.index(OPERATION))
    if others := [one for one in operations if one != OPERATION]:
        message = f"{OPERATION} stands alone, and this agreement has {others[0]} too: write two agreements"
        yield document.error(where, message)
    if PART not in content:
        yield document.error(where, f"the operation {OPERATION} needs the part {PART}, which says what leaves how")
    else:
        yield from _part(document, content[PART])
    yield from _parties(document)
    for name in UNFIT.keys() & content.keys():
        yield document.error((name,), UNFIT[name], at_key=True)


def _parties(document: Document) -> Iterator[SettingsError]:
    parties, basis = document.content["parties"], document.content["basis"]["ferpa"]
    if parties["recipient"]["kind"] != "district":
        where: Where = ("parties", "recipient", "kind")
        yield document.error(where, f"a record is transferred to a district, not to a {parties['recipient']['kind']}")
    if parties["recipient"]["org"] == parties["provider"]["district"]:
        yield document.error(("parties", "recipient", "org"), "a district transfers no record to itself")
    grounds = [one for one in basis.split("+") if not rests_on(one, CONDITION_OF_TRANSFER)]
    if not grounds or not all(rests_on(one, TRANSFER) for one in grounds):
        message = f'a transfer rests on 34 CFR {TRANSFER} alone: write ferpa: "{TRANSFER}"'
        yield document.error(("basis", "ferpa"), message)


def _part(document: Document, written: Mapping[str, Any]) -> Iterator[SettingsError]:
    asked = written.get("ask", ())
    yield from _twice(document, asked, (PART, "ask"))
    if "release" in written:
        yield from _release(document, written["release"], asked)
    if written["notify"] == LETTER and "office" not in written:
        message = f"a {LETTER} names the office that parents turn to for a copy and a hearing: add office: TEXT"
        yield document.error((PART, "notify"), message)
    elif written["notify"] != LETTER and "office" in written:
        yield document.error((PART, "office"), f"office is printed in a {LETTER} alone", at_key=True)
    yield from _keys(document, written["keys"])


def _release(document: Document, release: Mapping[str, Any], asked: Sequence[str]) -> Iterator[SettingsError]:
    where: Where = (PART, "release")
    for name in ("when", "tracks", "sections"):
        yield from _twice(document, release.get(name, ()), (*where, name))
    for condition in INDISPENSABLE:
        if condition not in release["when"]:
            yield document.error((*where, "when"), f"no rule releases anything without the condition {condition}")
    for number, section in enumerate(release.get("sections", ())):
        if section in BY_PERSON_ALONE:
            message = f"{section} never leaves by rule: a person decides on it"
            yield document.error((*where, "sections", number), message)
        elif section in asked:
            message = f"{section} is under ask too: either the rule releases it or a person does"
            yield document.error((*where, "sections", number), message)
        elif not any(section in TRACKS[track] for track in release["tracks"]):
            message = f"{section} is on no track of the rule: only the track {FULL} carries it"
            yield document.error((*where, "sections", number), message)


def _keys(document: Document, keys: Mapping[str, Sequence[str]]) -> Iterator[SettingsError]:
    for side in (RECEIVER, SENDER):
        yield from _twice(document, keys[side], (PART, "keys", side))
    for number, one in enumerate(keys[SENDER]):
        if one in keys[RECEIVER]:
            yield document.error((PART, "keys", SENDER, number), "this is a key of the receiver: each has its own")


def _twice(document: Document, listed: Sequence[str], where: Where) -> Iterator[SettingsError]:
    for number, one in enumerate(listed):
        if one in listed[:number]:
            yield document.error((*where, number), f"{one} is here twice")


def line_problems(document: Document, lines: Iterable[Line]) -> Iterator[SettingsError]:
    """Yield what is wrong with the element lines of an agreement about transfers: a record leaves as it is."""
    if OPERATION not in document.content["operations"]:
        return
    every = tuple(lines)
    for line in every:
        if line.action not in WHOLE:
            message = f"a record is transferred as it is: write allow or deny, and not {line.action}"
            yield SettingsError(message, line.file, line.line, line.column)
    found = elements.settle(every).get("student.id")
    if found is None or found.action == "deny":
        yield document.error(("elements",), "student.id must leave: without it nothing says whose record it is")


def warnings(document: Document) -> Iterator[str]:
    """Yield what is allowed in an agreement about transfers and still deserves a second look."""
    written = document.content.get(PART, {})
    if written.get("notify") == LETTER and "release" in written:
        place = document.place((PART, "notify"))
        yield f"{place}: a record that leaves by rule may be there before the {LETTER} is"
