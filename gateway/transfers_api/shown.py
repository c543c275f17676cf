"""Transfers as JSON: the outward view, the same for every child before delivery, and that of the sending district."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import fields

from gateway.admin_api.frame.bodies import AdminBody
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.machine.event import spell_moment

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.admin.transfers.custody_view import CustodyView
    from gateway.admin.transfers.own_children import OwnChild
    from gateway.admin.transfers.preview import PreviewedRelease
    from gateway.transfers.clocks.clocks import TransferClock
    from gateway.transfers.ledger.lists import ListedTransfer
    from gateway.transfers.machine.outward import OutwardTransfer

OUT, IN = "out", "in"
REDIRECTED: Final = "redirected"
"""What the sending district is told of a request that is another district's now."""


class ShownChildSchema(AdminBody):
    """One of the sending district's own students, for its own people."""

    name = fields.String(required=True)
    birthDate = fields.String(required=True)  # noqa: N815 -- JSON's spelling
    grade = fields.String(required=True)
    school = fields.String(required=True)
    stateId = fields.String(required=True)  # noqa: N815


class ShownCandidateSchema(AdminBody):
    """A student who may be meant, with the handle to choose by and which parts of what was stated agree."""

    handle = fields.String(required=True)
    child = fields.Nested(ShownChildSchema, required=True)
    score = fields.Float(required=True)
    parts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class ShownClockSchema(AdminBody):
    """The clock of one track."""

    track = fields.String(required=True)
    amber = fields.String(required=True, allow_none=True)
    due = fields.String(required=True, allow_none=True)
    done = fields.String(required=True, allow_none=True)
    stopped = fields.List(fields.String(), required=True)
    calendar = fields.String(required=True)


class ShownAttachmentSchema(AdminBody):
    """Something that was added to the record: in which section it leaves, its size in bytes, and since when."""

    id = fields.String(required=True)
    section = fields.String(required=True)
    size = fields.Integer(required=True)
    at = fields.String(required=True)


class TransferSchema(AdminBody):
    """A transfer. Of role *out* it is what every requester sees: asked, delivered or closed, and when it is due.

    Of role *in* it is the sending district's own view, with the members behind *version*.
    """

    id = fields.String(required=True)
    role = fields.String(required=True)
    state = fields.String(required=True)
    sender = fields.String()
    asked = fields.String()
    due = fields.String(allow_none=True)
    version = fields.Integer()
    receiver = fields.String()
    number = fields.Integer()
    military = fields.Boolean()
    light = fields.String()
    clocks = fields.List(fields.Nested(ShownClockSchema))
    offered = fields.List(fields.String())
    causes = fields.List(fields.String())
    hold = fields.String(allow_none=True)
    child = fields.Nested(ShownChildSchema, allow_none=True)
    candidates = fields.List(fields.Nested(ShownCandidateSchema))
    leftOut = fields.Integer()  # noqa: N815
    sections = fields.List(fields.String())
    rule = fields.List(fields.String())
    approved = fields.List(fields.String())
    withheld = fields.List(fields.String())
    needsTwo = fields.Boolean()  # noqa: N815
    supplementAsked = fields.Boolean()  # noqa: N815
    attachments = fields.List(fields.Nested(ShownAttachmentSchema))


def outward_json(one: OutwardTransfer) -> dict[str, Any]:
    """Return what the receiving district sees of a transfer."""
    told = {"id": one.id, "role": OUT, "state": one.state.value, "sender": one.sender, "asked": one.asked}
    return told | {"due": one.due} | ({"version": one.version} if one.version else {})


def listed_json(one: ListedTransfer) -> dict[str, Any]:
    """Return a transfer as its sending district lists it."""
    due = min((at for at, done in _open(one) if at and not done), default=None)
    return {
        "id": one.id, "role": IN, "state": one.state.value, "receiver": one.receiver, "number": one.number,
        "version": one.version, "military": one.military, "hold": one.hold or None, "asked": spell_moment(one.asked),
        "due": _moment(due), "light": Light(one.light).value,
    }  # fmt: skip


def custody_json(one: CustodyView, *, whole: bool) -> dict[str, Any]:
    """Return a transfer as its sending district sees it; without the child and the candidates unless it is *whole*.

    The answer to a write is kept for whoever repeats it, so that nothing of a student is in it.
    """
    told = {
        "id": one.id, "role": IN, "state": one.state.value, "receiver": one.receiver, "number": one.number,
        "asked": spell_moment(one.asked), "military": one.military, "clocks": list(map(_clock, one.clocks)),
        "offered": sorted(kind.value for kind in one.offered), "causes": [cause.value for cause in one.causes],
        "hold": one.hold.value if one.hold else None, "version": one.version, "leftOut": one.left_out,
        "sections": [section.value for section in one.sections], "rule": sorted(part.value for part in one.rule),
        "approved": sorted(part.value for part in one.approved),
        "withheld": sorted(part.value for part in one.withheld), "needsTwo": one.needs_two,
        "supplementAsked": one.supplement_asked,
        "attachments": [
            {"id": each.id, "section": each.section, "size": each.size, "at": spell_moment(each.at)}
            for each in one.attachments
        ],
    }  # fmt: skip
    if not whole:
        return told
    candidates = [
        {
            "handle": each.handle, "child": child_json(each.child), "score": each.score,
            "parts": {part.value: likeness.value for part, likeness in each.parts.items()},
        }
        for each in one.candidates
    ]  # fmt: skip
    return told | {"child": child_json(one.child) if one.child else None, "candidates": candidates}


def preview_json(transfer: str, one: PreviewedRelease) -> dict[str, Any]:
    """Return what would leave of a transfer."""
    sections = [
        {
            "name": each.name, "state": each.state.value, "records": each.records, "check": dict(each.check),
            "rows": [list(row) for row in each.rows], "leftOut": each.left_out,
        }
        for each in one.sections
    ]  # fmt: skip
    return {"id": transfer, "sections": sections, "size": one.size, "files": dict(one.files)}


def seen(transfer: str, number: int) -> dict[str, Any]:
    """Return what the ETag of a transfer is made of for its sending district: which transfer, after which event."""
    return {"id": transfer, "number": number}


def child_json(child: OwnChild) -> dict[str, Any]:
    """Return an own student."""
    return {
        "name": child.name, "birthDate": child.birth_date, "grade": child.grade, "school": child.school,
        "stateId": child.state_id,
    }  # fmt: skip


def _clock(one: TransferClock) -> dict[str, Any]:
    return {
        "track": one.track.value, "amber": _moment(one.amber), "due": _moment(one.due), "done": _moment(one.done),
        "stopped": sorted(section.value for section in one.stopped), "calendar": one.calendar,
    }  # fmt: skip


def _open(one: ListedTransfer) -> tuple[tuple[datetime | None, datetime | None], ...]:
    return (one.info_due, one.info_done), (one.full_due, one.full_done)


def _moment(moment: datetime | None) -> str | None:
    return spell_moment(moment) if moment else None
