"""Schemas of OneRoster's classes for an OpenAPI 3.0 document: closed, and with no member that no view shows."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from standards import registry
from standards.oneroster import model
from standards.oneroster.api.body import DERIVED, KEPT, MAX_ITEMS
from standards.oneroster.api.envelope import PLURALS
from standards.oneroster.api.routes import APIS
from standards.view import paths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from standards.oneroster.model import Member

Schema = dict[str, Any]

TRUTH = {"type": "string", "enum": ["true", "false"]}
SCALARS: Mapping[str, Schema] = MappingProxyType(
    {
        "string": {"type": "string"},
        "uri": {"type": "string", "format": "uri"},
        "date": {"type": "string", "format": "date"},
        "dateTime": {"type": "string", "format": "date-time"},
        "year": {"type": "string", "pattern": f"^{model.YEAR.pattern}$"},
        "float": {"type": "number"},
        "boolString": TRUTH,
        "bool|boolString": {"anyOf": [{"type": "boolean"}, TRUTH]},
        "metadata": {"type": "object", "additionalProperties": True},
    }
)
STATUS, WARNINGS = "imsx_StatusInfoDType", "statusInfoSet"


def schema_name(class_name: str, kind: str = "", body: bool = False) -> str:
    """Return the name of a schema; *kind* is ``Single`` or ``Set`` for a wrapper, *body* for what a client sends."""
    own = class_name[0].upper() + class_name[1:] + ("Body" if body else "")
    return {"": f"{own}DType", "Single": f"Single{own}DType", "Set": f"{own}SetDType"}[kind]


def ref(name: str) -> Schema:
    """Make a reference to the schema *name*."""
    return {"$ref": f"#/components/schemas/{name}"}


@cache
def shown(version: str) -> Mapping[str, frozenset[str]]:
    """Return the members of each class that some view of *version* shows."""
    found: dict[str, set[str]] = {}
    for view in registry.views(APIS[version]).values():
        for branch in view.branches:
            for path, _ in paths(branch.nodes):
                _note(version, view.model, path.strip("."), found)
    return {name: frozenset(members) for name, members in found.items()}


def _note(version: str, class_name: str, path: str, found: dict[str, set[str]]) -> None:
    name, _, rest = path.partition(".")
    member = model.classes(version).get(class_name, {}).get(name)
    if member is None:
        return
    found.setdefault(class_name, set()).add(name)
    if member.class_name and rest:
        _note(version, member.class_name, rest, found)
    elif member.class_name:
        for inner in model.classes(version)[member.class_name]:
            _note(version, member.class_name, inner, found)


def read_schemas(version: str, class_names: Iterable[str]) -> dict[str, Schema]:
    """Return the schemas of answers with the classes, one or several records each, with those that they refer to."""
    found: dict[str, Schema] = {}
    beside = {WARNINGS: _warnings()} if version == "1.1" else {}
    for name in class_names:
        _add_class(version, name, False, found)
        own, plural = ref(schema_name(name)), PLURALS[name]
        found[schema_name(name, "Single")] = closed({name: own, **beside}, [name])
        found[schema_name(name, "Set")] = closed({plural: {"type": "array", "items": own}, **beside}, [plural])
    return found


def body_schemas(version: str, class_names: Iterable[str]) -> dict[str, Schema]:
    """Return the schemas of bodies with the classes, with those that they refer to."""
    found: dict[str, Schema] = {}
    for name in class_names:
        _add_class(version, name, True, found)
        found[schema_name(name, body=True)].pop("required", None)  # the operation decides which members are required
    return found


def body_schema(version: str, class_name: str, method: str, outer: Collection[str]) -> Schema:
    """Return the wrapper of a PUT or a POST; *outer* are members that the address of a POST states already."""
    told = KEPT | DERIVED.get(class_name, frozenset())
    if method == "POST":
        told |= {"sourcedId", *outer}
    members = model.classes(version)[class_name].values()
    needed = sorted(one.name for one in members if one.required and one.name not in told)
    one = {"allOf": [ref(schema_name(class_name, body=True)), {"required": needed}]}
    if method == "PUT":
        return closed({class_name: one}, [class_name])
    plural = PLURALS[class_name]
    return closed({plural: {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_ITEMS}}, [plural])


def _add_class(version: str, class_name: str, body: bool, found: dict[str, Schema]) -> None:
    """Add the schema of a class, and those of the classes nested in it."""
    name = schema_name(class_name, body=body)
    if name in found:
        return
    visible = shown(version).get(class_name, frozenset())
    members = [member for member in model.classes(version)[class_name].values() if member.name in visible]
    required = sorted(member.name for member in members if member.required)
    found[name] = {}  # a class that is nested in itself finds itself here
    found[name] = closed({member.name: _member(version, member, body, found) for member in members}, required)
    if class_name in model.OPEN:
        found[name]["additionalProperties"] = True


def _member(version: str, member: Member, body: bool, found: dict[str, Schema]) -> Schema:
    one = _one(version, member, body, found)
    if not member.many:
        return one
    least = {"minItems": member.minimum} if member.minimum else {}
    return {"type": "array", "items": one, **least}


def _one(version: str, member: Member, body: bool, found: dict[str, Schema]) -> Schema:
    match member.type:
        case "object":
            _add_class(version, member.class_name, body, found)
            return ref(schema_name(member.class_name, body=body))
        case "guidRef":
            name = schema_name("GUIDRef", body=body)
            found.setdefault(name, _guid_ref(version, body))
            return ref(name)
        case "enum":
            return _enumeration(member)
        case _:
            return dict(SCALARS[member.type])


def _enumeration(member: Member) -> Schema:
    listed: Schema = {"type": "string", "enum": list(member.values)}
    if not member.extension:
        return listed
    return {"anyOf": [listed, {"type": "string", "pattern": f"^(?:{member.extension})$"}]}


def _guid_ref(version: str, body: bool) -> Schema:
    """Make a reference to a record; in a body its sourcedId is enough."""
    members = {
        "href": SCALARS["uri"],
        "sourcedId": SCALARS["string"],
        "type": {"type": "string", "enum": sorted(model.edition(version).guid_ref_types)},
    }
    return closed(members, ["sourcedId"] if body else list(members))


def closed(members: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    """Make an object schema with these members and no others."""
    needed = list(required)
    schema: Schema = {"type": "object", "properties": dict(members), "additionalProperties": False}
    return {**schema, "required": needed} if needed else schema


def status_info(version: str, service: str) -> dict[str, Schema]:
    """Return the schema of status information, the answer without a record."""
    return _status_of_12(service) if version == "1.2" else _status_of_11()


def _status_of_12(service: str) -> dict[str, Schema]:
    facts = model.classes("1.2")["statusInfo"]
    minor = {"type": "string", "enum": list(model.edition("1.2").code_minor[service])}
    field = closed(
        {"imsx_codeMinorFieldName": SCALARS["string"], "imsx_codeMinorFieldValue": minor},
        ["imsx_codeMinorFieldName", "imsx_codeMinorFieldValue"],
    )
    fields = closed({"imsx_codeMinorField": {"type": "array", "items": field, "minItems": 1}}, ["imsx_codeMinorField"])
    members = {
        "imsx_codeMajor": _enumeration(facts["imsx_codeMajor"]),
        "imsx_severity": _enumeration(facts["imsx_severity"]),
        "imsx_description": SCALARS["string"],
        "imsx_CodeMinor": fields,
    }
    return {STATUS: closed(members, ["imsx_codeMajor", "imsx_severity"])}


def _status_of_11() -> dict[str, Schema]:
    return {STATUS: closed({WARNINGS: _warnings()}, [WARNINGS])}


def _warnings() -> Schema:
    """Return the schema of 1.1's warnings: instead of an answer, or beside it where a requested name is unknown."""
    members = {
        "imsx_codeMajor": {"type": "string", "enum": ["success", "failure"]},
        "imsx_severity": {"type": "string", "enum": ["status", "error", "warning"]},
        "imsx_operationRefIdentifier": SCALARS["string"],
        "imsx_description": SCALARS["string"],
        "imsx_codeMinor": SCALARS["string"],
    }
    return {"type": "array", "items": closed(members, ["imsx_codeMajor", "imsx_severity"]), "minItems": 1}
