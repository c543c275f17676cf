"""Operations on clients, under the name that Ed-Fi's administration API has for them: apiclients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from gateway.admin.clients.clients import KINDS, Clients, NewClient
from gateway.admin.clients.secrets import MAX_KEEP_DAYS, ClientSecrets
from gateway.admin_api.frame.bodies import AdminBody, Count, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply, serving
from gateway.storage.registry import IGNORE, REFUSE
from gateway.web.responses import base_url

if TYPE_CHECKING:
    from gateway.admin.clients.states import ClientFacts

ROUTES = AdminOperations("clients")
NAME = r"^[A-Za-z0-9._][A-Za-z0-9._-]{0,63}$"
MAX_SCOPES = 60


def _scopes(**more: Any) -> fields.List[Any]:
    return fields.List(TextLine(200), validate=validate.Length(0, MAX_SCOPES), **more)


class SecretSlotSchema(AdminBody):
    """One of the two secrets of a client: which, and when it ends by itself."""

    slot = fields.Integer(required=True)
    endsAt = fields.String(required=True, allow_none=True)  # noqa: N815 -- JSON's spelling


class ApiClientSchema(AdminBody):
    """A client."""

    id = fields.String(required=True)
    key = fields.String(required=True)
    name = fields.String(required=True)
    isApproved = fields.Boolean(required=True)  # noqa: N815
    vendorId = fields.String(required=True)  # noqa: N815
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("draft", "ready", "enabled", "suspended", "ended")))
    lacks = fields.List(fields.String(), required=True)
    scopes = fields.List(fields.String(), required=True)
    applicationIds = fields.List(fields.String(), required=True)  # noqa: N815
    steward = fields.String(required=True)
    unknownMembers = fields.String(required=True)  # noqa: N815
    created = fields.String(required=True)
    createdBy = fields.String(required=True)  # noqa: N815
    secrets = fields.List(fields.Nested(SecretSlotSchema), required=True)
    oauth1EndsAt = fields.String(required=True, allow_none=True)  # noqa: N815


class NewApiClientSchema(AdminBody):
    """A client to register."""

    name = TextLine(64, pattern=NAME, required=True)
    vendorId = TextLine(100, required=True)  # noqa: N815
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    scopes = _scopes(load_default=())
    steward = TextLine(100, least=0, load_default="")
    unknownMembers = fields.String(load_default=IGNORE, validate=validate.OneOf((IGNORE, REFUSE)))  # noqa: N815


class ApiClientChangeSchema(AdminBody):
    """What of a client is changed; what is left out stays."""

    scopes = _scopes()
    unknownMembers = fields.String(validate=validate.OneOf((IGNORE, REFUSE)))  # noqa: N815


class CopySchema(AdminBody):
    """A copy of a client."""

    name = TextLine(64, pattern=NAME, required=True)
    vendorId = TextLine(100, load_default="")  # noqa: N815
    kind = fields.String(load_default="", validate=validate.OneOf(("", *KINDS)))
    steward = TextLine(100, least=0, load_default="")


class StateSchema(AdminBody):
    """The state that a client is to have."""

    state = fields.String(required=True, validate=validate.OneOf(("enabled", "suspended", "ended")))
    reason = TextLine(500, least=0, load_default="")


class RotationSchema(AdminBody):
    """For how many days the old secret still works."""

    keepOldDays = Count(0, MAX_KEEP_DAYS, load_default=0)  # noqa: N815
    reason = TextLine(500, least=0, load_default="")


class NewLinkSchema(AdminBody):
    """For how many days the old secret still works once the link was used."""

    keepOldDays = Count(0, MAX_KEEP_DAYS, load_default=7)  # noqa: N815


class CredentialSchema(AdminBody):
    """A client's credential, shown this once."""

    id = fields.String(required=True)
    key = fields.String(required=True)
    secret = fields.String(required=True)


class LinkSchema(AdminBody):
    """A one-time link, told this once."""

    url = fields.String(required=True)
    expires = fields.String(required=True)


class NeededScopesSchema(AdminBody):
    """The scopes of one API that a client's agreements need."""

    api = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)


class UsageSchema(AdminBody):
    """When a client last proved itself."""

    lastToken = fields.String(required=True, allow_none=True)  # noqa: N815


@ROUTES.add("GET", "/apiclients", "client.read", ApiClientSchema, many=True)
def list_api_clients(asked: AdminRequest) -> Reply:
    """List the clients that concern who asks."""
    return asked.page([one.shown() for one in Clients(asked.region).list(asked.actor)])


@ROUTES.add("GET", "/apiclients/<client_id>", "client.read", ApiClientSchema, tagged=True)
def read_api_client(asked: AdminRequest, client_id: str) -> Reply:
    """Return a client: its state, its scopes, the ends of its secrets, never a secret."""
    return Reply(Clients(asked.region).find(asked.actor, client_id).shown())


@ROUTES.add("GET", "/apiclients/<client_id>/usage", "client.read", UsageSchema)
def read_usage(asked: AdminRequest, client_id: str) -> Reply:
    """Tell when a client last proved itself."""
    last = Clients(asked.region).find(asked.actor, client_id).client.last_used
    return Reply({"lastToken": last.isoformat() if last else None})


