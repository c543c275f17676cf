"""Signing in and out, and proving again who one is: by password and code, by passkey, or at an OpenID provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask import session as form_session
from wtforms import HiddenField, PasswordField, StringField

from gateway.console import entrance as door
from gateway.console.forms import ConsoleForm
from gateway.console.origin import origin
from gateway.console.page import PUBLIC, page
from gateway.console.way_back import own_path
from gateway.console.wording import later, say, translated
from gateway.people.passkeys import REFUSED
from gateway.people.sessions import COOKIE
from gateway.people.signing_in import Typed
from standards.errors import CallerError, FeatureDisabled, NotFound

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from gateway.config.sign_in import OpenIdProvider
    from gateway.people.passkeys import Site

blueprint = Blueprint("sign_in", __name__, url_prefix="/console")

NO_LOCAL_ACCOUNTS = "People sign in at a provider here."


class SignInForm(ConsoleForm):
    """What somebody types to sign in."""

    mail = StringField(later("Mail address"), render_kw={"autocomplete": "username", "inputmode": "email"})
    password = PasswordField(later("Password"), render_kw={"autocomplete": "current-password"})
    code = StringField(
        later("Code"),
        description=later("The six digits that your authenticator shows now, or a recovery code."),
        render_kw={"autocomplete": "one-time-code"},
    )
    next = HiddenField()


class ProofForm(ConsoleForm):
    """What somebody who is signed in types to prove it anew."""

    password = PasswordField(later("Password"), render_kw={"autocomplete": "current-password"})
    code = StringField(
        later("Code"),
        description=later("The six digits that your authenticator shows now, or a recovery code."),
        render_kw={"autocomplete": "one-time-code"},
    )
    next = HiddenField()


@page(blueprint, "/sign-in", PUBLIC, "GET", "POST")
def begin() -> Any:
    """Show the ways to sign in, or sign in by password and code."""
    way = own_path(request.values.get("next"))
    if g.session is not None and request.method == "GET":
        return redirect(way)
    form = SignInForm(data={"next": way})
    if request.method == "POST" and form.validate():
        local_accounts()
        typed = Typed(form.mail.data or "", form.password.data or "", form.code.data or "")
        try:
            proof = door.entrance().sign_in.by_password(typed, door.network())
        except CallerError as refusal:
            return _again("sign_in/begin.html", form, way, refusal)
        return door.let_in(proof.person, proof.method, way)
    return _shown("sign_in/begin.html", form, way)


@page(blueprint, "/sign-in/passkey/ask", PUBLIC, "POST")
def ask_passkey() -> Response:
    """Ask the browser for a passkey."""
    local_accounts()
    return Response(door.entrance().passkeys.ask_for_use(asked_site(), door.browser()), mimetype="application/json")


@page(blueprint, "/sign-in/passkey", PUBLIC, "POST")
def by_passkey() -> AnyResponse:
    """Sign in by the passkey with which the browser answers; whoever is signed in proves it anew."""
    local_accounts()
    way, person = own_path(request.form.get("next")), "" if g.session is None else g.session.actor.person
    answer = request.form.get("answer", "")
    try:
        proof = door.entrance().sign_in.by_passkey(asked_site(), door.browser(), answer, person)
    except CallerError as refusal:
        flash(translated(refusal.message) or say(REFUSED), "bad")
        return redirect(url_for("sign_in.prove" if person else "sign_in.begin", next=way), 303)
    return door.let_in(proof.person, proof.method, way)


@page(blueprint, "/sign-in/with/<name>", PUBLIC)
def with_provider(name: str) -> AnyResponse:
    """Send the browser to an OpenID provider."""
    purpose = {"for": "prove" if g.session is not None else "sign-in", "next": own_path(request.args.get("next"))}
    return redirect(to_provider(name, purpose))


@page(blueprint, "/prove", "account.own", "GET", "POST")
def prove() -> Any:
    """Ask whoever is signed in to prove anew who it is."""
    way = own_path(request.values.get("next"))
    form = ProofForm(data={"next": way})
    if request.method == "POST" and form.validate():
        local_accounts()
        mine = g.session.actor
        typed = Typed(mine.name, form.password.data or "", form.code.data or "")
        try:
            proof = door.entrance().sign_in.by_password(typed, door.network(), mine.person)
        except CallerError as refusal:
            return _again("sign_in/prove.html", form, way, refusal)
        return door.let_in(proof.person, proof.method, way)
    return _shown("sign_in/prove.html", form, way)


@page(blueprint, "/sign-out", PUBLIC, "POST")
def end() -> AnyResponse:
    """Sign out."""
    door.entrance().sessions.end(request.cookies.get(COOKIE, ""))
    form_session.clear()
    answer = redirect(url_for("sign_in.begin"), 303)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    return answer


def local_accounts() -> None:
    """Refuse to go on where people sign in at a provider alone.

    Raises:
        FeatureDisabled: they do.
    """
    if not door.settings().local_accounts:
        raise FeatureDisabled(NO_LOCAL_ACCOUNTS)


def asked_site() -> Site:
    """Return the site that passkeys are for.

    Raises:
        FeatureDisabled: it has no name that a browser accepts for one.
    """
    found = door.site()
    if found is None:
        raise FeatureDisabled("Passkeys need an address by https that the settings name.")
    return found


def known_provider(name: str) -> OpenIdProvider:
    """Return the OpenID provider of that name.

    Raises:
        NotFound: there is none.
    """
    found = door.settings().provider(name)
    if found is None:
        raise NotFound("There is no such page.")
    return found


def to_provider(name: str, purpose: dict[str, str]) -> str:
    """Return the address at a provider to which the browser goes for that *purpose*."""
    provider = known_provider(name)
    back = f"{origin()}{url_for('openid.back', name=provider.name)}"
    return door.entrance().openid.begin(provider, door.browser(), back, purpose)


def _again(template: str, form: ConsoleForm, way: str, refusal: CallerError) -> tuple[str, int]:
    """Show a form again, with what was refused; what was typed in secret is typed again."""
    form.form_errors.append(translated(refusal.message) or refusal.message)
    return _shown(template, form, way), refusal.status


def _shown(template: str, form: ConsoleForm, way: str) -> str:
    found = door.settings()
    passkeys = found.local_accounts and door.site() is not None
    return render_template(
        template, form=form, way=way, local=found.local_accounts, passkeys=passkeys, providers=found.providers,
        again="again" in request.args,
    )  # fmt: skip
