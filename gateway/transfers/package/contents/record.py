"""The contents of a package before any cut: what one grant shows of one student, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from standards.errors import NotFound, SourceBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

    Document = dict[str, Any]
    Documents = Mapping[str, tuple[Document, ...]]


class StudentNotCovered(NotFound):
    """The district has no such student, or the agreement does not cover the student; nothing is packed."""

    code = "student-not-covered"

    def __init__(self) -> None:
        super().__init__("The agreement covers no such student of the district.")


class OtherStudentFound(SourceBroken):
    """A document of the student names another student; nothing is packed."""

    code = "other-student-found"

    def __init__(self, resource: str) -> None:
        super().__init__("a document about the student names another one", resource)


@dataclass(frozen=True, slots=True)
class WantedContents:
    """What is asked for: resources that are the student's *own*, and those that these documents have *referred* to.

    The latter come in the order in which they may refer to each other. What tells where the student lives, the
    *places*, is left out unless asked for. *roster* names the OneRoster files that are asked for. Of the resources in
    *present* it is asked whether the source has any such records at all.
    """

    own: tuple[str, ...]
    referred: tuple[str, ...] = ()
    places: bool = False
    roster: frozenset[str] = frozenset()
    present: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordContents:
    """The released documents of one student by resource, each in an order of its own content.

    The student's *unique* id is the one that the documents have. The source has no record of the resources that are
    *lacking*. *roster* has the OneRoster files, each with the number of its rows. For the record of disclosures,
    *subject* is the student's keyed tag, and *facts* are the fields of every view that shows anything.
    """

    unique: str
    documents: Documents = field(hash=False)
    lacking: frozenset[str] = frozenset()
    roster: Mapping[str, tuple[bytes, int]] = field(default_factory=dict, hash=False)
    subject: bytes = b""
    facts: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        """Write nothing of the record."""
        return f"RecordContents({sum(map(len, self.documents.values()))} documents)"


class ReleasedRecord(Protocol):
    """The record of one student of one district as one grant releases it."""

    def read(self, wanted: WantedContents) -> RecordContents:
        """Read all that is *wanted* of one state of the district's data, or fail.

        Raises:
            StudentNotCovered: the grant shows no such student.
            SourceError: the source cannot be read whole.
        """
        ...
