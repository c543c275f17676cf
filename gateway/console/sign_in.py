"""Signing in: the page where people do so, and the one where they prove again who they are."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from gateway.console.page import PUBLIC, page
from gateway.console.way_back import own_path

blueprint = Blueprint("sign_in", __name__, url_prefix="/console")


@page(blueprint, "/sign-in", PUBLIC)
def begin() -> str:
    """Show the ways to sign in."""
    return render_template("sign_in/begin.html", back=own_path(request.args.get("next")))


@page(blueprint, "/prove", "account.own")
def prove() -> str:
    """Ask whoever is signed in to prove anew who it is."""
    back = own_path(request.args.get("next"))
    return render_template("sign_in/prove.html", back=back, again="again" in request.args)
