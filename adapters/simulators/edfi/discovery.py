"""Discovery at the simulated ODS: addresses, OpenAPI documents, dependencies, and token information."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi.auth import read_form
from adapters.simulators.edfi.problems import ProblemRefusal
from adapters.simulators.edfi.reading import own_names
from adapters.simulators.wire import EdFiReply
from standards.edfi.api.openapi import documents
from standards.edfi.api.openapi.schemas import IDENTITY, OPENAPI, camel, schemas
from standards.edfi.api.supported_operations import all_operations
from standards.edfi.model.dependencies import steps
from standards.edfi.model.flat_key_names import flattened
from standards.edfi.model.model import Resource, version

if TYPE_CHECKING:
    from adapters.simulators.edfi.extension import Extension
    from adapters.simulators.edfi.instance import Call, Instance

    Document = dict[str, Any]

MODE_BEFORE: Final = (7, 0)
STANDARDS: Final = {5: "3.3.0-b", 6: "4.0.0"}
GIVEN: Final = ("id", "_etag", "_lastModifiedDate")
OPERATIONS: Final = ("Create", "Delete", "Read", "ReadChanges", "Update")
DISTRICT: Final = "LocalEducationAgency"


def root(ods: Instance, base: str) -> EdFiReply:
    """Answer the document at the root of the API."""
    models = [{"name": "Ed-Fi", "version": STANDARDS.get(ods.version[0], version())}]
    if ods.extension:
        models.append({"name": ods.extension.name, "version": ods.extension.version})
    told = ".".join(map(str, ods.version))
    mode = {"apiMode": "Shared Instance"} if ods.version < MODE_BEFORE else {}
    urls = {
        "dependencies": f"{base}/metadata/data/v3/dependencies",
        "openApiMetadata": f"{base}/metadata/",
        "oauth": f"{base}/oauth/token",
        "oauthTokenIntrospection": f"{base}/oauth/token_info",
        "dataManagementApi": f"{base}/data/v3/",
    }
    if ods.change_queries:
        urls["changeQueries"] = f"{base}/changeQueries/v1/"
    about = {"version": told, "applicationName": "Ed-Fi Alliance ODS/API", "informationalVersion": f"{told}.0",
             "suite": "3", "build": f"{told}.0.1"}  # fmt: skip
    return EdFiReply(200, about | mode | {"dataModels": models, "urls": urls})


def metadata(ods: Instance, base: str, steps_: list[str]) -> EdFiReply:
    """Answer a document below ``/metadata``."""
    match steps_:
        case []:
            return EdFiReply(200, _sections(ods, base))
        case ["data", "v3", "dependencies"]:
            return EdFiReply(200, _dependencies(ods.extension))
        case ["data", "v3", ("resources" | "descriptors") as section, "swagger.json"]:
            return EdFiReply(200, _document(ods, base, section))
        case ["data", "v3", schema, "swagger.json"] if ods.extension and schema == ods.extension.schema.lower():
            return EdFiReply(200, _own(ods, ods.extension, base))
        case ["changequeries", "v1", "swagger.json"] if ods.change_queries:
            address = f"{base}/changeQueries/v1"
            return EdFiReply(
                200, documents.document("changeQueries", OPENAPI, all_operations(), address, f"{base}/oauth/token")
            )
    raise ProblemRefusal("not-found")


def _sections(ods: Instance, base: str) -> list[Document]:
    names = {"Resources": "data/v3/resources", "Descriptors": "data/v3/descriptors"}
    if ods.extension:
        names[ods.extension.name] = f"data/v3/{ods.extension.schema}"
    found = [
        {"name": name, "endpointUri": f"{base}/metadata/{path}/swagger.json", "prefix": ""}
        for name, path in names.items()
    ]
    if ods.change_queries:
        uri = f"{base}/metadata/changeQueries/v1/swagger.json"
        found.append({"name": "Change-Queries", "endpointUri": uri, "prefix": "Other"})
    return found


def _dependencies(extension: Extension | None) -> list[Document]:
    found = [{"resource": one.resource, "order": one.order, "operations": list(one.operations)} for one in steps()]
    if extension:
        last = max(one.order for one in steps())
        found += [
            {"resource": facts["endpoint"], "order": 1 if facts["isDescriptor"] else last + 1,
             "operations": ["Create", "Update"]}
            for facts in extension.resources.values()
        ]  # fmt: skip
    return found


def _document(ods: Instance, base: str, section: str) -> Document:
    """Return the document of the resources or of the descriptors, with those of an extension."""
    content = documents.content(section, OPENAPI, all_operations())
    if ods.extension:
        found = _content(ods, ods.extension, descriptors=section == "descriptors")
        content = {
            "tags": [*content["tags"], *found["tags"]],
            "paths": content["paths"] | found["paths"],
            "schemas": content["schemas"] | found["schemas"],
        }
        if section == "resources":
            _add_members(content["schemas"], ods, ods.extension)
    return documents.framed(section, OPENAPI, content, f"{base}/data/v3", f"{base}/oauth/token")


def _own(ods: Instance, extension: Extension, base: str) -> Document:
    resources, descriptors = (_content(ods, extension, descriptors=kind) for kind in (False, True))
    both = {name: resources[name] + descriptors[name] for name in ("tags",)}
    both |= {name: resources[name] | descriptors[name] for name in ("paths", "schemas")}
    return documents.framed("resources", OPENAPI, both, f"{base}/data/v3", f"{base}/oauth/token")


def _content(ods: Instance, extension: Extension, *, descriptors: bool) -> Document:
    """Return the part of an extension in one section."""
    tags: list[Document] = []
    paths: Document = {}
    found: Document = {}
    for name, facts in extension.resources.items():
        resource = ods.shape.resources[name]
        if facts["isDescriptor"] is descriptors:
            tags.append({"name": resource.collection, "description": resource.name})
            paths |= _paths(resource, extension)
            found |= _renamed(schemas(resource, OPENAPI), resource.name, extension)
    return {"tags": tags, "paths": paths, "schemas": found}


def _paths(resource: Resource, extension: Extension) -> Document:
    address, tag = resource.endpoint, [resource.collection]
    schema = {"$ref": f"{OPENAPI.root}{extension.schema}_{camel(resource.name)}"}
    content = {"content": {"application/json": {"schema": schema}}}
    filters = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        | ({IDENTITY: True} if path in resource.identity else {})
        for name, path in own_names(resource, {name: path for path, name in flattened(resource).items()}).items()
    ]
    many = {"content": {"application/json": {"schema": {"type": "array", "items": schema}}}}
    done: Document = {"responses": {"200": {"description": "Done."}}, "tags": tag}
    return {
        address: {
            "get": {"tags": tag, "parameters": filters, "responses": {"200": {"description": "The page.", **many}}},
            "post": {**done, "requestBody": content},
        },
        f"{address}/{{id}}": {"get": done, "put": {**done, "requestBody": content}, "delete": done},
        f"{address}/deletes": {"get": done},
        f"{address}/keyChanges": {"get": done},
    }


def _add_members(found: Document, ods: Instance, extension: Extension) -> None:
    """Add the members of an extension to the schemas of the standard's resources."""
    for name in extension.members:
        inner = ods.shape.resources[name].properties["_ext"].properties[extension.name]
        part = Resource(f"{name}Extension", "", is_descriptor=False, identity=(), properties=inner.properties)
        made = _renamed(schemas(replace(part), OPENAPI), part.name, extension)
        own = f"{extension.schema}_{camel(part.name)}"
        for member in GIVEN:
            made[own]["properties"].pop(member)
        holder = f"edFi_{camel(name)}Extensions"
        found |= made
        found[holder] = {"type": "object", "properties": {extension.name: OPENAPI.ref(own)}}
        whole = found[f"edFi_{camel(name)}"]
        found[f"edFi_{camel(name)}"] = whole | {"properties": whole["properties"] | {"_ext": OPENAPI.ref(holder)}}


