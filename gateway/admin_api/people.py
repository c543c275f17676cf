"""Operations on the people of organisations and their invitations: for people, since whoever invites makes people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from gateway.admin.people import STEPS, Persons
from gateway.admin_api.frame.bodies import AdminBody, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply
from gateway.web.responses import base_url

if TYPE_CHECKING:
    from gateway.admin.members import OrganisationMember
    from gateway.people.invitations import Invitation

ROUTES = AdminOperations("people")


class PersonSchema(AdminBody):
    """A person of an organisation, with the roles there; how it signs in is told by kind."""

    id = fields.String(required=True)
    mail = fields.String(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    factors = fields.List(fields.String(), required=True)


class InvitationSchema(AdminBody):
    """An invitation that nobody has used; the link itself is not kept."""

    id = fields.String(required=True)
    mail = fields.String(required=True)
    role = fields.String(required=True)
    made = fields.String(required=True)
    madeBy = fields.String(required=True)  # noqa: N815 -- JSON's spelling
    expires = fields.String(required=True)


class NewInvitationSchema(AdminBody):
    """Whom to invite, and for which role."""

    mail = TextLine(254, required=True)
    role = TextLine(40, required=True)
    name = TextLine(200, least=0, load_default="")


class InvitedSchema(AdminBody):
    """The link of an invitation, shown this once."""

    url = fields.String(required=True)


class PersonStepSchema(AdminBody):
    """What becomes of a person's access, and why."""

    step = fields.String(required=True, validate=validate.OneOf(tuple(STEPS)))
    reason = TextLine(500, required=True)


@ROUTES.add("GET", "/organisations/<org>/people", "person.read", PersonSchema, many=True)
def list_people(asked: AdminRequest, org: str) -> Reply:
    """List the people of an organisation, with their roles there."""
    return asked.page([_person(one) for one in Persons(asked.region).overview(asked.actor, org).members])


@ROUTES.add("GET", "/organisations/<org>/people/<person>", "person.read", PersonSchema, tagged=True)
def read_person(asked: AdminRequest, org: str, person: str) -> Reply:
    """Return a person of an organisation."""
    return Reply(_person(Persons(asked.region).member(asked.actor, org, person)))


@ROUTES.add(
    "PUT", "/organisations/<org>/people/<person>/status", "person.change", PersonSchema, body=PersonStepSchema,
    waits=True,
)  # fmt: skip
def change_status(asked: AdminRequest, org: str, person: str) -> Reply:
    """Suspend, resume or end a person; whoever may not come in any more is out at once."""
    service, before = Persons(asked.region), Persons(asked.region).member(asked.actor, org, person)
    asked.done(service.change_status(asked.actor, org, person, asked.body["step"], asked.body["reason"]))
    return Reply({**_person(before), "status": STEPS[asked.body["step"]][1]})


@ROUTES.add("GET", "/organisations/<org>/invitations", "person.read", InvitationSchema, many=True)
def list_invitations(asked: AdminRequest, org: str) -> Reply:
    """List the invitations that nobody has used."""
    return asked.page([_invitation(one) for one in Persons(asked.region).overview(asked.actor, org).invitations])


@ROUTES.add(
    "POST", "/organisations/<org>/invitations", "person.invite", InvitedSchema, body=NewInvitationSchema, status=201,
    kept=False, waits=True,
)  # fmt: skip
def invite_person(asked: AdminRequest, org: str) -> Reply:
    """Invite somebody; the link is told this once."""
    told = asked.body
    token = asked.done(Persons(asked.region).invite(asked.actor, org, told["mail"], told["role"], told["name"]))
    return Reply({"url": f"{base_url()}/console/join/{token}"})


@ROUTES.add("DELETE", "/organisations/<org>/invitations/<invitation>", "person.invite", status=204)
def withdraw_invitation(asked: AdminRequest, org: str, invitation: str) -> Reply:
    """Take an invitation back."""
    Persons(asked.region).withdraw(asked.actor, org, invitation)
    return Reply(None)


def _person(one: OrganisationMember) -> dict[str, Any]:
    return {
        "id": one.person.id, "mail": one.person.mail, "name": one.person.name, "status": one.person.status,
        "roles": list(one.roles), "factors": list(one.factors),
    }  # fmt: skip


def _invitation(one: Invitation) -> dict[str, Any]:
    return {
        "id": one.id, "mail": one.mail, "role": one.role, "made": one.made.isoformat(), "madeBy": one.made_by,
        "expires": one.expires.isoformat(),
    }  # fmt: skip
