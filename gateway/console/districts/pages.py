"""Pages of districts: the list, one district, its files, and the acts of people on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from gateway.admin.confirming import Confirming
from gateway.admin.districts.connecting import Connected, Connections
from gateway.admin.districts.looking import DistrictDirectory
from gateway.admin.districts.steering import Steered, Steering
from gateway.admin.districts.uploading import DistrictFiles
from gateway.admin.second_person import Waiting
from gateway.console.districts.forms import ApproveForm, PauseForm, ReasonForm, UploadForm
from gateway.console.districts.options import options_shown
from gateway.console.districts.words import failure_said, operator_lines, why_said
from gateway.console.page import actor, page, proved_lately
from gateway.console.parts import plots
from gateway.console.parts.facts import entity_name, system_name
from gateway.console.tables import Sheet, State, TableColumn, csv_of, pairs
from gateway.console.wording import later, retold, say, translated
from gateway.failure_reasons import HIDDEN
from gateway.storage.people.deliveries import READING
from standards.errors import CallerError, InvalidBody

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from gateway.admin.administration import Administration
    from gateway.admin.districts.looking import DistrictView, Night
    from gateway.storage.people.deliveries import Delivery

blueprint = Blueprint("districts", __name__, url_prefix="/console/districts")

STATES: Final = {
    "fresh": State("ok", later("fresh")), "live": State("ok", later("asked live")),
    "stale": State("warn", later("stale")),
    "loading": State("wait", later("loading")), "failed": State("bad", later("failed")),
    "late": State("bad", later("late")), "paused": State("off", later("paused")),
    "waiting": State("wait", later("waits for approval")), "not connected": State("off", later("not connected")),
}  # fmt: skip
VERDICTS: Final = {
    "fresh": State("ok", later("fresh")), "unchanged": State("ok", later("unchanged")),
    "approved": State("ok", later("approved")), "refused": State("bad", later("refused")),
    "failed": State("bad", later("failed")), "waiting": State("wait", later("waits for approval")),
    "none": State("off", later("nothing came")),
}  # fmt: skip
DESCRIPTORS: Final = "edfi."
MAX_BARS: Final = 12
KINDS: Final = {"reading": later("reading"), "upload": later("upload")}
UNSAID: Final = "Told once, when the file came in: the words could quote a value, and are not kept."
WAITS: Final = later("It waits for a second person to confirm it.")


def connected_words(done: Connected) -> str:
    """Say that a district is connected: served, or about to be."""
    if done.is_being_read:
        return say("The district is connected, and served once it has been read.")
    return say("The district is connected and served.")


@page(blueprint, "", "district.read")
def overview() -> Any:
    """Show every district with its freshness."""
    found = _directory().list(actor())
    sheet = Sheet("districts", say("Districts"), _columns(), found, say("No district is connected yet."))
    if (asked := csv_of(sheet)) is not None:
        return asked
    may = bool(actor().everywhere("district.connect") or actor().orgs("district.connect"))
    return render_template("districts/overview.html", districts=sheet.shown(), may_connect=may)


@page(blueprint, "/<name>", "district.read")
def one(name: str) -> Any:
    """Show one district: its state, the rows of its load, what is set aside, mistakes."""
    return _one_page(name, PauseForm(formdata=None))


def _one_page(name: str, pausing: PauseForm) -> Any:
    view = _directory().find(actor(), name)
    deliveries = _directory().deliveries(actor(), name, 3)
    last = next((each for each in deliveries if _was_read(each)), None)
    rows, aside, mistakes = _rows(view, last), _aside(last), _mistakes(deliveries[0] if deliveries else None)
    if (asked := csv_of(rows, aside, mistakes)) is not None:
        return asked
    counts = [(entity_name(each[0]), each[1] or 0) for each in _sizes(last) if not each[0].startswith(DESCRIPTORS)]
    drawn = plots.bars(say("Rows by entity"), say("What the last reading had."), counts[:MAX_BARS])
    numbers = Sheet("numbers", say("Rows by entity"), *pairs(later("Kind of record"), later("Rows"), counts)).shown()
    allowed = {each: actor().allows(f"district.{each}", name) for each in ("try", "pause", "upload", "connect")}
    return render_template(
        "districts/one.html", view=view, state=STATES[view.state], rows=rows.shown(), aside=aside.shown(),
        mistakes=mistakes.shown(), drawn=drawn if counts else None, numbers=numbers, may=allowed,
        may_approve=actor().allows("district.approve-change", name), pause=pausing,
        failure=failure_said(view), options=options_shown(view.options), operators=operator_lines(view), late=view.late,
        pending=Confirming(_region()).about(actor(), "district", name),
        paused_until=datetime.fromtimestamp(view.status.paused_until, UTC)
        if view.status and view.status.paused_until else None,
    )  # fmt: skip


@page(blueprint, "/<name>/files", "district.read")
def files(name: str) -> Any:
    """Show the nights of a district, its deliveries, and where files are uploaded."""
    view = _directory().find(actor(), name)
    nights = _directory().nights(actor(), name)
    deliveries = [each for night in reversed(nights) for each in night.deliveries]
    table, days = _delivered(deliveries), _days(nights)
    mistakes = _mistakes(next((each for each in deliveries if each.mistakes), None))
    if (asked := csv_of(table, days, mistakes)) is not None:
        return asked
    cells = [(each.day, VERDICTS[each.verdict]) for each in nights]
    drawn = plots.calendar(say("The last 60 nights"), say("What came in on each day."), cells)
    may = view.takes_uploads and actor().allows("district.upload", name)
    form = UploadForm(formdata=None) if may else None
    return render_template(
        "districts/files.html", view=view, drawn=drawn, days=days.shown(), deliveries=table.shown(), form=form,
        mistakes=mistakes.shown(),
    )  # fmt: skip


@page(blueprint, "/<name>/upload", "district.upload", "POST", most_bytes="UPLOAD_BYTES")
def upload(name: str) -> Any:
    """Take a file: it was received in memory, is checked, and kept sealed if it is good."""
    form = UploadForm()
    sent = form.file.data
    data = sent.read() if sent is not None and hasattr(sent, "read") else b""
    if not data:
        return _nothing_chosen(_directory().find(actor(), name))
    received = DistrictFiles(_region()).receive(actor(), name, getattr(sent, "filename", "") or "", data)
    view = _directory().find(actor(), name)
    if received.kept and not view.connected:
        return _kept_for_later(name)
    if received.kept and not received.refreshed:
        flash(say("The file is good, and is served now."), "ok")
        return redirect(url_for("districts.files", name=name), 303)
    mistakes = _mistakes(received.trial.delivery)
    return render_template(
        "districts/verdict.html", view=view, received=received, mistakes=mistakes.shown(),
        why=received.trial.told, kind=why_said(received.trial.delivery.counts.get("why", "")),
    ), 200 if received.kept else 422  # fmt: skip


def _nothing_chosen(view: DistrictView) -> AnyResponse:
    """Go back to where the file is chosen."""
    flash(say("Choose a file that is not empty."), "error")
    first = not view.connected and actor().allows("district.connect", view.name)
    return redirect(url_for("districts.review" if first else "districts.files", name=view.name), 303)


def _kept_for_later(name: str) -> AnyResponse:
    """Go on to connecting a district whose first file is good, or connect it at once where that was asked for."""
    if not actor().allows("district.connect", name):
        flash(say("The file is good and kept. The district is not connected yet."), "ok")
        return redirect(url_for("districts.files", name=name), 303)
    if request.form.get("step") == "connect" and proved_lately():
        done = Connections(_region()).connect(actor(), name)
        if isinstance(done, Waiting):
            flash(str(WAITS), "warning")
            return redirect(url_for("districts.one", name=name), 303)
        if done.effect.served or done.is_being_read:
            flash(connected_words(done), "ok")
            return redirect(url_for("districts.one", name=name), 303)
    flash(say("The file is good. Now connect the district."), "ok")
    return redirect(url_for("districts.review", name=name), 303)


@page(blueprint, "/<name>/try", "district.try", "POST")
def read_now(name: str) -> Any:
    """Read the district's system now."""
    return _after(name, Steering(_region()).read_now(actor(), name))


