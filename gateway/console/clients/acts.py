"""What people do about clients in the console: register, copy, change scopes, give secrets, suspend, resume and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange, Optional

from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import MAX_KEEP_DAYS, ClientSecrets, NewSecret
from gateway.admin.organisations import Organisations
from gateway.admin.second_person import Waiting
from gateway.console.clients.pages import blueprint, region
from gateway.console.clients.scopes import offered
from gateway.console.forms import CheckboxesField, ConsoleForm, SuggestedField, choices
from gateway.console.origin import origin
from gateway.console.page import actor, page
from gateway.console.wording import later, say, translated
from standards.errors import CallerError, Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.admin.clients.states import ClientFacts

    Step = Callable[..., ClientFacts | Waiting]

MAX_NAMED = 30
"""So many clients that agreements name and nobody has registered are listed."""

routes = blueprint
"""The pages of clients with what is done on them, for the console."""


class RegisterForm(ConsoleForm):
    """A client to register."""

    name = SuggestedField(later("Client id"), [InputRequired()], description=later("As agreements name it."))
    org = SelectField(later("Organisation"), [InputRequired()], description=later("As agreements name it."))
    steward = SelectField(later("Answered for by"))
    scopes = CheckboxesField(later("What it may do (its scopes)"))


class CopyForm(ConsoleForm):
    """A copy of a client."""

    name = StringField(later("Client id"), [InputRequired()], description=later("As agreements name it."))
    org = SelectField(later("Organisation"), [Optional()])


class ScopesForm(ConsoleForm):
    """The scopes of a client."""

    scopes = CheckboxesField(later("What it may do (its scopes)"))


class KeepForm(ConsoleForm):
    """For how long an old secret still works."""

    days = IntegerField(
        later("Days for which the old secret still works"), [InputRequired(), NumberRange(0, MAX_KEEP_DAYS)], default=7
    )


class ClientReasonForm(ConsoleForm):
    """Why something is done."""

    reason = StringField(later("Reason"), [InputRequired()], description=later("It stays on record."))


@page(blueprint, "/register", "client.register", "GET", "POST", fresh=True)
def register() -> Any:
    """Register a client as a draft."""
    form, who = RegisterForm(data={name: request.args.get(name, "") for name in ("name", "org")}), actor()
    service = Clients(region())
    named, needed = service.unregistered(who), service.needed(who, str(form.name.data or ""))
    form.name.offered = tuple((name, of[0].org) for name, of in named.items())
    form.scopes.choices = choices(offered(needed))
    mine = sorted(who.orgs("client.register") - {"region"})
    everywhere = who.everywhere("client.register")
    known = sorted(region().settings().districts) if everywhere else mine
    form.steward.choices = choices(
        [*([("", later("the region"))] if everywhere else []), *((one, one) for one in known)]
    )
    form.org.choices = choices([("", later("Choose one")), *_organisations()])

    def act() -> Any:
        kind = Organisations(region()).find(form.org.data).kind
        told = (form.name.data, form.org.data, kind, tuple(form.scopes.data or ()), form.steward.data)
        return _done(service.register(who, NewClient(*told)), form.name.data)

    title, back = say("Register a client"), url_for("clients.overview")
    waiting = [
        (name, found[0].org, [f"{one.id}@{one.version}" for one in found]) for name, found in named.items()
    ]  # fmt: skip
    return _form(
        form, act, title, say("Register"), back, may_add=bool(who.orgs("organisation.add")),
        named=waiting[:MAX_NAMED], suggestions=needed,
    )  # fmt: skip


@page(blueprint, "/<client_id>/copy", "client.register", "GET", "POST", fresh=True)
def copy(client_id: str) -> Any:
    """Register a draft with the scopes and settings of another client."""
    form, service = CopyForm(), Clients(region())
    service.find(actor(), client_id)
    form.org.choices = choices([("", later("the same")), *_organisations()])

    def act() -> Any:
        return _done(service.copy(actor(), client_id, form.name.data, form.org.data or ""), form.name.data)

    title, may_add = say("Copy the client %(name)s") % {"name": client_id}, bool(actor().orgs("organisation.add"))
    return _form(form, act, title, say("Copy"), _back(client_id), may_add=may_add)


@page(blueprint, "/<client_id>/scopes", "client.register", "GET", "POST", fresh=True)
def scopes(client_id: str) -> Any:
    """Change the scopes of a client; those that its agreements need are beside it."""
    service = Clients(region())
    found = service.find(actor(), client_id)
    form, suggestions = ScopesForm(data={"scopes": list(found.client.scopes)}), service.suggest(actor(), client_id)
    form.scopes.choices = choices(offered(suggestions, found.client.scopes))

    def act() -> Any:
        changed = service.change(actor(), client_id, tuple(form.scopes.data or ()))
        return _done(changed, client_id)

    title = say("Scopes of %(name)s") % {"name": client_id}
    return _form(form, act, title, say("Save"), _back(client_id), suggestions=suggestions)


@page(blueprint, "/<client_id>/rotate", "client.rotate", "GET", "POST", fresh=True)
def rotate(client_id: str) -> Any:
    """Give a client a new secret, shown this once."""
    form, service = KeepForm(), ClientSecrets(region())
    Clients(region()).find(actor(), client_id)

    def act() -> Any:
        made = service.rotate(actor(), client_id, form.days.data)
        if not isinstance(made, NewSecret):
            return _done(made, client_id)
        return render_template("clients/secret.html", client=made.client.client, secret=made.secret)

    title = say("A new secret for %(name)s") % {"name": client_id}
    return _form(form, act, title, say("Make a new secret"), _back(client_id))


@page(blueprint, "/<client_id>/link", "client.link", "GET", "POST", fresh=True)
def link(client_id: str) -> Any:
    """Make a one-time link to a client's next secret, shown this once."""
    form, service = KeepForm(), ClientSecrets(region())
    Clients(region()).find(actor(), client_id)

    def act() -> Any:
        made = service.link(actor(), client_id, form.days.data)
        address = f"{origin()}{url_for('once.follow', token=made.token)}"
        return render_template("clients/link.html", client=made.client.client, address=address, expires=made.expires)

    title = say("A one-time link for %(name)s") % {"name": client_id}
    return _form(form, act, title, say("Make the link"), _back(client_id))


