"""Assignments: which student is assigned to whom of a recipient's people; no address names a student."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from gateway.admin.registers.assignments import READ, WRITE, KeptAssignments
from gateway.console.forms import ConsoleForm, choices
from gateway.console.page import actor, page, region
from gateway.console.parts.moments import moment
from gateway.console.registers.forms import MAX_TEXT, EndingForm, EntryForm, StudentForm, blame, message_of
from gateway.console.registers.importing import MOST_BYTES, headings, imported
from gateway.console.registers.pages import state_of
from gateway.console.tables import Sheet, TableColumn, csv_of
from gateway.console.wording import later, say
from gateway.registers.entries import PROVIDER
from gateway.registers.imports import ASSIGNMENT_COLUMNS
from gateway.registers.stating import WrongPart
from standards.errors import CallerError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.admin.registers.importing import ImportOutcome
    from gateway.registers.events import RegisterEntry
    from gateway.registers.stating import ConsentTerms

blueprint = Blueprint("assignments", __name__, url_prefix="/console/assignments")

SIDES: Final = {True: later("the district"), False: later("the recipient")}
"""Who wrote an assignment down, by whether it is its provider."""


class AssignmentForm(EntryForm):
    """One student assigned to one person."""

    agreement = SelectField(later("Agreement"), [InputRequired()])
    person = StringField(
        later("Address of the person"),
        [InputRequired(), Length(max=254)],
        description=later("By which the person signs in here."),
    )

    def offer(self, terms: Mapping[str, ConsentTerms], *, provides: bool) -> None:
        """Offer the agreements; to a recipient, whose words are compared with nothing, no entry *anyway*."""
        self.agreement.choices = choices([(name, name) for name in sorted(terms)])
        if not provides:
            del self.anyway

    def given(self) -> dict[str, str]:
        """Return the parts of the assignment, by the words of the registers."""
        days = {"from": self.begin.data, "until": self.until.data}
        given = {"agreement": self.agreement.data or "", "person": (self.person.data or "").strip()}
        return given | {name: day.isoformat() for name, day in days.items() if day}


class AssignmentsFileForm(ConsoleForm):
    """A file of assignments."""

    file = FileField(
        later("CSV file"), [FileRequired()], description=later("UTF-8, with the headings of the template.")
    )
    agreement = SelectField(later("Agreement of lines that name none"), [Optional()])
    person = StringField(later("Address of the person, of lines that name none"), [Optional(), Length(max=254)])
    reason = StringField(later("Reason"), [Optional(), Length(max=MAX_TEXT)])
    anyway = BooleanField(later("Enter lines though nobody, or several students, match: a task says so"))
    dry = BooleanField(later("Only try it: say what it would do, and write nothing"), default=True)

    def offer(self, terms: Mapping[str, ConsentTerms], *, provides: bool) -> None:
        """Offer what the lines may leave out."""
        self.agreement.choices = choices([("", "–"), *((name, name) for name in sorted(terms))])
        if not provides:
            del self.anyway

    def rest(self) -> dict[str, str]:
        """Return the parts that lines may leave out."""
        given = {"agreement": self.agreement.data or "", "person": (self.person.data or "").strip()}
        return {name: text for name, text in given.items() if text}


@page(blueprint, "", READ)
def overview() -> Any:
    """Show the districts in which somebody keeps assignments; of one district alone, these."""
    districts = _service().districts(actor())
    if len(districts) == 1:
        return redirect(url_for("assignments.listed", district=districts[0]))
    return render_template("assignments/overview.html", districts=districts)


@page(blueprint, "/<district>", READ)
def listed(district: str) -> Any:
    """List the assignments."""
    every = request.args.get("ended") == "1"
    found = [one for one in _service().entries(actor(), district) if every or one.ended is None]
    return _list(district, found, StudentForm(), every=every)


@page(blueprint, "/<district>/of-student", READ, "POST")
def of_student(district: str) -> Any:
    """List the assignments of one student, who is named in the form alone."""
    form, doubtful = StudentForm(), 0
    found: Sequence[RegisterEntry] = ()
    _service().entries(actor(), district)
    if form.validate_on_submit():
        try:
            there = _service().of_student(actor(), district, form.student())
            found, doubtful = (*there.own, *there.doubtful), len(there.doubtful)
        except WrongPart as wrong:
            blame(form, wrong)
        except SourceError as error:
            form.form_errors = [message_of(error)]
    return _list(district, found, form, every=True, of_student=not form.errors, doubtful=doubtful)


@page(blueprint, "/<district>/entries/<name>", READ)
def entry(district: str, name: str) -> Any:
    """Show one assignment, and its history."""
    found = _service().entry(actor(), district, name)
    return render_template("assignments/entry.html", district=district, entry=found, facts=_facts(district, found))


@page(blueprint, "/<district>/entries/<name>/end", WRITE, "GET", "POST")
def end(district: str, name: str) -> Any:
    """End an assignment, after a page that says what that does."""
    _service().entry(actor(), district, name)
    form, back = EndingForm(), url_for("assignments.entry", district=district, name=name)
    if form.validate_on_submit():
        try:
            _service().end(actor(), district, name, form.reason.data)
            flash(say("The assignment has ended."), "ok")
            return redirect(back, 303)
        except CallerError as error:
            form.form_errors = [message_of(error)]
    title = say("End this assignment")
    happens = [say("Within a second the student does not exist any more for the person.")]
    return render_template("confirm.html", title=title, happens=happens, lost=[], form=form, button=title, back_to=back)


@page(blueprint, "/<district>/new", WRITE, "GET", "POST")
def new(district: str) -> Any:
    """Assign a student to a person."""
    service, form = _service(), AssignmentForm()
    provides = service.provides(actor(), district)
    form.offer(service.agreements(actor(), district), provides=provides)
    if form.validate_on_submit():
        try:
            anyway = provides and form.anyway.data
            service.add(actor(), district, form.student(), form.given(), form.reason.data or "", anyway=anyway)
            told = say("The assignment is written down.") if provides else str(WRITTEN_DOWN)
            flash(told, "ok")
            return redirect(url_for("assignments.listed", district=district), 303)
        except WrongPart as wrong:
            blame(form, wrong)
        except (CallerError, SourceError) as error:
            form.form_errors = [message_of(error)]
    return render_template("assignments/new.html", district=district, form=form, provides=provides)


@page(blueprint, "/<district>/import", WRITE, "GET", "POST", most_bytes=MOST_BYTES)
def bring(district: str) -> Any:
    """Import a file of assignments: first what it would do, then, sent once more, doing it."""
    service, form = _service(), AssignmentsFileForm()
    provides = service.provides(actor(), district)
    form.offer(service.agreements(actor(), district), provides=provides)

    def run(name: str, data: bytes) -> ImportOutcome:
        return service.run_import(
            actor(), district, name, data, form.rest(), form.reason.data or "", dry=form.dry.data,
            anyway=provides and form.anyway.data,
        )  # fmt: skip

    back, empty = (url_for(f"assignments.{place}", district=district) for place in ("listed", "template"))
    hint = "" if provides else str(COMPARED_WITH_NOBODY)
    return imported(form, run, title=say("Assignments"), back=back, template=empty, hint=hint)


@page(blueprint, "/<district>/template.csv", READ)
def template(district: str) -> Response:
    """Send an empty file with the headings that an import understands."""
    _service().entries(actor(), district)
    return headings("assignments", ASSIGNMENT_COLUMNS)


COMPARED_WITH_NOBODY: Final = later(
    "The lines are compared with no student: a mistake tells what is wrong with the line alone."
)
WRITTEN_DOWN: Final = later(
    "The assignment is written down. It was compared with no student: if the agreement is about the student, the person"
    " sees the student from its first day on."
)
"""What a recipient is told, whoever was meant."""


def _service() -> KeptAssignments:
    return region(KeptAssignments)


def _list(
    district: str,
    found: Sequence[RegisterEntry],
    form: StudentForm,
    *,
    every: bool,
    of_student: bool = False,
    doubtful: int = 0,
) -> Any:
    service = _service()
    sheet = _sheet(district, found, service.people(actor(), district))
    return csv_of(sheet) or render_template(
        "assignments/listed.html", district=district, table=sheet.shown(), every=every, form=form,
        of_student=of_student, doubtful=doubtful, provides=service.provides(actor(), district),
    )  # fmt: skip


def _sheet(district: str, found: Sequence[RegisterEntry], people: Mapping[str, str]) -> Sheet[RegisterEntry]:
    def link(one: RegisterEntry) -> str:
        return url_for("assignments.entry", district=district, name=one.entry)

    def said(name: str) -> Any:
        return lambda one: getattr(one.states, name, "")

    columns: list[TableColumn[RegisterEntry]] = [
        TableColumn(later("Entry"), lambda one: one.entry, "code", link),
        TableColumn(later("State"), state_of, "state"),
        TableColumn(later("Agreement"), said("agreement")),
        TableColumn(later("Organisation"), said("org")),
        TableColumn(later("Person"), lambda one: people.get(said("person")(one)) or say("no longer here")),
        TableColumn(later("Written down by"), lambda one: SIDES[said("written_by")(one) == PROVIDER]),
        TableColumn(later("From"), lambda one: one.states.begin, "time"),
        TableColumn(later("Until"), lambda one: one.states.until, "time"),
        TableColumn(later("Entered"), lambda one: one.made, "time"),
    ]
    title = f"{say('Assignments')}: {district}"
    return Sheet("assignments", title, columns, found, say("There is no entry."))


def _facts(district: str, one: RegisterEntry) -> list[tuple[str, Any]]:
    said: Any = one.states
    people = _service().people(actor(), district)
    return [
        (say("State"), state_of(one)),
        (say("Agreement"), said.agreement),
        (say("Organisation"), said.org),
        (say("Person"), people.get(said.person) or say("no longer here")),
        (say("Written down by"), SIDES[said.written_by == PROVIDER]),
        (say("From"), said.begin.isoformat()),
        (say("Until"), said.until.isoformat() if said.until else None),
        (say("Entered"), moment(one.made)),
        (say("By"), one.actor),
        (say("Reason"), one.reason),
    ]
