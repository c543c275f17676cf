"""The receiving district's own system, as filing sees it through the adapter: documents by key, codes, the child."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from adapters.edfi.records import lenses
from adapters.records import Hint
from gateway.receiving.errors import StudentNotFound, WrongStudent
from gateway.receiving.filing.remapping import PROFILES, STATE, is_state_code
from gateway.transfers.package.files import written
from standards.edfi.model.links import unlinked
from standards.edfi.model.model import resources
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adapters.contract import Adapter, Tagged

    Document = dict[str, Any]

SERVERS_OWN: Final = frozenset({"id", "_etag", "_lastModifiedDate"})
ROSTER: Final = "oneroster/users.csv"
NUMBERS: Final = ("identifier", "userMasterIdentifier")
MIN_NUMBER_CHARACTERS: Final = 6
USER_ID: Final = re.compile(r"\{([^:{}]*):([^{}]+)\}")
NEEDED: Final = ("edfi.courseTranscripts", "edfi.studentAcademicRecords", "course", "student")

NOT_WRITABLE = "the destination cannot be written into: say writable = true, or name a folder instead"
OTHER_CHILD = (
    "The child in the district's own system has another birth date than the one of the record, or another state id."
    " Nothing is written: look at both, and speak to the sending district."
)
NOBODY = (
    "The district's own system has no child with the state id and the birth date of the record. Enroll the child"
    " first, or say which one it is with --student."
)
SEVERAL = "Several children in the district's own system have the state id and the birth date of the record: say which."
NO_SUCH = "The district's own system has no child with this id."


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A document as the system has it: its *id*, and a *digest* of all that it says."""

    id: str
    document: Document = field(repr=False, hash=False)

    @property
    def digest(self) -> str:
        """A hash of the document without what only the system writes."""
        return hashlib.sha256(written(_settled(self.document))).hexdigest()


class OwnSystem:
    """The system behind an *adapter* that keeps Ed-Fi documents; *organization* is the district in it."""

    def __init__(self, adapter: Adapter, organization: int) -> None:
        self._adapter, self.organization = adapter, organization
        self._known: dict[str, dict[str, str]] = {}
        self._assessments: dict[tuple[str, str], bool] = {}
        if not adapter.manifest.writes.issuperset(NEEDED):
            raise SettingsError(NOT_WRITABLE)

    def find(self, resource: str, key: tuple[str, ...]) -> StoredRecord | None:
        """Find the document of a *resource* with a natural key."""
        lens = lenses()[resource]
        record = self._adapter.locate(lens.entity, key)
        return None if record is None else StoredRecord(str(record["id"]), _bare(lens.write(record, None)))

    def shows(self, resource: str) -> bool:
        """Tell whether the system shows documents of a *resource*: what it hides could be written over unseen."""
        return lenses()[resource].entity in self._adapter.manifest.entities

    def read(self, resource: str, identifier: str) -> tuple[StoredRecord, Tagged] | None:
        """Read the document with an id, with the state that a change of it must still find."""
        tagged = self._adapter.find_tagged(lenses()[resource].entity, identifier)
        if tagged is None or tagged.source is None:
            return None
        return StoredRecord(identifier, _bare(tagged.source[1])), tagged

    def create(self, resource: str, document: Document) -> str:
        """Create a document, which must not be there; return its id."""
        lens = lenses()[resource]
        return self._adapter.save(lens.entity, dict(lens.read(document)), new=True)

    def take(self, resource: str, identifier: str, members: Mapping[str, Any]) -> None:
        """Write some *members* into the document with an id, if nobody changes it meanwhile."""
        found = self.read(resource, identifier)
        if found is None:
            return
        lens = lenses()[resource]
        record = dict(lens.read({**found[0].document, **members})) | {"id": identifier}
        self._adapter.save(lens.entity, record, new=False, before=found[1])

    def delete(self, resource: str, identifier: str, before: Tagged) -> None:
        """Delete the document with an id, if it is still in the state *before*."""
        self._adapter.delete(lenses()[resource].entity, identifier, before=before)

    def descriptors(self, kind: str) -> Mapping[str, str]:
        """Return the descriptors of a kind, each by its spelling in small letters."""
        if kind not in self._known:
            known = resources().get(kind)
            found = self._records(lenses()[known.collection].entity) if known else iter(())
            spelt = (f"{one['namespace']}#{one['codeValue']}" for one in found)
            self._known[kind] = {one.casefold(): one for one in spelt}
        return self._known[kind]

    def has_course(self, code: str) -> bool:
        """Tell whether the district's catalogue has a course."""
        return self._adapter.locate("course", (code, str(self.organization))) is not None

    def has_assessment(self, reference: Mapping[str, Any]) -> bool:
        """Tell whether the district has the assessment that a *reference* names."""
        key = (str(reference.get("assessmentIdentifier")), str(reference.get("namespace")))
        if key not in self._assessments:
            self._assessments[key] = self._adapter.locate("assessment", key) is not None
        return self._assessments[key]

    def child(self, unique: str, born: str, state_ids: frozenset[str], numbers: frozenset[str] = frozenset()) -> str:
        """Return the child's own id in the system: the *unique* one that somebody gave, or the one that is found.

        Where the record calls none of the child's *numbers* the state's, one of them may be a state id of the system.

        Raises:
            WrongStudent: it is another child's, by the birth date or the state id.
            StudentNotFound: there is none such, or several.
        """
        if unique:
            self._check(unique, born, state_ids)
            return unique
        if state_ids:
            found = sorted({one for one in self._born(born) if state_ids & self._state_ids(one)})
        else:
            found = sorted({one for one in self._born(born) if numbers & (self._state_ids(one) - {one})})
        if len(found) == 1:
            return found[0]
        for one in sorted(state_ids):
            if self._adapter.locate("student", (one,)) is not None:
                self._check(one, born, state_ids)
                return one
        raise StudentNotFound(SEVERAL if found else NOBODY)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def _check(self, unique: str, born: str, state_ids: frozenset[str]) -> None:
        record = self._adapter.locate("student", (unique,))
        if record is None:
            raise StudentNotFound(NO_SUCH)
        here = self._state_ids(unique) - {unique}
        if _date(record.get("birthDate")) != born or (here and state_ids and not here & state_ids):
            raise WrongStudent(OTHER_CHILD)

    def _born(self, born: str) -> Iterator[str]:
        for record in self._records("student", Hint("birthDate", "=", born)):
            if _date(record.get("birthDate")) == born:
                yield record["key"][0]

    def _state_ids(self, unique: str) -> frozenset[str]:
        """Return the state's codes of a child, and the child's own id, which may be one."""
        key = (str(self.organization), unique)
        record = self._adapter.locate(lenses()[PROFILES].entity, key)
        document = lenses()[PROFILES].write(record, None) if record else {}
        return state_ids_of([document]) | {unique}

    def _records(self, entity: str, *hints: Hint) -> Iterator[Any]:
        asked = {entity: hints} if hints else {}
        yield from (record for _, record in self._adapter.read({entity: None}, asked))


