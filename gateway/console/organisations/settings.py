"""Settings of an organisation: what needs two persons, and where and when notices go."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from wtforms import HiddenField, StringField

from gateway.admin.second_person import Waiting
from gateway.admin.settings import OrganisationSettings
from gateway.console.forms import CheckboxesField, ConsoleForm, choices
from gateway.console.page import actor, page
from gateway.console.parts.names import role_name, sentence
from gateway.console.wording import later, retold, say
from policies.roles import actions, roles
from standards.errors import CallerError, Forbidden, InvalidBody, NotFound

blueprint = Blueprint("settings", __name__, url_prefix="/console/settings")


class SettingsForm(ConsoleForm):
    """What an organisation chooses."""

    org = HiddenField()
    version = HiddenField()
    two_persons = CheckboxesField(
        later("Two persons"),
        description=later("One person turns this on; to turn it off again, a second one must confirm."),
    )
    mail_off = CheckboxesField(later("Roles that get no mail"))
    webhook = StringField(later("Webhook"), description=later("An https address that is told when a task waits."))
    expected_by = StringField(later("Nightly files are expected by"), description=later("Local time, such as 05:00."))
    digest_at = StringField(later("Daily mail comes at"), description=later("Local time, such as 07:00."))
    reason = StringField(later("Reason"), description=later("It stays on record."))


@page(blueprint, "", "settings.read", "GET", "POST")
def overview() -> Any:
    """Show what an organisation has chosen, and change it."""
    org = _org()
    service, status = OrganisationSettings(_region()), 200
    found = service.read(actor(), org)
    data = {name: getattr(found, name) for name in CHOSEN} | {"org": org, "version": str(found.version)}
    form = SettingsForm(data=data)
    form.two_persons.choices = choices(
        (name, sentence(one.about)) for name, one in sorted(actions().items()) if one.two_persons
    )
    form.mail_off.choices = choices((name, role_name(name)) for name in roles())
    may_change = actor().allows("settings.change", org)
    if request.method == "POST" and form.validate():
        given = {name: form[name].data for name in CHOSEN}
        try:
            done = service.change(actor(), org, given, _number(form.version.data), form.reason.data or "")
        except (Forbidden, NotFound):
            raise
        except CallerError as refusal:
            _blame(form, refusal)
            status = refusal.status
        else:
            return _done(done, org)
    orgs = sorted(one for one in actor().orgs("settings.read"))
    return render_template(
        "settings/overview.html", form=form, found=found, org=org, orgs=orgs, may_change=may_change
    ), status


def _blame(form: SettingsForm, refusal: CallerError) -> None:
    """Tell a refusal at the settings that it is about, or above the form where it is about none of them."""
    found = refusal.places if isinstance(refusal, InvalidBody) else {}
    for name, texts in found.items():
        form[name].errors = [retold(text) for text in texts]
    if not found:
        form.form_errors.append(retold(refusal.message))


@page(blueprint, "/secret", "settings.change", "POST", fresh=True)
def renew_secret() -> Any:
    """Make a new secret for the webhook, and show it this once."""
    org = request.form.get("org", "")
    secret = OrganisationSettings(_region()).renew_secret(actor(), org, request.form.get("reason", ""))
    if isinstance(secret, Waiting):
        return _done(secret, org)
    return render_template("settings/secret.html", secret=secret, org=org)


def _done(done: Any, org: str) -> Any:
    if isinstance(done, Waiting):
        flash(say("This waits for a second person."), "warn")
        return redirect(url_for("proposals.one", proposal=done.proposal.id), 303)
    flash(say("The settings are changed."), "ok")
    return redirect(url_for("settings.overview", org=org), 303)


def _org() -> str:
    """Return the organisation that the page is about: the one that is asked for, or the first of one's own."""
    asked = request.form.get("org") if request.method == "POST" else request.args.get("org")
    return asked or next(iter(sorted(actor().orgs("settings.read"))), "")


def _number(text: str | None) -> int:
    return int(text[:9]) if text and text.isascii() and text.isdigit() else -1


def _region() -> Any:
    return current_app.extensions["region"]


CHOSEN = ("two_persons", "mail_off", "webhook", "expected_by", "digest_at")
