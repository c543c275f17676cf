"""The inbox: the first page, with what waits for whoever is signed in, and what should be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from gateway.admin.inbox.inbox import MAX_OUTCOME_CHARACTERS, Inbox, mine
from gateway.console.forms import ConsoleForm
from gateway.console.inbox.steps import NEXT, TRANSFER_WAYS, WAYS
from gateway.console.page import PUBLIC, actor, page, region
from gateway.console.parts.moments import moment
from gateway.console.parts.names import about, role_name
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.transfers.home import late_requests
from gateway.console.wording import later, say, say_several, translated
from gateway.tasks.task import APPROVAL, BY_ITSELF, COMMANDS, KINDS, OWN, SECOND_PERSON
from standards.errors import CallerError, Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from gateway.tasks.task import PersonTask

blueprint = Blueprint("inbox", __name__, url_prefix="/console")

STATES: Final = {
    "red": State("bad", later("due")),
    "amber": State("warn", later("soon due")),
    "open": State("wait", later("waits")),
    "closed": State("off", later("closed")),
}
DISTRICTS: Final = {
    "fresh": ("ok", later("district is up to date"), later("districts are up to date")),
    "live": ("ok", later("district is asked at each request"), later("districts are asked at each request")),
    "loading": ("wait", later("district is being read"), later("districts are being read")),
    "stale": ("warn", later("district has old data"), later("districts have old data")),
    "failed": ("bad", later("district cannot be read"), later("districts cannot be read")),
}
REFUSED_SHARE: Final = 0.01


class OutcomeForm(ConsoleForm):
    """What was done about a task."""

    outcome = StringField(
        later("What was done"),
        [InputRequired(), Length(max=MAX_OUTCOME_CHARACTERS)],
        description=later("One line. It stays on record, so name nobody."),
    )


@page(blueprint, "", "task.read")
def overview() -> Any:
    """Show the tasks of one's roles, those that are due first, and what to look at."""
    service, every = region(Inbox), request.args.get("of") == "all"
    found = service.gathered(actor()).tasks
    unmanned = service.unmanned(actor(), found)
    waiting = [one for one in found if one.closed is None]
    sheet = _sheet([one for one in waiting if every or mine(actor(), one) or one.id in unmanned], unmanned)
    return csv_of(sheet) or render_template(
        "inbox/overview.html", table=sheet.shown(), every=every, tiles=_tiles(service), here=url_for("inbox.overview")
    )


@page(blueprint, "/tasks/closed", "task.read")
def closed() -> Any:
    """Show the tasks that were closed, with their outcomes."""
    found = [one for one in region(Inbox).gathered(actor()).tasks if one.closed is not None]
    columns: list[TableColumn[PersonTask]] = [
        TableColumn(later("Task"), _what),
        TableColumn(later("About"), lambda one: "" if one.kind == OWN else about(one.content)),
        TableColumn(later("Organisation"), lambda one: one.org),
        TableColumn(later("Closed"), lambda one: one.closed, "time"),
        TableColumn(later("By"), lambda one: one.closed_by),
        TableColumn(later("Outcome"), lambda one: one.outcome),
    ]
    sheet = Sheet("closed-tasks", say("Closed tasks"), columns, found, say("No task was closed yet."))
    return csv_of(sheet) or render_template("inbox/closed.html", table=sheet.shown())


@page(blueprint, "/tasks/refused", "client.read")
def refused() -> Any:
    """Show of each client how many requests of the last seven days were refused."""
    rows = sorted(region(Inbox).refused(actor()).items(), key=lambda one: -_share(*one[1]))
    columns: list[TableColumn[tuple[str, tuple[int, int]]]] = [
        TableColumn(later("Client"), lambda one: one[0], "code"),
        TableColumn(later("Answered"), lambda one: one[1][0], "number"),
        TableColumn(later("Refused"), lambda one: one[1][1], "number"),
        TableColumn(later("Refused, percent"), lambda one: round(100 * _share(*one[1]), 1), "number"),
    ]
    sheet = Sheet("refused", say("Requests of the last seven days"), columns, rows, say("No client has asked."))
    return csv_of(sheet) or render_template("inbox/refused.html", table=sheet.shown())


@page(blueprint, "/", PUBLIC)
def with_slash() -> Response:
    """Lead whoever typed the address with a slash at its end to the first page."""
    return redirect(url_for("inbox.overview"), 308)


@page(blueprint, "/tasks/<name>", "task.read")
def task(name: str) -> str:
    """Show one task, with the form by which it is closed."""
    return _task_page(name, OutcomeForm())


@page(blueprint, "/tasks/<name>", "task.close", "POST")
def close(name: str) -> Any:
    """Close a task with its outcome."""
    form = OutcomeForm()
    if not form.validate_on_submit():
        return _task_page(name, form)
    try:
        region(Inbox).close(actor(), name, form.outcome.data)
    except (Forbidden, NotFound, Conflict):
        raise
    except CallerError as refusal:
        form.outcome.errors = [translated(refusal.message) or refusal.message]
        return _task_page(name, form), refusal.status
    flash(say("The task is closed."), "ok")
    return redirect(url_for("inbox.overview"), 303)


