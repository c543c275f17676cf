"""Interchange files of a folder or a zip, read as the documents that the Ed-Fi API would show.

Everything streams: of a file only the element being read is in memory. References by XML id are resolved across files
by a first pass over the files that have such ids, which keeps only natural keys.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from adapters.edfi_xml.documents import Document, ElementShape, InterchangeReading, Unplaced
from adapters.edfi_xml.repeated_records import Repeats
from adapters.files.archives import Caps
from standards.edfi.model.model import Resource, natural_key, resources
from standards.errors import SourceBroken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from lxml.etree import _Element as Element

    from adapters.files.archives import Source

CAPS = Caps(members=400)  # 24 interchanges, often split, and one file for each of about 210 descriptors
CHUNK_BYTES = 1 << 17
MAX_PROLOG_BYTES = 1 << 16
MAX_RECORD_BYTES = 8 << 20
ABOUT_ANYBODY: Mapping[str, str] = MappingProxyType({})
STUDENT_ID = "StudentUniqueId"
LACKS_KEY = "is a part of the key, and missing"
OVERLAP_BYTES = 200  # longer than any element name, so that none is missed between two chunks
NAMESPACE = re.compile(r"http://ed-fi\.org/5\.2\.[0-9]+")
ELEMENT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
ID = re.compile(rb"id\s*=")
REF = re.compile(rb"ref\s*=")
ASCII_LIKE = re.compile(r"utf-?8|us-ascii|ascii|iso-8859-\d+|windows-125\d", re.IGNORECASE)
OPTIONS: Mapping[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


@dataclass(slots=True)
class ReadingFindings:
    """The findings of a reading: elements the API has no member for, by path, and repeated records, by collection.

    Those that were *replaced* had other content than the last one with their key; *rejected* are the records that
    cannot be understood.
    """

    unknown: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record of a *collection* that cannot be understood: the place, the *path* in it, the reason, its *identity*."""

    collection: str
    place: str
    path: str
    reason: str
    identity: Document


@dataclass(frozen=True, slots=True)
class Content:
    """The possible content of a file: the *names* of its elements (a superset), and whether it has or uses XML ids."""

    root: str
    names: frozenset[str]
    ids: bool
    refs: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The possible content of a source's files, valid while its *stamp* is the same; *sound* files were read whole."""

    stamp: str
    files: Mapping[str, Content]
    sound: set[str] = field(default_factory=set)

    def collections(self) -> frozenset[str]:
        """Return the collections that the source may have documents of."""
        names = {name for content in self.files.values() for name in content.names}
        return frozenset(found.collection for name in names if (found := resources().get(name)))


def catalogue(source: Source) -> Catalogue:
    """Scan the files of *source*, refusing those that are no Ed-Fi interchanges of this Data Standard."""
    files = {name: _content(source, name) for name in source.names() if name.lower().endswith(".xml")}
    return Catalogue(source.stamp(), files)


def documents(
    source: Source,
    wanted: Collection[str] | None = None,
    *,
    known: Catalogue | None = None,
    findings: ReadingFindings | None = None,
    about: Mapping[str, str] = ABOUT_ANYBODY,
) -> Iterator[tuple[str, Document]]:
    """Yield every document of the *wanted* collections (None: all) with its collection's name, each key once.

    A record that is repeated is yielded once, as it stands last, as in an ODS that takes one after the other; it is
    refused where the first one has been yielded already. One that cannot be understood is one of the *findings*, and
    refused where nobody takes them. A file that holds nothing of what is wanted must be well-formed all the same: what
    comes after a fault would be missing. *known* saves scanning the files again. Of the collections in *about* records
    that name other students alone are passed over: the value is a student's unique id.
    """
    strict, findings = findings is None, findings or ReadingFindings()
    if known is None or known.stamp != source.stamp():
        known = catalogue(source)
    findings.unknown.update(name for name in source.names() if name not in known.files)
    kinds = {name: found for name, found in resources().items() if wanted is None or found.collection in wanted}
    chosen = [name for name, content in known.files.items() if wanted is None or content.names & kinds.keys()]
    for name in known.files.keys() - set(chosen) - known.sound:
        _refuse_unsound(source, name)
        known.sound.add(name)
    reading = InterchangeReading(findings.unknown)
    if any(known.files[name].refs for name in chosen):
        _collect_ids(source, known, reading)
    rejecting = _Rejecting(source, reading, None if strict else findings.rejected)
    repeats = Repeats(findings.duplicates, findings.replaced)
    shapes: dict[str, ElementShape] = {}
    for name in chosen:
        for element in _records(source, name, known.files[name].root):
            kind = kinds.get(etree.QName(element).localname)
            if kind is None:
                _pass_over(source, name, element, kinds, findings)
                continue
            if (
                kind.collection in about
                and not known.files[name].refs
                and _is_of_others(element, about[kind.collection])
            ):
                continue
            shape = shapes.get(kind.name) or shapes.setdefault(
                kind.name, ElementShape(kind.properties, reading, kind.name)
            )
            document = _document(source, name, element, shape, rejecting)
            if document is None:
                continue
            for one in repeats.take(document, kind, f"{name}:{element.sourceline}"):
                yield kind.collection, one
        known.sound.add(name)
    yield from repeats.rest()


