"""Joining by a one-time link: it is followed by a button, so that a scanner of mail that opens it uses nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import segno
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask import session as form_session
from wtforms import HiddenField, StringField

from gateway.console import entrance as door
from gateway.console.forms import ConsoleForm, new_code, new_password
from gateway.console.openid import JOIN, continue_page
from gateway.console.page import PUBLIC, page
from gateway.console.sign_in import asked_site, known_provider, local_accounts, to_provider
from gateway.console.wording import language, later, say, translated
from gateway.people.invitations import RECOVERY
from gateway.people.joining import Newcomer, PasswordAndCode
from gateway.people.persons import TAKEN, new_person_id, normal_mail
from gateway.people.second_factors import address
from standards.errors import CallerError, NotFound

if TYPE_CHECKING:
    from gateway.people.invitations import Invitation
    from gateway.people.joining import Joined
    from gateway.people.persons import Person

blueprint = Blueprint("join", __name__, url_prefix="/console/join")


class JoinForm(ConsoleForm):
    """What somebody who joins says, and sets up: a password with an authenticator."""

    name = StringField(later("Your name"), render_kw={"autocomplete": "name"})
    mail = StringField(later("Mail address"), render_kw={"autocomplete": "username", "inputmode": "email"})
    password = new_password()
    code = new_code()


class PasskeyForm(ConsoleForm):
    """What somebody who joins says, before the browser makes a passkey."""

    name = StringField(later("Your name"), render_kw={"autocomplete": "name"})
    mail = StringField(later("Mail address"), render_kw={"autocomplete": "username webauthn"})
    label = StringField(
        later("Name of the passkey"),
        description=later("Such as: my telephone. You may leave it out."),
    )
    answer = HiddenField()


@dataclass(frozen=True, slots=True)
class Followed:
    """The link that a browser follows: its *token*, what it is for, and who has its address already."""

    token: str
    link: Invitation
    known: Person | None

    @property
    def is_new(self) -> bool:
        """Whether it leads to a new person."""
        return self.link.kind != RECOVERY

    def newcomer(self, form: ConsoleForm, person: str = "") -> Newcomer:
        """Return what somebody says of itself in a *form*; what the link says counts before."""
        if self.known is not None:
            return Newcomer(self.known.mail, self.known.name, self.known.language, self.known.id)
        mail = self.link.mail or normal_mail(form.mail.data or "")
        return Newcomer(mail, form.name.data or self.link.name, language(), person)


@page(blueprint, "/<token>", PUBLIC, "GET", "POST")
def follow(token: str) -> Any:
    """Show a button; pressed, remember the link in this browser. The link itself is used when somebody has joined."""
    door.entrance().joining.look(token)
    if request.method == "GET":
        return render_template("sign_in/follow.html")
    form_session[JOIN] = token
    return redirect(url_for("join.choose"), 303)


@page(blueprint, "", PUBLIC)
def choose() -> Any:
    """Show the ways to join."""
    return _shown(_followed(), JoinForm(), PasskeyForm())


@page(blueprint, "/role", PUBLIC, "POST")
def take_role() -> Any:
    """Take the role that a link is for, as somebody who is signed in."""
    if g.session is None:
        return redirect(url_for("sign_in.begin", next=url_for("join.choose")), 303)
    door.entrance().joining.take_role(_followed().token, g.session.actor.person)
    form_session.pop(JOIN, None)
    flash(say("You have the role now."), "ok")
    return redirect("/console", 303)


@page(blueprint, "/password", PUBLIC, "POST")
def by_password() -> Any:
    """Join by a password and an authenticator, and show the recovery codes."""
    local_accounts()
    followed, form = _followed(), JoinForm()
    way = PasswordAndCode(form.password.data or "", door.enrolled_secret(), form.code.data or "")
    try:
        _must_be_new(followed)
        joined = door.entrance().joining.by_password(followed.token, followed.newcomer(form), way)
    except NotFound:
        raise
    except CallerError as refusal:
        form.form_errors.append(translated(refusal.message) or refusal.message)
        return _shown(followed, form, PasskeyForm(formdata=None)), refusal.status
    return codes_page(joined)


@page(blueprint, "/passkey/ask", PUBLIC, "POST")
def ask_passkey() -> Response:
    """Ask the browser to make a passkey for whoever joins."""
    local_accounts()
    followed, form = _followed(), PasskeyForm()
    try:
        _must_be_new(followed)
        newcomer = followed.newcomer(form, new_person_id())
    except NotFound:
        raise
    except CallerError as refusal:
        return Response(_told(refusal), refusal.status, mimetype="application/json")
    options = door.entrance().passkeys.ask_for_new(
        asked_site(), door.browser(), newcomer.id, newcomer.mail, newcomer.name
    )
    return Response(options, mimetype="application/json")


@page(blueprint, "/passkey", PUBLIC, "POST")
def by_passkey() -> Any:
    """Join by the passkey that the browser has made."""
    local_accounts()
    followed, form = _followed(), PasskeyForm()
    try:
        _must_be_new(followed)
        made = door.entrance().passkeys.read_new(asked_site(), door.browser(), form.answer.data or "")
        newcomer = followed.newcomer(form, made.person)
        joined = door.entrance().joining.by_passkey(followed.token, newcomer, made, form.label.data or "")
    except NotFound:
        raise
    except CallerError as refusal:
        form.form_errors.append(translated(refusal.message) or refusal.message)
        return _shown(followed, JoinForm(formdata=None), form), refusal.status
    return door.let_in(joined.person, joined.method, "/console")


@page(blueprint, "/with/<name>", PUBLIC, "POST")
def with_provider(name: str) -> str:
    """Go on to a provider that knows the address of the link."""
    _followed()
    return continue_page(to_provider(name, {"for": "join"}), known_provider(name).title)


def codes_page(joined: Joined) -> Response:
    """Let somebody in, and show its recovery codes this once."""
    answer = make_response(render_template("sign_in/codes.html", codes=joined.codes))
    return door.set_session(answer, joined.person, joined.method)  # type: ignore[return-value]


def picture(secret: str, mail: str) -> str:
    """Draw the address of an authenticator's secret as a QR code, without a style of its own."""
    drawn = segno.make(address(secret, mail), error="m")
    return str(drawn.svg_inline(scale=5, border=4, light="#fff", svgclass="qr", lineclass=None, omitsize=False))


