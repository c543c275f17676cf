"""Every Ed-Fi resource: those that the vocabulary covers, and the native ones under their own names."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from standards import vocabulary
from standards.edfi import resources as mapped
from standards.edfi.model import extensions, links
from standards.edfi.model.mapping import STAMPS, Mapped, ordered
from standards.edfi.model.members import MappedMembers, MemberSite, members
from standards.edfi.model.model import own, resources
from standards.lenses.lens import Lens, read_only, same
from standards.view import Branch, Id, View, value
from standards.vocabulary import Entity, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from standards.edfi.model.model import Resource
    from standards.lenses.lens import Pair

MAPPED = {
    "schools": "schools",
    "localEducationAgencies": "local_education_agencies",
    "educationServiceCenters": "education_service_centers",
    "stateEducationAgencies": "state_education_agencies",
    "organizationDepartments": "organization_departments",
    "courses": "courses",
    "courseOfferings": "course_offerings",
    "sections": "sections",
    "sessions": "sessions",
    "gradingPeriods": "grading_periods",
    "students": "students",
    "studentSchoolAssociations": "student_school_associations",
    "studentEducationOrganizationAssociations": "student_education_organization_associations",
    "studentSectionAssociations": "student_section_associations",
    "staffs": "staffs",
    "staffSectionAssociations": "staff_section_associations",
    "staffEducationOrganizationAssignmentAssociations": "staff_education_organization_assignment_associations",
    "contacts": "contacts",
    "studentContactAssociations": "student_contact_associations",
    "gradebookEntries": "gradebook_entries",
    "studentGradebookEntries": "student_gradebook_entries",
    "assessments": "assessments",
    "studentAssessments": "student_assessments",
}
DIRECTORY = frozenset({"schoolYearTypes", "calendars", "calendarDates"})
HELD = DIRECTORY | {"staffSchoolAssociations"}
LINKING = frozenset({"schoolSession"})
"""Entities that a mapped resource shows besides that of its lens."""

SPECIAL = ("health", "disciplin", "specialEducation", "section504", "homeless", "migrant", "neglected", "restraint",
           "intervention", "foodService", "crisis")  # fmt: skip


@cache
def entities() -> Mapping[str, Entity]:
    """Return every native entity by its name, such as ``edfi.calendars``."""
    return {native_name(name): _entity(name) for name in native()}


def native_name(collection: str) -> str:
    """Return the name of the entity of a native collection: ``edfi.calendars``, ``edfi.tpdm.candidates``."""
    return f"edfi.{collection.replace('/', '.')}"


@cache
def remainder(entity: str) -> Mapping[str, Field]:
    """Return the members of mapped resources beyond the vocabulary, as extra fields of *entity*."""
    found = [one for one in mappings().values() if one.lens.entity == entity]
    beyond = [field for one in found for field in extensions.members(one.lens.local, entity).fields]
    told = [_links(entity, vocabulary.entities()[entity].fields["id"])] if found or entity in LINKING else []
    fields = [one.remainder for one in found] + [beyond, *told]
    return {field.name: field for some in fields for field in some}


@cache
def mappings() -> Mapping[str, Mapped]:
    """Return the mapped resources by collection."""
    modules = {name: vars(import_module(f"{mapped.__name__}.{module}")) for name, module in MAPPED.items()}
    return {name: next(one for one in found.values() if isinstance(one, Mapped)) for name, found in modules.items()}


@cache
def native() -> Mapping[str, Resource]:
    """Return the resources and descriptors that are not mapped, by collection."""
    return {one.collection: one for one in resources().values() if one.collection not in MAPPED}


def _entity(collection: str) -> Entity:
    resource = native()[collection]
    name = native_name(collection)
    beyond = extensions.members(collection, name).fields
    number = MemberSite(name, name, sensitivity=_class_of(resource)).field("id", "id", "id")
    fields = [number, *_made(collection).fields, *beyond, *_links(name, number)]
    if not any(field.owner and field.to == "student" for field in fields):
        fields = [_owned(field) for field in fields]
    held = resource.is_descriptor or collection in HELD
    return Entity(name, {field.name: field for field in fields}, held)


def _links(entity: str, number: Field) -> list[Field]:
    """Make the field for *entity*'s links to records that its views do not follow, released with its *number*."""
    return [Field(entity, links.FIELD, "text", number.release, number.sensitivity)]


def _owned(field: Field) -> Field:
    """Make a student reference an owner of its row, also where the standard has it optional."""
    if field.to != "student" or not field.name.endswith("studentUniqueId") or field.name.count(".") != 1:
        return field
    return Field(
        field.entity, field.name, "ref", field.release, field.sensitivity, to="student", owner=True, lenient=True
    )


def _class_of(resource: Resource) -> str:
    if resource.is_descriptor or resource.collection in DIRECTORY:
        return "directory"
    if not resource.standard:
        return "sensitive"
    if any(word.lower() in resource.collection.lower() for word in SPECIAL):
        return "special"
    return "sensitive" if "student" in resource.collection.lower() else "education"


@cache
def _made(collection: str) -> MappedMembers:
    resource = native()[collection]
    name = native_name(collection)
    site = MemberSite(name, name, sensitivity=_class_of(resource))
    made = members(ordered(resource), site)
    if resource.is_descriptor:
        member = resource.descriptor_id
        made.fields.append(Field(name, member, "integer", f"{name}.id", site.sensitivity))
        made.pairs.append(read_only((), member, _numbered(member)))
        made.nodes.insert(0, value(member, type="integer"))
    return made


def _numbered(member: str) -> Callable[[Mapping[str, Any]], int | None]:
    """Make the function that numbers a descriptor as an ODS before version 7.2 does; later ones give none."""

    def number(document: Mapping[str, Any]) -> int | None:
        own = document.get(member)
        return own if type(own) is int else None

    return number


def _lens(collection: str) -> Lens:
    pairs: tuple[Pair, ...] = (same("id", "id"), *_made(collection).pairs)
    return Lens("edfi", collection, native_name(collection), pairs, native()[collection].identity)


def _view(collection: str) -> View:
    branch = Branch(native_name(collection), (Id("id"), *_made(collection).nodes, *STAMPS))
    return View(collection, "edfi", native()[collection].name, (branch,))


@cache
def lenses(*, standard: bool) -> tuple[Lens, ...]:
    """Return the lenses of the native resources that are the *standard*'s own, or of those that are not."""
    return tuple(map(_lens, _names(standard=standard)))


@cache
def views(*, standard: bool) -> tuple[View, ...]:
    """Return the views of the native resources that are the *standard*'s own, or of those that are not."""
    return tuple(map(_view, _names(standard=standard)))


def _names(*, standard: bool) -> list[str]:
    if standard:
        return [one.collection for one in own().values() if one.collection not in MAPPED]
    return [name for name, resource in native().items() if not resource.standard]
