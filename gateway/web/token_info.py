"""Token info of the Ed-Fi API: which resources a token opens, with which operations, for which organizations.

It is derived from what the client's agreements release. The organizations are read as the client would read
them itself: by the same pipeline, with the same record of disclosures.
"""

from __future__ import annotations

import hmac
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response, request

from gateway.reads.pipeline import serve_page
from gateway.request import PageRequest
from gateway.telemetry import about
from gateway.web.etags import PRIVATE
from gateway.web.responses import authenticate, base_url, trace_id
from gateway.web.url_prefixes import PREFIXES, place
from standards import registry
from standards.edfi.api.request import MAX_LIMIT
from standards.edfi.model.model import resources
from standards.edfi.model.references import PATHS, RESOURCES
from standards.errors import CallerError
from standards.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from policies.grant import Grant
    from standards.view import View

READ = "edfi:read"
# The standard's word for an operation, the operation of an agreement that allows it, and the scope it takes.
OPERATIONS = (
    ("Read", "read", READ),
    ("ReadChanges", "changes", "edfi:readchanges"),
    ("Create", "create", "edfi:create"),
    ("Update", "update", "edfi:update"),
    ("Delete", "delete", "edfi:delete"),
)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def blueprint(gateway: Gateway) -> Blueprint:
    """Build the one route, with and without a district's name in front."""
    routes = Blueprint("token_info", __name__)

    def tell(district: str | None = None) -> Response:
        """Answer what the token in the body allows, if it is the one that the request bears."""
        about(view="token_info")
        authorization = authenticate(gateway, district)
        _check(_token())
        response = Response(orjson.dumps(_told(gateway, authorization, district)), 200, content_type=JSON)
        response.headers["Cache-Control"] = f"{PRIVATE}, no-cache"
        return response

    for prefix in PREFIXES:
        routes.add_url_rule(f"{prefix}/oauth/token_info", f"told{prefix}", tell, methods=("POST",))
    return routes


def _token() -> str:
    """Read the token in the body, form or JSON, its name in any case."""
    if request.mimetype == FORM:
        return _named_token(request.form.items())
    if not request.is_json:
        raise CallerError(f"Send the body as {FORM} or {JSON}.")
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        raise CallerError("The body is not JSON.") from None
    return _named_token(body.items()) if isinstance(body, dict) else ""


def _named_token(given: Iterable[tuple[str, Any]]) -> str:
    found = [value for name, value in given if name.lower() == "token"]
    return found[0] if len(found) == 1 and isinstance(found[0], str) else ""


def _check(asked: str) -> None:
    """Refuse any token but the one the request bears."""
    borne = request.headers["Authorization"].strip().partition(" ")[2].strip()
    if not asked:
        raise CallerError("The body names no token.")
    if not hmac.compare_digest(asked.encode(), borne.encode()):
        raise CallerError("The token in the body is not the one in the Authorization header.")


def _told(gateway: Gateway, authorization: Authorization, district: str | None) -> dict[str, Any]:
    grants = authorization.grants
    return {
        "active": True,
        "client_id": authorization.client,
        "namespace_prefixes": [],
        "education_organizations": _organizations(gateway, authorization, district, grants),
        "student_identification_system": None,
        "assigned_profiles": [],
        "claim_set": {"name": ", ".join(sorted({one.agreement for grant in grants for one in grant.each}))},
        "resources": list(_resources(gateway, authorization, grants)),
        "services": [],
    } | ({"purpose": authorization.caller.purpose} if authorization.caller.purpose else {})


def _resources(gateway: Gateway, authorization: Authorization, grants: Iterable[Grant]) -> Iterator[dict[str, Any]]:
    """List each resource that exists for the caller, and the operations it may use on it."""
    for _, view in sorted(registry.views("edfi").items()):
        allowed = frozenset[str]().union(
            *(one.operations for one in grants if gateway.views.pruned(one, view) is not None)
        )
        found = [
            word for word, operation, scope in OPERATIONS if operation in allowed and scope in authorization.scopes
        ]
        if found:
            yield {"resource": resources()[view.model].endpoint, "operations": found}


def _organizations(
    gateway: Gateway, authorization: Authorization, district: str | None, grants: Iterable[Grant]
) -> list[dict[str, Any]]:
    """List the organizations that the caller may read, each with those above it."""
    if READ not in authorization.scopes:
        return []
    reading = [one for one in grants if "read" in one.operations]
    found: dict[int, dict[str, Any]] = {}
    above: dict[int, dict[str, int]] = {}
    for kind, path in PATHS.items():
        view, name = registry.views("edfi")[path.rpartition("/")[2]], RESOURCES[kind]
        if not any(gateway.views.pruned(one, view) for one in reading):
            continue
        for record in _records(gateway, authorization, view, district):
            number = record.get(next(iter(resources()[name].identity)))
            if isinstance(number, int):
                found[number] = {"education_organization_id": number, **_named(record), "type": f"edfi.{name}"}
                above[number] = dict(_parents(record))
    return [{**one, **_ancestors(number, above)} for number, one in sorted(found.items())]


def _records(
    gateway: Gateway, authorization: Authorization, view: View, district: str | None
) -> Iterator[Mapping[str, Any]]:
    """Yield everything of a *view* that the caller may see, page by page, each recorded before it is rendered."""
    offset, total = 0, 1
    base = f"{base_url()}{place(district)}/data/v3"
    while offset < total:
        reader = partial(_as_it_is, Query(offset=offset, limit=MAX_LIMIT))
        page = serve_page(
            gateway, authorization, PageRequest(view, district, frozenset({READ}), reader, base, trace_id())
        )
        yield from page.records
        offset, total = offset + MAX_LIMIT, page.total


def _as_it_is(query: Query, _views: tuple[View, ...]) -> Query:
    """Return the query unchanged, whatever the views are."""
    return query


def _named(record: Mapping[str, Any]) -> dict[str, Any]:
    name = record.get("nameOfInstitution")
    return {} if name is None else {"name_of_institution": name}


def _parents(record: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Return the parent organizations of a record: the member that names each, and its number."""
    kinds = {f"{name[0].lower()}{name[1:]}Id" for name in RESOURCES.values()}
    for member, reference in record.items():
        if member.endswith("Reference") and isinstance(reference, dict):
            for name, number in reference.items():
                if name in kinds and isinstance(number, int):
                    yield f"{CAPITAL.sub('_', name.removesuffix('Id')).lower()}_id", number


def _ancestors(number: int, above: Mapping[int, Mapping[str, int]]) -> dict[str, int]:
    """Return the ancestors of an organization, the nearest of each kind."""
    found: dict[str, int] = {}
    seen, waiting = {number}, [number]
    while waiting:
        for name, parent in above.get(waiting.pop(0), {}).items():
            found.setdefault(name, parent)
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return found
