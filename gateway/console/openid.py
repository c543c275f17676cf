"""The way back from an OpenID provider: to sign in, to prove it anew, to join, or to add the account there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask import session as form_session

from gateway.console import entrance as door
from gateway.console.page import PUBLIC, page
from gateway.console.sign_in import known_provider
from gateway.console.way_back import own_path
from gateway.console.wording import language, say, translated
from gateway.people.joining import Newcomer
from gateway.people.openid import REFUSED, allows
from standards.errors import CallerError, Unauthenticated

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from gateway.config.sign_in import OpenIdProvider
    from gateway.people.joining import Identity

blueprint = Blueprint("openid", __name__, url_prefix="/console")

NOT_VERIFIED = "The provider does not say that it has verified your mail address, or is not asked about it here."
JOIN = "join"
"""What the browser's state calls the token of the link that it follows."""


@page(blueprint, "/sign-in/with/<name>/back", PUBLIC)
def back(name: str) -> Any:
    """Take in who the provider says somebody is."""
    provider = known_provider(name)
    try:
        identity, purpose = door.entrance().openid.finish(provider, door.browser(), request.args)
        return _for(purpose, provider, identity)
    except CallerError as refusal:
        flash(translated(refusal.message) or say(REFUSED), "bad")
        return redirect(url_for("sign_in.begin"), 303)


def _for(purpose: dict[str, str], provider: OpenIdProvider, identity: Identity) -> Any:
    """Do what the browser was sent to the provider for."""
    asked, person = purpose["for"], "" if g.session is None else g.session.actor.person
    if asked == "join":
        return _join(provider, identity)
    if asked == "account" and person and person == purpose["person"]:
        door.entrance().accounts.add_identity(g.session.actor, identity)
        return door.let_in(person, g.session.method, url_for("account.overview"))
    if asked == "sign-in" or (asked == "prove" and person):
        proof = door.entrance().sign_in.by_identity(identity.issuer, identity.subject, person)
        return door.let_in(proof.person, proof.method, own_path(purpose["next"]))
    raise Unauthenticated(REFUSED)


def _join(provider: OpenIdProvider, identity: Identity) -> Response:
    """Use the link that this browser follows, where the provider has verified the address it is for."""
    token = str(form_session.get(JOIN, ""))
    link, _ = door.entrance().joining.look(token)
    if not identity.mail or identity.mail != link.mail or not allows(provider, identity.mail, link.org):
        raise CallerError(NOT_VERIFIED)
    newcomer = Newcomer(identity.mail, link.name or identity.mail.partition("@")[0], language())
    joined = door.entrance().joining.by_identity(token, newcomer, identity)
    return door.let_in(joined.person, joined.method, "/console")


def continue_page(address: str, title: str) -> str:
    """Show the page from which the browser goes on to a provider: a form may not lead there (`form-action`)."""
    return render_template("sign_in/continue.html", address=address, title=title)
