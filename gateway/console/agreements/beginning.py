"""Beginning an agreement: from a template or a schedule of data, or with a whole text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import redirect

from gateway.admin.agreements.writing import DraftWriting, NewDraft
from gateway.admin.clients.clients import Clients
from gateway.admin.organisations import Organisations
from gateway.console.agreements.forms import NewAgreementForm, ReadInForm
from gateway.console.agreements.views import address, blueprint, region
from gateway.console.forms import choices, sent
from gateway.console.page import actor, page
from gateway.console.parts.names import kind_name
from gateway.translations.phrases import Phrase
from standards.errors import CallerError, InvalidBody

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from gateway.admin.organisations import Organisation
    from gateway.storage.registry import Client

MAX_SCHEDULE_BYTES: Final = 400_000
NO_KIND: Final = "Nobody knows this organisation yet: choose its kind."
OTHER_KIND: Final = "This organisation is known, and is of another kind."
OF_ANOTHER: Final = "The client %(client)s is one of another organisation than the recipient."


@page(blueprint, "/new", "agreement.draft", "GET", "POST")
def new() -> Any:
    """Begin a draft from a template, or from a schedule of data."""
    form, settings = NewAgreementForm(), region().settings()
    form.district.choices = choices(
        [(name, name) for name in settings.districts if actor().allows("agreement.draft", name)]
    )
    orgs, clients = _organisations(), _clients()
    form.recipient.offered = tuple((one.name, f"{one.title} ({kind_name(one.kind)})") for one in orgs.values())
    form.known_clients.choices = choices([(name, f"{name} ({one.org})") for name, one in clients.items()])
    return sent(form, "agreements/new.html", lambda: _begun(form, orgs, clients), read_in=ReadInForm(formdata=None))


def _begun(form: NewAgreementForm, orgs: dict[str, Organisation], clients: dict[str, Client]) -> AnyResponse:
    recipient = form.recipient.data.strip()
    chosen = list(form.known_clients.data or ())
    one = DraftWriting(region()).create(
        actor(),
        NewDraft(
            form.district.data, recipient, _kind(form.kind.data, orgs.get(recipient)),
            (form.purpose.data or "").strip(), form.template.data, _schedule(form), form.begin.data or "",
            form.end.data or "", " ".join((form.interest.data or "").split()),
            _named(recipient, chosen, (form.clients.data or "").split(), clients),
        ),
    )  # fmt: skip
    return redirect(address(one), 303)


def _schedule(form: NewAgreementForm) -> str:
    """Return the text of the schedule that is sent; empty where none is."""
    given = form.schedule.data
    raw = given.stream.read(MAX_SCHEDULE_BYTES + 1) if given else b""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CallerError("The file is not UTF-8; save it as CSV UTF-8.") from None


def _kind(chosen: str, known: Organisation | None) -> str:
    """Return the kind of the recipient: that of an organisation that is known, or the one that is chosen."""
    if known is None and not chosen:
        raise InvalidBody(NO_KIND, {"/kind": [NO_KIND]})
    if known is not None and chosen not in {"", known.kind}:
        raise InvalidBody(OTHER_KIND, {"/kind": [OTHER_KIND]})
    return known.kind if known is not None else chosen


def _named(recipient: str, chosen: list[str], typed: list[str], clients: dict[str, Client]) -> tuple[str, ...]:
    """Return the clients that are named, each once; one that is known must be the recipient's."""
    for place, names in (("/known_clients", chosen), ("/clients", typed)):
        for name in names:
            if name in clients and clients[name].org != recipient:
                told = Phrase(OF_ANOTHER, client=name)
                raise InvalidBody(told, {place: [told]})
    return tuple(dict.fromkeys((*chosen, *typed)))


def _organisations() -> dict[str, Organisation]:
    """Return the organisations that whoever is signed in may know of, by name."""
    return {one.name: one for one in Organisations(region()).overview(actor())}


def _clients() -> dict[str, Client]:
    """Return the clients that whoever is signed in may know of and that have not ended, by id."""
    if not actor().orgs("client.read"):
        return {}
    found = [one.client for one in Clients(region()).list(actor()) if one.state != "ended"]
    return {one.client_id: one for one in sorted(found, key=lambda one: (one.org, one.client_id))}


@page(blueprint, "/read-in", "agreement.draft", "GET", "POST")
def read_in() -> Any:
    """Begin a draft with a whole text."""
    form = ReadInForm()
    return sent(
        form,
        "agreements/read_in.html",
        lambda: redirect(address(DraftWriting(region()).read_in(actor(), form.text.data)), 303),
    )
