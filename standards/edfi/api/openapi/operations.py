"""Operations of the Ed-Fi documents: the requests of a resource, their parameters and answers."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from standards.edfi.api.openapi.schemas import IDENTITY, SWAGGER, camel, leaves, scalar, schema_name
from standards.edfi.api.request import DEFAULT_LIMIT, MAX_LIMIT, parameters
from standards.edfi.model.cascading_keys import CASCADING_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standards.edfi.api.openapi.schemas import OpenApiVersion
    from standards.edfi.api.supported_operations import SupportedOperations
    from standards.edfi.model.model import Property, Resource

Document = dict[str, Any]

UPDATABLE = "x-Ed-Fi-isUpdatable"
MEDIA = "application/json"
MAX_PARTITIONS = 200
DEFAULT_PARTITIONS = 10
CHANGES = MappingProxyType({"name": "changeQueries", "description": "Which change versions a client can ask for."})
VERSIONS: Mapping[str, Document] = MappingProxyType(
    {
        "availableChangeVersions": {
            "type": "object",
            "properties": {
                "oldestChangeVersion": {"type": "integer", "format": "int64"},
                "newestChangeVersion": {"type": "integer", "format": "int64"},
            },
        }
    }
)
ERRORS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "NotModified": ("304", "The client has this item already (If-None-Match)."),
        "BadRequest": ("400", "The request cannot be understood; the body says what is wrong."),
        "Unauthorized": ("401", "There is no token, or it is not valid."),
        "Forbidden": ("403", "The token's scopes or the client's agreements do not allow this."),
        "NotFound": ("404", "There is no such item."),
        "Conflict": ("409", "The request conflicts with other data."),
        "PreconditionFailed": ("412", "The item is not as If-Match says."),
        "Error": ("500", "The gateway failed; nothing was sent."),
    }
)
READ_ERRORS = ("BadRequest", "Unauthorized", "Forbidden", "NotFound", "Error")
WRITE_ERRORS = ("BadRequest", "Unauthorized", "Forbidden", "Conflict", "PreconditionFailed", "Error")
Words = tuple[str, str, str, Document]
SHARED: tuple[Words, ...] = (
    ("offset", "query", "How many items to pass over before the first in the answer.",
     {"type": "integer", "format": "int32", "minimum": 0}),
    ("limit", "query", "The most items in the answer; none at all with 0, which is how to count.",
     {"type": "integer", "format": "int32", "minimum": 0, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
    ("totalCount", "query", "Whether the header Total-Count tells how many items there are in all.",
     {"type": "boolean", "default": False}),
    ("pageToken", "query", "The Next-Page-Token of the page before; instead of offset and limit.", {"type": "string"}),
    ("pageSize", "query", "The most items in the answer to a pageToken; without one, limit decides.",
     {"type": "integer", "format": "int32", "minimum": 0, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
    ("minChangeVersion", "query", "Only what changed at this change version or later.",
     {"type": "integer", "format": "int64"}),
    ("maxChangeVersion", "query", "Only what changed at this change version or earlier.",
     {"type": "integer", "format": "int64"}),
    ("number", "query", "How many parts of about the same size to cut the items into.",
     {"type": "integer", "format": "int32", "minimum": 1, "maximum": MAX_PARTITIONS, "default": DEFAULT_PARTITIONS}),
    ("Use-Snapshot", "header", "Whether to read from a snapshot.", {"type": "boolean", "default": False}),
    ("If-None-Match", "header", "The tag of the item as the client has it.", {"type": "string"}),
    ("If-Match", "header", "The tag of the item as the client read it; the request fails if it is another by now.",
     {"type": "string"}),
)  # fmt: skip
HEADERS: Mapping[str, tuple[str, Document]] = {
    "Total-Count": ("How many items there are, where totalCount asks for it.", {"type": "integer", "format": "int32"}),
    "Next-Page-Token": ("The pageToken of the page that follows, where there may be one.", {"type": "string"}),
}
WINDOW = ("minChangeVersion", "maxChangeVersion")
OFFSETS = ("offset", "limit", "totalCount")
PAGED = (*OFFSETS, "pageToken", "pageSize", *WINDOW, "Use-Snapshot")
CHANGED = (*OFFSETS, *WINDOW, "Use-Snapshot")
CUT = ("number", *WINDOW, "Use-Snapshot")
ONE = ("If-None-Match", "Use-Snapshot")


def shared(edition: OpenApiVersion) -> Document:
    """Return the parameters that operations have in common."""
    return {name: _parameter(edition, name, place, about, schema) for name, place, about, schema in SHARED}


def failures(edition: OpenApiVersion) -> Document:  # noqa: ARG001  both versions of OpenAPI write it alike
    """Return the error responses."""
    return {name: {"description": about} for name, (_, about) in ERRORS.items()}


def available(edition: OpenApiVersion) -> Document:
    """Return the one operation of change queries that belongs to no resource."""
    answer = _success("The oldest and the newest change version.", edition.ref("availableChangeVersions"), edition)
    return {
        "get": {
            "operationId": "getAvailableChangeVersions",
            "tags": [CHANGES["name"]],
            "summary": "The change versions between which changes can be asked for.",
            "parameters": [_pointer(edition, "Use-Snapshot")],
            "responses": _responses(edition, ("Unauthorized", "Forbidden", "NotFound", "Error"), {"200": answer}),
        }
    }


def paths(resource: Resource, edition: OpenApiVersion, able: SupportedOperations) -> Document:
    """Return the paths of one resource, each with what the deployment is *able* to do there."""
    told = _OperationWriter(resource, edition)
    root = resource.endpoint
    many, single = {"get": told.many()}, {"get": told.single()}
    if resource.name in able.writes:
        many["post"] = told.post()
        single |= {"put": told.put(), "delete": told.delete()}
    found = {root: many, f"{root}/{{id}}": single}
    if resource.name in able.feeds:
        found[f"{root}/deletes"] = {"get": told.changed("deletes", "Delete")}
        found[f"{root}/keyChanges"] = {"get": told.changed("keyChanges", "KeyChange")}
    return found | {f"{root}/partitions": {"get": told.partitions()}}


class _OperationWriter:
    """The operations of one *resource*, in one version of OpenAPI."""

    def __init__(self, resource: Resource, edition: OpenApiVersion) -> None:
        self.edition, self.resource = edition, resource
        self.schema, self.collection = schema_name(resource), resource.collection
        self.many_word = self.collection[0].upper() + self.collection[1:]
        one = camel(resource.name)
        self.one_word = one[0].upper() + one[1:]

    def many(self) -> Document:
        schema = {"type": "array", "items": self.edition.ref(self.schema)}
        return self.operation(
            f"get{self.many_word}", "A page of what the client may see.", [*self.pointers(PAGED), *self.filters()],
            READ_ERRORS, {"200": _success("The page.", schema, self.edition, ("Total-Count", "Next-Page-Token"))},
        )  # fmt: skip

    def single(self) -> Document:
        return self.operation(
            f"get{self.many_word}ById", "One item, by its id.", [self.identifier(), *self.pointers(ONE)],
            ("NotModified", *READ_ERRORS), {"200": _success("The item.", self.edition.ref(self.schema), self.edition)},
        )  # fmt: skip

    def post(self) -> Document:
        done = {"200": {"description": "The item was there; it is updated."}, "201": {"description": "Created."}}
        summary = "Create an item, or update the one that has its natural key."
        return self.operation(f"post{self.one_word}", summary, [], WRITE_ERRORS, done, body=True)

    def put(self) -> Document:
        named = [self.identifier(), *self.pointers(("If-Match",))]
        done = {"204": {"description": "Updated."}}
        told = self.operation(
            f"put{self.one_word}", "Replace an item.", named, (*WRITE_ERRORS, "NotFound"), done, body=True
        )
        return told | ({UPDATABLE: True} if self.resource.name in CASCADING_KEYS else {})

    def delete(self) -> Document:
        named = [self.identifier(), *self.pointers(("If-Match",))]
        done = {"204": {"description": "Deleted."}}
        return self.operation(f"delete{self.one_word}ById", "Delete an item.", named, (*WRITE_ERRORS, "NotFound"), done)

    def changed(self, what: str, word: str) -> Document:
        schema = {"type": "array", "items": self.edition.ref(f"trackedChanges_{self.schema}{word}")}
        summary = {"deletes": "What is gone.", "keyChanges": "What bears another natural key now."}[what]
        return self.operation(
            f"{what}{self.many_word}", summary, self.pointers(CHANGED), READ_ERRORS,
            {"200": _success("The page.", schema, self.edition, ("Total-Count",))},
        )  # fmt: skip

    def partitions(self) -> Document:
        tokens = {"type": "object", "properties": {"pageTokens": {"type": "array", "items": {"type": "string"}}}}
        return self.operation(
            f"get{self.many_word}Partitions", "Page tokens that cut what the client may see into parts.",
            [*self.pointers(CUT), *self.filters()], READ_ERRORS,
            {"200": _success("The tokens.", tokens, self.edition)},
        )  # fmt: skip

    def operation(
        self, name: str, summary: str, named: list[Document], errors: Iterable[str], done: Document, *,
        body: bool = False,
    ) -> Document:  # fmt: skip
        told: Document = {"operationId": name, "tags": [self.collection], "summary": summary}
        schema = self.edition.ref(self.schema)
        if body and self.edition is SWAGGER:
            named = [*named, {"name": camel(self.resource.name), "in": "body", "required": True, "schema": schema}]
        elif body:
            told["requestBody"] = {"required": True, "content": {MEDIA: {"schema": schema}}}
        return told | {"parameters": named, "responses": _responses(self.edition, errors, done)}

    def pointers(self, names: Iterable[str]) -> list[Document]:
        return [_pointer(self.edition, name) for name in names]

    def identifier(self) -> Document:
        return _parameter(self.edition, "id", "path", "The id of the item.", {"type": "string"}, {"required": True})

    def filters(self) -> list[Document]:
        """Return a parameter for every member by which items can be filtered."""
        known = dict(leaves(self.resource))
        found = []
        for name, every in parameters(self.collection).items():
            more = {IDENTITY: True} if not set(every).isdisjoint(self.resource.identity) else {}
            about = f"Only items whose {every[0]} is this."
            found.append(_parameter(self.edition, name, "query", about, self.kind(known.get(every[0])), more))
        return found

    def kind(self, known: Property | None) -> Document:
        if known is None:
            return {"type": "string"}
        made = scalar(known, self.edition)
        return {name: value for name, value in made.items() if name in {"type", "format", "maxLength"}}


def _parameter(
    edition: OpenApiVersion, name: str, place: str, about: str, schema: Document, more: Mapping[str, Any] | None = None
) -> Document:
    how = schema if edition is SWAGGER else {"schema": schema}
    return {"name": name, "in": place, "description": about, "required": False, **how, **(more or {})}


def _pointer(edition: OpenApiVersion, name: str) -> Document:
    return {"$ref": f"#/parameters/{name}" if edition is SWAGGER else f"#/components/parameters/{name}"}


def _success(description: str, schema: Document, edition: OpenApiVersion, headers: Iterable[str] = ()) -> Document:
    told: Document = {"schema": schema} if edition is SWAGGER else {"content": {MEDIA: {"schema": schema}}}
    for name in headers:
        about, kind = HEADERS[name]
        how = kind if edition is SWAGGER else {"schema": kind}
        told.setdefault("headers", {})[name] = {"description": about, **how}
    return {"description": description, **told}


def _responses(edition: OpenApiVersion, errors: Iterable[str], done: Document) -> Document:
    root = "#/responses/" if edition is SWAGGER else "#/components/responses/"
    return done | {ERRORS[name][0]: {"$ref": root + name} for name in errors}
