"""Operations on agreements: drafts and their texts, comparison, simulation, approvals by people, states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import fields, validate

from gateway.admin.agreements.effect import EffectOfAgreements
from gateway.admin.agreements.publishing import PUBLISH, Publishing
from gateway.admin.agreements.reading import UNKNOWN, KnownAgreements
from gateway.admin.agreements.signing import Signing
from gateway.admin.agreements.writing import DraftWriting
from gateway.admin_api.frame.bodies import AdminBody, AskedCount, Filters, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply, serving
from gateway.people.actor import NotPermitted
from gateway.signing.overview import ENDING, FORCE
from gateway.storage.secrets import derive_subkey
from policies.documents.loading import MAX_FILE_BYTES
from standards.errors import NotFound

if TYPE_CHECKING:
    from gateway.admin.agreements.publishing import Published
    from gateway.admin.agreements.reading import KnownVersion
    from gateway.admin.agreements.signing import SignedVersion

SAVES: Final = "agreement saves"
"""The purpose of the key by which saves are named."""
SAVE_BYTES: Final = 16
ROUTES = AdminOperations("agreements")
MAX_DIGITS: Final = 6
HASH: Final = r"^[0-9a-f]{64}$"

AgreementVersionSchema = AdminBody.from_dict(
    {
        "id": fields.String(required=True),
        "version": fields.Integer(required=True),
        "district": fields.String(required=True),
        "recipient": fields.String(required=True),
        "purpose": fields.String(required=True),
        "state": fields.String(required=True),
        "served": fields.Boolean(required=True),
        "from": fields.String(required=True, allow_none=True),
        "to": fields.String(required=True, allow_none=True),
        "writable": fields.Boolean(required=True),
        "waitsFor": fields.List(fields.String(), required=True),
        "save": fields.String(required=True),
    },
    name="AgreementVersionSchema",
)
"""One version of an agreement; *save* changes with every save of its text or state.

One in force that is not *served* is as soon as the system of its district has been read for it.
"""

AgreementDocumentSchema = AdminBody.from_dict(
    {**AgreementVersionSchema._declared_fields, "text": fields.String(required=True)},  # noqa: SLF001 -- no other way
    name="AgreementDocumentSchema",
)
"""One version with its text."""


class AgreementTextSchema(AdminBody):
    """The text of an agreement, in YAML."""

    text = fields.String(required=True, validate=validate.Length(1, MAX_FILE_BYTES))


class AgreementComparisonSchema(AdminBody):
    """What one version changes against another, in lines of words."""

    lines = fields.List(fields.String(), required=True)


class ComparedWith(Filters):
    """The version to compare with."""

    with_ = AskedCount(1, 100_000, required=True, data_key="with")


class AgreementEffectSchema(AdminBody):
    """What a version releases today, in counts."""

    facts = fields.Integer(required=True)
    new = fields.Integer(required=True)
    simulation = fields.Dict(required=True)


class AgreementApprovalSchema(AdminBody):
    """The party that is signed for, and the SHA-256 of the text that the person was shown."""

    party = TextLine(100, required=True)
    shown = TextLine(64, pattern=HASH, required=True)


class AgreementStateSchema(AdminBody):
    """The state that a version is to have."""

    state = fields.String(required=True, validate=validate.OneOf(("review", "draft", "published", "withdrawn")))
    reason = TextLine(500, least=0, load_default="")


class AgreementOutcomeSchema(AdminBody):
    """What an act came to: the state after it, and whether the gateway serves it now."""

    state = fields.String(required=True)
    served = fields.Boolean(required=True, allow_none=True)
    save = fields.String(required=True)


@ROUTES.add("GET", "/agreements", "agreement.read", AgreementVersionSchema, many=True)
def list_agreements(asked: AdminRequest) -> Reply:
    """List every version of every agreement that concerns who asks."""
    return asked.page([_shown(one) for one in KnownAgreements(asked.region).list(asked.actor)])


@ROUTES.add(
    "POST", "/agreements", "agreement.draft", AgreementVersionSchema, body=AgreementTextSchema, status=201
)  # fmt: skip
def begin_agreement(asked: AdminRequest) -> Reply:
    """Begin a draft with a text."""
    one = DraftWriting(asked.region).read_in(asked.actor, asked.body["text"])
    return Reply(_shown(one), location=f"/agreements/{one.id}/versions/{one.version}")


@ROUTES.add(
    "GET", "/agreements/<name>/versions/<version>", "agreement.read", AgreementDocumentSchema, tagged=True
)  # fmt: skip
def read_agreement(asked: AdminRequest, name: str, version: str) -> Reply:
    """Return a version with its text."""
    return Reply(_whole(_find(asked, name, version)))


@ROUTES.add(
    "PUT", "/agreements/<name>/versions/<version>", "agreement.draft", AgreementDocumentSchema,
    body=AgreementTextSchema, matched=True, tagged=True,
)  # fmt: skip
def save_agreement(asked: AdminRequest, name: str, version: str) -> Reply:
    """Save the text of a draft; it may have mistakes."""
    one = _find(asked, name, version)
    asked.match(_whole(one))
    return Reply(
        _whole(DraftWriting(asked.region).save(asked.actor, name, one.version, asked.body["text"], one.number))
    )


@ROUTES.add(
    "GET", "/agreements/<name>/versions/<version>/diff", "agreement.read", AgreementComparisonSchema,
    filters=ComparedWith,
)  # fmt: skip
def compare_agreement(asked: AdminRequest, name: str, version: str) -> Reply:
    """Tell in words what a version changes against another one."""
    found = EffectOfAgreements(asked.region).compare(asked.actor, name, asked.filters["with_"], _number(version))
    return Reply({"lines": list(found.lines())})


@ROUTES.add("POST", "/agreements/<name>/versions/<version>/simulate", "agreement.effect", AgreementEffectSchema)
def simulate_agreement(asked: AdminRequest, name: str, version: str) -> Reply:
    """Count what a version would release today: for the provider district's own people; the look is on record."""
    found = EffectOfAgreements(asked.region).see(asked.actor, name, _number(version))
    return Reply({"facts": found.facts, "new": found.new, "simulation": found.simulation.document()})


