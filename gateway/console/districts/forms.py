"""Forms of districts: steering, uploading, and the settings of an adapter as it declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_wtf.file import FileField
from marshmallow import fields, validate
from wtforms import BooleanField, FloatField, IntegerField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields import DateTimeLocalField, HiddenField
from wtforms.validators import InputRequired, Length, Optional

from adapters.uploads import UPLOADED
from gateway.console.districts.options import LABELS, option_data, option_fields, written_options
from gateway.console.forms import ConsoleForm, choices
from gateway.console.parts.facts import system_name
from gateway.console.wording import later, translated

if TYPE_CHECKING:
    from gateway.admin.districts.looking import AdapterView, DistrictView

PREFIX: Final = "set_"
"""What the names of an adapter's own settings begin with in the form."""

ON_RECORD: Final = later("It stays on record.")


class ReasonForm(ConsoleForm):
    """Why something is done."""

    reason = StringField(later("Reason"), [Optional(), Length(max=500)], description=ON_RECORD)


class PauseForm(ConsoleForm):
    """Until when no refresh begins, and why."""

    until = DateTimeLocalField(
        later("Until"), [InputRequired()], format="%Y-%m-%dT%H:%M", description=later("By the district's own clock.")
    )
    reason = StringField(later("Reason"), [InputRequired(), Length(max=500)], description=ON_RECORD)


class ApproveForm(ConsoleForm):
    """Which change is approved, and why."""

    digest = HiddenField(validators=[InputRequired()])
    reason = StringField(later("Reason"), [InputRequired(), Length(max=500)], description=ON_RECORD)


class UploadForm(ConsoleForm):
    """The file of a district."""

    file = FileField(later("File"), description=later("A zip with the files at its root."))


class BeginForm(ConsoleForm):
    """Which district is connected, by which adapter."""

    name = StringField(
        later("Name of the district"),
        [InputRequired(), Length(max=40)],
        description=later("Small letters, digits and hyphens, as in agreements."),
    )
    adapter = SelectField(later("System of the district"))


def begin_form(adapters: tuple[AdapterView, ...]) -> BeginForm:
    """Return the form that chooses among the *adapters* that are installed."""
    form = BeginForm()
    form.adapter.choices = choices([(one.name, system_name(one.name)) for one in adapters])
    return form


def settings_form(adapter: AdapterView, view: DistrictView | None) -> Any:
    """Return the form of a connection: what all districts have, the settings of the *adapter*, and the options."""
    members: dict[str, Any] = {
        "timezone": StringField(
            LABELS["timezone"], [InputRequired()], default="America/Los_Angeles",
            description=later("As America/Los_Angeles."),
        ),
        "cache": StringField(
            LABELS["cache"], [InputRequired()], default="15m", description=later("As 15m, 2h or 1d.")
        ),
    }  # fmt: skip
    same = view if view is not None and view.adapter == adapter.name else None
    members |= {PREFIX + name: _field(name, kind, same) for name, kind in _asked(adapter)}
    made: Any = type("ConnectionForm", (ConsoleForm,), members | option_fields(adapter) | {"version": HiddenField()})
    given = {"version": view.version if view is not None else ""} | option_data(
        view.options if view is not None else {}
    )
    if same is not None:
        given |= {PREFIX + name: _text(value) for name, value in same.settings.items() if not _secret(adapter, name)}
    return made(data=given)


def written(form: Any, adapter: AdapterView) -> dict[str, Any]:
    """Return what a *form* says of a connection.

    Raises:
        InvalidBody: a line of an option is not of its form.
    """
    settings: dict[str, Any] = {}
    for name, kind in _asked(adapter):
        value = form[PREFIX + name].data
        if isinstance(kind, fields.List):
            value = [line.strip() for line in (value or "").splitlines() if line.strip()]
        if value not in (None, "", []):
            settings[name] = value
    return {**written_options(form), "adapter": adapter.name, "settings": settings}


def _asked(adapter: AdapterView) -> list[tuple[str, Any]]:
    """Return the settings that people are asked for: those that still mean something."""
    return [(name, kind) for name, kind in adapter.fields.items() if not kind.metadata.get("obsolete")]


def _field(name: str, kind: Any, view: DistrictView | None) -> Any:
    """Return the field of a form for a setting that an adapter declares."""
    about = kind.metadata.get("description", "")
    shown = {"label": name, "description": translated(about) or about}
    if kind.metadata.get("upload"):
        needed = [InputRequired()] if kind.required else []
        one = [(UPLOADED, later("The file that is uploaded here"))]
        return SelectField(validators=needed, choices=choices(one if needed else [("", "–"), *one]), **shown)
    if kind.metadata.get("secret"):
        has = view is not None and name in view.marks
        needed = [InputRequired()] if kind.required and not has else [Optional()]
        return PasswordField(validators=needed, render_kw={"autocomplete": "off"}, **shown)
    if isinstance(kind, fields.Boolean):
        return BooleanField(default=bool(kind.load_default) if isinstance(kind.load_default, bool) else False, **shown)
    options = _options(kind)
    if options:
        unsaid = kind.load_default not in options and not kind.required
        default = kind.load_default if kind.load_default in options else "" if unsaid else options[0]
        listed = [("", "–")] * unsaid + [(one, one) for one in options]
        return SelectField(choices=choices(listed), default=default, **shown)
    if isinstance(kind, fields.List):
        return TextAreaField(validators=[Optional()], **shown)
    needed = [InputRequired()] if kind.required else [Optional()]
    number: Any = IntegerField if isinstance(kind, fields.Integer) else StringField
    number = FloatField if isinstance(kind, fields.Float) else number
    return number(validators=needed, **shown)


def _options(kind: Any) -> list[str]:
    return [str(one) for rule in kind.validators if isinstance(rule, validate.OneOf) for one in rule.choices]


def _secret(adapter: AdapterView, name: str) -> bool:
    kind = adapter.fields.get(name)
    return kind is None or bool(kind.metadata.get("secret"))


def _text(value: Any) -> Any:
    return "\n".join(map(str, value)) if isinstance(value, list) else value