@page(blueprint, "/<name>/pause", "district.pause", "POST")
def pause(name: str) -> Any:
    """Pause the refreshes of a district."""
    form = PauseForm()
    view = _directory().find(actor(), name)
    actor().require("district.pause", name)
    if not view.connected or not form.validate():
        return _one_page(name, form), 400
    zone = _region().settings().districts[name].timezone
    try:
        Steering(_region()).pause(actor(), name, form.until.data.replace(tzinfo=zone), form.reason.data or "")
    except InvalidBody as refusal:
        form.until.errors = [translated(refusal.message) or refusal.message]
        return _one_page(name, form), refusal.status
    flash(say("Paused. What there is serves until it expires; the pause ends by itself."), "ok")
    return redirect(url_for("districts.one", name=name), 303)


@page(blueprint, "/<name>/resume", "district.pause", "POST")
def resume(name: str) -> Any:
    """End the pause of a district."""
    Steering(_region()).resume(actor(), name)
    flash(say("Resumed."), "ok")
    return redirect(url_for("districts.one", name=name), 303)


@page(blueprint, "/<name>/approve", "district.approve-change", "GET", "POST", fresh=True)
def approve(name: str) -> Any:
    """Show the rows that would be dropped, and let just those go."""
    steering = Steering(_region())
    change = steering.change(actor(), name)
    form = ApproveForm(data={"digest": change.digest if change else ""})
    if change is not None and form.validate_on_submit():
        try:
            return _after(name, steering.approve(actor(), name, form.digest.data, form.reason.data or ""))
        except CallerError as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
    columns: Any = [
        TableColumn(later("Kind of record"), lambda one: entity_name(one.entity)),
        TableColumn(later("Rows to be dropped"), lambda one: one.gone, "number"),
        TableColumn(later("Rows there are"), lambda one: one.held, "number"),
    ]
    losses = Sheet("losses", say("What would be dropped"), columns, change.losses if change else ())
    return csv_of(losses) or render_template("districts/approve.html", name=name, form=form, losses=losses.shown())


