"""The editor of a draft: one page for each part, the elements as a tree, the whole text, and the check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import abort, flash, redirect, render_template, request

from gateway.admin.agreements.effect import EffectOfAgreements
from gateway.admin.agreements.form import MEMBERS, read_part
from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.agreements.transfer_part import is_of_transfer
from gateway.admin.agreements.writing import CLOSED, READ_ONLY, DraftWriting
from gateway.console.agreements import elements
from gateway.console.agreements.clients import client_lines
from gateway.console.agreements.district_keys import key_lines
from gateway.console.agreements.forms import AgreementTextForm, SavedForm, part_form, part_values
from gateway.console.agreements.views import address, blueprint, region
from gateway.console.forms import sent
from gateway.console.page import actor, page
from gateway.console.wording import language, later, say
from standards.errors import CallerError

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from gateway.admin.agreements.reading import KnownVersion

TITLES: Final = {
    "parties": later("Parties and purpose"),
    "who": later("Students"),
    "what": later("Facts"),
    "transfer": later("Transfer of records"),
    "duties": later("Duties"),
    "text": later("Text"),
    "check": later("Check"),
}
COVERED: Final = {
    "all": later("all records have it"),
    "nearly all": later("nearly all records have it"),
    "some": later("some records have it"),
    "few": later("few records have it"),
    "none": later("no record has it"),
}
"""How many records of the district's last load have a fact, where no number is told."""

CHOICE: Final = "a."
"""What the name of a control begins with that chooses what is sent of a fact."""


def _draft(name: str, version: int) -> KnownVersion:
    """Return a version whose text may be changed here."""
    one = KnownAgreements(region()).find(actor(), name, version)
    if not one.open:
        raise CallerError(CLOSED if one.written else READ_ONLY)
    return one


def _tabs(one: KnownVersion) -> list[tuple[str, str]]:
    """Return the pages of the editor; that about transfers only where the agreement is about them."""
    shown = TITLES.keys() - (set() if is_of_transfer(one.text) else {"transfer"})
    return [page for part, page in _pages(one).items() if part in shown]


def _pages(one: KnownVersion) -> dict[str, tuple[str, str]]:
    """Return the title and the address of the page of each part."""
    pages = {"what": "facts", "text": "text", "check": "check"}
    return {
        part: (str(title), address(one, pages[part]) if part in pages else address(one, "part", part=part))
        for part, title in TITLES.items()
    }


@page(blueprint, "/<name>/<int:version>/edit/<part>", "agreement.draft", "GET", "POST")
def part(name: str, version: int, part: str) -> Any:
    """Fill in one part of the form."""
    if part not in MEMBERS:
        abort(404)
    one = _draft(name, version)
    form = part_form(part, read_part(one.text, part), one.number)

    def do() -> Response:
        DraftWriting(region()).save_part(actor(), name, version, part, part_values(part, form), form.expected)
        return _saved(one, "part", part=part)

    clients = client_lines(one) if part == "parties" else []
    keys = key_lines(one) if part == "transfer" else []
    return sent(
        form, "agreements/part.html", do, one=one, title=TITLES[part], tabs=_tabs(one), clients=clients, keys=keys
    )


@page(blueprint, "/<name>/<int:version>/facts", "agreement.draft")
def facts(name: str, version: int) -> Any:
    """Show the kinds of records with their facts, or the facts that a search finds."""
    one = _draft(name, version)
    entity, search = request.args.get("entity", ""), request.args.get("q", "")[:100]
    found = elements.facts(one.text, language(), entity, search) if entity or search else ()
    coverage = EffectOfAgreements(region()).coverage(actor(), one.district, [fact.name for fact in found])
    said = None if coverage is None else {name: _covered(share) for name, share in coverage.items()}
    return render_template(
        "agreements/facts.html", one=one, coverage=said, tabs=_tabs(one), entity=entity, search=search, found=found,
        form=SavedForm(formdata=None, data={"number": one.number}), entities=elements.entities(one.text, language()),
    )  # fmt: skip


@page(blueprint, "/<name>/<int:version>/facts", "agreement.draft", "POST")
def choose(name: str, version: int) -> Response:
    """Save what is sent of the facts of one page."""
    one, form = _draft(name, version), SavedForm()
    chosen = {name.removeprefix(CHOICE): action for name, action in request.form.items() if name.startswith(CHOICE)}
    if not all(elements.known_action(path, action) for path, action in chosen.items()):
        abort(400)
    DraftWriting(region()).save_actions(actor(), name, version, chosen, form.expected)
    kept = {key: request.form[key] for key in ("entity", "q") if request.form.get(key)}
    return _saved(one, "facts", **kept)


@page(blueprint, "/<name>/<int:version>/text", "agreement.draft", "GET", "POST")
def text(name: str, version: int) -> Any:
    """Show and change the whole text."""
    one = _draft(name, version)
    form = AgreementTextForm(data={"number": one.number, "text": one.text})

    def do() -> Response:
        written = (form.text.data or "").replace("\r\n", "\n")
        DraftWriting(region()).save(actor(), name, version, written, form.expected)
        return _saved(one, "check")

    return sent(form, "agreements/part.html", do, one=one, title=TITLES["text"], tabs=_tabs(one))


@page(blueprint, "/<name>/<int:version>/check", "agreement.draft")
def check(name: str, version: int) -> str:
    """Show every mistake with its line and the part in which it is mended, and every warning."""
    one = _draft(name, version)
    found = DraftWriting(region()).check(actor(), name, version)
    return render_template("agreements/check.html", one=one, tabs=_tabs(one), found=found, pages=_pages(one))


def _covered(share: str | None) -> str:
    """Say which share of the records of the last load has a fact."""
    if share is None:
        return say("coverage not reported: the last load did not read it")
    if share in COVERED:
        return str(COVERED[share])
    return say("%(share)s of the records have it") % {"share": share}


def _saved(one: KnownVersion, endpoint: str, **more: str) -> Response:
    flash(say("Saved."), "ok")
    return redirect(address(one, endpoint, **more), 303)