@ROUTES.add(
    "POST", "/agreements/<name>/versions/<version>/approvals", "agreement.sign", AgreementOutcomeSchema,
    body=AgreementApprovalSchema,
    waits=True,
)  # fmt: skip
def approve_agreement(asked: AdminRequest, name: str, version: str) -> Reply:
    """Sign a version for a party: only somebody who is signed in, and has lately proved who it is."""
    session = serving().entrance.session()
    if session is None:
        raise NotPermitted("Only a person who is signed in signs an agreement.")
    body = asked.body
    done = Signing(asked.region).sign(asked.actor, name, _number(version), body["party"], body["shown"], session.method)
    return _outcome(asked.done(done))


@ROUTES.add(
    "POST", "/agreements/<name>/versions/<version>/state", "agreement.read", AgreementOutcomeSchema,
    body=AgreementStateSchema, matched=True, waits=True,
)  # fmt: skip
def change_agreement_state(asked: AdminRequest, name: str, version: str) -> Reply:
    """Ask for approval (review), refuse it (draft), publish or withdraw a version."""
    one = _find(asked, name, version)
    asked.match(_whole(one))
    about, reason = (asked.actor, name, one.version), asked.body["reason"]
    drafts, publishing = DraftWriting(asked.region), Publishing(asked.region)
    match asked.body["state"]:
        case "review":
            return _written(drafts.ask(*about, one.number))
        case "draft":
            return _written(drafts.refuse(*about, reason, one.number))
        case "published":
            serving().require_proved(PUBLISH)
            return _outcome(asked.done(publishing.publish(*about, one.number, reason)))
        case _:
            serving().require_proved(PUBLISH)
            return _outcome(asked.done(publishing.withdraw(*about, one.number, reason)))


def _outcome(done: Published | SignedVersion) -> Reply:
    one = done.version
    return Reply({"state": one.state, "served": done.effect.served, "save": _save(one)})


def _written(one: KnownVersion) -> Reply:
    return Reply({"state": one.state, "served": None, "save": _save(one)})


def _find(asked: AdminRequest, name: str, version: str) -> KnownVersion:
    return KnownAgreements(asked.region).find(asked.actor, name, _number(version))


def _number(version: str) -> int:
    """Read the number of a version; another word is that of no version."""
    if not (version.isascii() and version.isdigit() and len(version) <= MAX_DIGITS):
        raise NotFound(UNKNOWN)
    return int(version)


def _save(one: KnownVersion) -> str:
    """Name a save by a keyed tag: the saves of all districts are numbered together, and gaps would tell of others."""
    key = serving().region.keys.derive(SAVES)
    return derive_subkey(key, str(one.number).encode())[:SAVE_BYTES].hex()


def _shown(one: KnownVersion) -> dict[str, Any]:
    return {
        "id": one.id, "version": one.version, "district": one.district, "recipient": one.recipient,
        "purpose": one.purpose, "state": one.state, "from": one.begin.isoformat() if one.begin else None,
        "to": one.end.isoformat() if one.end else None, "served": one.state in {FORCE, ENDING} and not one.unserved,
        "writable": one.open, "waitsFor": list(one.waiting_for),
        "save": _save(one),
    }  # fmt: skip


def _whole(one: KnownVersion) -> dict[str, Any]:
    return {**_shown(one), "text": one.text}