@ROUTES.add("GET", "/apiclients/<client_id>/scopes", "client.read", NeededScopesSchema, many=True)
def list_needed_scopes(asked: AdminRequest, client_id: str) -> Reply:
    """List the scopes that a client needs for its agreements, for each API by itself."""
    found = Clients(asked.region).suggest(asked.actor, client_id)
    return asked.page([{"api": one.api, "scopes": list(one.scopes)} for one in found])


@ROUTES.add(
    "POST", "/apiclients", "client.register", ApiClientSchema,
    body=NewApiClientSchema, status=201, tagged=True, waits=True,
)  # fmt: skip
def register_api_client(asked: AdminRequest) -> Reply:
    """Register a client as a draft; it gets a secret by reset-credential or a link once an agreement names it."""
    told = asked.body
    new = NewClient(
        told["name"], told["vendorId"], told["kind"], tuple(told["scopes"]), told["steward"], told["unknownMembers"]
    )
    return _made(asked.done(Clients(asked.region).register(asked.actor, new)))


@ROUTES.add(
    "POST", "/apiclients/<client_id>/copy", "client.register", ApiClientSchema,
    body=CopySchema, status=201, tagged=True, waits=True,
)  # fmt: skip
def copy_api_client(asked: AdminRequest, client_id: str) -> Reply:
    """Register a draft with the scopes and settings of a client, never with its secrets."""
    told = asked.body
    made = Clients(asked.region).copy(
        asked.actor, client_id, told["name"], told["vendorId"], told["kind"], told["steward"]
    )
    return _made(asked.done(made))


@ROUTES.add(
    "PUT", "/apiclients/<client_id>", "client.register", ApiClientSchema,
    body=ApiClientChangeSchema, matched=True, tagged=True, waits=True,
)  # fmt: skip
def change_api_client(asked: AdminRequest, client_id: str) -> Reply:
    """Change the scopes of a client, or how unknown members of its bodies are treated."""
    service, told = Clients(asked.region), asked.body
    unchanged = _matched(asked, service.find(asked.actor, client_id))
    scopes = tuple(told["scopes"]) if "scopes" in told else None
    found = service.change(asked.actor, client_id, scopes, told.get("unknownMembers"), unchanged)
    return Reply(asked.done(found).shown())


@ROUTES.add(
    "PUT", "/apiclients/<client_id>/state", "client.suspend", ApiClientSchema,
    body=StateSchema, matched=True, tagged=True, waits=True,
)  # fmt: skip
def change_state(asked: AdminRequest, client_id: str) -> Reply:
    """Suspend a client, let it in again, or end it for ever."""
    service = Clients(asked.region)
    unchanged = _matched(asked, service.find(asked.actor, client_id))
    action, step = {
        "suspended": ("client.suspend", service.suspend),
        "enabled": ("client.resume", service.resume),
        "ended": ("client.end", service.end),
    }[asked.body["state"]]
    serving().require_proved(action)
    return Reply(asked.done(step(asked.actor, client_id, asked.body["reason"], unchanged)).shown())


@ROUTES.add(
    "PUT", "/apiclients/<client_id>/reset-credential", "client.rotate", CredentialSchema,
    body=RotationSchema, waits=True,
)  # fmt: skip
def reset_credential(asked: AdminRequest, client_id: str) -> Reply:
    """Give a client a new secret, shown this once; the old one still works for as many days as are asked for."""
    service, told = ClientSecrets(asked.region), asked.body
    unchanged = _matched(asked, Clients(asked.region).find(asked.actor, client_id))
    made = asked.done(service.rotate(asked.actor, client_id, told["keepOldDays"], unchanged, told["reason"]))
    return Reply({"id": client_id, "key": client_id, "secret": made.secret})


@ROUTES.add("DELETE", "/apiclients/<client_id>/old-secret", "client.rotate", ApiClientSchema, tagged=True)
def end_old_secret(asked: AdminRequest, client_id: str) -> Reply:
    """End the old secret of a client before its day."""
    return Reply(ClientSecrets(asked.region).end_old(asked.actor, client_id).shown())


@ROUTES.add("POST", "/apiclients/<client_id>/link", "client.link", LinkSchema, body=NewLinkSchema, status=201)
def make_link(asked: AdminRequest, client_id: str) -> Reply:
    """Make a one-time link to a client's next secret; an earlier one gives nothing any more."""
    made = ClientSecrets(asked.region).link(asked.actor, client_id, asked.body["keepOldDays"])
    return Reply({"url": f"{base_url()}/once/{made.token}", "expires": made.expires.isoformat()})


@ROUTES.add("DELETE", "/apiclients/<client_id>/link", "client.link", ApiClientSchema, tagged=True)
def take_link_back(asked: AdminRequest, client_id: str) -> Reply:
    """Take the open link of a client back."""
    return Reply(ClientSecrets(asked.region).take_back(asked.actor, client_id).shown())


def _matched(asked: AdminRequest, found: ClientFacts) -> str:
    """Return the version of a client that If-Match names; empty for any."""
    asked.match(found.shown())
    return found.version if asked.conditional else ""


def _made(found: ClientFacts) -> Reply:
    return Reply(found.shown(), location=f"/apiclients/{found.client.client_id}")
