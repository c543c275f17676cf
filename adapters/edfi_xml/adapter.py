"""The adapter for Ed-Fi bulk interchange files: a folder or a zip of XML, as districts exchange them."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema, fields, validate

from adapters.contract import NO_HINTS, Adapter, Manifest, Problem, picker
from adapters.edfi import categories
from adapters.edfi.joins import Joins, tellers
from adapters.edfi.records import collections, key_of, lenses, tree
from adapters.edfi_xml.reader import CAPS, Catalogue, ReadingFindings, catalogue, documents
from adapters.files.archives import open_source
from adapters.notes import UNREADABLE, Aside
from adapters.uploads import UPLOADED
from standards.edfi.model import links
from standards.edfi.model.model import resources
from standards.errors import MappingError, SourceBroken, SourceError
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.contract import Hints, Record, Wanted
    from adapters.files.archives import Source
    from adapters.uploads import DeliveredFile


class EdFiXmlSettings(Schema):
    """The settings of the files; relative paths begin beside the settings file."""

    source = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={
            "path": True,
            "upload": True,
            "description": "Folder or zip with the district's Ed-Fi interchange files (Data Standard 5.2).",
        },
    )
    descriptors = fields.String(
        validate=validate.Length(min=1),
        metadata={"path": True, "description": "Folder or zip with descriptor files, where they are kept apart."},
    )


class EdFiXml(Adapter):
    """A district that hands over Ed-Fi bulk interchange files."""

    name: ClassVar[str] = "edfi_xml"
    Settings: ClassVar[type[Schema]] = EdFiXmlSettings

    def __init__(self, district: str, settings: Mapping[str, Any]) -> None:
        super().__init__(district, settings)
        self._known: dict[str, Catalogue] = {}
        self._manifest: Manifest | None = None

    @property
    def manifest(self) -> Manifest:
        """Every entity that an interchange file can hold; descriptors only where some file held any when last read.

        Files that cannot be read are taken to hold some: reading reports what is wrong with them.
        """
        if self._manifest is None:
            self._manifest = _manifest(describing=True)
            with suppress(SourceError):
                self.stamp()
        return self._manifest

    def _describing(self, sources: list[Source]) -> bool:
        try:
            held = [name for source in sources for name in self._catalogue(source).collections()]
        except SourceError:
            return True
        return any(name.endswith("Descriptors") for name in held)

    def check(self) -> list[Problem]:
        """Read everything once, and report the first fault for which nothing can be read."""
        try:
            for _ in self.read(dict.fromkeys(collections())):
                pass
        except SourceBroken as error:
            return [Problem(str(error).removeprefix(f"{error.place}: "), error.place)]
        except SourceError as error:
            return [Problem(str(error))]
        return []

    def stamp(self) -> str:
        """Return a text that changes with the name, size and time of any file."""
        with ExitStack() as opened:
            sources = self._sources(opened)
            self._manifest = _manifest(describing=self._describing(sources))
            return "/".join(source.stamp() for source in sources)

    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """Yield every record of the *wanted* entities; the sessions come last, in their tree.

        Of all conditions the files know one: that records are about the one student with a natural key.
        """
        self.notes.clear()
        about = _about(hints)
        pick = {entity: picker(entity, names) for entity, names in wanted.items()}
        sessions: list[Record] = []
        descriptors: set[tuple[str, tuple[str, ...]]] = set()
        with ExitStack() as opened:
            sources = self._sources(opened)
            joins = self._joins(sources, tellers(wanted))
            targets = self._targets(sources, wanted)
            for source in sources:
                for entity, record in self._records(source, wanted, targets, about):
                    if entity == "session":
                        sessions.append(record)
                    elif not entity.endswith("Descriptors") or _first(descriptors, entity, record["key"]):
                        yield entity, pick[entity](joins.complete(entity, record))
            for record in self._categories(sources) if categories.ENTITY in wanted else ():
                yield categories.ENTITY, pick[categories.ENTITY](record)
        for record in tree(sessions):
            yield "session", pick["session"](record)

    def _joins(self, sources: list[Source], names: frozenset[str]) -> Joins:
        joins = Joins()
        for source in sources if names else ():
            joins.look(documents(source, names, known=self._catalogue(source), findings=ReadingFindings()))
        return joins

    def _categories(self, sources: list[Source]) -> Iterator[Record]:
        told = categories.TOLD_BY
        return categories.categories(
            one
            for source in sources
            for one in documents(source, told, known=self._catalogue(source), findings=ReadingFindings())
        )

    def _sources(self, opened: ExitStack) -> list[Source]:
        paths = [self.settings[name] for name in ("source", "descriptors") if name in self.settings]
        found = [self.uploaded() if path == UPLOADED else Path(path) for path in paths]
        return [opened.enter_context(open_source(one, caps=CAPS)) for one in found]

    def delivered(self) -> DeliveredFile:
        """Describe the files, but for descriptors kept apart."""
        with ExitStack() as opened:
            return self._sources(opened)[0].delivered()

    def _targets(self, sources: list[Source], wanted: Wanted) -> frozenset[tuple[str, tuple[str, ...]]]:
        """Collect the keys of records that only links refer to, where those are wanted."""
        telling = [entity for entity, names in wanted.items() if names is None or links.FIELD in names]
        names = frozenset(
            resources()[site.target].collection
            for entity in telling
            for name in collections().get(entity, ())
            for site in links.sites(name)
            if links.key_members(site)
        )
        found = set()
        for source in sources if names else ():
            there = names & self._catalogue(source).collections()
            for name, document in documents(source, there, known=self._catalogue(source), findings=ReadingFindings()):
                with suppress(MappingError):  # a row that is no record is reported where it is read itself
                    found.add((name, lenses()[name].read(document)["key"]))
        return frozenset(found)

    def _records(
        self,
        source: Source,
        wanted: Wanted,
        targets: frozenset[tuple[str, tuple[str, ...]]],
        about: Mapping[str, str],
    ) -> Iterator[tuple[str, Record]]:
        names = frozenset(name for entity in wanted for name in collections().get(entity, ()))
        found, findings = {name: lenses()[name] for name in names}, ReadingFindings()
        for name, document in documents(source, names, known=self._catalogue(source), findings=findings, about=about):
            try:
                record = found[name].read(document)
            except MappingError:
                self.notes.set_aside(Aside(found[name].entity, name, UNREADABLE, key_of(found[name], document)))
                continue
            if told := links.derived(name, document, lambda *target: target in targets):
                record[links.FIELD] = told
            yield found[name].entity, record
        for one in findings.rejected:
            lens, path = found[one.collection], one.path.replace("/", ".")
            self.notes.set_aside(Aside(lens.entity, one.place, one.reason, key_of(lens, one.identity), path))
        for name, times in findings.unknown.items():
            self.notes.note(name, times)
        for name, times in findings.duplicates.items():
            self.notes.note(f"{name} given twice", times)
        for name, times in findings.replaced.items():
            self.notes.note(f"{name} given twice with different content: the last one holds", times)

    def _catalogue(self, source: Source) -> Catalogue:
        """Scan the files for what they may hold, once per state of the source."""
        stamp = source.stamp()
        known = self._known.get(stamp)
        if known is None:
            known = catalogue(source)
            self._known = {stamp: known, **dict(list(self._known.items())[-1:])}
        return known


def _about(hints: Hints) -> dict[str, str]:
    """Return the collections of which records of one student are asked for, with the unique id of that student."""
    return {
        name: hint.value
        for entity, asked in hints.items()
        for hint in asked
        if hint.operator == "=" and hint.field in _of_students(entity)
        for name in collections().get(entity, ())
    }


@cache
def _of_students(entity: str) -> frozenset[str]:
    """Return what conditions call the references of an entity to students, by the natural key."""
    return frozenset(f"{name}.key" for name, field in fields_of(entity).items() if field.to == "student")


@cache
def _manifest(*, describing: bool) -> Manifest:
    known = frozenset(one for one in collections() if describing or not one.endswith("Descriptors"))
    return Manifest(known | {categories.ENTITY}, edfi=known)


def _first(seen: set[tuple[str, tuple[str, ...]]], entity: str, key: tuple[str, ...]) -> bool:
    """Tell whether a descriptor comes for the first time: two folders may hold the same one."""
    count = len(seen)
    seen.add((entity, key))
    return len(seen) > count