def _task_page(name: str, form: OutcomeForm) -> str:
    every = region(Inbox).gathered(actor()).tasks
    found = next((one for one in every if one.id == name), None)
    if found is None:
        raise NotFound(f"There is no task {name[:40]!r} today.")
    facts = [
        (say("State"), STATES[found.state(region().clock())]),
        (say("About"), "" if found.kind == OWN else about(found.content)),
        (say("Organisation"), found.org),
        (say("Role"), role_name(found.role)),
        (say("Due"), moment(found.due.date()) if found.due else None),
    ]
    if found.closed is not None:
        facts += [(say("Closed by"), found.closed_by), (say("Outcome"), found.outcome)]
    own = found.closed is None and found.kind not in BY_ITSELF and mine(actor(), found)
    return render_template(
        "inbox/task.html", what=_what(found), facts=facts, form=form if own else None, way=_way(found),
        task=found, command=COMMANDS.get(found.kind, ""), next_step=NEXT.get(found.kind),
        nobody=found.closed is None and found.id in region(Inbox).unmanned(actor(), every),
    )  # fmt: skip


def _way(one: PersonTask) -> tuple[str, str] | None:
    """Return the page on which a task is done, as address and words; None where there is none."""
    told, who = one.content, actor()
    if one.kind == SECOND_PERSON:
        return url_for("proposals.overview"), say("Confirm or decline it")
    if who.orgs("agreement.read") and {"agreement", "version"} <= told.keys():
        name, version = str(told["agreement"]), told["version"]
        if one.kind == APPROVAL and one.closed is None and mine(who, one):
            return url_for("agreements.sign", name=name, version=version), say("Read and sign")
        return url_for("agreements.version", name=name, version=version), f"{name}@{version}"
    action, endpoint, words = (WAYS | TRANSFER_WAYS).get(one.kind, ("", "", None))
    if not action or not who.allows(action, one.org):
        return None
    return _address_of(endpoint, one), str(words)


def _address_of(endpoint: str, one: PersonTask) -> str:
    """Return the address of the page on which a task is done: that of its district, or of its transfer."""
    if endpoint.startswith("districts."):
        return url_for(endpoint, name=one.org)
    if endpoint.startswith("transfers."):
        of_one = {"transfer": one.content["transfer"]} if one.kind in TRANSFER_WAYS else {}
        return url_for(endpoint, district=one.org, **of_one)
    return url_for(endpoint)


def _sheet(shown: list[PersonTask], unmanned: frozenset[str]) -> Sheet[PersonTask]:
    now = region().clock()

    def role(one: PersonTask) -> str:
        name = role_name(one.role)
        return say("%(role)s (nobody yet: invite one)") % {"role": name} if one.id in unmanned else name

    columns: list[TableColumn[PersonTask]] = [
        TableColumn(later("Task"), _what, href=lambda one: url_for("inbox.task", name=one.id)),
        TableColumn(later("State"), lambda one: STATES[one.state(now)], "state"),
        TableColumn(later("Due"), lambda one: one.due.date() if one.due else None, "time"),
        TableColumn(later("Organisation"), lambda one: one.org),
        TableColumn(later("Role"), role),
        TableColumn(later("About"), lambda one: "" if one.kind == OWN else about(one.content)),
    ]
    return Sheet(
        "tasks",
        say("What waits"),
        columns,
        shown,
        say("Nothing waits for you now. What needs you will be here, and you are told by mail."),
    )


def _what(one: PersonTask) -> str:
    """Return the kind of a task in words; of one that a person opened, the person's own."""
    if one.kind == OWN:
        return str(one.content.get("text", "")) or say(KINDS[OWN])
    text = say(KINDS[one.kind]) if one.kind in KINDS else one.kind
    return text[:1].upper() + text[1:]


def _tiles(service: Inbox) -> list[tuple[object, str, str | None, str]]:
    """Return the tiles: a number, its words, the page that it leads to if there is one, and the kind of state it is."""
    seen = service.overview(actor())
    districts = _districts()
    tiles: list[tuple[object, str, str | None, str]] = [
        (count, str(one if count == 1 else several), districts, kind)
        for name, (kind, one, several) in DISTRICTS.items()
        if (count := seen.districts.get(name))
    ]
    if actor().orgs("agreement.read"):
        number = len(seen.ending)
        days = say_several("agreement ends within 30 days", "agreements end within 30 days", number)
        tiles.append((number, days, _address("agreements.overview"), "warn" if number else "ok"))
    if actor().orgs("client.read"):
        bad = sum(_share(*one) >= REFUSED_SHARE for one in service.refused(actor()).values())
        unused = say_several("client was not used for 60 days", "clients were not used for 60 days", len(seen.unused))
        tiles.append((len(seen.unused), unused, _address("clients.overview"), "warn" if seen.unused else "ok"))
        much = say_several("client with 1 % or more refused", "clients with 1 % or more refused", bad)
        more = much, url_for("inbox.refused"), "warn" if bad else "ok"
        tiles.append((bad, *more))
    if (late := late_requests()) is not None:
        words = say_several("record that is asked for is late", "records that are asked for are late", late)
        tiles.append((late, words, url_for("transfers.overview"), "bad" if late else "ok"))
    return tiles


def _districts() -> str | None:
    """Return the page on which somebody sees districts: as one of theirs, or as a recipient; None for nobody's."""
    if actor().orgs("district.read"):
        return _address("districts.overview")
    return _address("vendor.overview") if actor().orgs("why.recipient") else None


def _address(endpoint: str) -> str:
    """Return the address of a page of another domain; while it is not there, that of this one."""
    return url_for(endpoint if endpoint in current_app.view_functions else "inbox.overview")


def _share(good: int, bad: int) -> float:
    return bad / (good + bad) if good + bad else 0.0