def state_ids_of(profiles: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the state's codes of a child in its documents."""
    codes = (code for one in profiles for code in one.get("studentIdentificationCodes") or ())
    return frozenset(str(one["identificationCode"]) for one in codes if is_state_code(one))


def roster_state_ids(files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the state's codes of a child in the OneRoster files of a package, which may be the only ones with any."""
    rows = csv.DictReader(io.StringIO(files.get(ROSTER, b"").decode("utf-8"), newline=""))
    pairs = (pair for row in rows for pair in USER_ID.findall(row.get("userIds") or ""))
    return frozenset(value.strip() for kind, value in pairs if STATE in kind.casefold())


def roster_numbers(files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the numbers of a child that the OneRoster files of a package call nobody's; short ones name too many."""
    rows = list(csv.DictReader(io.StringIO(files.get(ROSTER, b"").decode("utf-8"), newline="")))
    found = {(row.get(name) or "").strip() for row in rows for name in NUMBERS}
    return frozenset(one for one in found if len(one) >= MIN_NUMBER_CHARACTERS)


def is_same(ours: Any, theirs: Any) -> bool:
    """Tell whether *theirs* says all that *ours* does, and maybe more, in whatever order and spelling of numbers."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(is_same(one, theirs.get(name)) for name, one in ours.items())
    if isinstance(ours, list):
        return isinstance(theirs, list) and all(any(is_same(one, other) for other in theirs) for one in ours)
    return bool(_settled(ours) == _settled(theirs))


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the members of *ours* that *theirs* does not say so."""
    return tuple(name for name, value in ours.items() if not is_same(value, theirs.get(name)))


def _settled(value: Any) -> Any:
    """Return a value in one spelling: numbers without trailing zeros, descriptors in small letters."""
    if isinstance(value, dict):
        return {name: _settled(one) for name, one in value.items() if one is not None and name not in SERVERS_OWN}
    if isinstance(value, list | tuple):
        return sorted((_settled(one) for one in value), key=repr)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        try:
            return format(Decimal(str(value)).normalize(), "f")
        except InvalidOperation:
            return str(value)
    text = str(value)
    return text.casefold() if "://" in text and "#" in text else text


def _bare(document: Mapping[str, Any]) -> Document:
    return {name: unlinked(value) for name, value in document.items() if name not in SERVERS_OWN}


def _date(value: Any) -> str:
    """Write a date as the documents have it."""
    return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value or "")[:10]
