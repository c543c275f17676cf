"""Operations that answer: why a client was refused, what it gets of one student. Nothing of an answer is kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import fields, validate

from gateway.admin.answers.preview import PREVIEW, Previews
from gateway.admin.answers.rehearsed import MAX_CHARACTERS, METHODS
from gateway.admin.answers.why import CUSTODIAN, RECIPIENT, Why
from gateway.admin_api.frame.bodies import AdminBody, Paged, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply

ROUTES = AdminOperations("answers")
MAX_ID = 200


class AskedWhySchema(AdminBody):
    """What was refused: an address as it was sent, or the id that the answer gave."""

    client = TextLine(64, required=True)
    address = fields.String(load_default="", validate=validate.Length(max=MAX_CHARACTERS))
    method = fields.String(load_default="GET", validate=validate.OneOf(METHODS))
    id = fields.String(load_default="", validate=validate.Length(max=MAX_ID))
    purpose = fields.String(load_default="", validate=validate.Length(max=100))


class DetailSchema(AdminBody):
    """One thing behind a step, and where it is written."""

    text = fields.String(required=True)
    place = fields.String(required=True)
    passed = fields.Boolean(required=True)


class StepSchema(AdminBody):
    """One step of the request."""

    step = fields.String(required=True)
    asked = fields.String(required=True)
    passed = fields.Boolean(required=True)
    text = fields.String(required=True)
    details = fields.List(fields.Nested(DetailSchema), required=True)


class MenderSchema(AdminBody):
    """Somebody who can mend it."""

    text = fields.String(required=True)
    role = fields.String(required=True)
    org = fields.String(required=True)


class WhySchema(AdminBody):
    """Why a request is refused, step by step."""

    client = fields.String(required=True)
    told = fields.String(required=True)
    view = fields.String(required=True)
    refused = fields.String(required=True)
    code = fields.String(required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    mends = fields.List(fields.Nested(MenderSchema), required=True)


class RefusalFilters(Paged):
    """Of which client."""

    client = TextLine(64, required=True)


class LastRefusalSchema(AdminBody):
    """One of the last refusals of a client, without any value."""

    client = fields.String(required=True)
    at = fields.String(required=True)
    method = fields.String(required=True)
    view = fields.String(required=True)
    district = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    step = fields.String(required=True)
    id = fields.String(required=True)


class AskedPreviewSchema(AdminBody):
    """Which student of which district, as which client."""

    district = TextLine(100, required=True)
    client = TextLine(64, required=True)
    student = TextLine(MAX_ID, required=True)
    purpose = fields.String(load_default="", validate=validate.Length(max=100))
    person = fields.String(load_default="", validate=validate.Length(max=254))


class PreviewSchema(AdminBody):
    """One student as a client gets it."""

    district = fields.String(required=True)
    client = fields.String(required=True)
    agreements = fields.List(fields.String(), required=True)
    visible = fields.Boolean(required=True)
    steps = fields.List(fields.Nested(DetailSchema), required=True)
    facts = fields.List(fields.Dict(), required=True)
    records = fields.List(fields.Dict(), required=True)
    shown = fields.Integer(required=True)
    every = fields.Integer(required=True)


@ROUTES.add("POST", "/why", CUSTODIAN, WhySchema, body=AskedWhySchema, kept=False)
def ask_why(asked: AdminRequest) -> Reply:
    """Tell a custodian at which step a request of a client is refused, and who can mend it."""
    return _why(asked, "custodian")


@ROUTES.add("POST", "/why/own", RECIPIENT, WhySchema, body=AskedWhySchema, kept=False)
def ask_why_own(asked: AdminRequest) -> Reply:
    """Tell a recipient the same of its own client, and of rows and facts no more than that they are not agreed."""
    return _why(asked, "recipient")


@ROUTES.add("GET", "/refusals", CUSTODIAN, LastRefusalSchema, many=True, filters=RefusalFilters)
def list_refusals(asked: AdminRequest) -> Reply:
    """List the last refusals of a client to a custodian."""
    return _refusals(asked, "custodian")


@ROUTES.add("GET", "/refusals/own", RECIPIENT, LastRefusalSchema, many=True, filters=RefusalFilters)
def list_own_refusals(asked: AdminRequest) -> Reply:
    """List the last refusals of a client to its recipient."""
    return _refusals(asked, "recipient")


@ROUTES.add("POST", "/preview", PREVIEW, PreviewSchema, body=AskedPreviewSchema, kept=False)
def preview(asked: AdminRequest) -> Reply:
    """Show one student of one's own district as a client gets it; that somebody looked is written down first."""
    body = asked.body
    found = Previews(asked.region).of_student(
        asked.actor, body["district"], body["client"], body["student"], body["purpose"], body["person"]
    )
    return Reply(asdict(found))


def _why(asked: AdminRequest, told: Any) -> Reply:
    body, service = asked.body, Why(asked.region)
    if body["id"]:
        found = service.of_refusal(asked.actor, body["client"], told, body["id"])
    else:
        found = service.of_address(asked.actor, body["client"], told, body["address"], body["method"], body["purpose"])
    content = asdict(found)
    for step in content["steps"]:
        del step["arguments"]
    return Reply(content)


def _refusals(asked: AdminRequest, told: Any) -> Reply:
    found = Why(asked.region).refusals(asked.actor, asked.filters["client"], told)
    return asked.page([asdict(one) | {"at": one.at.isoformat()} for one in found])
