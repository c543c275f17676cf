"""The entrance of the console: what its pages of signing in share, the browser's secret name, and its cookies."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import current_app, redirect, request
from flask import session as form_session

from gateway.config.hosts import is_loopback
from gateway.people.account import Accounts
from gateway.people.challenges import Challenges
from gateway.people.joining import Joining
from gateway.people.networks import network_of
from gateway.people.openid import OpenId
from gateway.people.passkeys import Passkeys, Site
from gateway.people.second_factors import SecondFactors, new_secret
from gateway.people.sessions import COOKIE
from gateway.people.signing_in import SignIn
from gateway.storage.cipher import NotSealed
from gateway.storage.shared_memory import LocalMemory

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from gateway.admin.administration import Administration
    from gateway.config.sign_in import SignInSettings
    from gateway.people.sessions import Sessions

BROWSER: Final = "browser"
TOKEN_BYTES: Final = 32
ENROL: Final = "authenticator"


@dataclass(frozen=True, slots=True)
class PeopleEntrance:
    """Everything by which people come in."""

    sessions: Sessions
    challenges: Challenges
    factors: SecondFactors
    passkeys: Passkeys
    sign_in: SignIn
    joining: Joining
    accounts: Accounts
    openid: OpenId


def make_entrance(region: Administration) -> PeopleEntrance:
    """Make the entrance of a region."""
    store, clock = region.store, region.clock
    challenges, factors = Challenges(region.memory or LocalMemory()), SecondFactors(region.keys)
    passkeys, running = Passkeys(challenges), region.running

    return PeopleEntrance(
        region.sessions(),
        challenges,
        factors,
        passkeys,
        SignIn(store, clock, factors, passkeys, lambda: running.gateway.limits if running else None),
        Joining(store, clock, factors, region.kinds),
        Accounts(store, clock, factors),
        OpenId(challenges, clock),
    )


def entrance() -> PeopleEntrance:
    """Return the entrance of this console."""
    found: PeopleEntrance = current_app.extensions["entrance"]
    return found


def settings() -> SignInSettings:
    """Return the settings of signing in."""
    region: Administration = current_app.extensions["region"]
    return region.settings().sign_in


def browser() -> str:
    """Return the secret name of this browser, to which challenges are bound; a new one gets one."""
    if BROWSER not in form_session:
        form_session[BROWSER] = secrets.token_urlsafe(TOKEN_BYTES)
    return str(form_session[BROWSER])


def network() -> str:
    """Return the network that this request comes from."""
    return network_of(request.remote_addr)


def site() -> Site | None:
    """Return the site that passkeys are for; None where it has no name that a browser accepts for one."""
    region: Administration = current_app.extensions["region"]
    public = region.settings().server.public_url
    address = urlsplit(public or request.host_url)
    domain = address.hostname or ""
    if domain == "localhost":
        return Site(domain, f"{address.scheme}://{address.netloc}")
    if public is None or address.scheme != "https" or is_loopback(domain) or not domain[-1:].isalpha():
        return None
    return Site(domain, f"{address.scheme}://{address.netloc}")


def let_in(person: str, method: str, back: str) -> Response:
    """Begin a session in this browser, under a new id, and go *back*."""
    return set_session(redirect(back, 303), person, method)


def set_session(answer: Response, person: str, method: str) -> Response:
    """Begin a session in this browser, under a new id; nothing of the browser's state before goes on."""
    name = entrance().sessions.begin(person, method, network(), request.cookies.get(COOKIE, ""))
    form_session.clear()
    answer.set_cookie(COOKIE, name, path="/", secure=True, httponly=True, samesite="Lax")
    return answer


def enrolled_secret(*, anew: bool = False) -> str:
    """Return the secret of the authenticator that this browser sets up; the same while it does so."""
    kept = None if anew else entrance().challenges.find(ENROL, browser())
    if kept is not None:
        try:
            return entrance().factors.open(kept["sealed"], browser())
        except NotSealed:
            pass
    secret = new_secret()
    entrance().challenges.put(ENROL, browser(), {"sealed": entrance().factors.seal(secret, browser())})
    return secret