@page(blueprint, "/<client_id>/take-back", "client.link", "POST")
def take_back(client_id: str) -> Any:
    """Take the open link of a client back."""
    ClientSecrets(region()).take_back(actor(), client_id)
    flash(say("The link gives nothing any more."))
    return redirect(_back(client_id), 303)


@page(blueprint, "/<client_id>/end-old-secret", "client.rotate", "POST")
def end_old_secret(client_id: str) -> Any:
    """End the old secret of a client before its day."""
    ClientSecrets(region()).end_old(actor(), client_id)
    flash(say("The old secret works no more."))
    return redirect(_back(client_id), 303)


@page(blueprint, "/<client_id>/suspend", "client.suspend", "GET", "POST")
def suspend(client_id: str) -> Any:
    """Shut a client out until it is resumed."""
    happens = [say("Its tokens end within a second, and its secrets open nothing."), say("Open links give nothing.")]
    title = say("Suspend %(name)s") % {"name": client_id}
    return _confirmed(client_id, Clients(region()).suspend, title, happens, [], say("Suspend"))


@page(blueprint, "/<client_id>/resume", "client.resume", "GET", "POST", fresh=True)
def resume(client_id: str) -> Any:
    """Let a suspended client in again."""
    happens = [say("Its secrets open again what its agreements say; its tokens of before do not.")]
    title = say("Resume %(name)s") % {"name": client_id}
    return _confirmed(client_id, Clients(region()).resume, title, happens, [], say("Resume"))


@page(blueprint, "/<client_id>/end", "client.end", "GET", "POST", fresh=True)
def end(client_id: str) -> Any:
    """End a client for ever."""
    happens = [say("Its tokens and secrets end within a second.")]
    lost = [say("It is for ever, and its id is not given again.")]
    title = say("End %(name)s") % {"name": client_id}
    return _confirmed(client_id, Clients(region()).end, title, happens, lost, say("End for ever"))


def _confirmed(
    client_id: str,
    step: Step,
    title: str,
    happens: list[str],
    lost: list[str],
    button: str,
) -> Any:
    """Ask before a step of a client, and take it with the reason that is given."""
    form = ClientReasonForm()
    Clients(region()).find(actor(), client_id)
    status = 200
    if request.method == "POST" and form.validate():
        try:
            return _done(step(actor(), client_id, form.reason.data), client_id)
        except (Forbidden, NotFound):
            raise
        except CallerError as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
            status = refusal.status
    page_of = {"title": title, "happens": happens, "lost": lost, "button": button, "back_to": _back(client_id)}
    return render_template("confirm.html", form=form, **page_of), status


def _form(form: ConsoleForm, act: Callable[[], Any], title: str, button: str, back: str, **more: Any) -> Any:
    """Show a form, and do what it is for when it is sent; a refusal is shown in it."""
    status = 200
    if request.method == "POST" and form.validate():
        try:
            return act()
        except (Forbidden, NotFound):
            raise
        except CallerError as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
            status = refusal.status
    return render_template("clients/form.html", form=form, title=title, button=button, back_to=back, **more), status


def _organisations() -> list[tuple[str, str]]:
    """Return the organisations that a client can be of, by name, each with its title."""
    found = Organisations(region()).overview(actor())
    return [(one.name, one.name if one.title == one.name else f"{one.title} ({one.name})") for one in found]


def _done(found: ClientFacts | NewSecret | Waiting, client_id: str) -> Any:
    """Go on to the client, or say that a second person is needed."""
    if isinstance(found, Waiting):
        flash(say("This waits for a second person."), "wait")
        return redirect(url_for("clients.overview"), 303)
    flash(say("Done."))
    return redirect(_back(client_id), 303)


def _back(client_id: str) -> str:
    return url_for("clients.one", client_id=client_id)
