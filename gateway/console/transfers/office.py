"""The transfer office of a district: its services, the ways between its pages, and what an act came to."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import Blueprint, flash, redirect, url_for

from gateway.admin.organisations import Organisations
from gateway.admin.second_person import Waiting
from gateway.admin.transfers.custody import TransferCustody
from gateway.admin.transfers.office import FOLLOW, HIDDEN, KEYS, READ, RECEIVE, REPORTS
from gateway.console.forms import sent
from gateway.console.page import actor, region
from gateway.console.parts.moments import day, read
from gateway.console.wording import Later, later, say, translated
from standards.errors import Conflict, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from gateway.admin.administration import Administration
    from gateway.admin.transfers.office import TransferOffice
    from gateway.console.forms import ConsoleForm
    from gateway.people.actor import Actor
    from standards.errors import CallerError

    Made = TypeVar("Made", bound=TransferOffice)

blueprint = Blueprint("transfers", __name__, url_prefix="/console/transfers")

PLACES: Final = (
    (later("Start"), "transfers.home", FOLLOW),
    (later("Incoming requests"), "transfers.worklist", FOLLOW),
    (later("Outgoing requests"), "transfers.sent", FOLLOW),
    (later("Received"), "transfers.received", RECEIVE),
    (later("Letters to parents"), "transfers.letters", READ),
    (later("Figures"), "transfers.reports", REPORTS),
    (later("Keys"), "transfers.keys", KEYS),
)
"""The pages of a district, each with the action that it is for."""

KEY_BYTES: Final = 16


def office(service: Callable[[Administration, Actor, str], Made], district: str) -> Made:
    """Return a *service* of transfers for whoever is signed in, who acts for a *district*."""
    return service(region(), actor(), district)


def may(action: str, district: str) -> bool:
    """Tell whether whoever is signed in may do an *action* for a *district*."""
    return actor().allows(action, district)


def places(district: str) -> list[tuple[Later, str]]:
    """Return the pages of a *district* that whoever is signed in may open."""
    return [
        (title, url_for(endpoint, district=district)) for title, endpoint, action in PLACES if may(action, district)
    ]


def district_name(name: str) -> str:
    """Return what a district is called; of one that is not to be told, that it is one of the region."""
    if name == HIDDEN:
        return say("a district of the region")
    return Organisations(region()).titles([name]).get(name, name)


def last_day(due: datetime | str | None) -> str:
    """Say the day at whose end something is due."""
    found = read(due) if due is not None else None
    return day(found - timedelta(seconds=1)) if isinstance(found, datetime) else day(found)


def new_key() -> str:
    """Return a key under which a form that is sent twice does its act once."""
    return secrets.token_urlsafe(KEY_BYTES)


def done(outcome: Any, said: str, place: str) -> Response:
    """Say what came of an act, done or waiting for a second person, on the page at *place*."""
    if not isinstance(outcome, Waiting):
        flash(said, "ok")
    elif outcome.shortage is None:
        flash(say("This now waits for a second person, who has a task."), "warn")
    else:
        flash(say("This waits for a second person, and nobody else here has the role: invite somebody."), "warn")
    return redirect(place, 303)


def once(do: Callable[[], Response], place: str) -> Response:
    """Do what a button asks for; where the transfer has changed meanwhile, say so on the page at *place*."""
    try:
        return do()
    except (Conflict, PreconditionFailed) as refusal:
        return changed(refusal, place)


def changed(refusal: CallerError, place: str) -> Response:
    """Say on the page at *place*, as it is now, why something was not done."""
    flash(translated(refusal.message) or refusal.message, "warn")
    return redirect(place, 303)


def nowhere(place: str) -> Response:
    """Say on the page at *place* that there is no other district that could be asked."""
    flash(say("No other district can be asked: there is no agreement in force about transfers from one."), "warn")
    return redirect(place, 303)


def decided(form: ConsoleForm, template: str, do: Callable[[], Response], place: str, **more: Any) -> Any:
    """Show a form or do what it was sent for; where the transfer has changed meanwhile, go to the page at *place*."""

    def attempt() -> Response:
        return once(do, place)

    return sent(form, template, attempt, **more)


def custody(district: str) -> TransferCustody:
    """Return what a *district* is asked for."""
    return office(TransferCustody, district)
