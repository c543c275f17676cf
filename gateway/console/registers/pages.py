"""Registers: the consents and restrictions of a district's students, by their entries; no address names anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from gateway.admin.registers.registers import COLUMNS, KeptRegisters
from gateway.admin.second_person import Waiting
from gateway.console.page import actor, page, region
from gateway.console.parts.moments import moment
from gateway.console.registers.forms import (
    ConsentForm,
    EndingForm,
    ImportForm,
    RestrictionForm,
    StudentForm,
    blame,
    message_of,
)
from gateway.console.registers.importing import MOST_BYTES, headings, imported
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.wording import later, say, translated
from gateway.registers.entries import Consent, Restriction
from gateway.registers.events import CONSENTS, RESTRICTIONS
from gateway.registers.stating import WrongPart
from standards.errors import CallerError, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.admin.registers.importing import ImportOutcome
    from gateway.registers.events import RegisterEntry

blueprint = Blueprint("registers", __name__, url_prefix="/console/registers")

TITLES: Final = {CONSENTS: later("Consents"), RESTRICTIONS: later("Restrictions")}
KINDS: Final = {
    "directory": later("no directory information"),
    "acp": later("protected address"),
    "court-order": later("court order"),
    "parent-objection": later("objection of a parent"),
    "do-not-transfer-discipline": later("no discipline to other districts"),
}
HOLDS: Final = State("ok", later("holds"))
COMING: Final = State("wait", later("not begun"))
ENDED: Final = State("off", later("ended"))


@page(blueprint, "", "register.read")
def overview() -> Any:
    """Show the districts whose registers somebody keeps; of one district alone, its consents."""
    districts = _service().districts(actor())
    if len(districts) == 1:
        return redirect(url_for("registers.listed", district=districts[0], register=CONSENTS))
    return render_template("registers/overview.html", districts=districts)


@page(blueprint, "/<district>/<any(consents, restrictions):register>", "register.read")
def listed(district: str, register: str) -> Any:
    """List the entries of a register."""
    every = request.args.get("ended") == "1"
    found = _service().entries(actor(), district, register)
    sheet = _sheet(district, register, [one for one in found if every or one.ended is None])
    return csv_of(sheet) or render_template(
        "registers/listed.html", district=district, register=register, titles=TITLES, table=sheet.shown(), every=every,
        form=StudentForm(), of_student=False, doubtful=0,
    )  # fmt: skip


@page(blueprint, "/<district>/<any(consents, restrictions):register>/of-student", "register.read", "POST")
def of_student(district: str, register: str) -> Any:
    """List the entries of one student, who is named in the form alone."""
    form = StudentForm()
    found: Sequence[RegisterEntry] = ()
    doubtful = 0
    if form.validate_on_submit():
        try:
            there = _service().of_student(actor(), district, register, form.student())
            found, doubtful = (*there.own, *there.doubtful), len(there.doubtful)
        except WrongPart as wrong:
            blame(form, wrong)
        except SourceError:
            form.form_errors = [say("The district's system cannot be asked now.")]
    sheet = _sheet(district, register, found)
    return csv_of(sheet) or render_template(
        "registers/listed.html", district=district, register=register, titles=TITLES, table=sheet.shown(), every=True,
        form=form, of_student=not form.errors, doubtful=doubtful,
    )  # fmt: skip


@page(blueprint, "/<district>/<any(consents, restrictions):register>/entries/<name>", "register.read")
def entry(district: str, register: str, name: str) -> Any:
    """Show one entry: what it states, and its history."""
    found = _service().entry(actor(), district, register, name)
    return render_template(
        "registers/entry.html", district=district, register=register, titles=TITLES, entry=found, facts=_facts(found)
    )


@page(
    blueprint, "/<district>/<any(consents, restrictions):register>/entries/<name>/end", "register.write", "GET", "POST"
)
def end(district: str, register: str, name: str) -> Any:
    """Withdraw a consent or lift a restriction, after a page that says what that does."""
    found, form = _service().entry(actor(), district, register, name), EndingForm()
    back = url_for("registers.entry", district=district, register=register, name=name)
    if form.validate_on_submit():
        try:
            _tell(_service().end(actor(), district, register, name, form.reason.data), say("The entry has ended."))
            return redirect(back, 303)
        except CallerError as error:
            form.form_errors = [translated(error.message) or error.message]
    consent = isinstance(found.states, Consent)
    happens = [
        say("It counts no more within a second, on the next page of whoever is reading, too.")
        if consent
        else say("From the next second on, what it held back leaves again under the agreements that release it.")
    ]
    lost = (
        [say("What recipients have been sent already is with them: a task asks them to destroy it.")] if consent else []
    )
    title = say("Withdraw this consent") if consent else say("Lift this restriction")
    return render_template(
        "confirm.html", title=title, happens=happens, lost=lost, form=form, button=title, back_to=back
    )


@page(blueprint, "/<district>/consents/new", "register.write", "GET", "POST")
def new_consent(district: str) -> Any:
    """Enter a consent."""
    form = ConsentForm()
    form.offer(_service().terms(actor(), district))
    if form.validate_on_submit():
        try:
            written = _service().add_consent(
                actor(), district, form.student(), form.given(), form.form_text(), form.reason.data or "",
                anyway=form.anyway.data,
            )  # fmt: skip
            return _written(written, district, CONSENTS)
        except WrongPart as wrong:
            blame(form, wrong)
        except (CallerError, SourceError) as error:
            form.form_errors = [message_of(error)]
    return render_template("registers/new.html", district=district, register=CONSENTS, titles=TITLES, form=form)


@page(blueprint, "/<district>/restrictions/new", "register.write", "GET", "POST")
def new_restriction(district: str) -> Any:
    """Enter a restriction."""
    form = RestrictionForm()
    form.offer(KINDS)
    _service().entries(actor(), district, RESTRICTIONS)
    if form.validate_on_submit():
        try:
            written = _service().add_restriction(
                actor(), district, form.student(), form.given(), (form.contact.data or "").strip(),
                form.reason.data or "", anyway=form.anyway.data, without_substitute=form.without.data,
            )  # fmt: skip
            if form.kind.data == "acp" and not form.street.data:
                flash(say("Recipients get nothing of the address: there is no substitute."), "warn")
            return _written(written, district, RESTRICTIONS)
        except WrongPart as wrong:
            blame(form, wrong)
        except (CallerError, SourceError) as error:
            form.form_errors = [message_of(error)]
    return render_template("registers/new.html", district=district, register=RESTRICTIONS, titles=TITLES, form=form)


@page(
    blueprint, "/<district>/<any(consents, restrictions):register>/import", "register.write", "GET", "POST",
    most_bytes=MOST_BYTES,
)  # fmt: skip
def bring(district: str, register: str) -> Any:
    """Import a file of entries: first what it would do, then, sent once more, doing it."""
    form = ImportForm()
    _service().entries(actor(), district, register)
    form.offer(register, _service().terms(actor(), district))

    def run(name: str, data: bytes) -> ImportOutcome:
        return _service().run_import(
            actor(), district, register, name, data, form.rest(), form.reason.data or "", dry=form.dry.data,
            anyway=form.anyway.data, without_substitute=bool(getattr(form, "without", None) and form.without.data),
        )  # fmt: skip

    back, empty = (
        url_for(f"registers.{place}", district=district, register=register) for place in ("listed", "template")
    )
    return imported(form, run, title=str(TITLES[register]), back=back, template=empty)


@page(blueprint, "/<district>/<any(consents, restrictions):register>/template.csv", "register.read")
def template(district: str, register: str) -> Response:
    """Send an empty file with the headings that an import understands."""
    _service().entries(actor(), district, register)
    return headings(register, COLUMNS[register])


def _service() -> KeptRegisters:
    return region(KeptRegisters)


def _written(written: object, district: str, register: str) -> Any:
    """Go to the list of entries and tell what was written."""
    _tell(written, say("The entry is written down, and holds within a second of its first day."))
    return redirect(url_for("registers.listed", district=district, register=register), 303)


def _tell(written: object, done: str) -> None:
    if not isinstance(written, Waiting):
        flash(done, "ok")
    elif written.shortage is None:
        flash(say("This now waits for a second person, who has a task."), "warn")
    else:
        flash(say("This waits for a second person, and nobody else here has the role: invite somebody."), "warn")


def _sheet(district: str, register: str, found: Sequence[RegisterEntry]) -> Sheet[RegisterEntry]:
    def link(one: RegisterEntry) -> str:
        return url_for("registers.entry", district=district, register=register, name=one.entry)

    columns: list[TableColumn[RegisterEntry]] = [
        TableColumn(later("Entry"), lambda one: one.entry, "code", link),
        TableColumn(later("State"), state_of, "state"),
    ]
    if register == CONSENTS:
        columns += [
            TableColumn(later("Agreement"), lambda one: getattr(one.states, "agreement", "")),
            TableColumn(later("Form"), lambda one: getattr(one.states, "form", "")),
            TableColumn(later("Signed"), lambda one: getattr(one.states, "signed", None), "time"),
        ]
    else:
        columns += [
            TableColumn(later("Kind"), lambda one: KINDS.get(getattr(one.states, "kind", ""), "")),
            TableColumn(later("For"), lambda one: getattr(one.states, "recipients", ()) or say("every recipient")),
        ]
    columns += [
        TableColumn(later("From"), lambda one: one.states.begin, "time"),
        TableColumn(later("Until"), lambda one: one.states.until, "time"),
        TableColumn(later("Entered"), lambda one: one.made, "time"),
    ]
    return Sheet(register, f"{TITLES[register]}: {district}", columns, found, say("There is no entry."))


def state_of(one: RegisterEntry) -> State:
    """Return whether an entry holds today."""
    today = region().clock().date()
    if one.ended is not None or (one.states.until is not None and one.states.until < today):
        return ENDED
    return COMING if one.states.begin > today else HOLDS


def _facts(one: RegisterEntry) -> list[tuple[str, Any]]:
    said = one.states
    facts: list[tuple[str, Any]] = [(say("State"), state_of(one))]
    if isinstance(said, Consent):
        facts += [
            (say("Agreement"), said.agreement),
            (say("Form"), said.form),
            (say("Hash of the form's text"), said.form_hash),
            (say("Signed"), said.signed.isoformat()),
            (say("Covers"), ", ".join(sorted(said.elements))),
        ]
    elif isinstance(said, Restriction):
        facts += [
            (say("Kind"), KINDS[said.kind]),
            (say("For"), ", ".join(said.recipients) or say("every recipient")),
            (say("Elements"), ", ".join(said.elements)),
            (say("Substitute address"), _substitute(said)),
        ]
    facts += [
        (say("From"), said.begin.isoformat()),
        (say("Until"), said.until.isoformat() if said.until else None),
        (say("Entered"), moment(one.made)),
        (say("By"), one.actor),
        (say("Reason"), one.reason),
    ]
    return facts


def _substitute(said: Restriction) -> str:
    if said.substitute:
        return say("there is one, sealed")
    return say("none: recipients get nothing of the address") if said.kind == "acp" else say("none")
