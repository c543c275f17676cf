"""The privacy desk: disclosures by child, recipient and fact, verification, exposure, duties, acts of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from gateway.admin.desk import PrivacyDesk
from gateway.admin.events import Events
from gateway.audit.reports.printing import Print
from gateway.audit.reports.uses import LABELS, Use
from gateway.console.desk.forms import ChildForm, ElementForm, ExposureForm, RecipientForm
from gateway.console.desk.transfer_acts import act_about, act_reason
from gateway.console.inbox.pages import STATES
from gateway.console.page import actor, page, region
from gateway.console.parts.facts import fact_name, facts_named
from gateway.console.parts.names import about, act_name
from gateway.console.parts.papers import paper
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.wording import language, later, say, translated
from gateway.documents.formats import html
from gateway.tasks.task import KINDS
from standards.errors import CallerError

if TYPE_CHECKING:
    from gateway.admin.events import RecordedAct
    from gateway.audit.reports.child import Disclosures
    from gateway.audit.reports.exposure import Exposed
    from gateway.reasoning.who_can_see import Viewer
    from gateway.tasks.task import PersonTask

blueprint = Blueprint("desk", __name__, url_prefix="/console/desk")

MAX_PROBLEMS: Final = 200
MAX_ACTS: Final = 1000
WHOLE: Final = State("ok", later("The record is whole, as far as can be told without its first key."))
BROKEN: Final = State("bad", later("The record does not verify."))


@page(blueprint, "", "disclosure.read")
def overview() -> str:
    """Show the questions that the desk answers."""
    return render_template("desk/overview.html", child=bool(actor().orgs("disclosure.child")))


@page(blueprint, "/child", "disclosure.child", "GET", "POST")
def child() -> Any:
    """Tell who saw one student's record; the student is named in the form alone."""
    form = ChildForm()
    form.offer(_desk().districts(actor(), "disclosure.child"))
    if not form.validate_on_submit():
        return render_template("desk/child.html", form=form, printed=None)
    try:
        found = _desk().child(actor(), form.district.data, form.student.data.strip(), form.begin.data, form.end.data)
        opened = _inspection(form)
    except CallerError as error:
        form.form_errors = [translated(error.message) or error.message]
        return render_template("desk/child.html", form=form, printed=None)
    sheet = _disclosures(found.rows)
    if form.paper.data in {"en", "es"}:
        if opened is not None:
            flash(say("The task of the inspection is open."), "ok")
        return paper(html.render(Print(found, form.paper.data).document()))
    printed = Print(found, language(), custodian=True)
    return csv_of(sheet) or render_template(
        "desk/child.html", form=form, printed=printed, table=sheet.shown(), opened=opened
    )


def _inspection(form: ChildForm) -> PersonTask | None:
    """Open the task of an inspection, where the form gives its number."""
    if not form.inspection.data:
        return None
    return _desk().open_inspection(
        actor(), form.district.data, form.student.data, form.inspection.data, form.received.data
    )


@page(blueprint, "/recipient", "disclosure.read")
def recipient() -> Any:
    """Tell what an organisation or a program got."""
    form = _asked(RecipientForm)
    found = _found(form, lambda: _desk().recipient(actor(), form.name.data.strip(), form.begin.data, form.end.data))
    known = _known(form.name, found)
    return _uses("desk/recipient.html", form, found, asked=form.name, recipients=known)


@page(blueprint, "/element", "disclosure.read")
def element() -> Any:
    """Tell who can see a fact now, and who was shown it."""
    form = _asked(ElementForm)
    able = _found(form, lambda: _desk().who_can_see(actor(), form.path.data.strip()))
    found = _found(form, lambda: _desk().element(actor(), form.path.data.strip(), form.begin.data, form.end.data))
    viewers = _viewers(able or ())
    return csv_of(viewers) or _uses("desk/element.html", form, found, asked=form.path, viewers=viewers.shown())


