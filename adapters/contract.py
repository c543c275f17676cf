"""The contract of adapters: what every way to reach a district's system can do, and how it refuses the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from marshmallow import Schema, ValidationError

from adapters.defaults import Defaults
from adapters.notes import Aside, Notes
from adapters.records import NO_HINTS, Change, Departure, Hint, Hints, Record, Tagged, Wanted
from adapters.uploads import nothing_uploaded
from standards.errors import SettingsError, Unsupported, suggestion
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from adapters.uploads import DeliveredFile, UploadedFile
    from standards.edfi.model.model import Resource

__all__ = [
    "NO_HINTS", "Adapter", "Aside", "Change", "Departure", "Hint", "Hints", "Manifest", "Notes", "Problem", "Record",
    "Tagged", "Wanted", "finisher", "load", "picker",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manifest:
    """The entities of a source, and for each what the gateway may ask of it.

    *operators* are the comparisons that the source itself can apply (none for files); *writes* the entities that it
    accepts changes of; *bulk* whether reading one record costs as much as reading all; *delta* the entities whose
    changes it can report; *edfi* those whose records it keeps under Ed-Fi's natural keys. Of those that are *shared*, a
    companion system keeps more, under ids of its own in place of keys. *touched* are, by entity, the references to
    those records that a write may change beside the one that is written; for an entity without an entry they are
    unknown. The records of *ids_shown* have ids as Ed-Fi shows them, of 32 digits, and are found by one request each.
    """

    entities: frozenset[str]
    operators: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    bulk: bool = True
    delta: frozenset[str] = frozenset()
    edfi: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    touched: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ids_shown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something an operator should mend before the source can serve; *place* is where it is."""

    message: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class Adapter(ABC):
    """One district's system, asked in the words of the vocabulary.

    *name* is what settings call this kind of adapter; *Settings* declares what it needs to know. *declares* is true
    where its records may lack what Ed-Fi requires, so that a district may declare it (`defaults`). *uploaded* returns
    the archive that people uploaded last, for a setting that says so (`adapters.uploads`).
    """

    name: ClassVar[str]
    declares: ClassVar[bool] = False
    Settings: ClassVar[type[Schema]]

    def __init__(self, district: str, settings: Mapping[str, Any]) -> None:
        self.district = district
        self.settings = load(self.Settings, settings, f"districts.{district}")
        self.notes = Notes()
        self.defaults = Defaults()
        self.uploaded: Callable[[], UploadedFile] = nothing_uploaded

    @property
    @abstractmethod
    def manifest(self) -> Manifest:
        """The entities of this source and what may be asked of each."""

    @abstractmethod
    def check(self) -> list[Problem]:
        """List everything an operator must mend before this source can serve; empty when all is well."""

    @abstractmethod
    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """Yield every record of the *wanted* entities, in any order, with the wanted fields only (None: all).

        Of an entity in *hints* the rows that fail a hint may be left out, and no others. Yields the entity's name and a
        vocabulary record. A source that fails mid-way raises a `SourceError`, so that a part is never taken for the
        whole. A single row that cannot be understood is no record: `Notes.set_aside` counts it, and the gateway refuses
        all of the source where there are too many. Leaving out anything else is a fault.
        """

    def find(self, entity: str, identifier: str) -> Record | None:
        """Find the whole record of *entity* whose own id is *identifier*, as the source has it now; None if missing."""
        hints = {entity: (Hint("id", "=", identifier),)}
        found = (record for _, record in self.read({entity: None}, hints) if record.get("id") == identifier)
        return next(found, None)

    def find_tagged(self, entity: str, identifier: str) -> Tagged | None:
        """Find the record as `find` does, with the tag of a state that is not newer than it."""
        found = self.find(entity, identifier)
        return None if found is None else Tagged(found)

    def locate(self, entity: str, key: tuple[str, ...]) -> Record | None:
        """Find the whole record of *entity* with the natural *key*, as the source has it now; None where there is none.

        The key of a descriptor is the same in any case.
        """
        found = (record for _, record in self.read({entity: None}))
        return next((record for record in found if same_key(entity, record.get("key"), key)), None)

    def delivered(self) -> DeliveredFile | None:
        """Describe the files that the source consists of now; None where it is a server."""
        return None

    def reachable(self) -> None:
        """Refuse at once, before a request is made, where the source is being left alone.

        Raises:
            SourceUnavailable: the source has failed several times and is left alone for a while.
        """
        return

    def beyond(self) -> Mapping[str, Resource]:
        """Return the source's model beyond the Ed-Fi standard: resources by name, asked once, before all else."""
        return {}

    def newest(self) -> int | None:
        """Return the source's own newest change version; None where it has none."""
        return None

    def changes(self, wanted: Wanted, since: int, until: int) -> Iterator[Change]:  # noqa: ARG002  taken by adapters with change versions
        """Yield every difference of the *wanted* entities after version *since* and up to *until*, in any order.

        The records have the wanted fields only, as in `read`, and their own ids. Each record comes at most once, as it
        is now or as deleted; unchanged ones may come too. A source whose records are joined yields every record that
        its joins now show differently.

        Raises:
            ChangesLost: the source no longer knows everything since then; all must be read again.
            Unsupported: the source reports no changes.
        """
        raise Unsupported("The district's system does not tell what has changed.")

    def departures(self, entity: str, since: int, until: int, *, rekeyed: bool) -> Iterator[Departure]:  # noqa: ARG002  likewise
        """Yield the records of *entity* deleted after version *since* up to *until*, or (*rekeyed*) given another key.

        Raises:
            ChangesLost: the source no longer knows everything since then.
            Unsupported: the source reports no changes.
        """
        raise Unsupported("The district's system does not tell what has changed.")

    def save(self, entity: str, record: Record, *, new: bool, before: Tagged | None = None) -> str:  # noqa: ARG002  taken by adapters that write
        """Create (*new*) or replace the record of *entity* that bears the id in *record*; return the id it now bears.

        A new record without an ``id`` is given one by the source. The whole record is given: what is not in it is to be
        empty. *before*, its earlier state, is given only where `find_tagged` gave a tag.

        Raises:
            Unsupported: the source takes no changes of *entity*.
            NotFound: it has no record with this id to replace.
            PreconditionFailed: the record is in another state than *before*.
            SourceRefused: it received the request and refused it.
        """
        raise Unsupported(f"The district's system takes no changes of {entity}.")

    def delete(self, entity: str, identifier: str, *, before: Tagged | None = None) -> None:  # noqa: ARG002  likewise
        """Delete the record of *entity* whose own id is *identifier*.

        Raises:
            Unsupported: the source takes no changes of *entity*.
            NotFound: it has no such record.
            PreconditionFailed: the record is in another state than *before*.
        """
        raise Unsupported(f"The district's system takes no changes of {entity}.")

    @abstractmethod
    def stamp(self) -> str:
        """Return a text that changes whenever the source's data may have changed."""

    def close(self) -> None:
        """Release the connections and files that the adapter holds open."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def same_key(entity: str, one: tuple[str, ...] | None, other: tuple[str, ...]) -> bool:
    """Tell whether two natural keys of *entity* are equal; those of descriptors are compared without case."""
    if one is None or not entity.endswith("Descriptors"):
        return one == other
    return [part.casefold() for part in one] == [part.casefold() for part in other]


def load(schema: type[Schema], settings: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """Check the *settings* an operator wrote; a `SettingsError` names the first that is wrong."""
    known = schema().fields
    for name in settings:
        if name not in known:
            raise SettingsError(f"{name!r} is not a setting here{suggestion(name, known)}", place)
    try:
        loaded: dict[str, Any] = schema().load(settings)
    except ValidationError as error:
        messages = error.messages_dict
        name = next(iter(messages))
        raise SettingsError(f"{name}: {_first(messages[name])}", place) from None
    return loaded


def _first(messages: Any) -> str:
    """Return the first sentence in marshmallow's nested messages."""
    while isinstance(messages, (list, dict)):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return str(messages)


