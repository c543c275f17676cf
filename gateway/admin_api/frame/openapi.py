"""The OpenAPI 3.1 document of the administration API, from the operations and the schemas they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, fields, validate

from gateway.admin_api.frame.authentication import TOKEN_HEADER
from gateway.admin_api.frame.bodies import JSON, ONE_LINE, AskedCount, Nothing
from gateway.admin_api.frame.idempotency import HEADER as IDEMPOTENCY_KEY
from gateway.admin_api.frame.operations import NEXT_PAGE, PUBLIC, ROOT, SIGNED_IN, UNSAFE, AdminOperation
from gateway.admin_api.frame.problems import MEDIA
from gateway.auth.scopes import ADMIN, admin_scopes
from gateway.people.sessions import COOKIE
from policies.roles import action as known_action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PART: Final = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
CAN_GO_WRONG: Final = {"4XX": "The request is refused; type and detail say why.", "503": "Nothing can be done now."}
SESSION: Final[dict[str, list[str]]] = {"session": []}
SECURITY: Final[list[dict[str, list[str]]]] = [{"machine": []}, SESSION]
CURSOR: Final = "cursor"
"""The parameter of lists that are read by cursors."""


@dataclass(frozen=True, slots=True)
class DescribedApi:
    """What an API says of itself beside its operations; *keyed* needs a key for each POST.

    *scopes* are those of its programs, each with what it is for; with *people* an operation without one is for people
    alone.
    """

    title: str
    root: str
    scopes: Mapping[str, str]
    keyed: bool = False
    people: bool = False


ADMINISTRATION: Final = DescribedApi(
    "Administration of a region's gateway",
    ROOT,
    {name: f"Act as {name.removeprefix(ADMIN)} of the client's organisation." for name in sorted(admin_scopes())},
)


def document(operations: Iterable[AdminOperation], version: str, api: DescribedApi = ADMINISTRATION) -> dict[str, Any]:
    """Describe the *operations* of an *api* of this *version* of the program."""
    every = tuple(operations)
    paths: dict[str, dict[str, Any]] = {}
    for one in every:
        paths.setdefault(PART.sub(r"{\1}", one.rule), {})[one.method.lower()] = _operation(one, api)
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": api.root}],
        "tags": [{"name": group} for group in dict.fromkeys(one.group for one in every)],
        "paths": paths,
        "components": {"schemas": {"Problem": _problem(), **_named(every)}, "securitySchemes": _security(api)},
    }


def _operation(one: AdminOperation, api: DescribedApi) -> dict[str, Any]:
    may = "" if one.action in {PUBLIC, SIGNED_IN} else f" Action: `{one.action}` ({known_action(one.action).about})."
    may += f" A program needs the scope `{one.scope}`." if one.scope else ""
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.about,
        "description": one.about + may,
        "tags": [one.group],
        "parameters": [*_parts(one), *_filters(one), *_headers(one, api)],
        "responses": {str(one.status): _answer(one), **_refusals()},
        "security": _allowed(one, api),
    }
    if one.streams:
        if one.streams != JSON:
            found["responses"]["206"] = {"description": "The part that Range names.", "content": {one.streams: {}}}
        found["responses"]["304"] = {"description": "It is as If-None-Match says."}
    if one.tagged and one.method == "GET":
        found["responses"]["304"] = {"description": "It is as If-None-Match says.", "headers": _etag()}
    if one.file:
        found["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    if one.waits:
        shown = {"type": "object", "properties": {"proposal": {"type": "string"}, "state": {"type": "string"}}}
        found["responses"]["202"] = {
            "description": "It waits for a second person.",
            "content": {JSON: {"schema": shown}},
        }
    if one.body is not Nothing:
        content = {JSON: {"schema": _reference(one.body)}}
        needed = any(field.required for field in one.body().fields.values())
        found["requestBody"] = {"required": needed, "content": content}
    return found


def _allowed(one: AdminOperation, api: DescribedApi) -> list[dict[str, list[str]]]:
    if one.action == PUBLIC:
        return []
    if one.scope:
        return [{"machine": [one.scope]}, SESSION]
    return [SESSION] if api.people else SECURITY


def _parts(one: AdminOperation) -> list[dict[str, Any]]:
    word = {"type": "string", "minLength": 1, "maxLength": 100}
    return [{"name": name, "in": "path", "required": True, "schema": word} for name in PART.findall(one.rule)]


def _filters(one: AdminOperation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": field.required, "schema": schema_of(field)}
        | ({"description": field.metadata["description"]} if "description" in field.metadata else {})
        for name, field in one.filters().fields.items()
    ]


def _headers(one: AdminOperation, api: DescribedApi) -> list[dict[str, Any]]:
    found = []
    if one.matched:
        about = "The ETag of what was read, or *."
        found.append(_header("If-Match", about, {"type": "string"}, required=True))
    if one.method in UNSAFE and one.action != PUBLIC:
        about = "A string in quotes, of your choice: the same request with it is done once, and answered again."
        quoted = {"type": "string", "pattern": '^"[A-Za-z0-9._-]{1,100}"$'}
        found.append(_header(IDEMPOTENCY_KEY, about, quoted, required=api.keyed))
    return found


def _header(name: str, about: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": about}


def _answer(one: AdminOperation) -> dict[str, Any]:
    found: dict[str, Any] = {"description": "Done." if one.method in UNSAFE else "As it is."}
    headers: dict[str, Any] = {}
    if one.answers is not None:
        shown = _reference(one.answers)
        found["content"] = {JSON: {"schema": {"type": "array", "items": shown} if one.many else shown}}
    if one.streams:
        found["content"] = {one.streams: {}}
    if one.many and CURSOR in one.filters().fields:
        headers[NEXT_PAGE] = {"description": "The cursor of the next page.", "schema": {"type": "string"}}
    elif one.many:
        count = {"type": "integer", "minimum": 0}
        headers["Total-Count"] = {"required": True, "description": "How many there are.", "schema": count}
    if one.tagged:
        headers |= _etag()
    return found | ({"headers": headers} if headers else {})


def _etag() -> dict[str, Any]:
    return {"ETag": {"required": True, "description": "The present state.", "schema": {"type": "string"}}}


def _refusals() -> dict[str, Any]:
    shown = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {code: {"description": text, "content": shown} for code, text in CAN_GO_WRONG.items()}


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    place = {"type": "object", "properties": {"pointer": text, "detail": text}, "required": ["pointer", "detail"]}
    members = {
        "type": text, "title": text, "status": {"type": "integer"}, "detail": text, "correlationId": text,
        "errors": {"type": "array", "items": place},
    }  # fmt: skip
    needed = ["type", "title", "status", "detail", "correlationId"]
    return {"type": "object", "properties": members, "required": needed, "additionalProperties": False}


def _security(api: DescribedApi) -> dict[str, Any]:
    flow = {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": dict(api.scopes)}}
    about = f"The console's session; a write also needs the header {TOKEN_HEADER}, which {ROOT}/session tells."
    return {
        "machine": {"type": "oauth2", "flows": flow},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": about},
    }


def _named(operations: Iterable[AdminOperation]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [one for operation in operations for one in (operation.body, operation.answers) if one is not None]
    while waiting:
        schema = waiting.pop()
        if _name(schema) not in found and schema is not Nothing:
            found[_name(schema)] = _object(schema)
            waiting += [type(inner) for field in schema().fields.values() for inner in _nested(field)]
    return dict(sorted(found.items()))


def _nested(field: fields.Field[Any]) -> list[Schema]:
    if isinstance(field, fields.Nested):
        return [field.schema]
    return _nested(field.inner) if isinstance(field, fields.List) else []


def _name(schema: type[Schema]) -> str:
    return schema.__name__.removesuffix("Schema")


def _reference(schema: type[Schema]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{_name(schema)}"}


def _object(schema: type[Schema]) -> dict[str, Any]:
    known = {field.data_key or name: field for name, field in schema().fields.items()}
    found: dict[str, Any] = {
        "type": "object",
        "properties": {name: schema_of(field) for name, field in known.items()},
        "additionalProperties": False,
    }
    needed = [name for name, field in known.items() if field.required]
    return found | ({"required": needed} if needed else {})


def schema_of(field: fields.Field[Any]) -> dict[str, Any]:
    """Return the JSON Schema of one member."""
    found = _kind(field)
    for rule in field.validators:
        found |= _rule(rule, found)
    if "description" in field.metadata:
        found["description"] = field.metadata["description"]
    if field.allow_none:
        return {"anyOf": [found, {"type": "null"}]} if "$ref" in found else found | {"type": [found["type"], "null"]}
    return found


def _kind(field: fields.Field[Any]) -> dict[str, Any]:
    if isinstance(field, fields.Nested):
        return _reference(type(field.schema))
    if isinstance(field, fields.List):
        return {"type": "array", "items": schema_of(field.inner)}
    if isinstance(field, fields.Dict | fields.Mapping):
        inner = {} if field.value_field is None else schema_of(field.value_field)
        return {"type": "object", "additionalProperties": inner or True}
    if isinstance(field, AskedCount | fields.Integer):
        return {"type": "integer"}
    words = {fields.Boolean: "boolean", fields.Float: "number"}
    return {"type": next((word for kind, word in words.items() if isinstance(field, kind)), "string")}


def _rule(rule: Any, found: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(rule, validate.Length):
        least, most = ("minItems", "maxItems") if found["type"] == "array" else ("minLength", "maxLength")
        given = {least: rule.min, most: rule.max}
        return {name: bound for name, bound in given.items() if bound is not None}
    if isinstance(rule, validate.Range):
        return {name: bound for name, bound in (("minimum", rule.min), ("maximum", rule.max)) if bound is not None}
    if isinstance(rule, validate.OneOf):
        return {"enum": list(rule.choices)}
    if isinstance(rule, validate.Regexp) and rule.regex.pattern != ONE_LINE:
        return {"pattern": _whole(rule.regex.pattern)}
    return {"pattern": _LINE} if isinstance(rule, validate.Regexp) else {}


_LINE: Final = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"


@cache
def _whole(pattern: str) -> str:
    return pattern if pattern.startswith("^") else f"^(?:{pattern})$"
