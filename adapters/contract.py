"""What every way to reach a district's system can do, and how it says what it cannot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from marshmallow import Schema, ValidationError

from adapters.defaults import Defaults
from adapters.notes import Aside, Notes
from standards.errors import SettingsError, Unsupported, suggestion
from standards.view import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from standards.edfi.model.model import Resource

__all__ = [
    "NO_HINTS", "Adapter", "Aside", "Change", "Departure", "Hint", "Hints", "Manifest", "Notes", "Problem", "Record",
    "Wanted", "finisher", "load", "picker",
]  # fmt: skip

Wanted = Mapping[str, frozenset[str] | None]
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hint:
    """A comparison that every row asked for passes: a source that can apply it need not send the others.

    *field* is a vocabulary field, or ``id`` for the source's own id; of a reference, *value* is the id of the
    record it leads to. The gateway tests every row again, so that an adapter may ignore a hint, but for
    ``changeVersion``: it is the source's own, asked only of entities in `Manifest.delta`, and must be obeyed.
    """

    field: str
    operator: str
    value: str


Hints = Mapping[str, tuple[Hint, ...]]
NO_HINTS: Hints = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of a source: the record of *entity* as it is now, or None where *id* is gone."""

    entity: str
    id: str
    record: Record | None


@dataclass(frozen=True, slots=True)
class Tagged:
    """A *record* as the source has it now, and the *tag* that the source itself gives this very state of it.

    The tag is empty where the source cannot make a change depend on one. *source* is what the adapter wants back
    when the record is written.
    """

    record: Record
    tag: str = ""
    source: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Departure:
    """What a source says of a record that is gone or bears another key.

    Its own *id*, and the values of its *key* before (and after), by the document members of the standard.
    """

    id: str
    version: int
    key: Mapping[str, Any]
    new_key: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a source has and can do: its *entities*, and for each what may be asked of it.

    *operators* are the comparisons that the source itself can apply (none for files); *writes* the
    entities that it accepts changes of; *bulk* whether reading one record costs as much as reading all;
    *delta* the entities whose changes it can tell; *edfi* those whose records it keeps under Ed-Fi's natural keys.
    Of those that are *shared*, a system beside keeps more, under ids of its own in place of keys.
    *touched* are, by entity, the references to those records that a write may change beside the one that is written;
    of an entity that is not there nobody knows. The records of *ids_shown* have ids as Ed-Fi shows them, of 32
    digits, and are found by one question each.
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
    """Something an operator should mend before the source can serve; *place* says where it is."""

    message: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class Adapter(ABC):
    """One district's system, asked in the words of the vocabulary.

    *name* is what settings call this kind of adapter; *Settings* declares what it needs to know. *declares* tells
    whether its records lack what Ed-Fi requires, so that a district may declare it (`defaults`).
    """

    name: ClassVar[str]
    declares: ClassVar[bool] = False
    Settings: ClassVar[type[Schema]]

    def __init__(self, district: str, settings: Mapping[str, Any]) -> None:
        self.district = district
        self.settings = load(self.Settings, settings, f"districts.{district}")
        self.notes = Notes()
        self.defaults = Defaults()

    @property
    @abstractmethod
    def manifest(self) -> Manifest:
        """What this source has and can do."""

    @abstractmethod
    def check(self) -> list[Problem]:
        """Everything an operator must mend before this source can serve; empty when all is well."""

    @abstractmethod
    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """Every record of the *wanted* entities, in any order, with the wanted fields only (None: all).

        Of an entity in *hints* the rows that fail a hint may be left out, and no others. Yields the entity's
        name and a vocabulary record. A source that fails mid-way raises a `SourceError`: nobody may take what
        came before for the whole. A single row that cannot be understood is no record: `Notes.set_aside` tells of
        it, and the gateway refuses all of the source where there are too many. Whatever else is left out is a fault.
        """

    def find(self, entity: str, identifier: str) -> Record | None:
        """The whole record of *entity* whose own id is *identifier*, as the source has it now; None where none."""
        hints = {entity: (Hint("id", "=", identifier),)}
        found = (record for _, record in self.read({entity: None}, hints) if record.get("id") == identifier)
        return next(found, None)

    def find_tagged(self, entity: str, identifier: str) -> Tagged | None:
        """The record that `find` finds, and the tag of a state that is not newer than it."""
        found = self.find(entity, identifier)
        return None if found is None else Tagged(found)

    def locate(self, entity: str, key: tuple[str, ...]) -> Record | None:
        """The whole record of *entity* with the natural *key*, as the source has it now; None where none.

        The key of a descriptor is the same in any case.
        """
        found = (record for _, record in self.read({entity: None}))
        return next((record for record in found if same_key(entity, record.get("key"), key)), None)

    def reachable(self) -> None:
        """Let pass whoever is about to ask the source.

        Raises:
            SourceUnavailable: the source has failed several times and is left alone for a while.
        """
        return

    def beyond(self) -> Mapping[str, Resource]:
        """What the source's model has beyond the Ed-Fi standard: resources by name, asked once, before all else."""
        return {}

    def newest(self) -> int | None:
        """The source's own newest change version; None where it has none."""
        return None

    def changes(self, wanted: Wanted, since: int, until: int) -> Iterator[Change]:  # noqa: ARG002  what those that can tell take
        """Every difference of the *wanted* entities after version *since* and up to *until*, in any order.

        The records have the wanted fields only, as in `read`, and their own ids. One record at most once, as it is
        now or gone; what has not changed may come too. A source whose records are joined yields every record that
        its joins now tell differently.

        Raises:
            ChangesLost: the source no longer knows everything since then; all must be read again.
            Unsupported: the source tells no changes.
        """
        raise Unsupported("The district's system does not tell what has changed.")

    def departures(self, entity: str, since: int, until: int, *, rekeyed: bool) -> Iterator[Departure]:  # noqa: ARG002  likewise
        """The records of *entity* that went after version *since* and up to *until*, or (*rekeyed*) got another key.

        Raises:
            ChangesLost: the source no longer knows everything since then.
            Unsupported: the source tells no changes.
        """
        raise Unsupported("The district's system does not tell what has changed.")

    def save(self, entity: str, record: Record, *, new: bool, before: Tagged | None = None) -> str:  # noqa: ARG002  what those that can write take
        """Create (*new*) or replace the record of *entity* that bears the id in *record*; the id it now bears.

        A new record without an ``id`` is given one by the source. The whole record is given: what is not in it
        is to be empty. What it was *before* is given only where `find_tagged` gave a tag.

        Raises:
            Unsupported: the source takes no changes of *entity*.
            NotFound: it has no record with this id to replace.
            PreconditionFailed: the record is in another state than *before*.
            SourceRefused: it took the request and said no.
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
        """A text that changes whenever the source's data may have changed."""

    def close(self) -> None:
        """Give back what the adapter holds open."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def same_key(entity: str, one: tuple[str, ...] | None, other: tuple[str, ...]) -> bool:
    """Whether two natural keys of *entity* are one: exactly, but for descriptors, whose case says nothing."""
    if one is None or not entity.endswith("Descriptors"):
        return one == other
    return [part.casefold() for part in one] == [part.casefold() for part in other]


def load(schema: type[Schema], settings: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """The *settings* an operator wrote, checked; a `SettingsError` names the first that is wrong."""
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
    """The first sentence in marshmallow's nest of messages."""
    while isinstance(messages, (list, dict)):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return str(messages)


def finisher(
    adapter: Adapter, wanted: Wanted, *, whole: frozenset[str] = frozenset()
) -> Callable[[str, Record], Record]:
    """What cuts a record down to the wanted fields and puts in what the district declares; *whole* ones stay whole."""
    pick = {entity: picker(entity, fields) for entity, fields in wanted.items() if entity not in whole}
    put = {entity: adapter.defaults.completing(entity, fields, adapter.notes) for entity, fields in wanted.items()}

    def finish(entity: str, record: Record) -> Record:
        complete = put[entity]
        if complete:
            complete(record)
        return pick[entity](record) if entity in pick else record

    return finish


def picker(entity: str, fields: frozenset[str] | None) -> Callable[[Record], Record]:
    """A function that leaves of a record of *entity* the wanted *fields* only.

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
