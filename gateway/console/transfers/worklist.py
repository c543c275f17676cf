"""The worklist: what a district is asked for, by clock, and one request with the students who may be meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import render_template, request, url_for

from gateway.admin.confirming import Confirming
from gateway.admin.transfers.office import DECIDE, FOLLOW, HIDDEN, MATCH, READ, WITHDRAW
from gateway.admin.transfers.tasks import GivenUpTransfers
from gateway.console.forms import choices
from gateway.console.page import actor, page, region
from gateway.console.parts.moments import moment
from gateway.console.parts.names import transfer_number
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.transfers.forms import ElsewhereForm, KeyedForm, ListedReasonForm
from gateway.console.transfers.office import (
    blueprint,
    custody,
    decided,
    district_name,
    done,
    last_day,
    may,
    new_key,
    nowhere,
    office,
    once,
    places,
)
from gateway.console.transfers.words import (
    CAUSES,
    HOLDS,
    INSIDE,
    LIGHTS,
    LIKENESS,
    MILITARY_RULE,
    PARTS,
    SECTIONS,
    TRACK_RULES,
    TRACKS,
    TROUBLES,
    WITHDRAWALS,
)
from gateway.console.wording import later, say
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.machine.transitions import ON_ITS_WAY
from gateway.transfers.machine.words import CLOSED, EventKind, Track, TransferState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from werkzeug.wrappers import Response

    from gateway.admin.transfers.custody_view import CustodyView
    from gateway.admin.transfers.tasks import GivenUpStep
    from gateway.console.wording import Later
    from gateway.transfers.ledger.lists import ListedTransfer

GIVEN: Final = (TransferState.DELIVERED, TransferState.ACKNOWLEDGED, TransferState.FILED)
GROUPS: Final = {
    "open": (later("Open"), ()),
    "given": (later("Delivered"), GIVEN),
    "closed": (later("Closed"), tuple(sorted(CLOSED))),
}
"""The lists of requests, each with its states; open are those of any state of which a clock is not done."""

STEPS: Final = {
    TransferState.REQUESTED: later("The gateway looks for the student in your system. There is nothing to do yet."),
    TransferState.MATCHED: later("The student is found. The gateway tries what your agreement's rule may release."),
    TransferState.NEAR: later("Say which of your students is meant, or that it is none of them."),
    TransferState.UNKNOWN: later(
        "Nobody like the student is in your system. Pass the request on, if you know where; else end it."
    ),
    TransferState.WAITING: later("Decide what leaves: look at each section, then release it. Or hold it back."),
    TransferState.HELD: later("It is held back. Free it once the reason is gone, and decide anew."),
    TransferState.APPROVED: later("It is released. It is packed and sealed for the other district at the next hour."),
    TransferState.PACKED: later("It is sealed and waits until the other district's program fetches it."),
    TransferState.DELIVERED: later("It was fetched. The other district reads it back, and files it."),
    TransferState.ACKNOWLEDGED: later(
        "It was read back rightly. What changes later, an approver may send as a supplement."
    ),
    TransferState.FILED: later("All of it is filed there. What changes later, an approver may send as a supplement."),
}
"""What comes next in each state; those that are closed have none."""
FOR_APPROVERS: Final = later("An approver of your district decides what leaves, or frees what is held back.")
PROTECTED: Final = later("The student's address is protected: an approver of your district decides what leaves.")
TO_DECIDE: Final = frozenset({TransferState.WAITING, TransferState.HELD})
LOOKED_AT: Final = frozenset({TransferState.NEAR, TransferState.WAITING, TransferState.HELD, *GIVEN})
"""The states in which the district's own system is looked at for the student."""
PASSED_ON_BY_APPROVERS: Final = later(
    "Nobody like the student is in your system. End it; or an approver of your district passes it on."
)
REST: Final = later("What the rule released is there. Decide now on the rest of the record: its clock goes on.")
REST_MEANWHILE: Final = later(
    "What the rule released is on its way. Decide now on the rest of the record: it leaves once that was read back."
)


@dataclass(frozen=True, slots=True)
class ShownClock:
    """The clock of a track as it is shown: what the law says of it beside its light."""

    track: Later
    rule: Later
    due: str
    state: State
    stopped: tuple[Later, ...]


@page(blueprint, "/<district>/inbox", FOLLOW)
def worklist(district: str) -> Any:
    """List what a district is asked for, what is due first first."""
    group = request.args.get("of", "open")
    group = group if group in GROUPS else "open"
    light = next((one for one in Light if one.value == request.args.get("light")), None)
    states = () if light else GROUPS[group][1]
    found = custody(district).worklist(states, light, request.args.get("cursor", ""))
    shown = found.items if light or states else tuple(one for one in found.items if one.light is not Light.DONE)
    sheet = _sheet(district, shown)
    return csv_of(sheet) or render_template(
        "transfers/worklist.html",
        district=district,
        name=district_name(district),
        places=places(district),
        table=sheet.shown(),
        following=found.next if shown or not found.items else "",
        group="" if light else group,
        light=light,
        groups={name: title for name, (title, _) in GROUPS.items()},
        unknown_days=any(one.is_calendar_missing for one in shown),
        put_off=custody(district).put_off(),
    )


