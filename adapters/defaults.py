"""Declared defaults: facts that Ed-Fi requires, that a district's system lacks, and that its operator may declare.

Nothing else can be declared: what is not in the table here is stated by the source, derived from what it states, or
absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from standards.codes import inward, table
from standards.errors import SettingsError, suggestion
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.notes import Notes
    from adapters.records import Record
    from standards.vocabulary import Field

    Complete = Callable[[Record], None]

OTHER_AGENCY: Final = "uri://ed-fi.org/LocalEducationAgencyCategoryDescriptor#Other local education agency"
MAX_TEXT_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Declarable:
    """A fact that may be declared: the *field* of an *entity*, of records of one *kind* where there is one.

    *shipped* is the value where the district declares nothing; None means that the fact is then absent. *by_kind*
    allows a value for each kind of record; *unsaid* marks what no such system ever states. *about* explains it to
    operators.
    """

    entity: str
    field: str
    about: str
    shipped: Any = None
    kind: str = ""
    by_kind: bool = False
    unsaid: bool = False

    @property
    def name(self) -> str:
        """The name of the fact, as agreements know it."""
        return self.spec.release

    @property
    def spec(self) -> Field:
        """The field itself."""
        return fields_of(self.entity)[self.field]


TABLE: Final = (
    Declarable(
        "organization", "edfi.localEducationAgencies.localEducationAgencyCategoryDescriptor",
        "What kind of agency the district is: a descriptor.", OTHER_AGENCY, "district",
    ),
    Declarable(
        "organization", "gradesOffered",
        "The grades of a school in which no student that the consumer may see is enrolled: a list.", None, "school",
    ),
    Declarable(
        "session", "instructionalDays",
        "How many days are taught in a session: a number, or one for each kind"
        " (`semester`, `term`, `gradingPeriod`, `schoolYear`).", None, "", by_kind=True, unsaid=True,
    ),
    Declarable("course", "edfi.courses.numberOfParts", "How many parts a course has.", 1),
    Declarable("enrollment", "grade", "The grade of a student of whom none is stated."),
    Declarable(
        "teaching", "position",
        "The position of a teacher who is not the one in charge; without it, the source's own word in the namespace"
        " `uri://local`.",
    ),
    Declarable("assessment", "subjects", "The subjects of a test: a list.", ("Other",)),
)  # fmt: skip


def load(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a district *declared*, by the name of the fact; a dotted name may be written as nested tables.

    Raises:
        SettingsError: a name cannot be declared, or its value is not of its kind; the place is the name.
    """
    known = {one.name: one for one in TABLE}
    found: dict[str, Any] = {}
    for name, value in _flat(declared, known):
        if name not in known:
            raise _wrong(f"{name!r} cannot be declared{suggestion(name, known)}", name)
        found[name] = _by_kind(known[name], value) if isinstance(value, Mapping) else _checked(known[name], value)
    return found


def unsaid(declared: Mapping[str, Any]) -> list[str]:
    """List the facts that no such system ever states and the district has not *declared*."""
    return [one.name for one in TABLE if one.unsaid and one.name not in declared]


class Defaults:
    """The declared facts of one district; the table's own where it *declared* nothing."""

    def __init__(self, declared: Mapping[str, Any] = MappingProxyType({})) -> None:
        self._values = {one: declared.get(one.name, one.shipped) for one in TABLE}

    @property
    def texts(self) -> tuple[str, ...]:
        """The single texts among what is declared, descriptors among them."""
        return tuple(value for value in self._values.values() if isinstance(value, str))

    def completing(self, entity: str, fields: frozenset[str] | None, notes: Notes) -> Complete | None:
        """Make the function that adds the declared facts a record of *entity* does not state; None if there are none.

        Only the wanted *fields* are put in, and each is counted in *notes*.
        """
        chosen = [
            (one, value)
            for one, value in self._values.items()
            if one.entity == entity and value is not None and (fields is None or one.field in fields)
        ]

        def complete(record: Record) -> None:
            for one, value in chosen:
                if one.field in record or (one.kind and record.get("kind") != one.kind):
                    continue
                said = value.get(record.get("kind")) if isinstance(value, Mapping) else value
                if said is not None:
                    record[one.field] = list(said) if isinstance(said, (list, tuple)) else said
                    notes.note(f"default: {one.name}")

        return complete if chosen else None


def _wrong(message: str, name: str) -> SettingsError:
    error = SettingsError(message)
    error.file = name
    return error


def _flat(declared: Mapping[str, Any], known: Mapping[str, Declarable], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in declared.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and name not in known:
            yield from _flat(value, known, f"{name}.")
        else:
            yield name, value


def _by_kind(one: Declarable, values: Mapping[str, Any]) -> dict[str, Any]:
    if not one.by_kind:
        raise _wrong("one value is wanted here, not a table", one.name)
    kinds = table(fields_of(one.entity)["kind"].codes).values
    for kind in values:
        if kind not in kinds:
            raise _wrong(f"{kind!r} is none of {', '.join(kinds)}", one.name)
    return {kind: _checked(one, value) for kind, value in values.items()}


def _checked(one: Declarable, value: Any) -> Any:
    spec = one.spec
    if spec.many:
        if not isinstance(value, list) or not value:
            raise _wrong("a list is wanted here", one.name)
        return [_single(one, item) for item in value]
    return _single(one, value)


def _single(one: Declarable, value: Any) -> Any:
    if one.spec.type == "integer":
        if type(value) is not int or not 0 < value < MAX_TEXT_CHARACTERS:
            raise _wrong(f"a whole number from 1 to {MAX_TEXT_CHARACTERS - 1} is wanted here", one.name)
        return value
    if not isinstance(value, str) or not value:
        raise _wrong("a text is wanted here", one.name)
    if one.spec.type != "code":
        if not value.startswith("uri://") or "#" not in value:
            raise _wrong("a descriptor is wanted here, such as uri://ed-fi.org/…Descriptor#…", one.name)
        return value
    said = inward(one.spec.codes, "edfi")(value)
    known = table(one.spec.codes).values
    if said not in known and "://" not in said:
        raise _wrong(f"{value!r} is no descriptor and none of the codes{suggestion(value, known)}", one.name)
    return said
