"""Whatever the interchange schemas allow finds its member of the API, and every member is found."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from lxml import etree

from adapters.edfi_xml.reader import ReadingFindings, documents
from adapters.files.archives import open_source
from standards.edfi.model import model
from tests.support import needs

XS = "{http://www.w3.org/2001/XMLSchema}"
SAMPLES = {
    "date": "2021-08-23",
    "time": "08:30:00",
    "dateTime": "2021-08-23T08:30:00Z",
    "boolean": "true",
    "SchoolYearType": "2021-2022",
    "anyURI": "https://x.example/1",
}
NUMBERS = {"int", "integer", "decimal", "double", "float", "short", "long", "positiveInteger", "nonNegativeInteger"}


class Schema:
    """The interchange schemas, as far as one needs them to write an example of every record."""

    def __init__(self, folder) -> None:
        core = etree.parse(folder / "Ed-Fi-Core.xsd").getroot()
        self.complex = {item.get("name"): item for item in core.iter(f"{XS}complexType") if item.get("name")}
        self.simple = {item.get("name"): item for item in core.iter(f"{XS}simpleType") if item.get("name")}
        self.records = {
            item.get("name"): bare(item.get("type"))
            for path in sorted(folder.glob("Interchange-*.xsd"))
            for item in etree.parse(path).getroot().iter(f"{XS}element")
            if item.get("type")
        }

    def children(self, kind: str) -> list[tuple[str, str]]:
        """Names and types of the elements of a complex type, inherited ones first."""
        item = self.complex[kind]
        extension = next(item.iter(f"{XS}extension"), None)
        base = bare(extension.get("base")) if extension is not None else ""
        inherited = self.children(base) if base in self.complex else []
        return inherited + [(child.get("name"), bare(child.get("type"))) for child in item.iter(f"{XS}element")]

    def example(self, name: str, kind: str) -> etree._Element:
        """An element of this name with every child that its type allows, except look-ups."""
        element = etree.Element(f"{{http://ed-fi.org/5.2.0}}{name}")
        if kind in self.complex:
            for child, its_kind in self.children(kind):
                if not child.endswith("Lookup") and child != "PriorDescriptor":
                    element.append(self.example(child, its_kind))
        elif kind.endswith("DescriptorReferenceType"):
            element.text = f"uri://x.example/{kind.removesuffix('ReferenceType')}#Value"
        else:
            element.text = self.sample(kind)
        return element

    def sample(self, kind: str) -> str:
        """A text that the simple type *kind* allows."""
        if kind in SAMPLES:
            return SAMPLES[kind]
        if kind in NUMBERS:
            return "1"
        if kind not in self.simple:
            return "12345"
        restriction = next(self.simple[kind].iter(f"{XS}restriction"))
        for least in restriction.iter(f"{XS}minInclusive"):
            return least.get("value")
        for least in restriction.iter(f"{XS}minLength"):
            return "1" * max(int(least.get("value")), 1)
        return self.sample(bare(restriction.get("base")))


def bare(name: str) -> str:
    return name.rpartition(":")[2]


@cache
def schema() -> Schema:
    return Schema(needs.shared("data", "grand-bend", "xsd"))


def members(properties, path=""):
    """The path of every member, reference members apart."""
    for name, known in properties.items():
        yield f"{path}{name}"
        if not known.reference:
            yield from members(known.properties, f"{path}{name}.")


def filled(value, path=""):
    """The path of every member that *value* has, reference members apart."""
    for name, item in value.items():
        yield f"{path}{name}"
        if not name.endswith("Reference"):
            for each in item if isinstance(item, list) else [item]:
                if isinstance(each, dict):
                    yield from filled(each, f"{path}{name}.")


# The interchange schemas have no such records: they exist in the API only.
API_ONLY = {
    "DescriptorMapping",
    "SchoolYearType",
    "StudentAssessmentEducationOrganizationAssociation",
    "StudentSpecialEducationProgramEligibilityAssociation",
}


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """An example with everything of every record of the schemas, as the reader understands it."""
    folder = tmp_path_factory.mktemp("district")
    root = etree.Element("{http://ed-fi.org/5.2.0}InterchangeAll", nsmap={None: "http://ed-fi.org/5.2.0"})
    root.extend(schema().example(name, kind) for name, kind in schema().records.items() if name in model.resources())
    (folder / "all.xml").write_bytes(etree.tostring(root))
    findings = ReadingFindings()
    with open_source(folder) as source:
        return dict(documents(source, findings=findings)), findings


def test_no_element_that_the_schemas_allow_is_without_a_member(examples):
    assert examples[1] == ReadingFindings()


def test_every_record_of_the_schemas_is_read(examples):
    expected = {found.collection for name, found in model.resources().items() if name not in API_ONLY}
    assert examples[0].keys() == expected


def test_every_member_of_the_api_is_filled(examples):
    missing = Counter()
    for collection, document in examples[0].items():
        known = model.by_collection(collection).properties
        missing.update(f"{collection}: {path}" for path in set(members(known)) - set(filled(document)))
    assert missing == {}


def test_no_two_elements_share_a_collection(examples):
    def longest(value) -> int:
        if isinstance(value, dict):
            return max(map(longest, value.values()), default=0)
        return max(len(value), *map(longest, value)) if isinstance(value, list) else 0

    assert {collection for collection, document in examples[0].items() if longest(document) > 1} == set()


def test_every_example_obeys_the_standard(examples):
    problems = Counter(
        f"{collection}: {problem}"
        for collection, document in examples[0].items()
        for problem in model.validate(model.by_collection(collection), document)
    )
    assert problems == {}
