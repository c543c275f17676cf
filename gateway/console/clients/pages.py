"""Clients: the list, and one client with its states, scopes, secrets and acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, render_template, url_for

from gateway.admin.clients.clients import Clients
from gateway.admin.clients.rights import SHARED, ClientRights
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.confirming import Confirming
from gateway.admin.events import Events, RecordedAct
from gateway.console.clients.drawing import states
from gateway.console.clients.scopes import shown as scope_said
from gateway.console.page import actor, page
from gateway.console.parts.names import act_name, action_sentence, role_name
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.wording import later, say, translated
from gateway.people.active import ActivePeople

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.admin.administration import Administration
    from gateway.admin.clients.states import ClientFacts

blueprint = Blueprint("clients", __name__, url_prefix="/console/clients")

SHOWN: dict[str, tuple[Any, Any]] = {
    "draft": ("off", later("draft")),
    "ready": ("wait", later("ready")),
    "enabled": ("ok", later("enabled")),
    "suspended": ("warn", later("suspended")),
    "ended": ("off", later("ended")),
}
LACKS = {
    "No agreement in force names it.": later("No agreement in force names it."),
    "An agreement names it whose recipient is another organisation.": later(
        "An agreement names it whose recipient is another organisation."
    ),
    "It has no scope.": later("It has no scope."),
}
ACTS = ("client.register", "client.link", "client.rotate", "client.suspend", "client.resume", "client.end")
STEPS = {
    "draft": ("client.register", "client.end"),
    "ready": ("client.link", "client.end"),
    "enabled": ("client.link", "client.suspend", "client.end"),
    "suspended": ("client.resume", "client.end"),
}
"""What there is to do about a client in each state."""

MAX_ACTS = 50


def region() -> Administration:
    """Return the region that the console administers."""
    found: Administration = current_app.extensions["region"]
    return found


def state_of(one: ClientFacts) -> State:
    """Return the state of a client as it is shown."""
    return State(*SHOWN[one.state])


@page(blueprint, "", "client.read")
def overview() -> Any:
    """List the clients that concern who is signed in."""
    table = _table(Clients(region()).list(actor()))
    may_register = bool(actor().orgs("client.register"))
    asked = csv_of(table)
    return asked or render_template("clients/overview.html", table=table.shown(), may_register=may_register)


@page(blueprint, "/<client_id>", "client.read")
def one(client_id: str) -> Any:
    """Show a client: its state and what leads on, its scopes and those it needs, its secrets, and acts on record."""
    service, who = Clients(region()), actor()
    found = service.find(who, client_id)
    acts = _acts(client_id)
    if (asked := csv_of(acts)) is not None:
        return asked
    rights = ClientRights(region())
    may = {action.partition(".")[2]: rights.may(who, action, found.client) for action in ACTS}
    return render_template(
        "clients/one.html", one=found, state=state_of(found), drawing=states(found.state), acts=acts.shown(),
        lacks=[str(LACKS[text]) for text in found.lacks], suggestions=service.suggest(who, client_id),
        link=ClientSecrets(region()).open_link(who, client_id),
        may=may, others=_others(rights, found) if not any(may.values()) else (),
        may_copy=bool(who.orgs("client.register")),
        pending=Confirming(region()).about(who, "client", client_id), shared=_shared(rights, found),
        scope_said=scope_said,
        slots=[(number, slot.not_after) for number, slot in enumerate(found.client.secrets, 1)],
    )  # fmt: skip


def _others(rights: ClientRights, found: ClientFacts) -> list[tuple[str, list[str]]]:
    """Return who may do what there is to do about a client: what it is, and the roles with their organisations."""
    active = [one.actor for one in ActivePeople(region().store, region().clock, region().kinds).list()]
    told = []
    for action in STEPS.get(found.state, ()):
        able = rights.who(active, action, found.client)
        told.append((action_sentence(action), [f"{role_name(one.role)} ({one.org})" for one in able]))
    return told


def _shared(rights: ClientRights, found: ClientFacts) -> str:
    """Say that agreements of other districts keep whoever looks from changing a client; nothing where they do not."""
    able = rights.may(actor(), "client.suspend", found.client)
    return (translated(SHARED) or SHARED) if not able and rights.allows(actor(), "client.suspend", found.client) else ""


def _table(clients: tuple[ClientFacts, ...]) -> Sheet[ClientFacts]:
    columns: tuple[TableColumn[ClientFacts], ...] = (
        TableColumn(
            later("Client"), lambda row: row.client.client_id, "code",
            lambda row: url_for("clients.one", client_id=row.client.client_id),
        ),
        TableColumn(later("Organisation"), lambda row: row.client.org),
        TableColumn(later("Agreements"), lambda row: row.agreements),
        TableColumn(later("State"), state_of, "state"),
        TableColumn(later("Last token"), lambda row: row.client.last_used, "time"),
        TableColumn(later("Registered"), lambda row: row.client.created, "time"),
        TableColumn(later("Answered for by"), lambda row: row.client.steward or say("the region")),
    )  # fmt: skip
    return Sheet(
        "clients",
        say("Clients"),
        columns,
        clients,
        say("There is no client here yet. Register one when an agreement names a program."),
    )


def _acts(client_id: str) -> Sheet[RecordedAct]:
    """Return the acts on a client, as far as the roles of who is signed in read acts."""
    who = actor()
    found: tuple[RecordedAct, ...] = ()
    if who.orgs("event.read"):
        found, _ = Events(region()).list(who, 0, MAX_ACTS, client=client_id)
    columns: tuple[TableColumn[RecordedAct], ...] = (
        TableColumn(later("When"), _when, "time"),
        TableColumn(later("Who"), lambda row: row.actor),
        TableColumn(later("What"), lambda row: act_name(row.action)),
        TableColumn(later("Reason"), lambda row: row.reason),
    )
    return Sheet("acts", say("Acts on record"), columns, found, say("You see no act about it."))


def _when(row: RecordedAct) -> datetime:
    return row.at
