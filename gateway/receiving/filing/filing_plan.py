"""The plan of a filing: for each document of a record, what becomes of it in the receiving district's system."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from adapters.edfi.records import lenses
from gateway.receiving.filing.codes import COURSE, CodeQuestion
from gateway.receiving.filing.own_system import differences, state_ids_of
from gateway.receiving.filing.remapping import COMPARED, COURSES, RESULTS, TRANSCRIPTS, new_course
from gateway.transfers.package.sections import by_dependency, sections
from standards.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.receiving.fetching import ReceivedPackage
    from gateway.receiving.filing.own_system import OwnSystem, StoredRecord
    from gateway.receiving.filing.remapping import Remapping

    Document = dict[str, Any]

MADE_FOR: Final = "transcript"
"""The section for which courses are made."""
CODES: Final = "studentIdentificationCodes"
ENROLLS_FIRST = "the child is there before its record comes"
NOT_SHOWN = "the district's own system does not show such records, so that one could be written over"
NO_ASSESSMENT = "this district does not have the assessment"
NO_TRANSCRIPT = "no transcript of this record is written for it"


class FilingVerdict(StrEnum):
    """What becomes of a document: written as new; there already, equal or not; waiting for an answer; a document."""

    NEW = "new"
    SAME = "same"
    KEPT = "kept"
    WAITING = "waiting"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """One document of a *section*: the *verdict*, what is *there* already, and which members of it *differ*.

    *number* counts the documents of its *resource* in the package from 1.
    """

    section: str
    resource: str
    number: int
    verdict: FilingVerdict
    source: Document = field(repr=False, hash=False)
    ours: Document | None = field(default=None, repr=False, hash=False)
    there: StoredRecord | None = field(default=None, repr=False, hash=False)
    differ: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    questions: frozenset[CodeQuestion] = frozenset()
    why: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The natural key that it has in the receiver's system."""
        return key_of(self.resource, self.ours or {})

    @property
    def place(self) -> str:
        """How a person names it: the resource, and its number."""
        return f"{self.resource}[{self.number}]"


def plan(
    received: ReceivedPackage, system: OwnSystem | None, remapping: Remapping | None, only: frozenset[str] = frozenset()
) -> tuple[PlannedRecord, ...]:
    """Plan what becomes of the documents of a package, in the order in which they can be written.

    *only* names sections, where not all are wanted. Without a system everything stays a document.
    """
    owner = owners(received)
    made = []
    for resource in by_dependency(owner):
        if only and owner[resource] not in only:
            continue
        for number, source in enumerate(received.documents(resource), 1):
            if system is None or remapping is None:
                made.append(PlannedRecord(owner[resource], resource, number, FilingVerdict.DOCUMENT, source))
            elif resource == COURSES:
                made += _course(received, system, remapping, (number, source))
            else:
                made.append(_planned(owner[resource], resource, (number, source), system, remapping))
    return tuple(made)


def owners(received: ReceivedPackage) -> dict[str, str]:
    """Return the section of each resource that is in a package."""
    found: dict[str, str] = {}
    for section in received.manifest["sections"]:
        paths = [one["path"] for one in section["files"]] + list(section.get("shares", ()))
        for path in paths:
            if path.startswith("ed-fi/"):
                resource = path.removeprefix("ed-fi/").removesuffix(".json")
                rule = sections().get(section["name"])
                if resource not in found or (rule is not None and resource in rule.own) or resource == COURSES:
                    found[resource] = section["name"]
    return found


def open_questions(planned: tuple[PlannedRecord, ...]) -> set[CodeQuestion]:
    """Return the questions on which documents wait."""
    return {question for one in planned for question in one.questions}


def key_of(resource: str, document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the natural key of a document in the receiver's words; empty where it has none."""
    try:
        return tuple(lenses()[resource].read(dict(document)).get("key", ()))
    except (MappingError, LookupError, TypeError, ValueError):
        return ()


def _planned(
    section: str, resource: str, numbered: tuple[int, Document], system: OwnSystem, remapping: Remapping
) -> PlannedRecord:
    number, source = numbered
    turned = remapping.document(resource, source)
    if turned.document is None:
        verdict = FilingVerdict.WAITING if turned.questions and not turned.why else FilingVerdict.DOCUMENT
        questions = turned.questions if verdict is FilingVerdict.WAITING else frozenset[CodeQuestion]()
        return PlannedRecord(
            section, resource, number, verdict, source,
            left_out=turned.left_out, questions=questions, why=turned.why,
        )  # fmt: skip
    if resource == RESULTS and not system.has_assessment(turned.document.get("assessmentReference", {})):
        return PlannedRecord(section, resource, number, FilingVerdict.DOCUMENT, source, why=NO_ASSESSMENT)
    return _compared(section, resource, numbered, turned.document, system, turned.left_out)


def _compared(
    section: str,
    resource: str,
    numbered: tuple[int, Document],
    ours: Document,
    system: OwnSystem,
    left_out: tuple[str, ...] = (),
) -> PlannedRecord:
    """Compare a document with the one that is there."""
    there = system.find(resource, key_of(resource, ours))
    if there is None:
        why = ENROLLS_FIRST if resource in COMPARED else "" if system.shows(resource) else NOT_SHOWN
        verdict = FilingVerdict.DOCUMENT if why else FilingVerdict.NEW
        return PlannedRecord(section, resource, numbered[0], verdict, numbered[1], ours, left_out=left_out, why=why)
    if state_ids_of([ours]) <= state_ids_of([there.document]):
        ours = {name: one for name, one in ours.items() if name != CODES}  # whoever assigns it: it is the same id
    differ = differences(ours, there.document)
    verdict = FilingVerdict.KEPT if differ else FilingVerdict.SAME
    return PlannedRecord(section, resource, numbered[0], verdict, numbered[1], ours, there, differ, left_out)


def _course(
    received: ReceivedPackage, system: OwnSystem, remapping: Remapping, numbered: tuple[int, Document]
) -> Iterator[PlannedRecord]:
    """Plan the course that is made for a transferred one; where it is one of the district's own, nothing is to do."""
    number, source = numbered
    code = str(source.get("courseCode"))
    named = {str(one.get("courseReference", {}).get("courseCode")) for one in received.documents(TRANSCRIPTS)}
    chosen = remapping.codes.course(code, remapping.titles.get(code, "")) if code in named else ""
    if chosen == remapping.codes.new_course(code):
        yield _compared(MADE_FOR, COURSES, (number, source), new_course(remapping, source), system)
    else:
        asked = isinstance(chosen, CodeQuestion) and chosen.kind == COURSE
        why = "" if asked else NO_TRANSCRIPT
        yield PlannedRecord(MADE_FOR, COURSES, number, FilingVerdict.DOCUMENT, source, why=why)
