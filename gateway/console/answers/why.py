"""Why was I refused: an address, an id or one of the last refusals, answered step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, render_template, request
from wtforms import SelectField, StringField, TextAreaField

from gateway.admin.answers.reasons import ASKED
from gateway.admin.answers.rehearsed import METHODS
from gateway.admin.answers.why import CUSTODIAN, RECIPIENT, Why
from gateway.console.forms import ConsoleForm, choices
from gateway.console.page import actor, page
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.wording import later, say, translated
from standards.errors import CallerError

if TYPE_CHECKING:
    from gateway.admin.answers.answer import Told, ToldRefusal, WhyAnswer

blueprint = Blueprint("why", __name__, url_prefix="/console")

SERVER_ERROR = 500


class WhyForm(ConsoleForm):
    """What was refused: an address as it was sent, or the id that the answer gave."""

    client = SelectField(later("Client"))
    method = SelectField(later("Method"), choices=choices([(one, one) for one in METHODS]))
    address = TextAreaField(
        later("Address"),
        description=later("As it was sent, with or without the host. It is kept nowhere."),
        render_kw={"rows": 2, "autocomplete": "off", "spellcheck": "false"},
    )
    identifier = StringField(
        later("Or the id of the answer"),
        description=later("The correlation id of the error, or the id of its trace."),
        render_kw={"autocomplete": "off"},
    )
    purpose = StringField(later("Purpose of the token"), description=later("Where the token names one."))


@page(blueprint, "/why", CUSTODIAN, "GET", "POST")
def overview() -> Any:
    """Answer a custodian."""
    return _answer("custodian")


@page(blueprint, "/why/own", RECIPIENT, "GET", "POST")
def own() -> Any:
    """Answer a recipient, or the region's operator, who are told of rows and facts alike that they are not agreed."""
    return _answer("recipient")


def _answer(told: Told) -> Any:
    service, form = _why(), WhyForm()
    clients = service.clients(actor(), told)
    form.client.choices = choices([(one, one) for one in clients])
    chosen = form.client.data or request.args.get("client", "")
    if request.method == "GET":
        form.client.data = chosen if chosen in clients else (clients[0] if clients else "")
    answer: WhyAnswer | None = None
    status = 200
    if request.method == "POST" and form.validate():
        try:
            answer = _asked(service, told, form)
        except CallerError as refusal:
            status = _wrong(form, refusal)
    known = form.client.data if form.client.data in clients else ""
    last = _last(known, service.refusals(actor(), known, told) if known else ())
    if (asked := csv_of(last)) is not None:
        return asked
    return render_template(
        "why/overview.html",
        form=form,
        answer=answer,
        last=last.shown(),
        told=told,
        clients=clients,
        known=known,
    ), status


def _asked(service: Why, told: Told, form: WhyForm) -> WhyAnswer:
    client, identifier = str(form.client.data), str(form.identifier.data or "").strip()
    if identifier:
        return service.of_refusal(actor(), client, told, identifier)
    return service.of_address(
        actor(), client, told, str(form.address.data or ""), str(form.method.data), str(form.purpose.data or "").strip()
    )


def _wrong(form: WhyForm, refusal: CallerError) -> int:
    form.form_errors.append(translated(refusal.message) or refusal.message)
    return refusal.status


def _last(client: str, rows: tuple[ToldRefusal, ...]) -> Sheet[ToldRefusal]:
    return Sheet(
        "refusals", say("Last refusals of %(client)s") % {"client": client},
        (
            TableColumn(later("When"), lambda one: one.at, "time"),
            TableColumn(later("Status"), _status, "state"),
            TableColumn(later("Code"), lambda one: one.code, "code"),
            TableColumn(later("Step"), lambda one: say(ASKED[one.step])),
            TableColumn(later("Method"), lambda one: one.method),
            TableColumn(later("Resource"), lambda one: one.view),
            TableColumn(later("District"), lambda one: one.district),
            TableColumn(later("Id"), lambda one: one.id, "code"),
        ),
        rows, say("Nothing was refused lately."),
    )  # fmt: skip


def _status(one: ToldRefusal) -> State:
    return State("bad" if one.status >= SERVER_ERROR else "warn", str(one.status))


def _why() -> Why:
    return Why(current_app.extensions["region"])