def _renamed(value: Any, name: str, extension: Extension) -> Any:
    """Rename schemas so that their names say that they are an extension's."""
    before, after = f"edFi_{camel(name)}", f"{extension.schema}_{camel(name)}"
    if isinstance(value, dict):
        return {key.replace(before, after): _renamed(inner, name, extension) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, name, extension) for inner in value]
    return value.replace(before, after) if isinstance(value, str) else value


def token_info(ods: Instance, call: Call, client: str) -> EdFiReply:
    """Answer a client about its own token: the organizations and the resources for which it is good."""
    if call.method != "POST":
        raise ProblemRefusal("method-not-allowed")
    token = call.header("authorization").partition(" ")[2].strip()
    if read_form(call.headers, call.body).get("token") != token:
        raise ProblemRefusal("bad-request", "The token is not the one that the request bears.")
    body = {
        "active": True,
        "client_id": client,
        "namespace_prefixes": ["uri://ed-fi.org"],
        "education_organizations": [_organization(row.document) for row in ods.state.rows[DISTRICT].values()],
        "student_identification_system": None,
        "assigned_profiles": [],
        "claim_set": {"name": "Ed-Fi Sandbox"},
        "resources": [
            {"resource": one.endpoint, "operations": list(OPERATIONS)} for one in ods.shape.resources.values()
        ],
        "services": [],
    }
    return EdFiReply(200, body, {"Cache-Control": "no-cache"})


def _organization(document: Document) -> Document:
    identifier = document["localEducationAgencyId"]
    return {
        "education_organization_id": identifier,
        "local_education_agency_id": identifier,
        "name_of_institution": document["nameOfInstitution"],
        "type": f"edfi.{DISTRICT}",
    }
