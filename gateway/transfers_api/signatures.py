"""Operations of a sending district that signs in its own house: what waits to be signed, and the signatures."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from flask import Response
from marshmallow import fields

from gateway.admin.transfers.office import DECIDE, TransferOffice
from gateway.admin_api.frame.bodies import JSON, AdminBody, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply, serving
from gateway.admin_api.frame.preconditions import is_known
from gateway.auth.scopes import RECEIVE
from gateway.transfers.work.desk import open_desk
from gateway.transfers.work.signatures import WaitingSignatures
from gateway.transfers_api.offices import OfficeFilters, district_of, office
from standards.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.admin.administration import Administration
    from gateway.gateway import Gateway
    from gateway.storage.transfers.waiting_manifests import WaitingManifest

ROUTES = AdminOperations("signatures")
MAX_SIGNATURE: Final = 4096
DETACHED: Final = r"^[A-Za-z0-9_-]{1,2000}\.\.[A-Za-z0-9_-]{1,2000}$"
NOT_MODIFIED: Final = 304
NOT_RUNNING: Final = "Only a running gateway can do this: it alone knows the agreements that are served."


class WaitingManifestSchema(AdminBody):
    """A manifest that waits for the district's signature; its hash is the ETag of its bytes.

    The kid is the receiver's key to which the package will be sealed, as the manifest says.
    """

    id = fields.String(required=True)
    transfer = fields.String(required=True)
    version = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    kid = fields.String(required=True)


class DetachedSignatureSchema(AdminBody):
    """A signature over the very bytes of a manifest: a detached JWS in compact form (RFC 7515, appendix F)."""

    signature = TextLine(MAX_SIGNATURE, required=True, pattern=DETACHED)


@ROUTES.add("GET", "/signatures", DECIDE, WaitingManifestSchema, filters=OfficeFilters, many=True, scope=RECEIVE)
def list_signatures(asked: AdminRequest) -> Reply:
    """List the manifests that wait for a signature of the district."""
    found = [_shown(one) for one in _waiting(asked).list()]
    return Reply(found, total=len(found))


@ROUTES.add("GET", "/signatures/<transfer>", DECIDE, filters=OfficeFilters, scope=RECEIVE, streams=JSON)
def read_manifest(asked: AdminRequest, transfer: str) -> Response:
    """Return the exact bytes of a manifest, which are what is signed; whoever reads them is on record."""
    serving().require_proved(DECIDE)
    found = _waiting(asked).manifest(transfer)
    headers = {"ETag": f'"{found.sha256}"'}
    if is_known(found.sha256):
        return Response(status=NOT_MODIFIED, headers=headers)
    told = {"version": found.version, "sha256": found.sha256}
    office(asked, TransferOffice, DECIDE).record("transfer manifest read", found.transfer, told)
    return Response(found.content, headers=headers, content_type=JSON)


@ROUTES.add(
    "POST", "/signatures/<transfer>", DECIDE, body=DetachedSignatureSchema, filters=OfficeFilters, scope=RECEIVE,
    status=204,
)  # fmt: skip
def sign_manifest(asked: AdminRequest, transfer: str) -> Reply:
    """Give the signature of a manifest, with which its package is sealed."""
    _waiting(asked).sign(transfer, asked.body["signature"].encode())
    return Reply(None)


def _waiting(asked: AdminRequest) -> WaitingSignatures:
    """Return what waits for the district: for its program, and for people who may know where a child moves."""
    org, region = district_of(asked.actor, DECIDE, asked.filters.get("org", "")), asked.region
    desk = open_desk(
        region.store, region.keys, region.clock, region.settings, lambda: _visiting(region), lambda: _present(region)
    )
    return WaitingSignatures(desk, org)


@contextmanager
def _visiting(region: Administration) -> Iterator[Gateway]:
    """Keep the gateway that serves the next request open until the end of the block."""
    if region.running is None:
        raise Unsupported(NOT_RUNNING)
    with region.running.visiting() as state:
        present: Any = state
        yield present.gateway


def _present(region: Administration) -> Gateway | None:
    return region.running.gateway if region.running is not None else None


def _shown(one: WaitingManifest) -> dict[str, Any]:
    return {
        "id": one.transfer, "transfer": one.transfer, "version": one.version, "sha256": one.sha256, "kid": one.kid,
    }  # fmt: skip
