"""Operations of the sending district's people: which student is meant, and what of the record leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from gateway.admin.transfers.asking import TransferAsking
from gateway.admin.transfers.custody import TransferCustody
from gateway.admin.transfers.office import DECIDE, FOLLOW, MATCH
from gateway.admin.transfers.preview import ReleasePreview
from gateway.admin_api.frame.bodies import AdminBody, Flag, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply, serving
from gateway.admin_api.frame.preconditions import named_tag
from gateway.auth.scopes import REQUEST
from gateway.transfers.machine.words import HoldReason, RecordSection, TransferRefusal
from gateway.transfers_api.offices import OfficeFilters, act_key, office
from gateway.transfers_api.requests import expected, is_own_request, words
from gateway.transfers_api.shown import TransferSchema, custody_json, outward_json, preview_json
from standards.errors import MalformedQuery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.second_person import Waiting
    from gateway.admin.transfers.custody_view import CustodyView

ROUTES = AdminOperations("decisions")
MAX_HANDLE: Final = 500
MAX_NAMES: Final = 300
NO_SECTIONS: Final = f"Name sections with commas, each once: {', '.join(RecordSection)}."
LOOK_FIRST: Final = "Read the preview of these sections, and send its ETag in If-Match: that alone is what you approve."
ONE_OF_THEM: Final = "Say one of these: {}."


def _sections(**more: Any) -> fields.List[str]:
    known = fields.String(validate=validate.OneOf(words(RecordSection)))
    return fields.List(known, validate=validate.Length(max=len(RecordSection)), **more)


def one_member(data: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Refuse a body that has none of the members *names*, or several.

    Raises:
        ValidationError: it has.
    """
    if sum(name in data for name in names) != 1:
        raise ValidationError(ONE_OF_THEM.format(", ".join(names)))


class MatchedSchema(AdminBody):
    """Which of the candidates is meant, by its handle, or *none* of them."""

    subject = TextLine(MAX_HANDLE)
    none = Flag(validate=validate.Equal(comparable=True))

    @validates_schema
    def check_one(self, data: Mapping[str, Any], **_more: Any) -> None:
        """Refuse both at once, and neither."""
        one_member(data, ("subject", "none"))


class PreviewFilters(OfficeFilters):
    """The sections that would leave."""

    sections = TextLine(MAX_NAMES, required=True, metadata={"description": "Sections of the record, with commas."})


class ReleasedSectionsSchema(AdminBody):
    """The sections that leave, and those that are withheld; If-Match is the ETag of the preview of these sections."""

    sections = _sections(required=True)
    withheld = _sections(required=True)


class HeldSchema(AdminBody):
    """Why the record is held back, and which sections."""

    reason = fields.String(required=True, validate=validate.OneOf(words(HoldReason)))
    sections = _sections(required=True)


class RefusedSchema(AdminBody):
    """Why the request is refused; the receiving district sees no reason."""

    reason = fields.String(required=True, validate=validate.OneOf(words(TransferRefusal)))


class DecisionSchema(AdminBody):
    """One decision: approve, hold, free or refuse."""

    approve = fields.Nested(ReleasedSectionsSchema)
    hold = fields.Nested(HeldSchema)
    free = Flag(validate=validate.Equal(comparable=True))
    refuse = fields.Nested(RefusedSchema)

    @validates_schema
    def check_one(self, data: Mapping[str, Any], **_more: Any) -> None:
        """Refuse several at once, and none."""
        one_member(data, ("approve", "hold", "free", "refuse"))


class SupplementSchema(AdminBody):
    """The sections of which the changes are sent, for the sending district; for the one that asks nothing.

    The sending district sends the ETag of the preview of these sections in If-Match.
    """

    sections = _sections(load_default=None)
    withheld = _sections(load_default=list)


class PreviewedSectionSchema(AdminBody):
    """A section as it would leave: its figures, and each record in one line; of many those beyond are *leftOut*."""

    name = fields.String(required=True)
    state = fields.String(required=True)
    records = fields.Integer(required=True)
    check = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    rows = fields.List(fields.List(fields.String()), required=True)
    leftOut = fields.Integer(required=True)  # noqa: N815 -- JSON's spelling