def finisher(
    adapter: Adapter, wanted: Wanted, *, whole: frozenset[str] = frozenset()
) -> Callable[[str, Record], Record]:
    """Make the function that cuts a record to the wanted fields and adds declared defaults; *whole* ones stay whole."""
    pick = {entity: picker(entity, fields) for entity, fields in wanted.items() if entity not in whole}
    put = {entity: adapter.defaults.completing(entity, fields, adapter.notes) for entity, fields in wanted.items()}

    def finish(entity: str, record: Record) -> Record:
        complete = put[entity]
        if complete:
            complete(record)
        return pick[entity](record) if entity in pick else record

    return finish


def picker(entity: str, fields: frozenset[str] | None) -> Callable[[Record], Record]:
    """Make the function that keeps only the wanted *fields* of a record of *entity*.

    Its key, its own id, and the source's exact tokens of wanted fields stay with them.
    """
    if fields is None:
        return lambda record: record
    groups = frozenset(name for name, known in fields_of(entity).items() if known.type == "group")

    def wanted(name: str) -> bool:
        return name in fields or name.partition("@")[0] in fields

    def inside(group: str, item: Record) -> Record:
        kept = {name: value for name, value in item.items() if wanted(f"{group}.{name}")}
        for name, value in kept.items():
            if f"{group}.{name}" in groups:
                kept[name] = [inside(f"{group}.{name}", inner) for inner in value]
        return kept

    def pick(record: Record) -> Record:
        kept = {name: value for name, value in record.items() if name in {"key", "id"} or wanted(name)}
        for name in groups & kept.keys():
            if items := [found for item in kept[name] if (found := inside(name, item))]:
                kept[name] = items
            else:
                del kept[name]
        return kept

    return pick