@page(blueprint, "/<name>/remove", "district.connect", "GET", "POST", fresh=True)
def remove(name: str) -> Any:
    """Ask before a district is connected no longer, and do it."""
    form = ReasonForm()
    if _directory().find(actor(), name).declared:
        return redirect(url_for("districts.write", name=name), 303)
    if form.validate_on_submit():
        done = Connections(_region()).remove(actor(), name, form.reason.data or "")
        flash(str(WAITS) if isinstance(done, Waiting) else say("The district is connected no longer."), "ok")
        return redirect(url_for("districts.overview"), 303)
    return render_template(
        "confirm.html", title=say("Remove the connection of %(name)s") % {"name": name}, form=form,
        happens=[say("Nothing of the district is served any more.")],
        lost=[say("The credentials of its system and its uploaded file are deleted.")],
        button=say("Remove the connection"), back_to=url_for("districts.one", name=name),
    )  # fmt: skip


def _after(name: str, done: Any) -> Any:
    """Say what an act came to, and show the district."""
    if not isinstance(done, Steered):
        flash(str(WAITS), "warning")
    elif done.failed:
        flash(say("It was not refreshed: %(why)s") % {"why": why_said(done.failed)}, "error")
    else:
        flash(say("It was read, and is served as it is now."), "ok")
    return redirect(url_for("districts.one", name=name), 303)


def _region() -> Administration:
    found: Administration = current_app.extensions["region"]
    return found


def _directory() -> DistrictDirectory:
    return DistrictDirectory(_region())


def _address(view: DistrictView) -> str:
    return url_for("districts.one", name=view.name)


def _columns() -> list[TableColumn[DistrictView]]:
    return [
        TableColumn(later("District"), lambda one: one.name, "text", _address),
        TableColumn(later("State"), lambda one: STATES[one.state], "state"),
        TableColumn(later("System"), lambda one: system_name(one.adapter)),
        TableColumn(later("Last good"), lambda one: one.last_good, "time"),
        TableColumn(later("Last tried"), lambda one: one.last_tried, "time"),
        TableColumn(later("Declared in"), lambda one: one.declared or say("the console")),
        TableColumn(later("Agreements"), lambda one: len(one.agreements), "number"),
    ]  # fmt: skip


