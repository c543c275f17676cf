"""Operations on an organisation's settings, on acts by two persons, on tasks, and on the registers of a district."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields

from gateway.admin.confirming import Confirming
from gateway.admin.inbox.inbox import Inbox
from gateway.admin.registers.registers import KeptRegisters
from gateway.admin.settings import OrganisationSettings
from gateway.admin_api.frame.bodies import AdminBody, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply, serving
from gateway.web.responses import base_url

if TYPE_CHECKING:
    from datetime import date

    from gateway.registers.events import RegisterEntry
    from gateway.storage.people.choices import OrganisationChoices
    from gateway.storage.people.proposals import Proposal
    from gateway.tasks.task import PersonTask

ROUTES = AdminOperations("organisations")

MEMBERS = {
    "twoPersons": "two_persons", "mailOff": "mail_off", "webhook": "webhook", "expectedBy": "expected_by",
    "digestAt": "digest_at",
}  # fmt: skip
"""The settings, by their names in bodies."""


class SettingsSchema(AdminBody):
    """What an organisation has chosen; a webhook's secret is not in it."""

    org = fields.String(required=True)
    twoPersons = fields.List(fields.String(), required=True)  # noqa: N815 -- JSON's spelling
    mailOff = fields.List(fields.String(), required=True)  # noqa: N815
    webhook = fields.String(required=True)
    expectedBy = fields.String(required=True)  # noqa: N815
    digestAt = fields.String(required=True)  # noqa: N815
    signed = fields.Boolean(required=True)


class SettingsChangeSchema(AdminBody):
    """What of the settings is changed, and why; what is left out stays."""

    twoPersons = fields.List(fields.String())  # noqa: N815
    mailOff = fields.List(fields.String())  # noqa: N815
    webhook = TextLine(500, least=0)
    expectedBy = TextLine(5, least=0)  # noqa: N815
    digestAt = TextLine(5)  # noqa: N815
    reason = TextLine(500, least=0, load_default="")


class ProposalSchema(AdminBody):
    """An act that waits for a second person, or did."""

    id = fields.String(required=True)
    action = fields.String(required=True)
    org = fields.String(required=True)
    about = fields.String(required=True)
    content = fields.Dict(required=True)
    made = fields.String(required=True)
    madeBy = fields.String(required=True)  # noqa: N815
    reason = fields.String(required=True)
    expires = fields.String(required=True)
    outcome = fields.String(required=True)
    decidedBy = fields.String(required=True)  # noqa: N815


class ConfirmedSchema(ProposalSchema):
    """An act that was confirmed and done; the *secret* or the link (*url*) that it made is told this once."""

    secret = fields.String(required=True, allow_none=True)
    url = fields.String(required=True, allow_none=True)


class ReasonSchema(AdminBody):
    """Why something is done, in one line."""

    reason = TextLine(500, least=0, load_default="")