def own_ids(form: ConsoleForm, name: str) -> None:
    """Give the fields of a form ids of their own, on a page that has several forms."""
    for field in form:
        field.id = f"{name}-{field.id}"
        field.label.field_id = field.id


def _followed() -> Followed:
    """Return the link that this browser follows.

    Raises:
        NotFound: it leads nowhere any more.
    """
    token = str(form_session.get(JOIN, ""))
    return Followed(token, *door.entrance().joining.look(token))


def _must_be_new(followed: Followed) -> None:
    """Refuse to set up anew how somebody signs in who can, by a link that was not made for that."""
    if followed.is_new and followed.known is not None:
        raise CallerError(TAKEN)


def _told(refusal: CallerError) -> str:
    """Return why no passkey is made, for the script that asked."""
    return json.dumps({"told": translated(refusal.message) or refusal.message})


def _shown(followed: Followed, form: JoinForm, passkey: PasskeyForm) -> str:
    link, found = followed.link, door.settings()
    if followed.is_new and followed.known is not None:
        mine = g.session is not None and g.session.actor.person == followed.known.id
        return render_template("sign_in/role.html", link=link, mine=mine)
    for name, one in (("join", form), ("passkey", passkey)):
        own_ids(one, name)
        if link.mail:
            del one.mail
        if not followed.is_new:
            del one.name
        elif not one.name.data:
            one.name.data = link.name
    secret = door.enrolled_secret()
    return render_template(
        "sign_in/join.html", link=link, form=form, passkey=passkey, secret=secret, local=found.local_accounts,
        picture=picture(secret, link.mail or "crossing"), passkeys=found.local_accounts and door.site() is not None,
        providers=found.providers if link.mail else (), is_new=followed.is_new,
    )  # fmt: skip