@page(blueprint, "/<district>/inbox/<transfer>", FOLLOW)
def one(district: str, transfer: str) -> str:
    """Show one request as the sending district sees it, with what may be done about it now."""
    view = custody(district).look(transfer)
    left = undecided(view)
    for_approvers = bool(view.state in TO_DECIDE or left) and not may(DECIDE, district)
    return render_template(
        "transfers/one.html",
        district=district,
        name=district_name(district),
        number=transfer_number(view.id),
        view=view,
        facts=_facts(view),
        clocks=clocks(view),
        offered={kind.value for kind in view.offered},
        step=_step(view, left, for_approvers=for_approvers) if view.offered or may(READ, district) else None,
        deciders=custody(district).deciders() if for_approvers and may(READ, district) else None,
        left=left,
        stuck=_stuck(district, transfer),
        proposals=Confirming(region()).about(actor(), "transfer", transfer),
        unreadable=view.source_fails and view.state in LOOKED_AT,
        troubles=TROUBLES,
        causes=[CAUSES[cause] for cause in view.causes],
        candidates=_candidates(view),
        key=new_key(),
        hold=HOLDS[view.hold] if view.hold else None,
        sections=SECTIONS,
        own=may(READ, district),
        unknown_days=any(clock.is_calendar_missing and clock.done is None for clock in view.clocks),
        delivered=view.state in GIVEN,
    )


def _stuck(district: str, transfer: str) -> GivenUpStep | None:
    """Return what the gateway has given up of a request, for whoever may let it try once more."""
    given_up = office(GivenUpTransfers, district).list() if may(MATCH, district) else ()
    return next((one for one in given_up if one.transfer == transfer), None)


@page(blueprint, "/<district>/inbox/<transfer>/try-again", MATCH, "POST")
def try_again(district: str, transfer: str) -> Response:
    """Let the gateway try once more what it has given up."""
    place = _place(district, transfer)

    def do() -> Response:
        office(GivenUpTransfers, district).replay(transfer)
        return done(None, say("It is tried once more."), place)

    return once(do, place)


@page(blueprint, "/<district>/inbox/<transfer>/choose", MATCH, "POST")
def choose(district: str, transfer: str) -> Response:
    """Say which of the district's students is meant."""
    form, place = KeyedForm(), _place(district, transfer)
    handle = request.form.get("handle", "")

    def do() -> Response:
        view = custody(district).choose(transfer, handle, form.expected, form.key.data or "")
        return done(view, say("This student is meant. A person decides now what leaves."), place)

    return once(do, place)


@page(blueprint, "/<district>/inbox/<transfer>/none", MATCH, "POST")
def none_of_them(district: str, transfer: str) -> Response:
    """Say that none of the district's students is meant."""
    form, place = KeyedForm(), _place(district, transfer)

    def do() -> Response:
        view = custody(district).none_of_them(transfer, form.expected, form.key.data or "")
        return done(view, say("It is none of your students. The request is passed on, or ends."), place)

    return once(do, place)


@page(blueprint, "/<district>/inbox/<transfer>/end", MATCH, "GET", "POST")
def end(district: str, transfer: str) -> Any:
    """End a request for a student whom the district does not know."""
    view, form, place = custody(district).glance(transfer), KeyedForm(), _place(district, transfer)
    form.seen.data = form.seen.data if request.method == "POST" else str(view.number)

    def do() -> Response:
        ended = custody(district).end(transfer, form.expected, form.key.data or "")
        return done(ended, say("The request has ended."), place)

    return decided(
        form,
        "confirm.html",
        do,
        place,
        title=say("End request %(number)s") % {"number": transfer_number(transfer)},
        happens=[say("The other district is told that the request is closed, and nothing else.")],
        lost=[say("It cannot be taken up again: the other district asks anew.")],
        button=say("End it"),
        back_to=place,
    )


@page(blueprint, "/<district>/inbox/<transfer>/pass-on", MATCH, "GET", "POST")
def pass_on(district: str, transfer: str) -> Any:
    """Pass a request on to another district."""
    view, form, place = custody(district).glance(transfer), ElsewhereForm(), _place(district, transfer)
    form.seen.data = form.seen.data if request.method == "POST" else str(view.number)
    others = [one for one in region().settings().transfers.districts if one not in {district, view.receiver}]
    form.district.choices = choices([("", "–"), *((one, district_name(one)) for one in others)])
    if not others:
        return nowhere(place)

    def do() -> Response:
        service, key = custody(district), form.key.data or ""
        service.redirect(transfer, str(form.district.data), form.expected, key)
        said = say("The request is passed on. You do not see it any more.")
        return done(None, said, url_for("transfers.worklist", district=district))

    return decided(
        form,
        "confirm.html",
        do,
        place,
        title=say("Pass on request %(number)s") % {"number": transfer_number(transfer)},
        happens=[say("The district that you choose is asked, and the clock begins anew for it.")],
        lost=[say("You do not see the request any more.")],
        button=say("Pass it on"),
        back_to=place,
    )