@dataclass(frozen=True, slots=True)
class _Rejecting:
    """The treatment of records that cannot be understood: they are *rejected*, or refused where that is None."""

    source: Source
    reading: InterchangeReading
    rejected: list[Rejected] | None

    def reject(self, kind: Resource, place: str, path: str, reason: str, identity: Document) -> None:
        """Note one record that cannot be understood."""
        if self.rejected is None:
            raise SourceBroken(f"{path} {reason}.", place)
        self.rejected.append(Rejected(kind.collection, place, path, reason, identity))

    def identity(self, element: Element, kind: Resource) -> Document:
        """Return as much of the identity of a record as can be read."""
        scratch, identity = InterchangeReading(), Document()
        scratch.ids = self.reading.ids
        heads = frozenset(path.partition(".")[0] for path in kind.identity)
        try:
            ElementShape(kind.properties, scratch, kind.name, only=heads).fill(element, identity)
        except Unplaced:
            return {}
        return identity


def _document(
    source: Source, name: str, element: Element, shape: ElementShape, rejecting: _Rejecting
) -> Document | None:
    """Make the document of a record; None where it makes none."""
    document: Document = {}
    kind = resources()[etree.QName(element).localname]
    try:
        shape.fill(element, document)
    except Unplaced as error:
        place, identity = _place(source, name, error.element), rejecting.identity(element, kind)
        rejecting.reject(kind, place, _path(error.element), str(error), identity)
        return None
    if None in (key := natural_key(kind, document)):
        missing = ", ".join(path for path, value in zip(kind.identity, key, strict=True) if value is None)
        rejecting.reject(kind, f"{name}:{element.sourceline}", f"{kind.name}/{missing}", LACKS_KEY, {})
        return None
    return document


def _is_of_others(element: Element, student: str) -> bool:
    """Tell whether a record without references by XML id names students, and none of them by this unique id."""
    named = [one.text for one in element.iter(f"{{{etree.QName(element).namespace}}}{STUDENT_ID}")]
    return bool(named) and all((text or "").strip() != student for text in named)


def _pass_over(
    source: Source, name: str, element: Element, kinds: Mapping[str, Resource], findings: ReadingFindings
) -> None:
    """Count an element that no interchange has; refuse it with records in it, which would be missing silently."""
    if etree.QName(element).localname in resources():
        return
    findings.unknown[etree.QName(element).localname] += 1
    for inner in element.iterdescendants():
        if etree.QName(inner).localname in kinds:
            what = etree.QName(inner).localname
            raise SourceBroken(f"{what} stands outside its place, below the root.", _place(source, name, inner))


def _refuse_unsound(source: Source, name: str) -> None:
    """Refuse a file that is not well-formed, whatever it holds."""
    parser = etree.XMLParser(target=cast("Any", _Nothing()), **OPTIONS)
    try:
        with source.open(name) as file:
            while chunk := file.read(CHUNK_BYTES):
                parser.feed(chunk)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise _malformed(name, error) from None


class _Nothing:
    """A parser target that keeps nothing of the file."""

    def close(self) -> None:
        """End the parsing."""


def _collect_ids(source: Source, known: Catalogue, reading: InterchangeReading) -> None:
    """Collect the natural key of every record with an XML id, also where the key itself refers by XML id."""
    scratch = InterchangeReading()
    scratch.ids = reading.ids
    shapes: dict[str, ElementShape] = {}
    files = [name for name, content in known.files.items() if content.ids]
    news, scratch.pending = True, 1
    while news and scratch.pending:
        news, scratch.pending = False, 0
        for name in files:
            for element in _records(source, name, known.files[name].root):
                if (identifier := element.get("id")) and (key := _key(element, scratch, shapes)):
                    news |= scratch.remember(identifier, *key)


