"""Operations on vendors, applications and claim sets: organisations, agreements and sets of scopes in Ed-Fi's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from gateway.admin.clients.applications import Applications, claim_sets
from gateway.admin.organisations import KINDS, NOWHERE, Organisations
from gateway.admin_api.frame.bodies import AdminBody, Filters, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply
from gateway.storage.people.kinds import DISTRICT
from standards.errors import NotFound

if TYPE_CHECKING:
    from gateway.admin.organisations import Organisation

ROUTES = AdminOperations("recipients")

ApplicationSchema = AdminBody.from_dict(
    {
        "id": fields.String(required=True),
        "applicationName": fields.String(required=True),
        "vendorId": fields.String(required=True),
        "district": fields.String(required=True),
        "version": fields.Integer(required=True),
        "purpose": fields.String(required=True),
        "operations": fields.List(fields.String(), required=True),
        "from": fields.String(required=True),
        "to": fields.String(required=True),
        "apiClientIds": fields.List(fields.String(), required=True),
    },
    name="ApplicationSchema",
)
"""An agreement between a district and the organisation that receives its data."""


class ClaimSetSchema(AdminBody):
    """A named set of scopes, which nobody edits."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    is_reserved = fields.Boolean(required=True, data_key="_isSystemReserved")
    scopes = fields.List(fields.String(), required=True)


class VendorSchema(AdminBody):
    """An organisation that receives data and is no district."""

    id = fields.String(required=True)
    company = fields.String(required=True)
    kind = fields.String(required=True)
    steward = fields.String(required=True)


class NewVendorSchema(AdminBody):
    """An organisation to add."""

    name = TextLine(100, pattern=r"^[a-z0-9][a-z0-9-]{0,99}$", required=True)
    company = TextLine(200, least=0, load_default="")
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    steward = TextLine(100, least=0, load_default="")


class VendorChangeSchema(AdminBody):
    """Another title of an organisation, and why; its name and kind stay."""

    company = TextLine(200, required=True)
    reason = TextLine(500, required=True)


class ReasonFilters(Filters):
    """Why something is done, in one line."""

    reason = TextLine(500, required=True)


def _vendor(one: Organisation) -> dict[str, Any]:
    return {"id": one.name, "company": one.title, "kind": one.kind, "steward": one.steward}


def _found(asked: AdminRequest, vendor_id: str) -> Organisation:
    """Find an organisation that is no district and of which who asks may know."""
    for one in Organisations(asked.region).overview(asked.actor):
        if one.name == vendor_id and one.kind != DISTRICT:
            return one
    raise NotFound(NOWHERE)


@ROUTES.add("GET", "/vendors", "organisation.read", VendorSchema, many=True)
def list_vendors(asked: AdminRequest) -> Reply:
    """List the organisations that receive data and concern who asks."""
    found = Organisations(asked.region).overview(asked.actor)
    return asked.page([_vendor(one) for one in found if one.kind != DISTRICT])


@ROUTES.add("GET", "/vendors/<vendor_id>", "organisation.read", VendorSchema, tagged=True)
def read_vendor(asked: AdminRequest, vendor_id: str) -> Reply:
    """Return an organisation that receives data."""
    return Reply(_vendor(_found(asked, vendor_id)))


@ROUTES.add("POST", "/vendors", "organisation.add", VendorSchema, body=NewVendorSchema, status=201, tagged=True)
def add_vendor(asked: AdminRequest) -> Reply:
    """Add an organisation, for a district or for the region; its clients and agreements come after."""
    told = asked.body
    made = Organisations(asked.region).add(
        asked.actor, told["name"], told["kind"], told["company"] or told["name"], told["steward"]
    )
    return Reply(_vendor(made), location=f"/vendors/{made.name}")


@ROUTES.add(
    "PUT",
    "/vendors/<vendor_id>",
    "organisation.change",
    VendorSchema,
    body=VendorChangeSchema,
    matched=True,
    tagged=True,
)
def rename_vendor(asked: AdminRequest, vendor_id: str) -> Reply:
    """Give an organisation that people added another title; for the region's operator."""
    service, told = Organisations(asked.region), asked.body
    before = _found(asked, vendor_id)
    asked.match(_vendor(before))
    unchanged = before.title if asked.conditional else None
    return Reply(_vendor(service.rename(asked.actor, vendor_id, told["company"], told["reason"], unchanged)))


@ROUTES.add("DELETE", "/vendors/<vendor_id>", "organisation.change", filters=ReasonFilters, status=204)
def retire_vendor(asked: AdminRequest, vendor_id: str) -> Reply:
    """Retire an organisation that has neither people, clients nor agreements; for the region's operator."""
    _found(asked, vendor_id)
    Organisations(asked.region).retire(asked.actor, vendor_id, asked.filters["reason"])
    return Reply(None)


@ROUTES.add("GET", "/applications", "agreement.read", ApplicationSchema, many=True)
def list_applications(asked: AdminRequest) -> Reply:
    """List the agreements that are served and concern who asks, each with its clients."""
    return asked.page(Applications(asked.region).list(asked.actor))


@ROUTES.add("GET", "/applications/<application_id>", "agreement.read", ApplicationSchema, tagged=True)
def read_application(asked: AdminRequest, application_id: str) -> Reply:
    """Return an agreement with its clients."""
    return Reply(Applications(asked.region).find(asked.actor, application_id))


@ROUTES.add("GET", "/claimSets", "client.read", ClaimSetSchema, many=True)
def list_claim_sets(asked: AdminRequest) -> Reply:
    """List the named sets of scopes."""
    return asked.page([one.shown() for one in claim_sets()])