@page(blueprint, "/<district>/inbox/<transfer>/withdraw", WITHDRAW, "GET", "POST")
def withdraw_own(district: str, transfer: str) -> Any:
    """Withdraw a request before anything was delivered, for the sending district."""
    view, form, place = custody(district).glance(transfer), ListedReasonForm(), _place(district, transfer)
    form.offer(WITHDRAWALS)
    form.seen.data = form.seen.data if request.method == "POST" else str(view.number)

    def do() -> Response:
        reason, key = str(form.reason.data), form.key.data or ""
        return done(
            custody(district).withdraw(transfer, reason, form.expected, key), say("The request is withdrawn."), place
        )

    return decided(
        form,
        "confirm.html",
        do,
        place,
        title=say("Withdraw request %(number)s here") % {"number": transfer_number(transfer)},
        happens=[say("The other district is told that the request is closed, and nothing else.")],
        lost=[say("It cannot be taken up again: the other district asks anew.")],
        button=say("Withdraw it"),
        back_to=place,
    )


def undecided(view: CustodyView) -> list[Later]:
    """Return the sections of a record that has left, or is on its way, on which nobody has decided yet."""
    decided_on = view.approved | view.withheld | view.sent
    gone = view.state in {*GIVEN, *ON_ITS_WAY}
    return [SECTIONS[one] for one in view.sections if gone and one not in decided_on]


def _step(view: CustodyView, left: list[Later], *, for_approvers: bool) -> Later | None:
    """Return what comes next; *for_approvers* where whoever looks does not decide it."""
    if view.state is TransferState.UNKNOWN and view.receiver == HIDDEN:
        return PASSED_ON_BY_APPROVERS
    if for_approvers:
        return PROTECTED if view.receiver == HIDDEN else FOR_APPROVERS
    if left and EventKind.SUPPLEMENT in view.offered:
        return REST_MEANWHILE if view.state in ON_ITS_WAY else REST
    return STEPS.get(view.state)


def clocks(view: CustodyView) -> list[ShownClock]:
    """Return the clocks of a request, each with what the law says of its track."""
    now = region().clock()
    return [
        ShownClock(
            TRACKS[one.track],
            MILITARY_RULE if view.military and one.track is Track.FULL else TRACK_RULES[one.track],
            last_day(one.due),
            LIGHTS[one.light(now)],
            tuple(SECTIONS[part] for part in SECTIONS if part in one.stopped),
        )
        for one in view.clocks
    ]


def _place(district: str, transfer: str) -> str:
    return url_for("transfers.one", district=district, transfer=transfer)


def _facts(view: CustodyView) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (say("State"), INSIDE[view.state]),
        (say("Asked by"), district_name(view.receiver)),
        (say("Asked"), moment(view.asked)),
        (say("Military family"), say("yes") if view.military else say("no")),
    ]
    return facts + ([(say("Version"), view.version)] if view.version else [])


def _candidates(view: CustodyView) -> list[tuple[Any, list[tuple[Later, State]]]]:
    """Return the students who may be meant, each with how its parts stand to what was stated."""
    return [
        (one, [(PARTS[part], LIKENESS[likeness]) for part, likeness in one.parts.items()]) for one in view.candidates
    ]


def _sheet(district: str, found: Sequence[ListedTransfer]) -> Sheet[ListedTransfer]:
    columns: list[TableColumn[ListedTransfer]] = [
        TableColumn(later("Number"), lambda one: transfer_number(one.id), "code", lambda one: _place(district, one.id)),
        TableColumn(later("State"), _state, "state"),
        TableColumn(
            later("Information (2 school days)"), lambda one: _light(one, one.info_due, one.info_done), "state"
        ),
        TableColumn(
            later("Whole record (10 school days)"), lambda one: _light(one, one.full_due, one.full_done), "state"
        ),
        TableColumn(later("Asked by"), lambda one: district_name(one.receiver)),
        TableColumn(later("Military family"), lambda one: say("yes: 10 days") if one.military else ""),
        TableColumn(later("Asked"), lambda one: one.asked, "time"),
    ]
    return Sheet("worklist", say("The next due first"), columns, found, say("There is no request here."))


def _state(one: ListedTransfer) -> State:
    """Return the state of a request; of one whose first part was delivered, that the rest is to be decided."""
    open_still = one.state in GIVEN and one.light is not Light.DONE
    return State("warn", later("delivered in part: decide on the rest")) if open_still else INSIDE[one.state]


def _light(one: ListedTransfer, due: datetime | None, over: datetime | None) -> State:
    """Return how the clock of a track stands, with the day that it is due: the row tells the light of the first one."""
    if over is not None:
        return LIGHTS[Light.DONE]
    if due is None:
        return LIGHTS[Light.STOPPED]
    others = [each for each, ended in ((one.info_due, one.info_done), (one.full_due, one.full_done)) if ended is None]
    first = due == min(each for each in others if each is not None)
    late = due <= region().clock()
    light = Light.RED if late else Light.AMBER if first and one.light is Light.AMBER else Light.GREEN
    return State(LIGHTS[light].kind, f"{LIGHTS[light]}: {last_day(due)}")
