"""Pages: each route of the console names the action it is for, and is given the actor who asks."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, url_for

from gateway.console.way_back import own_path
from gateway.people.actor import NotPermitted
from gateway.translations.phrases import Phrase
from policies.roles import action as known_action

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Blueprint
    from werkzeug.wrappers import Response

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor

    View = Callable[..., Any]

Service = TypeVar("Service")

PUBLIC: Final = "public"
"""What a route names that anybody may ask: signing in, and following a one-time link."""


FRESH: Final = timedelta(minutes=10)
"""For so long after somebody proved who it is, that counts for acts that are dangerous."""


def page(
    blueprint: Blueprint, rule: str, action: str, *methods: str, fresh: bool = False, most_bytes: int | str = 0
) -> Callable[[View], View]:
    """Route *rule* to a view that is for one *action*; GET, unless *methods* are named.

    Nobody comes in without a session, nor without any role for the action: what the role reaches is the service's to
    decide. A *fresh* one asks whoever has not proved lately who it is to do so first. One that takes a file says how
    many bytes (*most_bytes*) it may have, or which setting of the application does. The name of the action stays on
    the view, where a test looks for it.
    """
    if action != PUBLIC:
        known_action(action)

    def add(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            if request.method == "HEAD":
                request.method = "GET"  # it has no token of a form, so it must not be taken for what is not GET
            if action != PUBLIC:
                if g.session is None:
                    return sign_in_first()
                if not g.session.actor.orgs(action):
                    message = Phrase(
                        "You have no role that may do this: %(action)s.", action=Phrase(known_action(action).about)
                    )
                    raise NotPermitted(message)
                if fresh and not proved_lately():
                    return prove_first()
            return view(**arguments)

        guarded.action, guarded.fresh, guarded.most_bytes = action, fresh, most_bytes  # type: ignore[attr-defined]
        blueprint.add_url_rule(rule, view.__name__, guarded, methods=methods or ("GET",))
        return view

    return add


def actor() -> Actor:
    """Return who is signed in."""
    signed_in: Actor = g.session.actor
    return signed_in


@overload
def region() -> Administration: ...


@overload
def region(service: Callable[[Administration], Service]) -> Service: ...


def region(service: Any = None) -> Any:
    """Return the region, or the one object of a *service* of it, which is made once for the console."""
    known = current_app.extensions
    if service is None:
        return known["region"]
    name = f"service {service.__name__}"
    if name not in known:
        known[name] = service(known["region"])
    return known[name]


def sign_in_first() -> Response:
    """Send the browser to sign in; it comes back to this page where that is read, not written."""
    back = request.path if request.method == "GET" else None
    return redirect(url_for("sign_in.begin", next=back))


def proved_lately() -> bool:
    """Tell whether the person of this session has proved lately who it is."""
    now: datetime = current_app.extensions["region"].clock()
    proved: datetime = g.session.proved
    return now - proved <= FRESH


def prove_first() -> Response:
    """Send the browser to prove who it is; it comes back to this page, or to the page of the form that it sent."""
    asked = request.full_path if request.method == "GET" else _form_page()
    return redirect(url_for("sign_in.prove", next=own_path(asked), again=request.method != "GET" or None))


def _form_page() -> str:
    """Return the page whose form was sent, as far as the browser tells."""
    came = urlsplit(request.referrer or "")
    return f"{came.path}?{came.query}" if came.netloc == request.host else ""
