"""Operations on what the sending district's people add to a record: PDF documents, and a note to the registrar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, request
from marshmallow import fields, validate

from gateway.admin.transfers.custody import MAX_NOTE_CHARACTERS, TransferCustody
from gateway.admin.transfers.office import DECIDE
from gateway.admin_api.frame.bodies import AdminBody
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply, serving
from gateway.transfers.attachments.pdf import MAX_DOCUMENT_BYTES
from gateway.transfers_api.offices import OfficeFilters, act_key, office
from gateway.transfers_api.requests import expected
from gateway.transfers_api.shown import TransferSchema, custody_json
from standards.errors import BodyTooLarge

if TYPE_CHECKING:
    from gateway.admin.transfers.custody_view import CustodyView

ROUTES = AdminOperations("attachments")
MEDIA: Final = "application/pdf"
DECIDING: Final[dict[str, Any]] = {"filters": OfficeFilters, "matched": True}


class NoteSchema(AdminBody):
    """The note to the registrar of the receiving district; an empty one takes back what was written."""

    text = fields.String(required=True, validate=validate.Length(max=MAX_NOTE_CHARACTERS))


@ROUTES.add("POST", "/transfers/<transfer>/documents", DECIDE, TransferSchema, file=True, **DECIDING)
def attach_document(asked: AdminRequest, transfer: str) -> Reply:
    """Add a PDF document to the record."""
    if (request.content_length or 0) > MAX_DOCUMENT_BYTES:
        raise BodyTooLarge(MAX_DOCUMENT_BYTES)
    custody, key = office(asked, TransferCustody, DECIDE), act_key(asked.actor)
    number = expected(asked, custody, transfer)
    return _added(custody.attach_document(transfer, request.get_data(), number, key))


@ROUTES.add(
    "GET", "/transfers/<transfer>/documents/<attachment>", DECIDE, filters=OfficeFilters, streams=MEDIA
)  # fmt: skip
def read_document(asked: AdminRequest, transfer: str, attachment: str) -> Response:
    """Send a document that was added, to who decides whether it leaves."""
    serving().require_proved(DECIDE)
    found = office(asked, TransferCustody, DECIDE).document(transfer, attachment)
    return Response(found, content_type=MEDIA, headers={"Content-Disposition": "attachment"})


@ROUTES.add("POST", "/transfers/<transfer>/documents/<attachment>/detach", DECIDE, TransferSchema, **DECIDING)
def detach_document(asked: AdminRequest, transfer: str, attachment: str) -> Reply:
    """Take a document back that was added to the record."""
    custody, key = office(asked, TransferCustody, DECIDE), act_key(asked.actor)
    return _added(custody.detach(transfer, attachment, expected(asked, custody, transfer), key))


@ROUTES.add("POST", "/transfers/<transfer>/note", DECIDE, TransferSchema, body=NoteSchema, **DECIDING)
def write_note(asked: AdminRequest, transfer: str) -> Reply:
    """Write the note to the registrar of the receiving district, in the place of the one before."""
    custody, key = office(asked, TransferCustody, DECIDE), act_key(asked.actor)
    number = expected(asked, custody, transfer)
    return _added(custody.write_note(transfer, asked.body["text"], number, key))


def _added(found: CustodyView) -> Reply:
    return Reply(custody_json(found, whole=False))