class PreviewedReleaseSchema(AdminBody):
    """What would leave of a student's record, and nothing else; its ETag is what an approval of it names."""

    id = fields.String(required=True)
    sections = fields.List(fields.Nested(PreviewedSectionSchema), required=True)
    size = fields.Integer(required=True)
    files = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


@ROUTES.add(
    "GET", "/transfers/<transfer>/preview", DECIDE, PreviewedReleaseSchema, filters=PreviewFilters, tagged=True
)  # fmt: skip
def preview_transfer(asked: AdminRequest, transfer: str) -> Reply:
    """Show exactly what would leave; whoever looks is on record."""
    serving().require_proved(DECIDE)
    named = asked.filters["sections"].split(",")
    if not {*named} <= {*words(RecordSection)} or len({*named}) < len(named):
        raise MalformedQuery("sections", NO_SECTIONS)
    found = office(asked, ReleasePreview, DECIDE).show(transfer, named)
    return Reply(preview_json(transfer, found), tag=found.tag)


@ROUTES.add(
    "POST", "/transfers/<transfer>/match", MATCH, TransferSchema, body=MatchedSchema, filters=OfficeFilters,
    matched=True,
)  # fmt: skip
def match_transfer(asked: AdminRequest, transfer: str) -> Reply:
    """Say which of the district's students is meant, or that it is none of them."""
    custody, key = office(asked, TransferCustody, MATCH), act_key(asked.actor)
    number = expected(asked, custody, transfer)
    if "none" in asked.body:
        return _settled(asked, custody.none_of_them(transfer, number, key))
    return _settled(asked, custody.choose(transfer, asked.body["subject"], number, key))


@ROUTES.add(
    "POST", "/transfers/<transfer>/decision", DECIDE, TransferSchema, body=DecisionSchema, filters=OfficeFilters,
    matched=True, waits=True,
)  # fmt: skip
def decide_transfer(asked: AdminRequest, transfer: str) -> Reply:
    """Release the record as it was previewed, hold it back, free it or refuse the request."""
    custody, key = office(asked, TransferCustody, DECIDE), act_key(asked.actor)
    if told := asked.body.get("approve"):
        shown = _shown(custody, transfer)
        return _settled(asked, custody.approve(transfer, told["sections"], told["withheld"], shown, key))
    number = expected(asked, custody, transfer)
    match asked.body:
        case {"hold": told}:
            return _settled(asked, custody.hold(transfer, HoldReason(told["reason"]), told["sections"], number, key))
        case {"refuse": told}:
            return _settled(asked, custody.refuse(transfer, TransferRefusal(told["reason"]), number, key))
        case _:
            return _settled(asked, custody.free(transfer, number, key))


@ROUTES.add(
    "POST", "/transfers/<transfer>/supplement", FOLLOW, TransferSchema, body=SupplementSchema, filters=OfficeFilters,
    scope=REQUEST, waits=True,
)  # fmt: skip
def supplement_transfer(asked: AdminRequest, transfer: str) -> Reply:
    """Send what has changed since the delivery, as it was previewed; or, for the district that received, ask for it."""
    key = act_key(asked.actor)
    if is_own_request(asked, transfer, FOLLOW):
        return Reply(outward_json(office(asked, TransferAsking, FOLLOW).ask_supplement(transfer, key)))
    serving().require_proved(DECIDE)
    custody = office(asked, TransferCustody, DECIDE)
    sections, withheld = asked.body["sections"] or (), asked.body["withheld"]
    return _settled(asked, custody.supplement(transfer, sections, withheld, _shown(custody, transfer), key))


def _shown(custody: TransferCustody, transfer: str) -> str:
    """Return the tag of the preview that a release is of.

    Raises:
        NotPartyTo: there is no such transfer of the district, so that none is to be looked at.
        PreconditionRequired: the request names no preview.
    """
    custody.number_of(transfer)
    return named_tag(LOOK_FIRST)


def _settled(asked: AdminRequest, found: CustodyView | Waiting) -> Reply:
    return Reply(custody_json(asked.done(found), whole=False))
