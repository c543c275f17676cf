"""Elements of an Ed-Fi interchange file turned into the documents of the Ed-Fi API.

The two formats name the same facts differently: the XML nests what the JSON inlines (``Name/FirstName`` is
``firstName``), repeats a name where the JSON strips it (``EducationOrganizationIdentificationCode`` is an item of
``identificationCodes``) and spells out an identity where the JSON lists key members. The rules here are those of the
standard's own naming, so they are found from the model; what they cannot place is counted.

An `ElementShape` learns each element name once and from then on is a look-up: no rule runs per record.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lxml import etree

from adapters.edfi_xml.values import reader
from standards.edfi.model.model import Property, resources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lxml.etree import _Element as Element

    Step = Callable[[Element, dict[str, Any]], None]
    Read = Callable[[Element], dict[str, Any] | None]

Document = dict[str, Any]

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")

# Members that no rule of naming leads to: irregular plurals and role names that the XML leaves out.
NAMED = {
    "diagnosis": "diagnoses",
    "matrix": "matrices",
    "staffeducationorganizationemploymentassociationreference": (
        "employmentstaffeducationorganizationemploymentassociationreference"
    ),
    "competencyobjectivereference": "objectivecompetencyobjectivereference",
}

# Referred to, but not resources of their own: a reference may point to any of the resources that extend them.
ORGANIZATION = "EducationOrganization"
PARTICIPATION = "GeneralStudentProgramAssociation"


class Unplaced(ValueError):
    """An element that cannot be understood: *element* is its place, the message the reason, never its content."""

    def __init__(self, element: Element, message: str) -> None:
        super().__init__(message)
        self.element = element


class InterchangeReading:
    """The findings of one reading of a source: elements without a member, and keys of elements with an XML id."""

    def __init__(self, unknown: Counter[str] | None = None) -> None:
        self.unknown = Counter[str]() if unknown is None else unknown
        self.ids: dict[str, tuple[str, tuple[Any, ...]] | None] = {}
        self.pending = 0

    def remember(self, identifier: str, kind: str, key: tuple[Any, ...]) -> bool:
        """Keep the *key* of the element with this XML id; tell whether it is new."""
        if self.ids.get(identifier, (kind, key)) != (kind, key):
            self.ids[identifier] = None
            return False
        news = identifier not in self.ids
        self.ids[identifier] = (kind, key)
        return news


class ElementShape:
    """The rules by which the children of one kind of element fill a document or a part of it.

    *prefixes* are put before a child's name to find its member (role names, longest first); *only* restricts what is
    read to some members.
    """

    def __init__(
        self,
        properties: Mapping[str, Property],
        reading: InterchangeReading,
        path: str,
        prefixes: tuple[str, ...] = ("",),
        only: frozenset[str] | None = None,
    ) -> None:
        self._properties = properties
        self._reading = reading
        self._path = path
        self._prefixes = prefixes
        self._only = only
        self._steps: dict[Any, Step] = {}

    def fill(self, element: Element, document: Document) -> None:
        """Fill *document* from *element*."""
        steps = self._steps
        for child in element:
            tag = child.tag
            step = steps.get(tag)
            if step is None:
                step = steps[tag] = self._learn(child, element)
            step(child, document)

    def _learn(self, child: Element, parent: Element) -> Step:
        path = f"{self._path}/{_name(child)}"
        if etree.QName(child).namespace != etree.QName(parent).namespace:
            return _uncounted if self._only is not None else _counted(self._reading, path)
        for prefix in self._prefixes:
            known = place(self._properties, prefix + _name(child))
            if known is not None:
                if self._only is not None and known.name not in self._only:
                    return _uncounted
                return self._step(known, _name(child), path)
        return self._inline(_name(child), path)

    def _step(self, known: Property, name: str, path: str) -> Step:
        if known.reference == "SchoolYearType":
            return _school_year(known)
        if known.reference:
            return _member(known.name, reference(known, self._reading, path))
        if known.collection:
            return _collection(known, self._reading, path, name)
        if known.type == "object":
            return _member(known.name, _object(ElementShape(known.properties, self._reading, path)))
        return _scalar(known, self._inline(name, path))

    def _inline(self, name: str, path: str) -> Step:
        """Make the step for a child without a member in the API: its own children are read in its place."""
        words = WORD.findall(name)
        prefixes = (*("".join(words[:count]) for count in range(len(words), 0, -1)), "")
        inner = ElementShape(self._properties, self._reading, path, prefixes, self._only)
        unknown = _uncounted if self._only is not None else _counted(self._reading, path)

        def step(child: Element, document: Document) -> None:
            if len(child):
                inner.fill(child, document)
            elif child.text and child.text.strip():
                unknown(child, document)

        return step


def place(properties: Mapping[str, Property], name: str) -> Property | None:
    """Find the member of *properties* that the XML calls *name*; None when naming leads to none."""
    known = {key.lower(): member for key, member in properties.items()}
    low = name.lower()
    for wanted in (low, f"{low}descriptor", NAMED.get(low, "")):
        if wanted in known:
            return known[wanted]
    if low.endswith("schoolyear") and (found := known.get(f"{low.removesuffix('schoolyear')}schoolyeartypereference")):
        return found
    words = WORD.findall(name.removesuffix("Reference"))
    for stem in ("".join(words[start:]).lower() for start in range(len(words))):
        for plural in (f"{stem}s", f"{stem}es", f"{stem.removesuffix('y')}ies", stem, NAMED.get(stem, "")):
            if (found := known.get(plural)) and (found.collection or _is_part(found)):
                return found
    return _without_doubled_role(known, name)


def _is_part(known: Property) -> bool:
    return known.type == "object" and not known.reference


def _without_doubled_role(known: Mapping[str, Property], name: str) -> Property | None:
    """Find the member for ``FundFundDimensionReference``, whose role repeats the name that follows it."""
    words = WORD.findall(name)
    for count in range(1, len(words)):
        if words[:count] == words[count : 2 * count]:
            return known.get("".join(words[count:]).lower())
    return None


def _name(element: Element) -> str:
    return etree.QName(element).localname


def _uncounted(_: Element, __: Document) -> None:
    return


def _counted(reading: InterchangeReading, path: str) -> Step:
    def step(_: Element, __: Document) -> None:
        reading.unknown[path] += 1

    return step


def _scalar(known: Property, inline: Step) -> Step:
    name, read = known.name, reader(known)

    def step(child: Element, document: Document) -> None:
        if len(child):  # a group named like its main member, such as AvailableCredits
            inline(child, document)
            return
        text = child.text
        if not text or not (text := text.strip()):
            return
        try:
            value = read(text)
        except ValueError as error:
            raise Unplaced(child, str(error)) from None
        if document.setdefault(name, value) != value:
            raise Unplaced(child, "is given twice with different values")

    return step


def _school_year(known: Property) -> Step:
    year = _scalar(known.properties["schoolYear"], _uncounted)

    def step(child: Element, document: Document) -> None:
        year(child, document.setdefault(known.name, {}))
        if not document[known.name]:
            del document[known.name]

    return step


def _member(name: str, read: Read) -> Step:
    def step(child: Element, document: Document) -> None:
        value = read(child)
        if value and document.setdefault(name, value) != value:
            raise Unplaced(child, "is given twice with different values")

    return step


def _object(shape: ElementShape) -> Read:
    def read(child: Element) -> Document:
        value: Document = {}
        shape.fill(child, value)
        return value

    return read


def _collection(known: Property, reading: InterchangeReading, path: str, name: str) -> Step:
    fill = _item(known, reading, path, name)

    def step(child: Element, document: Document) -> None:
        item: Document = {}
        fill(child, item)
        if item:
            document.setdefault(known.name, []).append(item)

    return step


def _item(known: Property, reading: InterchangeReading, path: str, name: str) -> Step:
    """Make the step by which one element fills one item; that of one member may be its text or its reference."""
    shape = ElementShape(known.properties, reading, path)
    if len(known.properties) > 1:
        return shape.fill
    (single,) = known.properties.values()
    if single.reference and name.endswith("Reference"):
        return _member(single.name, reference(single, reading, path))
    if single.type in {"object", "array"}:
        return shape.fill
    return _scalar(single, shape.fill)


def reference(known: Property, reading: InterchangeReading, path: str) -> Read:
    """Make the reader of a reference: by the identity it spells out, or by the XML id of its target."""
    target = known.reference
    plan = key_plan(target, tuple(known.properties))
    shape = ElementShape(
        identity_properties(target), reading, f"{path}/{target}Identity", only=frozenset(head for head, _, _ in plan)
    )
    equal, expected = _equalities(target), f"{target}Identity"

    def read(child: Element) -> Document | None:
        identity: Document = {}
        for part in child:
            name = part.tag.rpartition("}")[2]
            if name == expected:
                shape.fill(part, identity)
            elif name == f"{target}Lookup":
                raise Unplaced(part, "is a lookup; only identities and XML ids are understood")
            else:
                reading.unknown[f"{path}/{name}"] += 1
        if not identity:
            return _by_id(child, known, plan, reading)
        for left, right in equal:
            if _differ(_at(identity, left), _at(identity, right)):
                raise Unplaced(child, "is given twice with different values")
        value = {name: found for head, part, name in plan if (found := _at(identity, (head, part))) is not None}
        if len(value) < len(known.properties):
            raise Unplaced(child, "does not say the whole identity")
        if (told := _told(child, known, plan, reading)) and told != value:
            reading.unknown[f"{path}: another key than that of its target"] += 1
        return told or value

    return read


def _differ(left: Any, right: Any) -> bool:
    return left is not None and right is not None and left != right


def _told(
    child: Element, known: Property, plan: tuple[tuple[str, str, str], ...], reading: InterchangeReading
) -> Document | None:
    """Return the key of the record whose XML id a reference gives beside its own key; None where it leads nowhere."""
    found = reading.ids.get(child.get("ref") or "")
    if found is None or not extends(found[0], known.reference):
        return None
    return {member: value for (_, _, member), value in zip(plan, found[1], strict=True)}


def _by_id(
    child: Element, known: Property, plan: tuple[tuple[str, str, str], ...], reading: InterchangeReading
) -> Document | None:
    identifier = child.get("ref")
    if identifier is None:
        raise Unplaced(child, "is empty")
    found = reading.ids.get(identifier)
    if found is None:
        reading.pending += 1
        what = "is the XML id of different things" if identifier in reading.ids else "is the XML id of nothing"
        raise Unplaced(child, f"refers to what {what}")
    kind, key = found
    if not extends(kind, known.reference):
        raise Unplaced(child, "refers to another kind of thing")
    return {member: value for (_, _, member), value in zip(plan, key, strict=True)}


def _at(document: Document, path: tuple[str, str]) -> Any:
    value = document.get(path[0])
    return value.get(path[1]) if path[1] and value is not None else value


@cache
def extends(kind: str, target: str) -> bool:
    """Tell whether a reference to *target* may point to a *kind*."""
    found = resources().get(kind)
    if found is None or kind == target:
        return kind == target
    if target == ORGANIZATION:
        return "nameOfInstitution" in found.properties
    return target == PARTICIPATION and found.identity == resources()["StudentProgramAssociation"].identity


@cache
def identity_properties(target: str) -> Mapping[str, Property]:
    """Return the members in which the identity of *target* is spelled out."""
    if target == ORGANIZATION:
        name = "educationOrganizationId"
        return MappingProxyType({name: Property(name, "integer", "int64", required=True, identity=True)})
    return resources()["StudentProgramAssociation" if target == PARTICIPATION else target].properties


@cache
def key_plan(target: str, members: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Map each of a reference's *members* to its place in the identity of its *target*: (member, part of it, name).

    In the order of the target's natural key, so that a key fills a reference without names.
    """
    if target == ORGANIZATION:
        return (("educationOrganizationId", "", "educationOrganizationId"),)
    found = resources()["StudentProgramAssociation" if target == PARTICIPATION else target]
    return tuple(_planned(found.properties, path, members) for path in found.identity)


def _planned(properties: Mapping[str, Property], path: str, members: tuple[str, ...]) -> tuple[str, str, str]:
    head, _, part = path.partition(".")
    if not part:
        return head, "", head
    name = head.removesuffix("Reference")
    role = name[: -len(properties[head].reference)] if name.lower().endswith(properties[head].reference.lower()) else ""
    capital = part[0].upper() + part[1:]
    member = next(found for found in (name + capital, role + capital if role else part, part) if found in members)
    return head, part, member


@cache
def _equalities(target: str) -> tuple[tuple[tuple[str, str], tuple[str, str]], ...]:
    """Return the pairs of key members inside an identity of *target* that the standard stores once."""
    if target in {ORGANIZATION, PARTICIPATION}:
        return ()
    found = resources()[target]
    heads = {path.partition(".")[0] for path in found.identity}
    pairs = ((_halves(left), _halves(right)) for left, right in found.equality)
    return tuple((left, right) for left, right in pairs if left[0] in heads and right[0] in heads)


def _halves(path: str) -> tuple[str, str]:
    head, _, part = path.partition(".")
    return head, part
