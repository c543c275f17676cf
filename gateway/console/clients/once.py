"""The page behind a one-time link: no secret before its button is pressed, so that a scanner of mail gets none."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request

from gateway.admin.clients.links import LinkGone
from gateway.admin.clients.secrets import ClientSecrets
from gateway.console.forms import ConsoleForm
from gateway.console.page import PUBLIC, page
from gateway.telemetry import about

blueprint = Blueprint("once", __name__, url_prefix="/once")
"""Its form brings its own token: the browser sends no Referer from here, which the check of all forms would ask for."""

GONE = 410


class ButtonForm(ConsoleForm):
    """A button, with the form's token."""


@page(blueprint, "/<token>", PUBLIC, "GET", "POST")
def follow(token: str) -> Any:
    """Show the button; when it is pressed, make the secret and show it this once."""
    form, service = ButtonForm(), ClientSecrets(current_app.extensions["region"])
    try:
        if request.method == "POST" and form.validate():
            made = service.fetch(token)
            about(client=made.client.client.client_id)
            return _kept(render_template("once/secret.html", client=made.client.client, secret=made.secret), 200)
        service.check_link(token)
    except LinkGone as gone:
        about(code=gone.code)
        return _kept(render_template("once/gone.html"), GONE)
    return _kept(render_template("once/button.html", form=form), 400 if form.errors else 200)


def _kept(text: str, status: int) -> Response:
    """Return a page whose address goes nowhere from here."""
    answer = make_response(text, status)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
