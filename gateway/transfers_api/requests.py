"""Operations on requests: a district asks for a record, and sees the same of every child until it is delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import fields, validate

from gateway.admin.transfers.asking import TransferAsking, TransferForm
from gateway.admin.transfers.custody import TransferCustody
from gateway.admin.transfers.office import ASK, FOLLOW, WITHDRAW
from gateway.admin_api.frame.bodies import AdminBody, AskedCount, Flag, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply
from gateway.auth.scopes import REQUEST
from gateway.people.actor import NotPermitted
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.machine.outward import OutwardState
from gateway.transfers.machine.words import RequestStanding, TransferState, WithdrawReason
from gateway.transfers_api.authentication import MACHINE, PEOPLE_ALONE
from gateway.transfers_api.offices import OfficeFilters, act_key, office
from gateway.transfers_api.shown import (
    IN,
    OUT,
    REDIRECTED,
    TransferSchema,
    custody_json,
    listed_json,
    outward_json,
    seen,
)
from standards.errors import MalformedQuery, NotFound

if TYPE_CHECKING:
    from enum import StrEnum

ROUTES = AdminOperations("transfers")
MAX_NAME: Final = 200
MAX_ID: Final = 60
DEFAULT_LISTED, MOST_LISTED = 25, 100
DISTRICT: Final = r"^[a-z0-9][a-z0-9-]{0,99}$"
DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def words(kind: type[StrEnum]) -> tuple[str, ...]:
    """Return the words of a closed list."""
    return tuple(one.value for one in kind)


class AskedStudentSchema(AdminBody):
    """The student who is meant: at least three of state id, name, birth date and last school."""

    stateId = TextLine(MAX_ID, load_default="")  # noqa: N815 -- JSON's spelling
    family = TextLine(MAX_NAME, load_default="")
    given = TextLine(MAX_NAME, load_default="")
    middle = TextLine(MAX_NAME, load_default="")
    suffix = TextLine(20, load_default="")
    birthDate = TextLine(10, pattern=DAY, load_default="")  # noqa: N815
    lastSchool = TextLine(MAX_NAME, load_default="")  # noqa: N815


class NewTransferSchema(AdminBody):
    """Whom to ask, for whose record, and why one may."""

    sender = TextLine(100, required=True, pattern=DISTRICT)
    student = fields.Nested(AskedStudentSchema, required=True)
    standing = fields.String(required=True, validate=validate.OneOf(words(RequestStanding)))
    military = Flag(load_default=False)
    again = Flag(load_default=False)


class TransferFilters(OfficeFilters):
    """Which transfers: those a district has asked for (*out*), or is asked for (*in*)."""

    role = fields.String(load_default=OUT, validate=validate.OneOf((OUT, IN)))
    state = TextLine(20, metadata={"description": "asked, delivered or closed; of role in, a state of the district's."})
    light = fields.String(validate=validate.OneOf(words(Light)), metadata={"description": "Of role in."})
    cursor = TextLine(400, load_default="", metadata={"description": "The Next-Page-Token of the page before."})
    limit = AskedCount(1, MOST_LISTED, load_default=DEFAULT_LISTED)


class WithdrawnSchema(AdminBody):
    """Why a request is withdrawn."""

    reason = fields.String(required=True, validate=validate.OneOf(words(WithdrawReason)))


class RedirectedSchema(AdminBody):
    """Which district to ask instead."""

    district = TextLine(100, required=True, pattern=DISTRICT)


@ROUTES.add(
    "POST", "/transfers", ASK, TransferSchema, body=NewTransferSchema, filters=OfficeFilters, status=201, scope=REQUEST
)  # fmt: skip
def ask_transfer(asked: AdminRequest) -> Reply:
    """Ask one district for the record of a student who enrolls here."""
    told = asked.body
    student = {name: value for name, value in told["student"].items() if value}
    form = TransferForm(
        told["sender"], student, RequestStanding(told["standing"]), told["military"], told["again"]
    )  # fmt: skip
    made = office(asked, TransferAsking, ASK).ask(form, act_key(asked.actor))
    return Reply(outward_json(made), location=f"/transfers/{made.id}")


@ROUTES.add("GET", "/transfers", FOLLOW, TransferSchema, filters=TransferFilters, many=True, scope=REQUEST)
def list_transfers(asked: AdminRequest) -> Reply:
    """List what the district has asked for by when it is due, or what it is asked for by its clocks."""
    told = asked.filters
    if told["role"] == OUT:
        state = _word(OutwardState, told.get("state"))
        page = office(asked, TransferAsking, FOLLOW).sent(state, told["cursor"], told["limit"])
        return Reply([outward_json(one) for one in page.items], following=page.next)
    _refuse_program(asked)
    states = () if told.get("state") is None else (_word(TransferState, told["state"]),)
    light = Light(told["light"]) if told.get("light") else None
    listed = office(asked, TransferCustody, FOLLOW).worklist(states, light, told["cursor"], told["limit"])
    return Reply([listed_json(one) for one in listed.items], following=listed.next)


@ROUTES.add(
    "GET", "/transfers/<transfer>", FOLLOW, TransferSchema, filters=OfficeFilters, tagged=True, scope=REQUEST
)  # fmt: skip
def read_transfer(asked: AdminRequest, transfer: str) -> Reply:
    """Return a transfer: to the district that has asked, what it may see; to the one that is asked, its own view."""
    if is_own_request(asked, transfer, FOLLOW):
        return Reply(outward_json(office(asked, TransferAsking, FOLLOW).one(transfer)))
    found = office(asked, TransferCustody, FOLLOW).look(transfer)
    return Reply(custody_json(found, whole=True), tag=seen(found.id, found.number))


@ROUTES.add(
    "POST", "/transfers/<transfer>/withdraw", WITHDRAW, TransferSchema, body=WithdrawnSchema, filters=OfficeFilters,
    scope=REQUEST,
)  # fmt: skip
def withdraw_transfer(asked: AdminRequest, transfer: str) -> Reply:
    """Withdraw a request before anything was delivered."""
    reason, key = asked.body["reason"], act_key(asked.actor)
    if is_own_request(asked, transfer, WITHDRAW):
        return Reply(outward_json(office(asked, TransferAsking, WITHDRAW).withdraw(transfer, reason, key)))
    custody = office(asked, TransferCustody, WITHDRAW)
    return Reply(custody_json(custody.withdraw(transfer, reason, expected(asked, custody, transfer), key), whole=False))


@ROUTES.add(
    "POST", "/transfers/<transfer>/redirect", WITHDRAW, TransferSchema, body=RedirectedSchema, filters=OfficeFilters,
    scope=REQUEST,
)  # fmt: skip
def redirect_transfer(asked: AdminRequest, transfer: str) -> Reply:
    """Ask another district instead: for whoever asked a new request, for whoever was asked the end of this one."""
    district, key = asked.body["district"], act_key(asked.actor)
    if is_own_request(asked, transfer, WITHDRAW):
        return Reply(outward_json(office(asked, TransferAsking, WITHDRAW).redirect(transfer, district, key)))
    custody = office(asked, TransferCustody, WITHDRAW)
    custody.redirect(transfer, district, expected(asked, custody, transfer), key)
    return Reply({"id": transfer, "role": IN, "state": REDIRECTED})


def is_own_request(asked: AdminRequest, transfer: str, action: str) -> bool:
    """Tell whether the district that acts has asked for a transfer; a program sees no other."""
    if asked.actor.kind == MACHINE:
        return True
    try:
        office(asked, TransferAsking, action).one(transfer)
    except (NotFound, NotPermitted):
        return False
    return True


def expected(asked: AdminRequest, custody: TransferCustody, transfer: str) -> int:
    """Return the number of the state for which the sending district writes: that of its If-Match, or the present one.

    Raises:
        PreconditionFailed: the transfer is not any more as If-Match says.
    """
    number = custody.number_of(transfer)
    asked.match(seen(transfer, number))
    return number


def _refuse_program(asked: AdminRequest) -> None:
    if asked.actor.kind == MACHINE:
        raise NotPermitted(PEOPLE_ALONE)


def _word(kind: type[Any], text: str | None) -> Any:
    if text is None:
        return None
    if text not in words(kind):
        raise MalformedQuery("state", f"The parameter 'state' must be one of {', '.join(words(kind))}.")
    return kind(text)
