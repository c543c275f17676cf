"""One's own account: passkeys, password and authenticator, recovery codes, providers, sessions, language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from wtforms import HiddenField, StringField

from gateway.admin.settings import OrganisationSettings
from gateway.console import entrance as door
from gateway.console.forms import ConsoleForm, new_code, new_password
from gateway.console.join import codes_page, picture
from gateway.console.openid import continue_page
from gateway.console.page import page, region
from gateway.console.sign_in import asked_site, known_provider, local_accounts, to_provider
from gateway.console.tables import Sheet, TableColumn, csv_of
from gateway.console.wording import later, say, translated
from gateway.people.joining import Joined
from standards.errors import CallerError

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from gateway.people.sessions import ListedSession


blueprint = Blueprint("account", __name__, url_prefix="/console/account")

METHODS = {
    "passkey": later("Passkey"),
    "totp": later("Password and code"),
    "recovery": later("Password and recovery code"),
    "openid": later("Provider"),
}


class PasswordForm(ConsoleForm):
    """A new password with a new authenticator."""

    password = new_password()
    code = new_code()


class NewPasskeyForm(ConsoleForm):
    """The name of a passkey that the browser makes."""

    label = StringField(later("Name of the passkey"), description=later("Such as: my telephone. You may leave it out."))
    answer = HiddenField()


@page(blueprint, "", "account.own")
def overview() -> Any:
    """Show how one signs in, and where one is signed in."""
    mine = g.session.actor
    sessions = _sessions(door.entrance().sessions.list_of(mine.person))
    if (asked := csv_of(sessions)) is not None:
        return asked
    found = door.settings()
    ways = door.entrance().accounts.ways_in(mine)
    return render_template(
        "account/overview.html", ways=ways, sessions=sessions.shown(), listed=sessions.rows, here=g.session.id_hash,
        local=found.local_accounts, providers=[one for one in found.providers if one.issuer not in ways.issuers],
        named={one.issuer: one.title for one in found.providers}, roles=mine.memberships, methods=METHODS,
        gets_mail=region(OrganisationSettings).gets_mail(mine), named_languages={"en": "English", "es": "Español"},
        passkeys=found.local_accounts and door.site() is not None, form=NewPasskeyForm(formdata=None),
    )  # fmt: skip


@page(blueprint, "/password", "account.own", "GET", "POST", fresh=True)
def password() -> Any:
    """Set a new password with a new authenticator."""
    local_accounts()
    form, mine = PasswordForm(), g.session.actor
    secret = door.enrolled_secret()
    status = 200
    if request.method == "POST" and form.validate():
        try:
            codes = door.entrance().accounts.set_password(
                mine, g.session.name, form.password.data or "", secret, form.code.data or ""
            )
        except CallerError as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
            status = refusal.status
        else:
            return codes_page(Joined(mine.person, "totp", codes))
    shown = render_template("account/password.html", form=form, secret=secret, picture=picture(secret, mine.name))
    return shown, status


@page(blueprint, "/password/remove", "account.own", "POST", fresh=True)
def remove_password() -> AnyResponse:
    """Remove the password, the authenticator and the recovery codes."""
    door.entrance().accounts.remove_password(g.session.actor)
    return _changed(say("The password and the authenticator are gone."))


@page(blueprint, "/codes", "account.own", "POST", fresh=True)
def codes() -> Response:
    """Make new recovery codes and show them this once."""
    mine, method = g.session.actor, g.session.method
    return codes_page(Joined(mine.person, method, door.entrance().accounts.renew_codes(mine)))


@page(blueprint, "/passkeys/ask", "account.own", "POST", fresh=True)
def ask_passkey() -> Response:
    """Ask the browser to make a passkey."""
    local_accounts()
    mine, known = g.session.actor, door.entrance().accounts.ways_in(g.session.actor).passkeys
    options = door.entrance().passkeys.ask_for_new(
        asked_site(), door.browser(), mine.person, mine.name, g.session.name, known
    )
    return Response(options, mimetype="application/json")


@page(blueprint, "/passkeys", "account.own", "POST", fresh=True)
def add_passkey() -> AnyResponse:
    """Keep the passkey that the browser has made."""
    local_accounts()
    form = NewPasskeyForm()
    made = door.entrance().passkeys.read_new(asked_site(), door.browser(), form.answer.data or "")
    door.entrance().accounts.add_passkey(g.session.actor, made, form.label.data or "")
    return _changed(say("The passkey is kept."))


@page(blueprint, "/passkeys/remove", "account.own", "POST", fresh=True)
def remove_passkey() -> AnyResponse:
    """Remove a passkey."""
    door.entrance().accounts.remove_passkey(g.session.actor, request.form.get("credential", ""))
    return _changed(say("The passkey is gone."))


@page(blueprint, "/with/<name>", "account.own", "POST", fresh=True)
def add_identity(name: str) -> str:
    """Go on to a provider whose account is to be added."""
    purpose = {"for": "account", "person": g.session.actor.person}
    return continue_page(to_provider(name, purpose), known_provider(name).title)


@page(blueprint, "/providers/remove", "account.own", "POST", fresh=True)
def remove_identity() -> AnyResponse:
    """Forget the account at a provider."""
    door.entrance().accounts.remove_identity(g.session.actor, request.form.get("issuer", ""))
    return _changed(say("The account at the provider is forgotten."))


@page(blueprint, "/sessions/end", "account.own", "POST")
def end_session() -> AnyResponse:
    """End one of one's own sessions."""
    door.entrance().sessions.end_listed(g.session.actor.person, request.form.get("session", ""))
    flash(say("The session has ended."), "ok")
    return redirect(url_for("account.overview"), 303)


@page(blueprint, "/sessions/end-others", "account.own", "POST")
def end_others() -> AnyResponse:
    """End every session of one's own but this one."""
    door.entrance().sessions.end_others(g.session.actor.person, g.session.id_hash)
    flash(say("Every other session has ended."), "ok")
    return redirect(url_for("account.overview"), 303)


@page(blueprint, "/language", "account.own", "POST")
def language() -> AnyResponse:
    """Choose the language of one's pages and mail."""
    door.entrance().accounts.set_language(g.session.actor, request.form.get("language", ""))
    flash(say("The language is kept."), "ok")
    return redirect(url_for("account.overview"), 303)


@page(blueprint, "/mail", "account.own", "POST")
def mail() -> AnyResponse:
    """Choose whether mail comes at all."""
    on = request.form.get("mail") == "on"
    region(OrganisationSettings).choose_mail(g.session.actor, on=on)
    flash(say("Mail comes again.") if on else say("No mail comes any more; what waits is in the inbox."), "ok")
    return redirect(url_for("account.overview"), 303)


def _changed(said: str) -> AnyResponse:
    """Begin this browser's session anew after a change that ended every session."""
    answer = door.let_in(g.session.actor.person, g.session.method, url_for("account.overview"))
    flash(said, "ok")
    return answer


def _sessions(found: tuple[ListedSession, ...]) -> Sheet[ListedSession]:
    columns: tuple[TableColumn[ListedSession], ...] = (
        TableColumn(later("Signed in"), lambda row: row.made, "time"),
        TableColumn(later("Last seen"), lambda row: row.seen, "time"),
        TableColumn(later("By"), lambda row: METHODS.get(row.method, row.method)),
        TableColumn(later("From the network"), lambda row: row.network, "code"),
        TableColumn(later("This browser"), lambda row: say("yes") if row.id_hash == g.session.id_hash else ""),
    )
    return Sheet("sessions", say("Where you are signed in"), columns, found)
