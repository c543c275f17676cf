"""Pages that connect a district: its adapter, the settings of that, a trial, and then it is served."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for

from gateway.admin.districts.connecting import Connections
from gateway.admin.districts.looking import DistrictDirectory, adapter_view
from gateway.admin.second_person import Waiting
from gateway.config.districts.options import OPTIONS
from gateway.console.districts.forms import PREFIX, ReasonForm, UploadForm, begin_form, settings_form, written
from gateway.console.districts.options import options_shown, place_mistake
from gateway.console.districts.pages import WAITS, blueprint, connected_words
from gateway.console.join import own_ids
from gateway.console.page import actor, page
from gateway.console.wording import say, translated
from standards.errors import CallerError, InvalidBody, NotFound, PreconditionFailed


@page(blueprint, "/connect", "district.connect", "GET", "POST")
def begin() -> Any:
    """Ask which district is connected, and by which adapter."""
    region = current_app.extensions["region"]
    form = begin_form(DistrictDirectory(region).adapters(actor()))
    if form.validate_on_submit():
        name = form.name.data.strip()
        try:
            Connections(region).begin(actor(), name)
        except CallerError as refusal:
            form.name.errors = [translated(refusal.message) or refusal.message]
        else:
            return redirect(url_for("districts.write", name=name, adapter=form.adapter.data), 303)
    if request.method == "GET":
        own = sorted(actor().orgs("district.connect") - {"region"})
        form.name.data = own[0] if len(own) == 1 else ""
    return render_template("districts/begin.html", form=form)


@page(blueprint, "/<name>/connection", "district.connect", "GET", "POST")
def write(name: str) -> Any:
    """Ask for the settings of a district's adapter, and write them down; nothing is served by that yet."""
    region = current_app.extensions["region"]
    actor().require_seen("district.connect", name, what="There is no such district here.")
    try:
        view = DistrictDirectory(region).find(actor(), name)
    except NotFound:
        view = None
    if view is not None and view.declared:
        shown = options_shown(view.options)
        return render_template(
            "districts/connection.html", name=name, declared=view.declared, shown=shown
        ), _read_only()
    chosen = request.args.get("adapter") or (view.adapter if view else "")
    adapter = adapter_view(chosen)
    if adapter is None:
        return redirect(url_for("districts.begin"), 303)
    same = view if view is not None and view.adapter == adapter.name else None
    form = settings_form(adapter, view)
    if form.validate_on_submit():
        try:
            Connections(region).save(actor(), name, written(form, adapter), unchanged=form.version.data)
        except InvalidBody as refusal:
            _place(form, refusal)
        except PreconditionFailed as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
        else:
            flash(say("Written down. Nothing is served by it before it is connected."), "ok")
            return redirect(url_for("districts.review", name=name), 303)
    more = [one for one in form if one.name in OPTIONS]
    return render_template("districts/connection.html", form=form, name=name, adapter=adapter, view=same, more=more)


@page(blueprint, "/<name>/review", "district.connect", "GET", "POST", fresh=True)
def review(name: str) -> Any:
    """Show what is written, try it, and connect the district."""
    region = current_app.extensions["region"]
    view = DistrictDirectory(region).find(actor(), name)
    if view.declared:
        return redirect(url_for("districts.write", name=name), 303)
    form, tried = ReasonForm(), None
    lines: tuple[str, ...] = ()
    if form.validate_on_submit():
        try:
            if request.form.get("step") == "connect":
                done = Connections(region).connect(actor(), name, form.reason.data or "")
                if isinstance(done, Waiting):
                    flash(str(WAITS), "warning")
                    return redirect(url_for("districts.one", name=name), 303)
                if done.effect.served or done.is_being_read:
                    flash(connected_words(done), "ok")
                    return redirect(url_for("districts.one", name=name), 303)
                tried, lines = done.trial, done.effect.lines
            else:
                tried = Connections(region).attempt(actor(), name)
        except InvalidBody as refusal:
            _place(form, refusal)
    mistakes = tried.mistakes if tried else ()
    upload = UploadForm(formdata=None) if actor().allows("district.upload", name) else None
    if upload is not None:
        own_ids(upload, "upload")
    counts = tried.delivery.counts if tried else {}
    may_invite = actor().allows("person.invite", name)
    return render_template(
        "districts/review.html", view=view, form=form, tried=tried, lines=lines, mistakes=mistakes,
        counts={entity: sizes[0] for entity, sizes in counts.get("rows", {}).items()},
        upload=upload, may_invite=may_invite, why=(tried.told or counts.get("why", "")) if tried else "",
    )  # fmt: skip


def _read_only() -> int:
    """Return the status of the page that says that a file declares a connection: nothing was written."""
    return 200 if request.method == "GET" else 409


def _place(form: Any, refusal: InvalidBody) -> None:
    """Put each mistake at the field that it is about, or above the form where there is none."""
    for place, texts in refusal.places.items():
        name = place.replace("settings.", PREFIX, 1)
        shown = [translated(text) or text for text in texts]
        if place_mistake(form, place, " ".join(shown)):
            continue
        if name in form:
            form[name].errors = [*form[name].errors, *shown]
        else:
            form.form_errors.extend(f"{place}: {text}" for text in shown)
    if not refusal.places:
        form.form_errors.append(translated(refusal.message) or refusal.message)