@page(blueprint, "/exposure", "disclosure.read")
def exposure() -> Any:
    """Tell what a breach at a client may have laid open."""
    form = _asked(ExposureForm)
    found = _found(form, lambda: _desk().exposed(actor(), form.client.data.strip(), form.begin.data, form.end.data)[1])
    known = _known(form.client, found)
    columns: list[TableColumn[Exposed]] = [
        TableColumn(later("District"), lambda one: one.district if one.district != "*" else say("several at once")),
        TableColumn(later("Organisations"), lambda one: one.orgs),
        TableColumn(later("First"), lambda one: one.first[:16], "time"),
        TableColumn(later("Last"), lambda one: one.last[:16], "time"),
        TableColumn(later("Times"), lambda one: one.times, "number"),
        TableColumn(
            later("Children by school year"),
            lambda one: (
                [f"{y - 1}-{y % 100:02}: {n}" for y, n in one.counts().items()]
                or say("not counted: it is of other districts, too")
            ),
        ),
        TableColumn(later("Facts"), lambda one: facts_named(one.facts)),
        TableColumn(
            later("Obligations"),
            lambda one: [f"{name}: {' '.join(told) or say('none')}" for name, told in one.agreements.items()],
        ),
    ]
    sheet = Sheet(
        "exposure", say("What was sent to this client"), columns, found or (), say("Nothing on record was sent.")
    )
    return csv_of(sheet) or render_template(
        "desk/exposure.html", form=form, asked=form.client, recipients=known,
        table=sheet.shown() if found is not None else None,
    )  # fmt: skip


@page(blueprint, "/verify", "disclosure.verify", "GET", "POST")
def verify() -> Any:
    """Check the whole record, when somebody presses the button."""
    if request.method == "GET":
        return render_template("desk/verify.html", state=None)
    problems = _desk().verify(actor()).problems
    columns: list[TableColumn[str]] = [TableColumn(later("Problem"), lambda one: one)]
    sheet = Sheet("problems", say("What is wrong"), columns, problems[:MAX_PROBLEMS])
    return csv_of(sheet) or render_template(
        "desk/verify.html", state=BROKEN if problems else WHOLE, table=sheet.shown() if problems else None
    )


@page(blueprint, "/obligations", "disclosure.read")
def obligations() -> Any:
    """Show what is due to be destroyed, certified or deleted."""
    sheet = _tasks("obligations", say("What is due"), _desk().obligations(actor()))
    return csv_of(sheet) or render_template("desk/obligations.html", table=sheet.shown())


@page(blueprint, "/year", "disclosure.read")
def year() -> Any:
    """Show the duties of the school year."""
    sheet = _tasks("year", say("Duties of the school year"), _desk().year(actor()))
    return csv_of(sheet) or render_template("desk/year.html", table=sheet.shown())


@page(blueprint, "/acts", "event.read")
def acts() -> Any:
    """Show what people did, the newest first."""
    found, total = Events(region()).list(actor(), 0, MAX_ACTS)
    columns: list[TableColumn[RecordedAct]] = [
        TableColumn(later("When"), lambda one: one.at, "time"),
        TableColumn(later("Who"), lambda one: one.actor),
        TableColumn(later("Did what"), lambda one: act_name(one.action)),
        TableColumn(later("District"), lambda one: one.district),
        TableColumn(later("About"), act_about),
        TableColumn(later("Reason"), act_reason),
    ]
    sheet = Sheet("acts", say("Activity"), columns, found, say("No act is on record."))
    return csv_of(sheet) or render_template(
        "desk/acts.html", table=sheet.shown(), total=total, most=MAX_ACTS, desk=bool(actor().orgs("disclosure.read"))
    )


def _desk() -> PrivacyDesk:
    return region(PrivacyDesk)


def _asked(kind: Any) -> Any:
    """Return the form of a question that is asked by an address: it names no student."""
    return kind(MultiDict(request.args), meta={"csrf": False})


def _found(form: Any, ask: Any) -> Any:
    """Answer a question whose form is filled in and right; None where it is not, or is refused."""
    if not request.args or form.errors or not form.validate():
        if not request.args:
            form.process(MultiDict())
        return None
    try:
        return ask()
    except CallerError as error:
        form.form_errors = [translated(error.message) or error.message]
        return None


