"""Asking: the list of what a district has asked for, the request form, and what may be done before the delivery.

Of a request nothing is shown but its outward view: the pages are the same, whatever the other district has found.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for

from gateway.admin.transfers.asking import NotEnrolledHere, TransferAsking, TransferForm
from gateway.admin.transfers.office import ASK, FOLLOW, RECEIVE, WITHDRAW
from gateway.admin.transfers.own_students import OwnStudents
from gateway.admin.transfers.suggestions import TransferSuggestions
from gateway.console.forms import choices
from gateway.console.forms import sent as shown
from gateway.console.page import page
from gateway.console.parts.moments import moment
from gateway.console.parts.names import transfer_number
from gateway.console.tables import Sheet, TableColumn, csv_of
from gateway.console.transfers.forms import ElsewhereForm, ListedReasonForm, RequestForm
from gateway.console.transfers.office import (
    blueprint,
    changed,
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
from gateway.console.transfers.words import OUTWARD, WITHDRAWALS
from gateway.console.wording import later, say, translated
from gateway.transfers.ledger.limits import AskedAlready
from gateway.transfers.machine.outward import OutwardState
from gateway.transfers.machine.words import RequestStanding
from standards.errors import CallerError, Conflict, Forbidden, InvalidBody, NotFound, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response
    from wtforms import Field

    from gateway.admin.transfers.own_students import OwnStudent
    from gateway.admin.transfers.suggestions import TransferSuggestion
    from gateway.transfers.machine.outward import OutwardTransfer


@page(blueprint, "/<district>/sent", FOLLOW)
def sent(district: str) -> Any:
    """List what a district has asked for, and whom it could ask for."""
    state = next((one for one in OutwardState if one.value == request.args.get("state")), None)
    found = office(TransferAsking, district).sent(state, request.args.get("cursor", ""))
    sheet, asking = _sheet(district, found.items), may(ASK, district)
    return csv_of(sheet) or render_template(
        "transfers/sent.html",
        district=district,
        name=district_name(district),
        places=places(district),
        table=sheet.shown(),
        following=found.next,
        state=state,
        states=OUTWARD,
        title=district_name,
        suggestions=suggested(district) if asking else (),
        asking=asking,
        askable=office(TransferAsking, district).districts() if asking else (),
    )


def suggested(district: str) -> tuple[TransferSuggestion, ...]:
    """Return what may be asked for by one click; nothing while the district's own system cannot be read."""
    with suppress(SourceError):
        return office(TransferSuggestions, district).listed()
    return ()


@page(blueprint, "/<district>/sent/<transfer>", FOLLOW)
def asked(district: str, transfer: str) -> str:
    """Show one request as the district may see it."""
    found = office(TransferAsking, district).one(transfer)
    return render_template(
        "transfers/asked.html",
        district=district,
        number=transfer_number(found.id),
        one=found,
        facts=_facts(found),
        state=found.state.value,
        sender=district_name(found.sender),
        asking=may(ASK, district),
        withdrawing=may(WITHDRAW, district),
        receiving=may(RECEIVE, district),
    )


@page(blueprint, "/<district>/ask", ASK, "GET", "POST")
def ask(district: str) -> Any:
    """Ask for a student's record; before that, look whether the student is among the district's own."""
    form = _request_form(district)
    if request.method == "POST" and "find" in request.form:
        return _request_page(district, form, *_own(district, form))
    if "fill" in request.form:
        return _request_page(district, form)
    return shown(form, "transfers/ask.html", lambda: _ask(district, form), **_around(district, form))


def _ask(district: str, form: RequestForm) -> Any:
    """Send the request; a second one for the same student is sent only after a warning."""
    asked_for = TransferForm(
        form.sender.data, form.student(), RequestStanding(form.standing.data), form.military.data, form.again.data
    )
    try:
        made = office(TransferAsking, district).ask(asked_for, form.key.data or "")
    except (AskedAlready, NotEnrolledHere, InvalidBody) as refusal:
        field, twice = _refused_field(form, refusal), isinstance(refusal, AskedAlready)
        form.key.data, field.errors = new_key(), [_said(refusal)]
        return render_template("transfers/ask.html", form=form, **_around(district, form, twice=twice)), refusal.status
    flash(say("The record is asked for. You are told here when it has come."), "ok")
    return redirect(url_for("transfers.asked", district=district, transfer=made.id), 303)


def _refused_field(form: RequestForm, refusal: CallerError) -> Field:
    """Return what a refused request is about: that it is a second one, why one may ask, or the student."""
    if isinstance(refusal, AskedAlready):
        return form.again
    return form.standing if isinstance(refusal, NotEnrolledHere) else form.state_id


def _request_form(district: str) -> RequestForm:
    form = RequestForm()
    form.offer({one: district_name(one) for one in office(TransferAsking, district).districts()})
    return form


def _request_page(
    district: str, form: RequestForm, found: Sequence[OwnStudent] | None = None, refusal: str = ""
) -> str:
    if refusal:
        form.form_errors.append(refusal)
    return render_template("transfers/ask.html", form=form, **_around(district, form, found=found))


