"""Pages: each route of the console names the action it is for, and is given the actor who asks."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from flask import g, redirect, request, url_for

from gateway.people.actor import NotPermitted
from policies.roles import action as known_action

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint
    from werkzeug.wrappers import Response

    from gateway.people.actor import Actor

    View = Callable[..., Any]

PUBLIC: Final = "public"
"""What a route names that anybody may ask: signing in, and following a one-time link."""


def page(blueprint: Blueprint, rule: str, action: str, *methods: str) -> Callable[[View], View]:
    """Route *rule* to a view that is for one *action*; GET, unless *methods* are named.

    Nobody comes in without a session, nor without any role for the action: what the role reaches is the service's to
    decide. The name of the action stays on the view, where a test looks for it.
    """
    if action != PUBLIC:
        known_action(action)

    def add(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            if action != PUBLIC:
                if g.session is None:
                    return sign_in_first()
                if not g.session.actor.orgs(action):
                    message = f"You have no role that may do this: {known_action(action).about}."
                    raise NotPermitted(message)
            return view(**arguments)

        guarded.action = action  # type: ignore[attr-defined]
        blueprint.add_url_rule(rule, view.__name__, guarded, methods=methods or ("GET",))
        return view

    return add


def actor() -> Actor:
    """Return who is signed in."""
    signed_in: Actor = g.session.actor
    return signed_in


def sign_in_first() -> Response:
    """Send the browser to sign in; it comes back to this page where that is read, not written."""
    back = request.path if request.method == "GET" else None
    return redirect(url_for("sign_in.begin", next=back))
