"""Forms of the privacy desk: whom or what a question is about, and of which days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from gateway.console.forms import ConsoleForm, choices
from gateway.console.wording import later

if TYPE_CHECKING:
    from collections.abc import Iterable


class DaysForm(ConsoleForm):
    """From which day to which."""

    begin = DateField(later("From"), [Optional()])
    end = DateField(later("To"), [Optional()], description=later("This day is included."))


class RecipientForm(DaysForm):
    """An organisation or a program."""

    name = StringField(
        later("Organisation or client"), [InputRequired(), Length(max=100)], render_kw={"list": "recipients"}
    )


class ElementForm(DaysForm):
    """A fact."""

    path = StringField(
        later("Fact"),
        [InputRequired(), Length(max=200)],
        description=later("Its name, as student.birthDate, or student.* for all of a kind."),
    )


class ExposureForm(DaysForm):
    """A client whose data may be in wrong hands."""

    client = StringField(later("Client"), [InputRequired(), Length(max=64)], render_kw={"list": "recipients"})


class ChildForm(DaysForm):
    """A student, the paper for a parent, and a parent's inspection."""

    district = SelectField(later("District"), [InputRequired()])
    student = StringField(later("The student's id in the district's system"), [InputRequired(), Length(max=200)])
    paper = SelectField(
        later("Show"),
        [Optional()],
        choices=choices([
            ("", later("the whole, for the custodian")),
            ("en", later("the paper for a parent, in English")),
            ("es", later("the paper for a parent, in Spanish")),
        ]),
    )  # fmt: skip
    inspection = StringField(
        later("Your number of a parent's request to inspect"),
        [Optional(), Length(max=100)],
        description=later("Opens the task with its 45 days (34 CFR 99.10). It names nobody."),
    )
    received = DateField(later("Day of that request"), [Optional()])

    def offer(self, districts: Iterable[str]) -> None:
        """Offer the districts that somebody may ask about."""
        self.district.choices = choices([(name, name) for name in districts])
