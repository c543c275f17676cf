"""Deciding on versions of agreements: approval, publication, withdrawal, signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, g, redirect, request

from gateway.admin.agreements.publishing import Publishing
from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.agreements.signatories import Signatories
from gateway.admin.agreements.signing import Signing
from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.second_person import Waiting
from gateway.console.agreements.clients import client_lines
from gateway.console.agreements.forms import ContinueForm, ReasonedForm, SignForm
from gateway.console.agreements.views import address, blueprint, region, version_page
from gateway.console.forms import choices, sent
from gateway.console.page import actor, page
from gateway.console.wording import language, say, translated
from gateway.documents.kinds import FORMATS, document
from standards.errors import InvalidBody

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from gateway.admin.agreements.reading import KnownVersion


@page(blueprint, "/<name>/<int:version>/ask", "agreement.draft", "POST")
def ask(name: str, version: int) -> AnyResponse:
    """Ask both parties for their approval."""
    form = ReasonedForm()
    one = DraftWriting(region()).ask(actor(), name, version, form.expected)
    flash(say("Both parties are asked to sign."), "ok")
    return redirect(address(one), 303)


@page(blueprint, "/<name>/<int:version>/refuse", "agreement.draft", "GET", "POST")
def refuse(name: str, version: int) -> Any:
    """Refuse a version that waits for approval, with the reason."""
    one = KnownAgreements(region()).find(actor(), name, version)
    form = ReasonedForm(data={"number": one.number})

    def do() -> AnyResponse:
        DraftWriting(region()).refuse(actor(), name, version, form.reason.data or "", form.expected)
        flash(say("Refused: it is a draft again."), "ok")
        return redirect(address(one), 303)

    happens = [say("The version becomes a draft again, and whoever wrote it reads your reason in the record.")]
    return sent(
        form, "confirm.html", do, title=say("Refuse this version"), happens=happens, lost=[],
        button=say("Refuse"), back_to=address(one),
    )  # fmt: skip


@page(blueprint, "/<name>/<int:version>/publish", "agreement.publish", "GET", "POST", fresh=True)
def publish(name: str, version: int) -> Any:
    """Let a version take effect."""
    one = KnownAgreements(region()).find(actor(), name, version)
    form = ReasonedForm(data={"number": one.number})
    happens = [
        say("From its first day on it decides what leaves the district, in place of the version before."),
        say("Its text can never be changed again: a change needs a new version."),
        *client_lines(one),
    ]
    if one.waiting_for:
        missing = {"parties": ", ".join(one.waiting_for)}
        happens.append(
            say("It releases nothing that is new until these have signed: %(parties)s.") % missing
            if region().settings().must_be_signed
            else say("It releases data although these have not signed: %(parties)s.") % missing
        )

    def do() -> AnyResponse:
        done = Publishing(region()).publish(actor(), name, version, form.expected, form.reason.data or "")
        return _told(one, done, say("It is published and served."))

    return sent(
        form, "confirm.html", do, title=say("Publish %(name)s") % {"name": one.name}, happens=happens, lost=[],
        button=say("Publish"), back_to=address(one), nobody=Signatories(region()).missing(actor(), one),
    )  # fmt: skip


@page(blueprint, "/<name>/<int:version>/withdraw", "agreement.publish", "GET", "POST", fresh=True)
def withdraw(name: str, version: int) -> Any:
    """Withdraw a published version."""
    one = KnownAgreements(region()).find(actor(), name, version)
    form = ReasonedForm(data={"number": one.number})

    def do() -> AnyResponse:
        done = Publishing(region()).withdraw(actor(), name, version, form.expected, form.reason.data or "")
        return _told(one, done, say("It is withdrawn and releases nothing."))

    happens = [say("From the next request on it releases nothing, also where a walk over many pages has begun.")]
    lost = [say("The versions before it do not come back: write a new one where one of them is meant.")]
    return sent(
        form, "confirm.html", do, title=say("Withdraw %(name)s") % {"name": one.name}, happens=happens, lost=lost,
        button=say("Withdraw"), back_to=address(one),
    )  # fmt: skip


@page(blueprint, "/<name>/<int:version>/continue", "agreement.draft", "POST")
def continue_(name: str, version: int) -> Any:
    """Begin the next version with the text of this one."""
    form = ContinueForm()
    try:
        following = DraftWriting(region()).continue_(actor(), name, version, form.end.data or "")
    except InvalidBody as refusal:
        form.end.errors = [translated(refusal.message) or refusal.message]
        return version_page(name, version, form), refusal.status
    return redirect(address(following), 303)


@page(blueprint, "/<name>/<int:version>/sign", "agreement.sign", "GET", "POST", fresh=True)
def sign(name: str, version: int) -> Any:
    """Show the whole text that is signed, and sign it for one party."""
    asked = Signing(region()).to_sign(actor(), name, version)
    alone = {"party": asked.parties[0]} if len(asked.parties) == 1 else {}
    form = SignForm(data={"shown": asked.digest, **alone})
    form.party.choices = choices([(party, party) for party in asked.parties])

    def do() -> AnyResponse:
        party, shown = form.party.data, form.shown.data or ""
        done = Signing(region()).sign(actor(), name, version, party, shown, g.session.method)
        return _told(asked.version, done, say("You have signed."))

    printed = FORMATS["text"](document(asked.agreement, "agreement", language())).decode()
    return sent(
        form,
        "agreements/sign.html",
        do,
        one=asked.version,
        asked=asked,
        printed=printed,
        clients=client_lines(asked.version),
    )


@page(blueprint, "/<name>/<int:version>/take-back", "agreement.sign", "GET", "POST", fresh=True)
def take_back(name: str, version: int) -> Any:
    """Take an approval of one's party back."""
    one = KnownAgreements(region()).find(actor(), name, version)
    party = request.args.get("party", "")
    form = ReasonedForm(data={"number": one.number})

    def do() -> AnyResponse:
        done = Signing(region()).take_back(actor(), name, version, party, form.reason.data or "")
        return _told(one, done, say("The approval is taken back."))

    happens = [say("Where signatures are required, the version and all before it release nothing within a second.")]
    return sent(
        form, "confirm.html", do, title=say("Take back the approval of %(party)s") % {"party": party},
        happens=happens, lost=[], button=say("Take back"), back_to=address(one),
    )  # fmt: skip


def _told(one: KnownVersion, done: Any, said: str) -> AnyResponse:
    """Say what came of an act: done, done and not served, or waiting for a second person."""
    if isinstance(done, Waiting):
        flash(say("A second person of your organisation must confirm it."), "warn")
    elif done.effect.waits:
        flash(say("It is on record, and takes effect as soon as the district's system has been read for it."), "warn")
    elif done.effect.served is False:
        flash(say("It is on record, but the gateway cannot serve it now; its operator sees why."), "warn")
    else:
        flash(said, "ok")
    return redirect(address(one), 303)
