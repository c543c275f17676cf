"""Operations of the receiver's agent: packages that wait, their bytes in parts, and what became of them."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request
from marshmallow import fields, validate, validates_schema

from gateway.admin.transfers.office import RECEIVE
from gateway.admin.transfers.receiving import TransferReceiving
from gateway.admin_api.frame.bodies import AdminBody, AskedCount, Count, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply
from gateway.admin_api.frame.preconditions import is_known
from gateway.admin_api.frame.problems import problem
from gateway.auth.scopes import RECEIVE as RECEIVE_SCOPE
from gateway.storage.transfers.packages import PackageGone
from gateway.transfers.ledger.ledger import PURPOSE
from gateway.transfers.machine.event import spell_moment
from gateway.transfers.machine.words import FiledAs, RecordSection, ResendReason
from gateway.transfers.work.echo import echo_of
from gateway.transfers_api.decisions import one_member
from gateway.transfers_api.handed_over import deliver, handing_over
from gateway.transfers_api.offices import OfficeFilters, act_key, office
from gateway.transfers_api.ranges import ByteRange, RangeNotSatisfiable, may_continue, read_range
from gateway.transfers_api.requests import words
from gateway.transfers_api.shown import TransferSchema, outward_json
from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.transfers.receiving import WaitingPackage

ROUTES = AdminOperations("packages")
MEDIA: Final = "application/octet-stream"
MAX_VERSION: Final = 100_000
MAX_RECORDS: Final = 10_000_000
FIGURE: Final = r"^-?[0-9]{1,9}(\.[0-9]{1,9})?$"
NOT_MODIFIED, PARTIAL, WHOLE = 304, 206, 200


class WaitingPackageSchema(AdminBody):
    """A sealed package that waits: its container's size and hash, the key that opens it, and until when it is there."""

    transfer = fields.String(required=True)
    version = fields.Integer(required=True)
    sender = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    kid = fields.String(required=True)
    expires = fields.String(required=True)


class PackageFilters(OfficeFilters):
    """Which version."""

    version = AskedCount(1, MAX_VERSION, required=True)


class EchoedFiguresSchema(AdminBody):
    """The figures of a package as the receiver's system has them: records of each section, totals of the transcript."""

    sections = fields.Dict(
        keys=fields.String(validate=validate.OneOf(words(RecordSection))), values=Count(0, MAX_RECORDS), required=True
    )
    check = fields.Dict(
        keys=TextLine(40, pattern=r"^[A-Za-z]{1,40}$"), values=TextLine(20, pattern=FIGURE), required=True
    )


class AcknowledgmentSchema(AdminBody):
    """That a version came whole, with its figures, or why it is wanted again."""

    version = Count(1, MAX_VERSION, required=True)
    echo = fields.Nested(EchoedFiguresSchema)
    resend = fields.String(validate=validate.OneOf(words(ResendReason)))

    @validates_schema
    def check_one(self, data: Mapping[str, Any], **_more: Any) -> None:
        """Refuse both at once, and neither."""
        one_member(data, ("echo", "resend"))


class FiledSectionSchema(AdminBody):
    """What became of a section of a version."""

    version = Count(1, MAX_VERSION, required=True)
    how = fields.String(required=True, validate=validate.OneOf(words(FiledAs)))


@ROUTES.add(
    "GET", "/packages", RECEIVE, WaitingPackageSchema, filters=OfficeFilters, many=True, scope=RECEIVE_SCOPE
)  # fmt: skip
def list_packages(asked: AdminRequest) -> Reply:
    """List the packages that wait for the district, those not yet read first, and the oldest first; 500 at once."""
    found = [_package(one) for one in office(asked, TransferReceiving, RECEIVE).packages()]
    return Reply(found, total=len(found))


