"""Attaching: documents and a note that go along with a record, before it is decided what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response as Answer
from flask import flash, redirect, render_template, url_for

from gateway.admin.transfers.office import DECIDE
from gateway.console.join import own_ids
from gateway.console.page import page
from gateway.console.parts.names import transfer_number
from gateway.console.transfers.forms import DocumentForm, KeyedForm, NoteForm
from gateway.console.transfers.office import blueprint, custody, district_name, done, new_key, once
from gateway.console.wording import say, translated
from gateway.transfers.attachments.pdf import MAX_DOCUMENT_BYTES
from gateway.transfers.machine.words import EventKind, RecordSection
from standards.errors import BodyTooLarge, InvalidBody

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response
    from wtforms import Field

    from gateway.console.forms import ConsoleForm

MOST_BYTES: Final = MAX_DOCUMENT_BYTES + 65_536
MOST_MEBIBYTES: Final = MAX_DOCUMENT_BYTES >> 20


@page(blueprint, "/<district>/inbox/<transfer>/attachments", DECIDE, fresh=True)
def attachments(district: str, transfer: str) -> Any:
    """Show what goes along with a record, and the forms by which something is added."""
    return _page(district, transfer, DocumentForm(formdata=None), NoteForm(formdata=None))


@page(blueprint, "/<district>/inbox/<transfer>/documents", DECIDE, "POST", fresh=True, most_bytes=MOST_BYTES)
def attach(district: str, transfer: str) -> Any:
    """Add a PDF document."""
    form = DocumentForm()
    sent = form.file.data
    content = sent.read() if sent is not None and hasattr(sent, "read") else b""

    def do() -> Response:
        found = custody(district).attach_document(transfer, content, form.expected, form.key.data or "")
        return done(found, say("The document is attached, and leaves if you release the documents."), place)

    place = _place(district, transfer)
    return _tried(form, form.file, do, place, lambda: _page(district, transfer, form, NoteForm(formdata=None)))


@page(blueprint, "/<district>/inbox/<transfer>/note", DECIDE, "POST", fresh=True)
def note(district: str, transfer: str) -> Any:
    """Write the note to the registrar of the receiving district."""
    form, place = NoteForm(), _place(district, transfer)

    def do() -> Response:
        text = (form.text.data or "").strip()
        found = custody(district).write_note(transfer, text, form.expected, form.key.data or "")
        kept = say("The note is kept, and leaves if you release the notes for the registrar.")
        return done(found, kept if text else say("No note goes along."), place)

    return _tried(form, form.text, do, place, lambda: _page(district, transfer, DocumentForm(formdata=None), form))


@page(blueprint, "/<district>/inbox/<transfer>/attachments/<attachment>/detach", DECIDE, "POST", fresh=True)
def detach(district: str, transfer: str, attachment: str) -> Response:
    """Take something back that was added."""
    form, place = KeyedForm(), _place(district, transfer)

    def do() -> Response:
        found = custody(district).detach(transfer, attachment, form.expected, form.key.data or "")
        return done(found, say("It is taken back, and deleted."), place)

    return once(do, place)


@page(blueprint, "/<district>/inbox/<transfer>/documents/<attachment>", DECIDE, fresh=True)
def document(district: str, transfer: str, attachment: str) -> Answer:
    """Send a document that was attached, to be saved; that somebody looked is on record."""
    content = custody(district).document(transfer, attachment)
    headers = {"Content-Disposition": 'attachment; filename="document.pdf"'}
    return Answer(content, content_type="application/pdf", headers=headers)


def _tried(form: ConsoleForm, field: Field, do: Callable[[], Response], place: str, again: Callable[[], str]) -> Any:
    """Do what a form asks for; where what its *field* holds is refused, say so there."""
    if not form.validate():
        return again(), 400
    try:
        return once(do, place)
    except BodyTooLarge as refusal:
        field.errors = [say("The file is larger than %(mebibytes)s MiB.") % {"mebibytes": MOST_MEBIBYTES}]
        return again(), refusal.status
    except InvalidBody as refusal:
        field.errors = [translated(refusal.message) or refusal.message]
        return again(), refusal.status


def _place(district: str, transfer: str) -> str:
    return url_for("transfers.attachments", district=district, transfer=transfer)


def _page(district: str, transfer: str, adding: DocumentForm, writing: NoteForm) -> Any:
    service = custody(district)
    view = service.look(transfer)
    if EventKind.ATTACH not in view.offered:
        flash(say("Nothing can be added to this record now."), "warn")
        return redirect(url_for("transfers.one", district=district, transfer=transfer), 303)
    for title, form in (("document", adding), ("note", writing)):
        own_ids(form, title)
        form.seen.data = form.seen.data if form.is_submitted() and form.errors else str(view.number)
    documents = [one for one in view.attachments if one.section == RecordSection.DOCUMENTS]
    notes = [one for one in view.attachments if one.section == RecordSection.RESTRICTIONS]
    return render_template(
        "transfers/attachments.html",
        district=district,
        number=transfer_number(view.id),
        name=district_name(district),
        view=view,
        key=new_key(),
        documents=documents,
        note=notes[0] if notes else None,
        adding=adding,
        writing=writing,
        mebibytes=MOST_MEBIBYTES,
    )
