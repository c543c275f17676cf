"""People of organisations: who they are, invitations, roles, and who is suspended, ended or let back in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired

from gateway.admin.organisations import KINDS, Organisation, Organisations
from gateway.admin.people import Persons
from gateway.console.forms import ConsoleForm, choices
from gateway.console.join import own_ids
from gateway.console.origin import origin
from gateway.console.page import actor, page
from gateway.console.parts.names import KINDS as NAMES
from gateway.console.parts.names import LINKS, SOURCES, kind_name, role_name, role_names
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.wording import later, say, translated
from gateway.storage.people.kinds import DISTRICT
from standards.errors import CallerError, Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as AnyResponse

    from gateway.admin.members import OrganisationMember, PeopleOfOrganisation
    from gateway.admin.second_person import Waiting
    from gateway.people.invitations import Invitation

blueprint = Blueprint("people", __name__, url_prefix="/console/people")

STATUSES = {
    "active": ("ok", later("active")),
    "suspended": ("warn", later("suspended")),
    "ended": ("off", later("ended")),
}
WAITS = "This waits for a second person of the organisation."
FACTORS = {
    "passkey": later("passkey"),
    "password and code": later("password and code"),
    "provider": later("provider"),
}
SAID = {
    "suspend": later("Suspended: out at once, until resumed."),
    "resume": later("Resumed."),
    "end": later("Ended, for ever."),
}


class InviteForm(ConsoleForm):
    """Whom to invite, and for which role."""

    org = HiddenField()
    mail = StringField(
        later("Mail address"), [InputRequired()], render_kw={"inputmode": "email", "autocomplete": "off"}
    )
    name = StringField(later("Name"), description=later("You may leave it to the person."))
    role = SelectField(later("Role"))


class RoleForm(ConsoleForm):
    """A role to give or to end."""

    org = HiddenField()
    role = SelectField(later("Role"))
    reason = StringField(later("Reason"), description=later("It stays on record."))


class StepForm(ConsoleForm):
    """Why somebody is suspended, resumed, ended or let back in."""

    org = HiddenField()
    reason = StringField(later("Reason"), [InputRequired()], description=later("It stays on record."))


class OrganisationForm(ConsoleForm):
    """An organisation that receives data."""

    name = StringField(later("Name in agreements"), [InputRequired()], description=later("Small letters and hyphens."))
    title = StringField(later("Title"))
    kind = SelectField(later("Kind"), choices=choices([(one, NAMES[one]) for one in KINDS]))
    steward = SelectField(later("Added for"))


@page(blueprint, "", "person.read")
def overview() -> Any:
    """Show the people of an organisation, and its open invitations."""
    service, mine = _people(), actor()
    orgs = service.organisations(mine)
    org = request.args.get("org") or next((one.name for one in orgs if one.name in _own()), "")
    found = service.overview(mine, org or (orgs[0].name if orgs else ""))
    people, waiting = _members(found), _invitations(found)
    if (asked := csv_of(people, waiting)) is not None:
        return asked
    return render_template(
        "people/overview.html", found=found, choice=orgs, people=people.shown(), waiting=waiting.shown(),
        invitations=found.invitations,
    )  # fmt: skip


@page(blueprint, "/invite", "person.invite", "GET", "POST", fresh=True)
def invite() -> Any:
    """Invite somebody, and show the link this once."""
    form = InviteForm(data={name: request.args.get(name, "") for name in ("org", "role")})
    org = form.org.data or ""
    found = _people().overview(actor(), org)
    form.role.choices = choices([(one, role_name(one)) for one in found.may_give])
    status = 200
    if request.method == "POST" and form.validate():
        try:
            token = _people().invite(actor(), org, form.mail.data, form.role.data, form.name.data or "")
        except Forbidden:
            raise
        except CallerError as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
            status = refusal.status
        else:
            if not isinstance(token, str):
                flash(say(WAITS), "warn")
                return redirect(url_for("people.overview", org=org), 303)
            return link_page(token, org, form.mail.data)
    return render_template("people/invite.html", form=form, found=found), status


@page(blueprint, "/withdraw", "person.invite", "POST")
def withdraw() -> AnyResponse:
    """Take an invitation back."""
    org = request.form.get("org", "")
    _people().withdraw(actor(), org, request.form.get("invitation", ""))
    flash(say("The invitation leads nowhere any more."), "ok")
    return redirect(url_for("people.overview", org=org), 303)


@page(blueprint, "/person/<person>", "person.read")
def member(person: str) -> str:
    """Show a person with its roles, and what may be done about it."""
    return _member_page(person, request.args.get("org", ""))


def _member_page(person: str, org: str, step_of: str = "", refusal: CallerError | None = None) -> str:
    """Show a person; the form that was refused, if one was, as it was filled in, with what is said against it."""
    found = _people().overview(actor(), org)
    one = _people().member(actor(), org, person)
    sent = {"org": org, "role": _role(), "reason": _reason()} if refusal is not None else {}
    data = {name: sent if name == step_of else {"org": org} for name in ("give", "take", "step")}
    give, take = (RoleForm(formdata=None, data=data[name]) for name in ("give", "take"))
    give.role.choices = choices([(role, role_name(role)) for role in found.may_give if role not in one.roles])
    take.role.choices = choices([(role, role_name(role)) for role in one.roles])
    step = StepForm(formdata=None, data=data["step"])
    for name, form in (("give", give), ("take", take), ("step", step)):
        own_ids(form, name)
        if refusal is not None and name == step_of:
            form.form_errors.append(translated(refusal.message) or refusal.message)
    return render_template(
        "people/member.html", found=found, one=one, give=give, take=take, step=step, state=_state(one),
        factors=[FACTORS[name] for name in one.factors], myself=person == actor().person,
    )  # fmt: skip


@page(blueprint, "/person/<person>/give", "person.change", "POST", fresh=True)
def give(person: str) -> Any:
    """Give a person a further role."""
    return _do(
        person, lambda org: _people().give(actor(), org, person, _role(), _reason()), say("The role is given."), "give"
    )


@page(blueprint, "/person/<person>/take", "person.change", "POST", fresh=True)
def take(person: str) -> Any:
    """End a role of a person."""
    return _do(
        person,
        lambda org: _people().end_role(actor(), org, person, _role(), _reason()),
        say("The role has ended."),
        "take",
    )


@page(blueprint, "/person/<person>/status", "person.change", "POST", fresh=True)
def status(person: str) -> Any:
    """Suspend, resume or end a person."""
    step = request.form.get("step", "")
    if step not in SAID:
        raise NotFound("There is no such page.")
    return _do(
        person, lambda org: _people().change_status(actor(), org, person, step, _reason()), str(SAID[step]), "step"
    )


@page(blueprint, "/person/<person>/recover", "person.change", "POST", fresh=True)
def recover(person: str) -> Any:
    """Make the link by which a person gets back in, and show it this once."""
    org = request.form.get("org", "")
    one = _people().member(actor(), org, person)
    try:
        made = _people().recover(actor(), org, person, _reason())
    except (Forbidden, NotFound):
        raise
    except CallerError as refusal:
        return _member_page(person, org, "step", refusal), refusal.status
    if not isinstance(made, str):
        flash(say(WAITS), "warn")
        return redirect(url_for("people.member", person=person, org=org), 303)
    return link_page(made, org, one.person.mail)


@page(blueprint, "/organisations", "organisation.read", "GET", "POST")
def organisations() -> Any:
    """Show the organisations that receive data, and add one."""
    service, mine, status = Organisations(_region()), actor(), 200
    form = OrganisationForm()
    stewards = sorted(org for org in mine.orgs("organisation.add") if org in _region().settings().districts)
    everywhere = [("", say("the region"))] if mine.everywhere("organisation.add") else []
    form.steward.choices = choices([*everywhere, *((one, one) for one in stewards)])
    if request.method == "POST" and form.validate():
        try:
            service.add(mine, form.name.data, form.kind.data, form.title.data or "", form.steward.data or "")
        except Forbidden:
            raise
        except CallerError as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
            status = refusal.status
        else:
            flash(say("The organisation is added."), "ok")
            return redirect(url_for("people.overview", org=form.name.data), 303)
    table = _organisations(service.overview(mine))
    if (asked := csv_of(table)) is not None:
        return asked
    may_add = bool(form.steward.choices)
    return render_template("people/organisations.html", shown=table.shown(), form=form, may_add=may_add), status


def _region() -> Any:
    return current_app.extensions["region"]


def _people() -> Persons:
    return Persons(_region())


def _own() -> frozenset[str]:
    return frozenset(one.org for one in actor().memberships)


def _role() -> str:
    return str(request.form.get("role", ""))


def _reason() -> str:
    return str(request.form.get("reason", ""))


def _do(person: str, work: Callable[[str], Waiting | None], said: str, step_of: str) -> Any:
    """Do something about a person, and go back to its page, or to its organisation where it is gone from there.

    A refusal is shown in the form that was sent, with what was filled in.
    """
    org = request.form.get("org", "")
    try:
        waits = work(org)
    except (Forbidden, NotFound):
        raise
    except CallerError as refusal:
        return _member_page(person, org, step_of, refusal), refusal.status
    flash(say(WAITS) if waits else said, "warn" if waits else "ok")
    still = any(one.person.id == person for one in _people().overview(actor(), org).members)
    return redirect(
        url_for("people.member", person=person, org=org) if still else url_for("people.overview", org=org), 303
    )


def link_page(token: str, org: str, mail: str) -> str:
    """Show the link by which somebody comes in, this once."""
    address = f"{origin()}{url_for('join.follow', token=token)}"
    return render_template("people/link.html", address=address, org=org, mail=mail)


def _state(one: OrganisationMember) -> State:
    kind, word = STATUSES[one.person.status]
    return State(kind, word)  # type: ignore[arg-type]


def _members(found: PeopleOfOrganisation) -> Sheet[OrganisationMember]:
    org = found.organisation.name
    columns: tuple[TableColumn[OrganisationMember], ...] = (
        TableColumn(
            later("Name"),
            lambda row: row.person.name,
            "text",
            lambda row: url_for("people.member", person=row.person.id, org=org),
        ),
        TableColumn(later("Mail address"), lambda row: row.person.mail),
        TableColumn(later("Roles"), lambda row: role_names(row.roles)),
        TableColumn(later("State"), _state, "state"),
        TableColumn(later("Signs in by"), lambda row: tuple(str(FACTORS[one]) for one in row.factors)),
        TableColumn(later("Last sign-in"), lambda row: row.person.last_sign_in, "time"),
    )
    return Sheet("people", say("People"), columns, found.members, say("Nobody acts for this organisation yet."))


def _invitations(found: PeopleOfOrganisation) -> Sheet[Invitation]:
    columns: tuple[TableColumn[Invitation], ...] = (
        TableColumn(later("Mail address"), lambda row: row.mail),
        TableColumn(later("Role"), lambda row: role_name(row.role)),
        TableColumn(later("Kind of link"), lambda row: LINKS[row.kind]),
        TableColumn(later("By"), lambda row: row.made_by),
        TableColumn(later("Until"), lambda row: row.expires, "time"),
    )
    return Sheet("invitations", say("Open invitations"), columns, found.invitations, say("No invitation is open."))


def _page_of_organisation(one: Organisation) -> str | None:
    """Return the page on which an organisation is changed, for whoever may."""
    if one.kind == DISTRICT or not actor().allows("organisation.change", ""):
        return None
    return url_for("people.organisation", name=one.name)


def _organisations(found: tuple[Organisation, ...]) -> Sheet[Organisation]:
    columns: tuple[TableColumn[Organisation], ...] = (
        TableColumn(later("Name"), lambda row: row.name, "text", _page_of_organisation),
        TableColumn(later("Title"), lambda row: row.title),
        TableColumn(later("Kind"), lambda row: kind_name(row.kind)),
        TableColumn(later("Added for"), lambda row: row.steward),
        TableColumn(later("Known from"), lambda row: SOURCES[row.source]),
    )
    return Sheet("organisations", say("Organisations"), columns, found)