class TaskSchema(AdminBody):
    """What waits for a person of an organisation; no student is named in it."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    org = fields.String(required=True)
    role = fields.String(required=True)
    content = fields.Dict(required=True)
    state = fields.String(required=True)
    opened = fields.String(required=True)
    due = fields.String(required=True, allow_none=True)


class OutcomeSchema(AdminBody):
    """What was done about a task."""

    outcome = TextLine(500, required=True)


class RegisterEntrySchema(AdminBody):
    """An entry of a register, by its random id: neither a student nor a tag is in it."""

    id = fields.String(required=True)
    register = fields.String(required=True)
    begins = fields.String(required=True, allow_none=True)
    until = fields.String(required=True, allow_none=True)
    entered = fields.String(required=True)
    ended = fields.String(required=True, allow_none=True)


@ROUTES.add("GET", "/organisations/<org>/settings", "settings.read", SettingsSchema, tagged=True)
def read_settings(asked: AdminRequest, org: str) -> Reply:
    """Return what an organisation has chosen."""
    return Reply(_settings(org, OrganisationSettings(asked.region).read(asked.actor, org)))


@ROUTES.add(
    "PUT", "/organisations/<org>/settings", "settings.change", SettingsSchema, body=SettingsChangeSchema,
    matched=True, tagged=True, waits=True,
)  # fmt: skip
def change_settings(asked: AdminRequest, org: str) -> Reply:
    """Change settings; fewer acts by two persons always wait for a second one."""
    service, told = OrganisationSettings(asked.region), dict(asked.body)
    found = service.read(asked.actor, org)
    asked.match(_settings(org, found))
    reason = told.pop("reason")
    changes = {MEMBERS[name]: value for name, value in told.items()}
    version = found.version if asked.conditional else None
    return Reply(_settings(org, asked.done(service.change(asked.actor, org, changes, version, reason))))


@ROUTES.add("GET", "/proposals", "task.read", ProposalSchema, many=True)
def list_proposals(asked: AdminRequest) -> Reply:
    """List the acts that wait for a second person, as far as who asks made them or may do such a thing."""
    return asked.page([_proposal(one) for one in Confirming(asked.region).waiting(asked.actor)])


@ROUTES.add("GET", "/proposals/<proposal>", "task.read", ProposalSchema, tagged=True)
def read_proposal(asked: AdminRequest, proposal: str) -> Reply:
    """Return an act that waits for a second person, or did."""
    return Reply(_proposal(Confirming(asked.region).find(asked.actor, proposal)))


@ROUTES.add("POST", "/proposals/<proposal>/confirm", "task.close", ConfirmedSchema, body=ReasonSchema, kept=False)
def confirm_proposal(asked: AdminRequest, proposal: str) -> Reply:
    """Confirm an act as the second person, which does it: only a person who has proved lately who it is, no program."""
    serving().require_proof()
    service = Confirming(asked.region)
    done = service.confirm(asked.actor, proposal, asked.body["reason"])
    url = f"{base_url()}/console/join/{done.link}" if done.link else None
    return Reply({**_proposal(service.find(asked.actor, proposal)), "secret": done.secret or None, "url": url})


@ROUTES.add("POST", "/proposals/<proposal>/decline", "task.close", ProposalSchema, body=ReasonSchema)
def decline_proposal(asked: AdminRequest, proposal: str) -> Reply:
    """Decline an act, or take one's own back."""
    service = Confirming(asked.region)
    service.decline(asked.actor, proposal, asked.body["reason"])
    return Reply(_proposal(service.find(asked.actor, proposal)))


@ROUTES.add("GET", "/tasks", "task.read", TaskSchema, many=True)
def list_tasks(asked: AdminRequest) -> Reply:
    """List the tasks that wait today, closed ones left out."""
    now = asked.region.clock()
    found = [one for one in Inbox(asked.region).gathered(asked.actor).tasks if one.closed is None]
    return asked.page([_task(one, one.state(now)) for one in found])


@ROUTES.add("POST", "/tasks/<task>/close", "task.close", TaskSchema, body=OutcomeSchema)
def close_task(asked: AdminRequest, task: str) -> Reply:
    """Close a task of one's role with its outcome; one that was computed does not come back."""
    return Reply(_task(Inbox(asked.region).close(asked.actor, task, asked.body["outcome"]), "closed"))


@ROUTES.add("GET", "/districts/<name>/registers/<register>", "register.read", RegisterEntrySchema, many=True)
def list_entries(asked: AdminRequest, name: str, register: str) -> Reply:
    """List the entries of a register for a person of the district, those that have ended too; never for a program."""
    return asked.page([_entry(one) for one in KeptRegisters(asked.region).entries(asked.actor, name, register)])


def _settings(org: str, found: OrganisationChoices) -> dict[str, Any]:
    told = {name: getattr(found, member) for name, member in MEMBERS.items()}
    lists = {name: list(value) for name, value in told.items() if isinstance(value, tuple)}
    return {"org": org, **told, **lists, "signed": found.signed}


def _proposal(one: Proposal) -> dict[str, Any]:
    return {
        "id": one.id, "action": one.action, "org": one.org, "about": one.about, "content": dict(one.content),
        "made": one.made.isoformat(), "madeBy": one.made_by, "reason": one.reason, "expires": one.expires.isoformat(),
        "outcome": one.outcome or one.answer, "decidedBy": one.decided_by,
    }  # fmt: skip


def _task(one: PersonTask, state: str) -> dict[str, Any]:
    return {
        "id": one.id, "kind": one.kind, "org": one.org, "role": one.role, "content": dict(one.content),
        "state": state, "opened": one.opened.isoformat(), "due": one.due.isoformat() if one.due else None,
    }  # fmt: skip


def _entry(one: RegisterEntry) -> dict[str, Any]:
    return {
        "id": one.entry, "register": one.register, "begins": _day(one.states.begin), "until": _day(one.states.until),
        "entered": one.made.isoformat(), "ended": one.ended.isoformat() if one.ended else None,
    }  # fmt: skip


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
