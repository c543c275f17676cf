"""The frame of every page: where one can go, in which language, who is signed in, and the files that pages load."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import flask_bootstrap
from flask import Blueprint, abort, current_app, g, redirect, request, send_from_directory, url_for

from gateway.admin.organisations import Organisations
from gateway.console.page import PUBLIC, page
from gateway.console.way_back import own_path
from gateway.console.wording import COOKIE, language, later, say
from gateway.people.actor import REGION
from gateway.translations.catalogues import LANGUAGES
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from gateway.console.wording import Later
    from gateway.people.actor import Actor

blueprint = Blueprint("frame", __name__, url_prefix="/console")

YEAR_SECONDS: Final = 365 * 24 * 3600
BOOTSTRAP: Final = "css/bootstrap.min.css"
NAMES: Final = {"en": "English", "es": "Español"}
"""The languages, each in itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the navigation: a page, and the action that it is for."""

    title: Later
    endpoint: str
    action: str


NAVIGATION: Final = (
    Entry(later("Inbox"), "inbox.overview", "task.read"),
    Entry(later("Districts"), "districts.overview", "district.read"),
    Entry(later("Clients"), "clients.overview", "client.read"),
    Entry(later("Agreements"), "agreements.overview", "agreement.read"),
    Entry(later("Transfers"), "transfers.overview", "transfer.follow"),
    Entry(later("Registers"), "registers.overview", "register.read"),
    Entry(later("Assignments"), "assignments.overview", "assignment.read"),
    Entry(later("Disclosures"), "desk.overview", "disclosure.read"),
    Entry(later("Activity"), "desk.acts", "event.read"),
    Entry(later("Why refused"), "why.overview", "why.custodian"),
    Entry(later("My organisation"), "vendor.overview", "why.recipient"),
    Entry(later("People"), "people.overview", "person.read"),
    Entry(later("Settings"), "settings.overview", "settings.read"),
    Entry(later("Second confirmations"), "proposals.overview", "task.read"),
    Entry(later("Region"), "health.overview", "region.health"),
    Entry(later("My account"), "account.overview", "account.own"),
)
"""The first page of each domain; one that is not there yet is not shown."""


def around() -> dict[str, Any]:
    """Return what the frame shows around a page: navigation, language, who is signed in."""
    session = g.get("session")
    places = () if session is None else tuple(one for one in NAVIGATION if _open(one))
    return {
        "asset": asset,
        "frame_here": here(),
        "frame_languages": NAMES,
        "languages": NAMES,
        "language": language(),
        "frame_places": places,
        "frame_current": _current(places),
        "frame_orgs": () if session is None else _own_orgs(session.actor),
        "session_of": session,
        "frame_sign_out": "sign_in.end" if "sign_in.end" in current_app.view_functions else None,
    }


def _own_orgs(actor: Actor) -> list[str]:
    """Return the titles of the organisations of whoever is signed in; where they cannot be read, their names."""
    names = {one.org for one in actor.memberships}
    try:
        titles = Organisations(current_app.extensions["region"]).titles(names)
    except StoreUnavailable:
        titles = {name: name for name in names}
    return sorted(say("Region") if name == REGION else title for name, title in titles.items())


def _current(places: tuple[Entry, ...]) -> Entry | None:
    """Return the entry that this page belongs to: the one whose address begins its own, the longest of several."""
    found = [(url_for(one.endpoint), one) for one in places]
    mine = [each for each in found if request.path == each[0] or request.path.startswith(f"{each[0]}/")]
    inner = [each for each in mine if each[0] != "/console" or request.path == "/console"]
    tasks = [each for each in mine if request.path.startswith("/console/tasks")]
    return max(inner or tasks, key=lambda each: len(each[0]), default=(None, None))[1]


def _open(entry: Entry) -> bool:
    return entry.endpoint in current_app.view_functions and bool(g.session.actor.orgs(entry.action))


def here() -> str:
    """Return this page's own address, where it can be read; of a page that only answers a form, the inbox."""
    if request.method in {"GET", "HEAD"}:
        return own_path(request.full_path)
    return own_path(request.path if current_app.url_map.bind("").test(request.path, "GET") else None)


@page(blueprint, "/language", PUBLIC, "POST")
def choose_language() -> Response:
    """Remember the language that somebody chose in this browser."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        abort(400)
    answer = redirect(own_path(request.form.get("back")), 303)
    answer.set_cookie(COOKIE, chosen, max_age=YEAR_SECONDS, path="/", secure=True, httponly=True, samesite="Lax")
    return answer


@page(blueprint, "/static/bootstrap/<digest>/bootstrap.min.css", PUBLIC)
def bootstrap(digest: str) -> FlaskResponse:
    """Send Bootstrap's style sheet out of its package."""
    if digest != _digest(_bootstrap() / BOOTSTRAP):
        abort(404)
    answer = send_from_directory(_bootstrap(), BOOTSTRAP, max_age=YEAR_SECONDS)
    answer.cache_control.public = True
    answer.cache_control.immutable = True
    return answer


def asset(name: str) -> str:
    """Return the address of a file that pages load; it changes with the file, so that browsers may keep it."""
    if name == "bootstrap.css":
        return url_for("frame.bootstrap", digest=_digest(_bootstrap() / BOOTSTRAP))
    return url_for("static", filename=name, v=_digest(_own() / name))


def _bootstrap() -> Path:
    return Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"


def _own() -> Path:
    return Path(str(files("gateway.console"))) / "static"


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
