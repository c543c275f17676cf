"""Documents of the sending district as the receiving one can hold them: its own keys, its own codes, nobody else's.

Schools, sessions, sections, staff and courses of the sender are none of the receiver's: a reference to one is left out,
or, where a document is none without it, the document is not written at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gateway.receiving.filing.codes import DOCUMENT, CodeQuestion
from standards.edfi.model.model import by_collection, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.receiving.filing.codes import CodeBook
    from standards.edfi.model.model import Property

    Document = dict[str, Any]

PROFILES, RECORDS, TRANSCRIPTS, COURSES = (
    "studentEducationOrganizationAssociations", "studentAcademicRecords", "courseTranscripts", "courses",
)  # fmt: skip
RESULTS: Final = "studentAssessments"
WRITTEN: Final = ("students", PROFILES, COURSES, RECORDS, TRANSCRIPTS, RESULTS, "studentHealths")
"""The resources that can be written into the receiver's system; everything else is filed as a document."""
COMPARED: Final = frozenset({"students"})
"""The resources of which nothing new is made: the child is there before its record comes."""

UNIQUE, ORGANIZATION = "studentUniqueId", "educationOrganizationId"
AS_IT_IS: Final = frozenset({"SchoolYearType", "Assessment", "ObjectiveAssessment"})
TRANSFER_CREDIT: Final = "uri://ed-fi.org/MethodCreditEarnedDescriptor#Transfer credit"
COURSE_SYSTEM: Final = "uri://ed-fi.org/CourseIdentificationSystemDescriptor#LEA course code"
STATE: Final = "state"
MAX_NAME_CHARACTERS: Final = 75

HIS_OWN = "it names something of the sending district that this district does not have"
ANSWERED = "it was answered that what has this code is filed as a document"
INVALID = "it is no whole record in this district's words"


@dataclass(frozen=True, slots=True)
class ReceiverKeys:
    """The child's own *student* id in the receiving district, and the number of the district's *organization*."""

    student: str = field(repr=False)
    organization: int


@dataclass(frozen=True, slots=True)
class RemappedDocument:
    """A document in the receiver's words, or *why* there is none; *left_out* are members that stay with the sender.

    Where *questions* are open, it waits.
    """

    document: Document | None = field(repr=False, hash=False)
    left_out: tuple[str, ...] = ()
    questions: frozenset[CodeQuestion] = frozenset()
    why: str = ""


class _LeftOut(Exception):
    # a member that cannot go along, told upwards; nothing went wrong
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Remapping:
    """How the documents of one record are turned into the receiver's; *titles* are those of the sender's courses."""

    keys: ReceiverKeys
    codes: CodeBook
    sender: str
    titles: Mapping[str, str]

    def document(self, resource: str, document: Mapping[str, Any]) -> RemappedDocument:
        """Turn one document of a *resource*."""
        known = by_collection(resource)
        if resource not in WRITTEN or known is None:
            return RemappedDocument(None, why=HIS_OWN)
        turning = _Turning(self)
        try:
            made = turning.members(known.properties, COMPLETED.get(resource, _same)(self, dict(document)))
        except _LeftOut as left:
            return RemappedDocument(None, tuple(turning.left_out), frozenset(turning.questions), left.why)
        if turning.questions:
            return RemappedDocument(None, tuple(turning.left_out), frozenset(turning.questions))
        if validate(known, made):
            return RemappedDocument(None, tuple(turning.left_out), why=INVALID)
        return RemappedDocument(made, tuple(turning.left_out))


