"""Forms of the console: Flask-WTF's, which speak the language of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, request
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.i18n import get_translations
from wtforms.widgets import CheckboxInput, ListWidget

from gateway.console.wording import language, later, translated
from standards.errors import CallerError, Forbidden, InvalidBody, NotFound, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.console.wording import Later


class ConsoleForm(FlaskForm):  # type: ignore[misc]
    """A form with its hidden token, whose own messages are in the language of the page."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How the form is rendered and translated."""

        def get_translations(self, _form: Any) -> Any:
            """Return WTForms' messages in the language of the page."""
            return get_translations([language()])


def new_password() -> PasswordField:
    """Make the field for a password that somebody chooses."""
    return PasswordField(
        later("New password"),
        description=later("At least 12 characters, of any kind. A few words that do not belong together are good."),
        render_kw={"autocomplete": "new-password"},
    )


def new_code() -> StringField:
    """Make the field that shows that an authenticator has been set up."""
    return StringField(
        later("Code"),
        description=later("The six digits that the authenticator shows for it."),
        render_kw={"autocomplete": "one-time-code"},
    )


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]
    """Several of some choices, as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SuggestedField(StringField):  # type: ignore[misc]
    """A line of text for which some values are *offered*, each with words beside it; any other may be typed."""

    offered: tuple[tuple[str, str], ...] = ()

    def __call__(self, **kwargs: Any) -> Any:
        """Show the line, with the list that it is offered."""
        return super().__call__(**({"list": f"{self.id}-offered"} if self.offered else {}), **kwargs)


def choices(pairs: Iterable[tuple[str, str | Later]]) -> list[Any]:
    """Return the choices of a field from *pairs* of value and label."""
    return [SelectChoice(value, label) for value, label in pairs]


def sent(form: ConsoleForm, template: str, do: Callable[[], Any], **more: Any) -> Any:
    """Show a form, or do what it was sent for; a refusal is shown in it, with what was filled in."""
    status = 200
    if request.method == "POST":
        status = 400
        if form.validate():
            try:
                return do()
            except (Forbidden, NotFound):
                raise
            except CallerError as refusal:
                _place(form, refusal)
                status = refusal.status
            except SettingsError as error:
                form.form_errors.append(translated(error.message) or error.message)
    return render_template(template, form=form, **more), status


def _place(form: ConsoleForm, refusal: CallerError) -> None:
    """Tell a refusal at the fields that it is about, or above the form where it is about none of them."""
    found = refusal.places if isinstance(refusal, InvalidBody) else {}
    fields = {place.removeprefix("/"): texts for place, texts in found.items()}
    if not fields or any(name not in form for name in fields):
        form.form_errors.append(translated(refusal.message) or refusal.message)
        return
    for name, texts in fields.items():
        form[name].errors = [translated(text) or text for text in texts]