def _rows(view: DistrictView, last: Delivery | None) -> Sheet[Any]:
    """Return the rows of each entity now, last time, and the change."""
    rows = [(entity, now, before, _change(now, before)) for entity, now, before in _sizes(last)]
    if not rows and view.status is not None:
        rows = [(entity, size, None, None) for entity, size in sorted(view.status.rows.items())]
    columns: list[TableColumn[Any]] = [
        TableColumn(later("Kind of record"), lambda one: entity_name(one[0])),
        TableColumn(later("Now"), lambda one: one[1], "number"),
        TableColumn(later("Last time"), lambda one: one[2], "number"),
        TableColumn(later("Change in %"), lambda one: one[3], "number"),
    ]
    return Sheet("rows", say("Rows of the last reading"), columns, rows, say("Nothing has been read yet."))


def _was_read(one: Delivery) -> bool:
    """Tell whether a delivery is one that is served: an upload is tried before, and what fails or waits is not."""
    return one.kind == READING and any(now is not None for now, _ in one.counts.get("rows", {}).values())


def _sizes(last: Delivery | None) -> list[tuple[str, int | None, int | None]]:
    """Return the rows of each entity now and before; what standards list for all districts comes last."""
    sizes = last.counts["rows"] if last else {}
    return [(each, *sizes[each]) for each in sorted(sizes, key=lambda one: (one.startswith(DESCRIPTORS), one))]


def _change(now: int | None, before: int | None) -> float | None:
    return round(100 * (now - before) / before, 1) if now is not None and before else None


def _aside(last: Delivery | None) -> Sheet[Any]:
    found = last.counts.get("aside", {}) if last else {}
    rows = []
    for entity, one in found.items():
        rows += [(entity, told, times, one["read"]) for told, times in one.get("why", {}).items()]
    columns: list[TableColumn[Any]] = [
        TableColumn(later("Kind of record"), lambda one: entity_name(one[0])),
        TableColumn(later("Why"), lambda one: retold(one[1])),
        TableColumn(later("Rows"), lambda one: one[2], "number"),
        TableColumn(later("Rows read"), lambda one: one[3], "number"),
    ]
    return Sheet("aside", say("Rows set aside"), columns, rows, say("No row was set aside."))


def _mistakes(last: Delivery | None) -> Sheet[Any]:
    columns: list[TableColumn[Any]] = [
        TableColumn(later("File, line and column"), lambda one: one[0], "code"),
        TableColumn(later("What is wrong"), lambda one: say(UNSAID) if one[1] == HIDDEN else why_said(one[1])),
    ]
    found = last.mistakes if last else ()
    return Sheet("mistakes", say("The first mistakes"), columns, found, say("No mistake was found."))


def _delivered(deliveries: list[Delivery]) -> Sheet[Delivery]:
    columns: list[TableColumn[Delivery]] = [
        TableColumn(later("At"), lambda one: one.at, "time"),
        TableColumn(later("Kind"), lambda one: str(KINDS[one.kind])),
        TableColumn(later("Verdict"), lambda one: VERDICTS[one.verdict], "state"),
        TableColumn(later("File"), lambda one: one.name, "code"),
        TableColumn(later("Bytes"), lambda one: one.size or None, "number"),
        TableColumn(later("SHA-256"), lambda one: one.sha256, "code"),
        TableColumn(later("Why"), lambda one: why_said(one.counts.get("why", ""))),
        TableColumn(later("Mistakes"), lambda one: len(one.mistakes), "number"),
        TableColumn(later("By"), lambda one: one.actor),
    ]
    return Sheet("deliveries", say("Deliveries"), columns, deliveries, say("Nothing has come yet."))


def _days(nights: tuple[Night, ...]) -> Sheet[Night]:
    columns: list[TableColumn[Night]] = [
        TableColumn(later("Day"), lambda one: one.day, "time"),
        TableColumn(later("Verdict"), lambda one: VERDICTS[one.verdict], "state"),
        TableColumn(later("Deliveries"), lambda one: len(one.deliveries), "number"),
    ]
    return Sheet("days", say("The last 60 nights"), columns, tuple(reversed(nights)))
