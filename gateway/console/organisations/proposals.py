"""Proposals: acts that wait for a second person, and what became of earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from gateway.admin.confirming import Confirming
from gateway.admin.second_person import SecondPerson
from gateway.admin.shortage import shortage
from gateway.console.page import actor, page
from gateway.console.parts.names import action_sentence, label, said
from gateway.console.people import link_page
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.transfers import proposed
from gateway.console.wording import later, say, translated
from standards.errors import CallerError, Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from gateway.storage.people.proposals import Proposal

blueprint = Blueprint("proposals", __name__, url_prefix="/console/proposals")

WAITING = State("wait", later("waits"))
LAPSED = State("off", later("lapsed"))
OUTCOMES = {
    "confirmed": State("ok", later("confirmed")),
    "declined": State("bad", later("declined")),
    "withdrawn": State("off", later("taken back")),
    "refused": State("bad", later("confirmed, but not done: it had changed")),
    "unclear": State("bad", later("confirmed, but nobody knows whether it was done")),
}


@page(blueprint, "", "task.read")
def overview() -> Any:
    """Show the proposals that one may confirm or has made."""
    found = Confirming(_region()).list(actor())
    columns: tuple[TableColumn[Proposal], ...] = (
        TableColumn(later("What"), _what, "text", lambda row: url_for("proposals.one", proposal=row.id)),
        TableColumn(later("About"), proposed.about),
        TableColumn(later("For"), lambda row: row.org),
        TableColumn(later("Proposed by"), lambda row: row.made_by),
        TableColumn(later("On"), lambda row: row.made, "time"),
        TableColumn(later("Lapses"), lambda row: row.expires, "time"),
        TableColumn(later("State"), _state, "state"),
        TableColumn(later("Decided by"), lambda row: row.decided_by),
    )
    table = Sheet(
        "proposals",
        say("Second confirmations"),
        columns,
        found,
        say("Nothing that you could confirm, or have proposed, waits for a second person."),
    )
    return csv_of(table) or render_template("proposals/overview.html", table=table.shown())


@page(blueprint, "/<proposal>", "task.read")
def one(proposal: str) -> str:
    """Show one proposal, with who may decide it."""
    return _one_page(proposal)


def _one_page(proposal: str, refusal: CallerError | None = None) -> str:
    """Show one proposal, with the reason that somebody gave where it was refused, and what is said against it."""
    found = Confirming(_region()).find(actor(), proposal)
    missing = None
    if found.waits(_region().clock()):
        missing = shortage(_region(), found.action, found.org, found.person)
    if proposed.is_of_transfers(found):
        content = proposed.facts(found)
    else:
        content = [(label(name), said(name, value)) for name, value in found.content.items()]
    return render_template(
        "proposals/one.html", one=found, what=_what(found), state=_state(found), content=content, missing=missing,
        about=proposed.about(found), way=proposed.way(found),
        waits=found.waits(_region().clock()), mine=found.person == actor().person,
        others=SecondPerson(_region()).confirmers(found), reason=request.form.get("reason", ""),
        told=(translated(refusal.message) or refusal.message) if refusal is not None else "",
    )  # fmt: skip


@page(blueprint, "/<proposal>/confirm", "task.close", "POST", fresh=True)
def confirm(proposal: str) -> Any:
    """Confirm a proposal: it is done now, as both."""
    done = Confirming(_region()).confirm(actor(), proposal, request.form.get("reason", ""))
    if done.secret:
        return render_template("proposals/secret.html", secret=done.secret, one=done.proposal)
    if done.link:
        return link_page(done.link, done.proposal.org, done.proposal.about.rpartition(": ")[2])
    flash(say("Confirmed and done."), "ok")
    return redirect(url_for("proposals.one", proposal=proposal), 303)


@page(blueprint, "/<proposal>/decline", "task.close", "POST")
def decline(proposal: str) -> Any:
    """Decline a proposal, or take one's own back."""
    try:
        Confirming(_region()).decline(actor(), proposal, request.form.get("reason", ""))
    except (Forbidden, NotFound, Conflict):
        raise
    except CallerError as refusal:
        return _one_page(proposal, refusal), refusal.status
    flash(say("Not done."), "ok")
    return redirect(url_for("proposals.one", proposal=proposal), 303)


def _what(found: Proposal) -> str:
    return action_sentence(found.action)


def _state(found: Proposal) -> State:
    if found.outcome:
        return OUTCOMES[found.outcome]
    return WAITING if found.waits(_region().clock()) else LAPSED


def _region() -> Any:
    return current_app.extensions["region"]