def _around(
    district: str, form: RequestForm, *, found: Sequence[OwnStudent] | None = None, twice: bool = False
) -> dict[str, Any]:
    """Return what the page of a request has beside its form."""
    return {
        "district": district,
        "name": district_name(district),
        "found": found,
        "twice": twice or bool(form.again.data),
        "askable": office(TransferAsking, district).districts(),
    }


def _own(district: str, form: RequestForm) -> tuple[Sequence[OwnStudent] | None, str]:
    """Look for the stated student among the district's own; where that fails, say why."""
    form.form_errors = []
    try:
        return office(OwnStudents, district).search(form.student()), ""
    except (Forbidden, NotFound):
        raise
    except CallerError as refusal:
        return None, _said(refusal)
    except SourceError:
        return None, say("Your own system cannot be asked now. Type in what you know.")


@page(blueprint, "/<district>/suggestions/ask", ASK, "POST")
def ask_suggested(district: str) -> Any:
    """Make a suggestion a request."""
    handle, again = request.form.get("handle", ""), request.form.get("again") == "y"
    place = url_for("transfers.sent", district=district)
    try:
        made = office(TransferSuggestions, district).ask(handle, again=again)
    except AskedAlready as refusal:
        return render_template(
            "transfers/twice.html", district=district, handle=handle, told=_said(refusal), back_to=place
        ), refusal.status
    except Conflict as refusal:
        return changed(refusal, place)
    return done(
        made,
        say("The record is asked for. You are told here when it has come."),
        url_for("transfers.asked", district=district, transfer=made.id),
    )


@page(blueprint, "/<district>/suggestions/dismiss", ASK, "POST")
def dismiss_suggested(district: str) -> Response:
    """Suggest a student no more."""
    place = url_for("transfers.sent", district=district)

    def do() -> Response:
        office(TransferSuggestions, district).dismiss(request.form.get("handle", ""))
        return done(None, say("It is suggested no more."), place)

    return once(do, place)


@page(blueprint, "/<district>/sent/<transfer>/withdraw", WITHDRAW, "GET", "POST")
def withdraw_asked(district: str, transfer: str) -> Any:
    """Withdraw a request before anything was delivered."""
    service, form = office(TransferAsking, district), ListedReasonForm()
    place = url_for("transfers.asked", district=district, transfer=transfer)
    service.one(transfer)
    form.offer(WITHDRAWALS)

    def do() -> Response:
        outcome = service.withdraw(transfer, str(form.reason.data), form.key.data or "")
        return done(outcome, say("The request is withdrawn."), place)

    return decided(
        form,
        "confirm.html",
        do,
        place,
        title=say("Withdraw request %(number)s") % {"number": transfer_number(transfer)},
        happens=[say("The other district does no more about it, and nothing is sent.")],
        lost=[say("It cannot be taken up again: ask anew where it is needed after all.")],
        button=say("Withdraw it"),
        back_to=place,
    )


@page(blueprint, "/<district>/sent/<transfer>/elsewhere", ASK, "GET", "POST")
def ask_elsewhere(district: str, transfer: str) -> Any:
    """Ask another district instead: the request is withdrawn, and a new one made of it."""
    service, form = office(TransferAsking, district), ElsewhereForm()
    place, found = url_for("transfers.asked", district=district, transfer=transfer), service.one(transfer)
    others = [one for one in service.districts() if one != found.sender]
    form.district.choices = choices([("", "–"), *((one, district_name(one)) for one in others)])
    if not others:
        return nowhere(place)

    def do() -> Response:
        made = service.redirect(transfer, str(form.district.data), form.key.data or "")
        there = url_for("transfers.asked", district=district, transfer=made.id)
        return done(made, say("This district is asked now. The request before it is withdrawn."), there)

    return decided(
        form,
        "confirm.html",
        do,
        place,
        title=say("Ask another district than %(name)s") % {"name": found.sender},
        happens=[
            say("This request is withdrawn, and a new one goes to the district that you choose."),
            say("The clock begins anew, with a new number."),
        ],
        lost=[],
        button=say("Ask this district"),
        back_to=place,
    )


def _sheet(district: str, found: Sequence[OutwardTransfer]) -> Sheet[OutwardTransfer]:
    def link(one: OutwardTransfer) -> str:
        return url_for("transfers.asked", district=district, transfer=one.id)

    columns: list[TableColumn[OutwardTransfer]] = [
        TableColumn(later("Number"), lambda one: transfer_number(one.id), "code", link),
        TableColumn(later("State"), lambda one: OUTWARD[one.state], "state"),
        TableColumn(later("Asked of"), lambda one: district_name(one.sender)),
        TableColumn(later("Due by the end of"), lambda one: last_day(one.due)),
        TableColumn(later("Asked"), lambda one: one.asked, "time"),
    ]
    return Sheet("sent", say("The next due first"), columns, found, say("Nothing is asked for yet."))


def _facts(one: OutwardTransfer) -> list[tuple[str, Any]]:
    return [
        (say("State"), OUTWARD[one.state]),
        (say("Asked of"), district_name(one.sender)),
        (say("Asked"), moment(one.asked)),
        (say("Due"), say("by the end of %(day)s") % {"day": last_day(one.due)}),
    ]


def _said(refusal: CallerError) -> str:
    return translated(refusal.message) or refusal.message
