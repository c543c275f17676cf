"""One organisation: another title for it, or its end, for the region's operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from gateway.admin.organisations import NOWHERE, Organisation, Organisations
from gateway.console.forms import ConsoleForm
from gateway.console.join import own_ids
from gateway.console.page import actor, page, region
from gateway.console.people import blueprint
from gateway.console.wording import later, say, translated
from gateway.storage.people.kinds import DISTRICT
from standards.errors import CallerError, Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

routes = blueprint
"""The pages of people and organisations with those that change an organisation, for the console."""


class TitleForm(ConsoleForm):
    """Another title, and why."""

    title = StringField(later("Title"), [InputRequired(), Length(max=200)])
    reason = StringField(later("Reason"), [InputRequired(), Length(max=500)], description=later("It stays on record."))


class RetireForm(ConsoleForm):
    """Why an organisation is retired."""

    reason = StringField(later("Reason"), [InputRequired(), Length(max=500)], description=later("It stays on record."))


@page(blueprint, "/organisations/<name>", "organisation.change")
def organisation(name: str) -> Any:
    """Show one organisation, with the forms by which it is changed."""
    found = _found(name)
    return _shown(found, TitleForm(formdata=None, data={"title": found.title}), RetireForm(formdata=None))


@page(blueprint, "/organisations/<name>/title", "organisation.change", "POST", fresh=True)
def rename(name: str) -> Any:
    """Give an organisation another title."""
    found, form = _found(name), TitleForm()

    def do() -> str:
        Organisations(region()).rename(actor(), name, form.title.data or "", form.reason.data or "")
        return say("The organisation has another title.")

    return _done(form, do) or _shown(found, form, RetireForm(formdata=None))


@page(blueprint, "/organisations/<name>/retire", "organisation.change", "POST", fresh=True)
def retire(name: str) -> Any:
    """Retire an organisation that has nothing."""
    found, form = _found(name), RetireForm()

    def do() -> str:
        Organisations(region()).retire(actor(), name, form.reason.data or "")
        return say("The organisation is retired.")

    return _done(form, do) or _shown(found, TitleForm(formdata=None, data={"title": found.title}), form)


def _done(form: ConsoleForm, do: Callable[[], str]) -> Any:
    """Do what a form is for and go back to the list; None where it is refused, which the form then says."""
    if not form.validate():
        return None
    try:
        flash(do(), "ok")
    except (Forbidden, NotFound):
        raise
    except CallerError as refusal:
        form.form_errors.append(translated(refusal.message) or refusal.message)
        return None
    return redirect(url_for("people.organisations"), 303)


def _shown(found: Organisation, title: TitleForm, end: RetireForm) -> Any:
    for name, form in (("title", title), ("end", end)):
        own_ids(form, name)
    status = 200 if request.method == "GET" else 400
    return render_template("people/organisation.html", found=found, title_form=title, end_form=end), status


def _found(name: str) -> Organisation:
    for one in Organisations(region()).overview(actor()):
        if one.name == name and one.kind != DISTRICT:
            return one
    raise NotFound(NOWHERE)
