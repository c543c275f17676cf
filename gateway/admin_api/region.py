"""Operations on the region: what this API is, who asks, acts on record, a reload, and how fresh districts are."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from marshmallow import fields

from gateway.admin.events import Events
from gateway.admin.freshness import Freshness
from gateway.admin.taking_effect import PATIENCE_SECONDS, permit_effect
from gateway.admin_api.frame.bodies import AdminBody, Paged, TextLine
from gateway.admin_api.frame.openapi import document
from gateway.admin_api.frame.operations import PUBLIC, ROOT, SIGNED_IN, AdminOperations, AdminRequest, Reply, serving
from standards.errors import Conflict, Unsupported

if TYPE_CHECKING:
    from gateway.admin.administration import Administration

ROUTES = AdminOperations("region")
API_VERSION: Final = "1.0"


def build() -> str:
    """Return the version of the program; a checkout that nobody installed has none."""
    try:
        return version("crossingguard")
    except PackageNotFoundError:
        return "checkout"


class InformationSchema(AdminBody):
    """What this API is."""

    version = fields.String(required=True)
    build = fields.String(required=True)
    openapi = fields.String(required=True)
    tokenUrl = fields.String(required=True)  # noqa: N815 -- JSON's spelling


class MembershipSchema(AdminBody):
    """A role in an organisation."""

    org = fields.String(required=True)
    role = fields.String(required=True)


class AskerSchema(AdminBody):
    """Who asks."""

    name = fields.String(required=True)
    kind = fields.String(required=True)
    memberships = fields.List(fields.Nested(MembershipSchema), required=True)
    csrfToken = fields.String(allow_none=True, required=True)  # noqa: N815


class EventSchema(AdminBody):
    """An act on record."""

    id = fields.String(required=True)
    at = fields.String(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True)
    district = fields.String(required=True)
    reason = fields.String(required=True)
    content = fields.Dict(required=True)


class EventFilters(Paged):
    """Which acts: those of one district, those of one kind."""

    district = TextLine(100)
    action = TextLine(60)


class DistrictHealthSchema(AdminBody):
    """How fresh a district is."""

    name = fields.String(required=True)
    state = fields.String(required=True)
    since = fields.String(allow_none=True, required=True)
    nextTry = fields.String(allow_none=True, required=True)  # noqa: N815
    waitsForApproval = fields.Boolean(required=True)  # noqa: N815


class ReloadSchema(AdminBody):
    """What a reload came to."""

    ok = fields.Boolean(required=True)
    lines = fields.List(fields.String(), required=True)


@ROUTES.add("GET", "/information", PUBLIC, InformationSchema)
def read_information(_region: Administration) -> Reply:
    """Tell what this API is and where it is described."""
    found = {"version": API_VERSION, "build": build(), "openapi": f"{ROOT}/openapi.json", "tokenUrl": "/oauth/token"}
    return Reply(found)


@ROUTES.add("GET", "/openapi.json", PUBLIC)
def read_openapi(_region: Administration) -> Reply:
    """Describe every operation (OpenAPI 3.1)."""
    return Reply(document(serving().operations, build()))


@ROUTES.add("GET", "/session", SIGNED_IN, AskerSchema)
def read_session(asked: AdminRequest) -> Reply:
    """Tell who asks, in which roles; a session of the console is told the token that its writes need."""
    session = serving().entrance.session()
    roles = [{"org": one.org, "role": one.role} for one in asked.actor.memberships]
    token = serving().entrance.token_of(session) if session else None
    return Reply({"name": asked.actor.name, "kind": asked.actor.kind, "memberships": roles, "csrfToken": token})


@ROUTES.add("GET", "/events", "event.read", EventSchema, many=True, filters=EventFilters)
def list_events(asked: AdminRequest) -> Reply:
    """List the acts of people on record, the newest first, as far as the roles of who asks reach."""
    chosen: dict[str, Any] = {name: asked.filters[name] for name in ("district", "action") if name in asked.filters}
    found, total = Events(asked.region).list(asked.actor, asked.filters["offset"], asked.filters["limit"], **chosen)
    return Reply([one.shown() for one in found], total=total)


@ROUTES.add("POST", "/reload", "region.reload", ReloadSchema)
def reload_region(asked: AdminRequest) -> Reply:
    """Let the running gateway serve what files and registry say now; a mistake leaves everything as it is."""
    asked.actor.require("region.reload")
    if asked.region.running is None:
        raise Unsupported("No gateway is running here.")
    permit_effect(asked.region, asked.actor, "")
    outcome = asked.region.running.reload(asked.actor.name, PATIENCE_SECONDS)
    if not outcome.ok:
        raise Conflict("Nothing was changed: " + "; ".join(outcome.lines))
    return Reply({"ok": True, "lines": list(outcome.lines)})


@ROUTES.add("GET", "/health/districts", "district.freshness", DistrictHealthSchema, many=True)
def list_health(asked: AdminRequest) -> Reply:
    """List how fresh each district is that concerns who asks."""
    return asked.page([one.shown() for one in Freshness(asked.region).list(asked.actor)])
