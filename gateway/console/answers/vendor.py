"""A recipient's own page: its clients, districts, agreements that end, one-time links and last refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from wtforms import HiddenField, StringField
from wtforms.validators import Length

from gateway.admin.answers.reasons import ASKED
from gateway.admin.answers.vendor import Recipients
from gateway.admin.answers.why import RECIPIENT
from gateway.admin.organisations import Organisations
from gateway.console.clients.scopes import sentence
from gateway.console.forms import ConsoleForm
from gateway.console.page import actor, page
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.wording import Later, later, say, translated
from standards.errors import CallerError, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.answers.vendor import OwnAgreement, RecipientPage

    Words = Mapping[str, tuple[Literal["ok", "warn", "bad", "wait", "off"], Later]]

blueprint = Blueprint("vendor", __name__, url_prefix="/console/vendor")

CLIENT_STATES: Words = {
    "draft": ("off", later("draft")), "ready": ("wait", later("ready")), "enabled": ("ok", later("enabled")),
    "suspended": ("warn", later("suspended")), "ended": ("off", later("ended")),
}  # fmt: skip
FRESH: Words = {
    "fresh": ("ok", later("fresh")), "stale": ("warn", later("stale")), "failed": ("bad", later("failed")),
    "loading": ("wait", later("loading")), "live": ("ok", later("live")),
}  # fmt: skip
LINKS: Words = {
    "open": ("wait", later("open")), "used": ("ok", later("used")), "expired": ("off", later("expired")),
    "withdrawn": ("off", later("withdrawn")),
}  # fmt: skip


class ExtensionForm(ConsoleForm):
    """Why an agreement should be extended."""

    org = HiddenField()
    agreement = HiddenField()
    reason = StringField(
        later("Reason"), [Length(max=500)], description=later("The district's privacy officer reads it.")
    )


@page(blueprint, "", RECIPIENT)
def overview() -> Any:
    """Show a recipient what is its own."""
    service = Recipients(current_app.extensions["region"])
    orgs = service.orgs(actor())
    org = request.args.get("org") or next(iter(orgs), "")
    if not org:
        return redirect(url_for("why.own"))
    found = service.page(actor(), org)
    sheets = (_clients(found), _agreements(found), _districts(found), _links(found), _refusals(found))
    if (asked := csv_of(*sheets)) is not None:
        return asked
    title = Organisations(current_app.extensions["region"]).titles([org])[org]
    return render_template(
        "vendor/overview.html", found=found, orgs=orgs, sheets=[one.shown() for one in sheets], title=title
    )


@page(blueprint, "/extension", RECIPIENT, "GET", "POST")
def extension() -> Any:
    """Ask the district to extend an agreement."""
    form = ExtensionForm(data={"org": request.args.get("org", ""), "agreement": request.args.get("agreement", "")})
    service, status = Recipients(current_app.extensions["region"]), 200
    org, name = str(form.org.data or ""), str(form.agreement.data or "")
    found = next((one for one in service.page(actor(), org).agreements if one.agreement == name), None)
    if found is None:
        raise NotFound("There is no such agreement here.")
    if request.method == "POST" and form.validate():
        try:
            service.ask_extension(actor(), org, name, str(form.reason.data or ""))
        except CallerError as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
            status = refusal.status
        else:
            flash(say("Asked. A task waits for the district's privacy officer."), "ok")
            return redirect(url_for("vendor.overview", org=org), 303)
    return render_template("vendor/extension.html", form=form, found=found, org=org), status


def _clients(found: RecipientPage) -> Sheet[Any]:
    return Sheet(
        "clients", say("Clients"),
        (
            TableColumn(later("Client"), lambda one: one.client, "code", _why),
            TableColumn(later("State"), lambda one: State(*CLIENT_STATES[one.state]), "state"),
            TableColumn(later("Last token"), lambda one: one.last_used, "time"),
            TableColumn(later("Secrets"), lambda one: len(one.secrets_end), "number"),
            TableColumn(later("What it may do (its scopes)"), lambda one: [sentence(each) for each in one.scopes]),
        ),
        found.clients, say("No client is registered for you yet."),
    )  # fmt: skip


def _agreements(found: RecipientPage) -> Sheet[OwnAgreement]:
    return Sheet(
        "agreements", say("Agreements in force"),
        (
            TableColumn(later("Agreement"), lambda one: f"{one.agreement}@{one.version}", "code"),
            TableColumn(later("District"), lambda one: one.district),
            TableColumn(later("Purpose"), lambda one: one.purpose),
            TableColumn(later("Clients"), lambda one: one.clients),
            TableColumn(later("Ends"), lambda one: one.end),
            TableColumn(
                later("State"),
                lambda one: State("wait", later("extension asked for")) if one.asked
                else State("warn", later("ends soon")) if one.ending else State("ok", later("in force")),
                "state",
            ),
        ),
        found.agreements, say("No agreement in force names you."),
    )  # fmt: skip


def _districts(found: RecipientPage) -> Sheet[Any]:
    return Sheet(
        "districts", say("Districts"),
        (
            TableColumn(later("District"), lambda one: one.name),
            TableColumn(later("State"), lambda one: State(*FRESH[one.state]), "state"),
            TableColumn(
                later("Since"),
                lambda one: None if one.since is None else datetime.fromtimestamp(one.since, UTC),
                "time",
            ),
        ),
        found.districts, say("No agreement in force gives you anything of a district yet."),
    )  # fmt: skip


def _links(found: RecipientPage) -> Sheet[Any]:
    return Sheet(
        "links", say("One-time links"),
        (
            TableColumn(later("Client"), lambda one: one.client, "code"),
            TableColumn(later("Made"), lambda one: one.made, "time"),
            TableColumn(later("Expires"), lambda one: one.expires, "time"),
            TableColumn(later("State"), lambda one: State(*LINKS[one.state]), "state"),
        ),
        found.links, say("No one-time link was made for your clients."),
    )  # fmt: skip


def _refusals(found: RecipientPage) -> Sheet[Any]:
    return Sheet(
        "refusals", say("Last refusals"),
        (
            TableColumn(later("When"), lambda one: one.at, "time"),
            TableColumn(later("Client"), lambda one: one.client, "code", _why),
            TableColumn(later("Status"), lambda one: one.status, "number"),
            TableColumn(later("Code"), lambda one: one.code, "code"),
            TableColumn(later("Step"), lambda one: say(ASKED[one.step])),
            TableColumn(later("Resource"), lambda one: one.view),
            TableColumn(later("Id"), lambda one: one.id, "code"),
        ),
        found.refusals, say("Nothing was refused lately."),
    )  # fmt: skip


def _why(one: Any) -> str:
    return url_for("why.own", client=one.client)
