"""Operations on keys: what a district publishes for transfers, read by every program, and changed by its people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from marshmallow import fields

from gateway.admin.transfers.keys import TransferKeys
from gateway.admin.transfers.office import KEYS
from gateway.admin_api.frame.bodies import AdminBody, TextLine
from gateway.admin_api.frame.operations import SIGNED_IN, AdminOperations, AdminRequest, Reply
from gateway.transfers_api.offices import OfficeFilters, office

if TYPE_CHECKING:
    from gateway.admin.second_person import Waiting
    from gateway.admin.transfers.keys import PinnedKey

ROUTES = AdminOperations("keys")


class PublishedKeySetSchema(AdminBody):
    """The public keys of a district (JWKS, RFC 7517)."""

    keys = fields.List(fields.Dict(), required=True)


class NewKeySchema(AdminBody):
    """A public key (JWK), and why it is published."""

    jwk = fields.Dict(required=True)
    reason = TextLine(500, least=0, load_default="")


class KeyStepSchema(AdminBody):
    """Why a key is retired or revoked."""

    reason = TextLine(500, least=0, load_default="")


class PinnedKeySchema(AdminBody):
    """A key of the district, and the agreements in force that pin it."""

    kid = fields.String(required=True)
    use = fields.String(required=True)
    status = fields.String(required=True)
    pinnedBy = fields.List(fields.String(), required=True)  # noqa: N815 -- JSON's spelling


@ROUTES.add("GET", "/keys/<district>", SIGNED_IN, PublishedKeySetSchema, tagged=True)
def read_keys(asked: AdminRequest, district: str) -> Reply:
    """Return the keys that a district publishes; those of `gateway` are the gateway's own."""
    actor = asked.actor
    org = next((one.org for one in actor.memberships), "")
    found = TransferKeys(asked.region, actor, org, actor.scopes).key_set(district)
    return Reply(orjson.loads(found.as_jwks()))


@ROUTES.add(
    "POST", "/keys", KEYS, PinnedKeySchema, body=NewKeySchema, filters=OfficeFilters, status=201, waits=True
)  # fmt: skip
def publish_key(asked: AdminRequest) -> Reply:
    """Publish one more key of the district."""
    service, body = office(asked, TransferKeys, KEYS), asked.body
    return _shown(asked, service.publish(orjson.dumps(body["jwk"]), body["reason"]))


@ROUTES.add(
    "POST", "/keys/<kid>/retire", KEYS, PinnedKeySchema, body=KeyStepSchema, filters=OfficeFilters, waits=True
)  # fmt: skip
def retire_key(asked: AdminRequest, kid: str) -> Reply:
    """Let a key open and verify what there is, and nothing new."""
    return _shown(asked, office(asked, TransferKeys, KEYS).retire(kid, asked.body["reason"]))


@ROUTES.add(
    "POST", "/keys/<kid>/revoke", KEYS, PinnedKeySchema, body=KeyStepSchema, filters=OfficeFilters, waits=True
)  # fmt: skip
def revoke_key(asked: AdminRequest, kid: str) -> Reply:
    """Revoke a key for ever, at once."""
    return _shown(asked, office(asked, TransferKeys, KEYS).revoke(kid, asked.body["reason"]))


def _shown(asked: AdminRequest, found: PinnedKey | Waiting) -> Reply:
    done: Any = asked.done(found)
    key = done.key
    return Reply({"kid": key.kid, "use": key.use, "status": key.status, "pinnedBy": list(done.pinned_by)})