def _known(field: Any, found: Any) -> tuple[str, ...]:
    """Return the names to choose from; a name that is none of them and got nothing may be misspelt: the field says so.

    Who asks after a breach must not take a slip of the pen for good news.
    """
    known = _desk().recipients(actor())
    if found is not None and not found and field.data.strip() not in known:
        field.errors = [say("No agreement of your districts names it: check how it is spelt.")]
    return known


def _uses(template: str, form: Any, found: Any, **more: Any) -> Any:
    names = dict(zip(LABELS, range(len(LABELS)), strict=True))
    columns: list[TableColumn[Use]] = [
        TableColumn(later("Organisation"), lambda one: one.labels[names["org"]]),
        TableColumn(later("Client"), lambda one: one.labels[names["client"]], "code"),
        TableColumn(later("District"), lambda one: one.labels[names["district"]]),
        TableColumn(later("Done"), lambda one: one.labels[names["operation"]]),
        TableColumn(later("Purpose"), lambda one: one.labels[names["purpose"]]),
        TableColumn(later("Under"), lambda one: list(one.agreements)),
        TableColumn(later("First"), lambda one: one.first[:16], "time"),
        TableColumn(later("Last"), lambda one: one.last[:16], "time"),
        TableColumn(later("Times"), lambda one: one.times, "number"),
        TableColumn(later("Records"), lambda one: one.records, "number"),
        TableColumn(later("Students"), lambda one: len(one.students), "number"),
        TableColumn(later("Facts"), lambda one: facts_named(one.facts)),
    ]
    sheet = Sheet("disclosures", say("Disclosures on record"), columns, found or (), say("Nothing is on record."))
    return csv_of(sheet) or render_template(
        template, form=form, table=sheet.shown() if found is not None else None, **more
    )


def _viewers(found: Any) -> Sheet[Viewer]:
    columns: list[TableColumn[Viewer]] = [
        TableColumn(later("Fact"), lambda one: fact_name(one.element)),
        TableColumn(later("Client"), lambda one: one.client, "code"),
        TableColumn(later("Organisation"), lambda one: one.org),
        TableColumn(later("What leaves"), lambda one: one.action),
        TableColumn(later("Agreement"), lambda one: f"{one.agreement}@{one.version}"),
        TableColumn(later("Of whom"), lambda one: one.population),
        TableColumn(later("Until"), lambda one: one.until, "time"),
        TableColumn(later("Last read"), lambda one: one.last_read or say("never"), "time"),
    ]
    return Sheet("viewers", say("Who can see it now"), columns, found, say("Nobody, under the agreements in force."))


def _disclosures(rows: Any) -> Sheet[Disclosures]:
    columns: list[TableColumn[Disclosures]] = [
        TableColumn(later("Organisation"), lambda one: one.org),
        TableColumn(later("Client"), lambda one: one.client, "code"),
        TableColumn(later("Done"), lambda one: one.operation),
        TableColumn(later("Purpose"), lambda one: one.purpose),
        TableColumn(later("Allowed by"), lambda one: one.basis),
        TableColumn(later("First"), lambda one: one.first, "time"),
        TableColumn(later("Last"), lambda one: one.last, "time"),
        TableColumn(later("Times"), lambda one: one.times, "number"),
        TableColumn(later("Demanded by 34 CFR 99.32"), lambda one: one.duty.demanded),
    ]
    return Sheet("child", say("Who saw this record"), columns, rows, say("Nothing is on record for this id."))


def _tasks(name: str, caption: str, found: Any) -> Sheet[PersonTask]:
    now = region().clock()
    columns: list[TableColumn[PersonTask]] = [
        TableColumn(
            later("What"),
            lambda one: say(KINDS[one.kind]),
            href=lambda one: url_for("inbox.task", name=one.id) if actor().allows("task.read", one.org) else None,
        ),
        TableColumn(later("State"), lambda one: STATES[one.state(now)], "state"),
        TableColumn(later("Due"), lambda one: one.due.date() if one.due else None, "time"),
        TableColumn(later("Organisation"), lambda one: one.org),
        TableColumn(later("About"), lambda one: about(one.content)),
        TableColumn(later("Outcome"), lambda one: one.outcome),
    ]
    return Sheet(name, caption, columns, found, say("Nothing is due."))
