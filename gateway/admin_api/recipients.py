"""Operations on applications and claim sets: what Ed-Fi's administration API calls agreements and sets of scopes."""

from __future__ import annotations

from marshmallow import fields

from gateway.admin.clients.applications import Applications, claim_sets
from gateway.admin_api.frame.bodies import AdminBody
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply

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