def _key(
    element: Element, scratch: InterchangeReading, shapes: dict[str, ElementShape]
) -> tuple[str, tuple[Any, ...]] | None:
    """Return the kind and natural key of a record; None while it cannot be read (the reading itself reports why)."""
    kind = resources().get(etree.QName(element).localname)
    if kind is None:
        return None
    heads = frozenset(path.partition(".")[0] for path in kind.identity)
    shape = shapes.get(kind.name) or shapes.setdefault(
        kind.name, ElementShape(kind.properties, scratch, kind.name, only=heads)
    )
    document: Document = {}
    try:
        shape.fill(element, document)
    except Unplaced:
        return None
    key = natural_key(kind, document)
    return None if None in key else (kind.name, key)


def _records(source: Source, name: str, root_tag: str) -> Iterator[Element]:
    """Yield the elements directly below the root of a file, freeing each once the next ones are asked for."""
    parser = etree.XMLPullParser(events=("start",), tag=root_tag, **OPTIONS)
    root: Any = None
    held = 0
    try:
        with source.open(name) as file:
            while chunk := file.read(CHUNK_BYTES):
                parser.feed(chunk)
                if root is None:
                    root = next((element for _, element in parser.read_events()), None)
                held += len(chunk)
                if root is not None and len(root) > 1:
                    complete = root[:-1]
                    yield from complete
                    del root[: len(complete)]
                    held = 0
                elif held > MAX_RECORD_BYTES:
                    raise SourceBroken(f"One record is larger than {MAX_RECORD_BYTES:,} bytes.", name)
        yield from parser.close()
    except etree.XMLSyntaxError as error:
        raise _malformed(name, error) from None


def _content(source: Source, name: str) -> Content:
    with source.open(name) as file:
        chunk = file.read(MAX_PROLOG_BYTES)
        root, readable = _root(chunk, name)
        names: set[bytes] = set()
        ids = refs = False
        tail = b""
        while chunk:
            text = tail + chunk
            names.update(ELEMENT.findall(text))
            ids = ids or ID.search(text) is not None
            refs = refs or REF.search(text) is not None
            tail = text[-OVERLAP_BYTES:]
            chunk = file.read(CHUNK_BYTES)
    if not readable:
        return Content(root, frozenset(resources()), ids=True, refs=True)
    local = frozenset(found.rpartition(b":")[2].decode() for found in names)
    return Content(root, local & resources().keys(), ids, refs)


def _root(chunk: bytes, name: str) -> tuple[str, bool]:
    """Return the tag of the root element, and whether element names can be found in the file's bytes."""
    parser = etree.XMLPullParser(events=("start",), **OPTIONS)
    error: etree.XMLSyntaxError | None = None
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as found:  # a fault below the root matters to a full reading
        error = found
    root: Any = next((element for _, element in parser.read_events()), None)
    if root is None and error is not None:
        raise _malformed(name, error)
    if root is None:
        raise SourceBroken("There is no root element at the beginning of the file.", name)
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:
        raise SourceBroken("A document type declaration is not allowed.", name)
    tag = etree.QName(root)
    if not NAMESPACE.fullmatch(tag.namespace or "") or not tag.localname.startswith("Interchange"):
        raise SourceBroken("This is not an interchange file of Ed-Fi Data Standard 5.2.", f"{name}:{root.sourceline}")
    encoding = info.encoding or "utf-8"
    if not ASCII_LIKE.fullmatch(encoding) and not encoding.lower().startswith("utf-16"):
        raise SourceBroken("The file is in an unusual encoding; UTF-8 is understood.", f"{name}:1")
    return str(root.tag), chunk[:2] not in {b"\xff\xfe", b"\xfe\xff"} and b"\0" not in chunk[:4]


def _malformed(name: str, error: etree.XMLSyntaxError) -> SourceBroken:
    """Make the error for malformed XML, with libxml2's kind of error alone, since its words may quote the file."""
    last = cast("Any", error.error_log).last_error
    line, column = (last.line, last.column) if last is not None else error.position
    kind = last.type_name.removeprefix("ERR_").replace("_", " ").lower() if last is not None else "cut off"
    return SourceBroken(f"The XML is not well-formed ({kind}).", f"{name}:{line}:{column}")


def _path(element: Element) -> str:
    names = [etree.QName(element).localname, *(etree.QName(above).localname for above in element.iterancestors())]
    return "/".join(reversed(names[:-1]))


def _place(source: Source, name: str, element: Element) -> str:
    """Return ``file:line:column`` of *element*, scanning the file once more, since the parser keeps no columns."""
    line = cast("int", element.sourceline)
    tag = etree.QName(element).localname.encode()
    with source.open(name) as file:
        for number, text in enumerate(file, 1):
            if number == line:
                return f"{name}:{line}:{max(text.find(b'<' + tag), text.find(b':' + tag) - 1, 0) + 1}"
    return f"{name}:{line}"