@ROUTES.add(
    "GET", "/transfers/<transfer>/package", RECEIVE, filters=PackageFilters, scope=RECEIVE_SCOPE, streams=MEDIA
)  # fmt: skip
def read_package(asked: AdminRequest, transfer: str) -> Response:
    """Send the sealed bytes of a version, or the part that Range names; it is delivered once all of them were sent."""
    service, version = office(asked, TransferReceiving, RECEIVE), asked.filters["version"]
    found = _found(service, transfer, version)
    if (memory := asked.region.memory) is None:
        raise PackageGone
    headers = {"ETag": f'"{found.sha256}"', "Accept-Ranges": "bytes"}
    if is_known(found.sha256):
        return Response(status=NOT_MODIFIED, headers=headers)
    if request.method == "HEAD":
        return Response(status=WHOLE, headers=headers | {"Content-Length": str(found.size)}, content_type=MEDIA)
    try:
        wanted = read_range(_range(found.sha256), found.size)
    except RangeNotSatisfiable as error:
        refused = problem(error)
        refused.headers["Content-Range"] = f"bytes */{error.size}"
        return refused
    part = wanted or ByteRange(0, found.size, found.size)
    opened = service.package(transfer, version, part.first, part.length)
    headers |= {"Content-Length": str(part.length)} | ({"Content-Range": part.told} if wanted else {})
    chunks = handing_over(service, memory, found, part, opened.chunks)
    return Response(chunks, PARTIAL if wanted else WHOLE, headers, content_type=MEDIA)


@ROUTES.add(
    "POST", "/transfers/<transfer>/acknowledgment", RECEIVE, TransferSchema, body=AcknowledgmentSchema,
    filters=OfficeFilters, scope=RECEIVE_SCOPE,
)  # fmt: skip
def acknowledge_package(asked: AdminRequest, transfer: str) -> Reply:
    """Say with the figures that were read back that a version came whole, or ask for it again."""
    service, key, body = office(asked, TransferReceiving, RECEIVE), act_key(asked.actor), asked.body
    if "resend" in body:
        return Reply(outward_json(service.resend(transfer, body["version"], body["resend"], key)))
    echo = echo_of(asked.region.keys.derive(PURPOSE), transfer, body["echo"])
    _deliver_what_is_echoed(service, transfer, body["version"], echo)
    return Reply(outward_json(service.accept(transfer, body["version"], echo, key)))


@ROUTES.add(
    "POST", "/transfers/<transfer>/sections/<name>/filed", RECEIVE, TransferSchema, body=FiledSectionSchema,
    filters=OfficeFilters, scope=RECEIVE_SCOPE,
)  # fmt: skip
def file_section(asked: AdminRequest, transfer: str, name: str) -> Reply:
    """Say what became of a section: written, filed as a document, or not wanted."""
    if name not in words(RecordSection):
        raise NotFound("There is no such section.")
    service, body = office(asked, TransferReceiving, RECEIVE), asked.body
    return Reply(outward_json(service.file(transfer, body["version"], name, body["how"], act_key(asked.actor))))


def _found(service: TransferReceiving, transfer: str, version: int) -> WaitingPackage:
    """Return a package that waits for the district, of which nothing is read.

    Raises:
        PackageGone: there is none, whether there is such a transfer or not.
    """
    try:
        return service.package(transfer, version, 0, 0).package
    except NotFound:
        raise PackageGone from None


def _deliver_what_is_echoed(service: TransferReceiving, transfer: str, version: int, echo: str) -> None:
    """Deliver a version whose figures are echoed rightly, though the memory of its reading was lost."""
    try:
        waiting = _found(service, transfer, version)
    except PackageGone:
        return  # the acknowledgment itself says what is wrong
    packed = service.ledger.find(transfer).package
    if packed is not None and packed.version == version and hmac.compare_digest(packed.echo, echo):
        deliver(service, waiting)


def _range(sha256: str) -> str | None:
    """Return the Range of the present request, if it is for the very package that is here."""
    return request.headers.get("Range") if may_continue(request.headers.get("If-Range"), sha256) else None


def _package(one: WaitingPackage) -> dict[str, Any]:
    return {
        "transfer": one.transfer, "version": one.version, "sender": one.sender, "size": one.size,
        "sha256": one.sha256, "kid": one.kid, "expires": spell_moment(one.expires),
    }  # fmt: skip