class _Turning:
    """One document on its way: the members that were left out, and the questions that came up."""

    def __init__(self, remapping: Remapping) -> None:
        self._keys, self._codes, self._titles = remapping.keys, remapping.codes, remapping.titles
        self.left_out: list[str] = []
        self.questions: set[CodeQuestion] = set()

    def members(self, properties: Mapping[str, Property], document: Mapping[str, Any]) -> Document:
        """Turn the members of an object, leaving out those that only the sender has."""
        made = {}
        for name, value in document.items():
            known = properties.get(name)
            if known is None:
                self.left_out.append(name)
                continue
            try:
                made[name] = self._member(known, value)
            except _LeftOut:
                if known.required:
                    raise
                self.left_out.append(name)
        return made

    def _member(self, known: Property, value: Any) -> Any:
        if known.descriptor:
            return self._code(known.descriptor, str(value))
        if known.reference and isinstance(value, dict):
            return self._reference(known, value)
        if known.collection and isinstance(value, list):
            return self._items(known, value)
        if known.properties and isinstance(value, dict):
            return self.members(known.properties, value)
        return self._keys.student if known.name == UNIQUE else float(value) if isinstance(value, Decimal) else value

    def _items(self, known: Property, items: list[Any]) -> list[Any]:
        made = []
        for item in items:
            try:
                made.append(self.members(known.properties, item) if isinstance(item, dict) else item)
            except _LeftOut as left:
                self.left_out.append(known.name)
                if len(items) == 1:
                    raise _LeftOut(left.why) from None
        return made

    def _reference(self, known: Property, value: Mapping[str, Any]) -> Any:
        own = {UNIQUE: self._keys.student, ORGANIZATION: self._keys.organization}
        match known.reference:
            case "Student":
                return {UNIQUE: own[UNIQUE]}
            case "EducationOrganization" if known.name == "educationOrganizationReference":
                return {ORGANIZATION: own[ORGANIZATION]}
            case "StudentAcademicRecord":
                return self.members(known.properties, {**_plain(value), **own})
            case "Course":
                return {"courseCode": self._course(str(value.get("courseCode"))), ORGANIZATION: own[ORGANIZATION]}
            case name if name in AS_IT_IS:
                return _plain(value)
        raise _LeftOut(HIS_OWN)

    def _course(self, code: str) -> str:
        return self._answered(self._codes.course(code, self._titles.get(code, "")))

    def _code(self, kind: str, value: str) -> str:
        return self._answered(self._codes.descriptor(kind, value))

    def _answered(self, found: str | CodeQuestion) -> str:
        if isinstance(found, CodeQuestion):
            self.questions.add(found)
            return found.code
        if found == DOCUMENT:
            raise _LeftOut(ANSWERED)
        return found


def new_course(remapping: Remapping, document: Mapping[str, Any]) -> Document:
    """Write a course for a transferred one, with a code that begins with its sender."""
    code = remapping.codes.new_course(str(document["courseCode"]))
    return {
        "courseCode": code,
        "educationOrganizationReference": {ORGANIZATION: remapping.keys.organization},
        "courseTitle": document.get("courseTitle") or code,
        "numberOfParts": 1,
        "identificationCodes": [
            {"identificationCode": code, "courseIdentificationSystemDescriptor": _course_system(remapping, document)}
        ],
    }


def _course_system(remapping: Remapping, document: Mapping[str, Any]) -> str:
    """Return the system of course codes that the receiver has: the standard's, or the sender's own."""
    stated = document.get("identificationCodes") or [{}]
    for value in (COURSE_SYSTEM, str(stated[0].get("courseIdentificationSystemDescriptor", ""))):
        found = remapping.codes.known.descriptors("CourseIdentificationSystemDescriptor").get(value.casefold())
        if found:
            return found
    return COURSE_SYSTEM


def _transcript(remapping: Remapping, document: Document) -> Document:
    """Say that a credit was transferred, and where it was earned."""
    code = str(document.get("courseReference", {}).get("courseCode"))
    title = document.get("courseTitle") or remapping.titles.get(code)
    kept = {"courseTitle": title} if title else {}
    there = remapping.codes.known.descriptors("MethodCreditEarnedDescriptor")
    if not there or TRANSFER_CREDIT.casefold() in there:
        kept["methodCreditEarnedDescriptor"] = TRANSFER_CREDIT
    document.pop("externalEducationOrganizationReference", None)
    return {
        **document,
        **kept,
        "externalEducationOrganizationNameOfInstitution": remapping.sender[:MAX_NAME_CHARACTERS],
    }


def _profile(_remapping: Remapping, document: Document) -> Document:
    """Keep the state's code of the child alone: the others are the sending district's."""
    stated = [one for one in document.get("studentIdentificationCodes") or () if is_state_code(one)]
    document.pop("studentIdentificationCodes", None)
    return {**document, "studentIdentificationCodes": stated} if stated else document


def is_state_code(code: Mapping[str, Any]) -> bool:
    """Tell whether a code of a child is the state's."""
    return str(code.get("studentIdentificationSystemDescriptor", "")).rpartition("#")[2].casefold() == STATE


def _same(_remapping: Remapping, document: Document) -> Document:
    return document


def _plain(value: Mapping[str, Any]) -> Document:
    return {name: one for name, one in value.items() if name != "link"}


COMPLETED: Final[Mapping[str, Callable[[Remapping, Document], Document]]] = {
    TRANSCRIPTS: _transcript,
    PROFILES: _profile,
}
