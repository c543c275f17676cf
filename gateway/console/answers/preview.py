"""Preview: one student of the district as a client gets it; asked by POST, shown once, written down before."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template, request
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from gateway.admin.answers.preview import PREVIEW, Previews
from gateway.console.forms import ConsoleForm, choices
from gateway.console.page import actor, page
from gateway.console.wording import later, translated
from standards.errors import CallerError

blueprint = Blueprint("preview", __name__, url_prefix="/console/preview")


class PreviewForm(ConsoleForm):
    """Which student, and as which client."""

    which = SelectField(later("District and client"))
    student = StringField(
        later("Student's id in the district's system"),
        [InputRequired(), Length(max=200)],
        description=later("It is sent with this form, and kept nowhere."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    purpose = StringField(later("Purpose"), description=later("Where the client has agreements for several."))
    mail = StringField(
        later("As this person of the recipient"),
        [Optional(), Length(max=254)],
        description=later("The address of somebody to whom students are assigned; empty for the client itself."),
    )


@page(blueprint, "", PREVIEW, "GET", "POST")
def overview() -> Any:
    """Ask for a student, and show it in three columns."""
    service, form = Previews(current_app.extensions["region"]), PreviewForm()
    pairs = service.clients(actor())
    form.which.choices = choices([(f"{district} {client}", f"{district} · {client}") for district, client in pairs])
    if request.method == "GET":
        wanted = request.args.get("client", "")
        form.which.data = next((f"{one} {client}" for one, client in pairs if client == wanted), None)
    shown, status = None, 200
    if request.method == "POST" and form.validate():
        district, _, client = str(form.which.data).partition(" ")
        try:
            shown = service.of_student(
                actor(), district, client, str(form.student.data), str(form.purpose.data or "").strip(),
                str(form.mail.data or ""),
            )  # fmt: skip
        except CallerError as refusal:
            form.form_errors.append(translated(refusal.message) or refusal.message)
            status = refusal.status
    form.student.data = ""  # nobody finds it on the page afterwards
    return render_template("preview/overview.html", form=form, shown=shown, pairs=pairs), status
