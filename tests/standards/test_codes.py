from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from standards import codes, vocabulary

SHARED = Path(os.environ.get("CROSSING_SHARED", Path(__file__).parents[3] / "shared"))
DESCRIPTORS = SHARED / "data" / "grand-bend" / "descriptors"
EVERY_SET = pytest.mark.parametrize("name", codes.names())
EXTENSION = re.compile(r"ext:[A-Za-z0-9._-]+")
TOKENS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def descriptor_uris(descriptor):
    file = DESCRIPTORS / f"{descriptor}.xml"
    if not file.exists():
        return []
    document = etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True))
    space = {"e": document.getroot().nsmap[None]}
    return [
        f"{found.findtext('e:Namespace', namespaces=space)}#{found.findtext('e:CodeValue', namespaces=space)}"
        for found in document.getroot().findall(f"e:{descriptor}", space)
    ]


@EVERY_SET
def test_every_default_code_of_a_mapped_descriptor_is_understood(name):
    understand = codes.inward(name, "edfi")
    assert [uri for uri in descriptor_uris(codes.table(name).descriptor) if understand(uri) == uri] == []


def test_the_default_codes_were_there_to_be_compared(shared):
    assert sum(len(descriptor_uris(codes.table(name).descriptor)) for name in codes.names()) > 900


@EVERY_SET
def test_a_value_said_in_ed_fi_is_understood_again(name):
    understand, say = codes.inward(name, "edfi"), codes.outward(name, "edfi")
    first = {row["value"]: row["edfi"] for row in reversed(codes.table(name).rows) if row["edfi"]}
    shared = {uri for uri in first.values() if list(first.values()).count(uri) > 1}
    for value in codes.table(name).values:
        assert first.get(value) in shared or understand(say(value)) == value


@EVERY_SET
@given(TOKENS)
def test_an_unknown_token_crosses_into_ed_fi_and_back(name, token):
    understand, say = codes.inward(name, "edfi"), codes.outward(name, "edfi")
    if token not in codes.table(name).values:
        uri = say(token)
        assert "://" in uri
        assert understand(uri) in {token, codes.inward(name, "edfi")(token)}


@EVERY_SET
@pytest.mark.parametrize("dialect", ["edfi", "oneroster", "oneroster11"])
@given(TOKENS)
def test_no_value_becomes_an_empty_token(name, dialect, value):
    said = codes.outward(name, dialect)(value)
    assert said or (said is None and codes.table(name).open != "free")


@EVERY_SET
@given(TOKENS)
def test_a_stranger_in_an_extensible_enumeration_keeps_the_extension_pattern(name, value):
    codeset = codes.table(name)
    if codeset.open == "ext" and value not in codeset.values and not value.startswith("ext:"):
        assert EXTENSION.fullmatch(codes.outward(name, "oneroster")(value))


def test_ed_fi_codes_are_recognised_in_any_spelling():
    assert codes.inward("gradeLevel", "edfi")("uri://ED-FI.org/gradeleveldescriptor#FIRST GRADE") == "01"


def test_a_code_of_another_namespace_stays_what_it_is():
    assert codes.inward("gradeLevel", "edfi")("uri://kent.example/GradeLevelDescriptor#First grade").startswith(
        "uri://kent"
    )


def test_a_foreign_code_becomes_an_extension_or_its_plain_code():
    uri = "uri://kent.example/SomeDescriptor#After school"
    assert codes.outward("organizationKind", "oneroster")(uri) == "ext:After-school"
    assert codes.outward("subject", "oneroster")(uri) == "After school"


def test_the_older_standard_says_the_nearest_word_it_has():
    assert codes.outward("role", "oneroster11")("principal") == "administrator"
    assert codes.outward("organizationKind", "oneroster11")("uri://kent.example/X#Y") == "local"
    assert codes.inward("role", "oneroster")("administrator") == "siteAdministrator"


def test_a_closed_enumeration_without_a_word_leaves_the_member_out():
    assert codes.outward("sex", "oneroster11")("Non-binary") is None
    assert codes.outward("sex", "oneroster")("Non-binary") == "other"


@pytest.mark.parametrize("classification", codes.table("staffClassification").values)
def test_every_staff_classification_gives_a_role(classification):
    assert codes.outward("staffClassification", "oneroster")(classification) in codes.table("role").values


@pytest.mark.parametrize("relation", codes.table("relation").values)
def test_every_relation_makes_a_guardian_a_parent_or_a_relative(relation):
    assert codes.outward("relation", "oneroster")(relation) in {"guardian", "parent", "relative"}


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("TermDescriptor#Fall Semester", "semester"), ("TermDescriptor#Third Quarter", "term"), ("TermDescriptor#Year Round", "schoolYear"),
        ("TermDescriptor#First Trimester", "gradingPeriod"), ("GradingPeriodDescriptor#First Six Weeks", "gradingPeriod"),
    ],
)  # fmt: skip
def test_a_term_tells_what_kind_of_session_it_is(uri, kind):
    assert codes.inward("sessionKind", "edfi")(f"uri://ed-fi.org/{uri}") == kind


def test_grades_are_said_as_everybody_writes_them():
    understand = codes.inward("gradeLevel", "oneroster")
    assert [understand(token) for token in ("K", "kg", "5", "05", "12", "ext:x")] == [
        "KG",
        "KG",
        "05",
        "05",
        "12",
        "ext:x",
    ]


def test_a_table_can_say_more_of_a_value():
    assert codes.fact("subject", "Mathematics", "sced") == "02"
    assert codes.fact("classroomPosition", "Teacher of Record", "primary") == "true"
    assert codes.fact("subject", "no such subject", "sced") == ""


def test_every_code_set_is_used():
    used = {field.codes for entity in vocabulary.entities().values() for field in entity.fields.values()}
    assert set(codes.names()) - used == {"race"}


def test_every_table_is_listed_and_every_listed_table_is_there():
    tables = {file.stem for file in Path(codes.__file__).parent.glob("*.csv")} - {"sets"}
    assert tables == set(codes.names())


def test_an_unknown_code_set_is_said_to_be_one():
    with pytest.raises(LookupError, match="gradeLevels"):
        codes.table("gradeLevels")
