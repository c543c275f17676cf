"""Forms of transfers: what is asked for, which sections leave, and reasons out of closed lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from gateway.admin.transfers.custody import MAX_NOTE_CHARACTERS
from gateway.console.forms import CheckboxesField, ConsoleForm, choices
from gateway.console.transfers.office import new_key
from gateway.console.transfers.words import SECTIONS, STANDINGS
from gateway.console.wording import later
from gateway.transfers.machine.words import RequestStanding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from enum import StrEnum

    from gateway.console.wording import Later
    from gateway.transfers.machine.words import RecordSection

MAX_TEXT: Final = 200
MAX_KEY_CHARACTERS: Final = 4000
QUIET: Final = {"autocomplete": "off", "spellcheck": "false"}


class KeyedForm(ConsoleForm):
    """A form whose act happens once, however often it is sent: *key*; it is about what was *seen*."""

    key = HiddenField(default=new_key)
    seen = HiddenField(default="0")

    @property
    def expected(self) -> int:
        """The number of the transfer's last event that whoever decides has seen."""
        text = self.seen.data or ""
        return int(text) if text.isascii() and text.isdigit() else 0


class OneOfSeveral(Optional):  # type: ignore[misc]
    """A part that may be missing where others are not: it is not called optional, for not all of them are."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags: dict[str, bool] = {}


class StudentStated(ConsoleForm):
    """The student whom one means."""

    state_id = StringField(
        later("State id"),
        [OneOfSeveral(), Length(max=MAX_TEXT)],
        description=later("The number that the state gives a student. It finds the student most surely."),
        render_kw=QUIET,
    )
    given = StringField(later("Given name"), [OneOfSeveral(), Length(max=MAX_TEXT)], render_kw=QUIET)
    middle = StringField(later("Middle name"), [OneOfSeveral(), Length(max=MAX_TEXT)], render_kw=QUIET)
    family = StringField(later("Family name"), [OneOfSeveral(), Length(max=MAX_TEXT)], render_kw=QUIET)
    suffix = StringField(later("Suffix (Jr., III)"), [OneOfSeveral(), Length(max=MAX_TEXT)], render_kw=QUIET)
    birth_date = DateField(later("Birth date"), [OneOfSeveral()])
    last_school = StringField(later("Last school"), [OneOfSeveral(), Length(max=MAX_TEXT)], render_kw=QUIET)

    def student(self) -> dict[str, str]:
        """Return what is stated of the student, by the words of the service."""
        born = self.birth_date.data.isoformat() if self.birth_date.data else ""
        typed = {
            "stateId": self.state_id.data, "family": self.family.data, "given": self.given.data,
            "middle": self.middle.data, "suffix": self.suffix.data, "birthDate": born,
            "lastSchool": self.last_school.data,
        }  # fmt: skip
        return {name: text.strip() for name, text in typed.items() if text and text.strip()}


class RequestForm(StudentStated, KeyedForm):
    """The request for a student's record."""

    sender = SelectField(later("District that has the record"), [InputRequired()])
    standing = RadioField(later("Why you may ask"), [InputRequired()], default=RequestStanding.ENROLLMENT.value)
    military = BooleanField(
        later("The child of a military family"),
        description=later("Then the whole record is due within 10 days of the calendar."),
    )
    again = BooleanField(later("Ask once more, although a request for this student is open"))

    def offer(self, districts: Mapping[str, str]) -> None:
        """Offer the *districts* that may be asked, with their names."""
        self.sender.choices = choices([("", "–"), *districts.items()])
        self.standing.choices = choices([(one.value, words) for one, words in STANDINGS.items()])


class ListedReasonForm(KeyedForm):
    """A reason out of a closed list."""

    reason = RadioField(later("Reason"), [InputRequired()])

    def offer(self, reasons: Mapping[Any, Later]) -> None:
        """Offer the *reasons*."""
        self.reason.choices = choices([(str(one), words) for one, words in reasons.items()])


class HoldForm(ListedReasonForm):
    """Why a record is held back, and which parts of it that is about."""

    sections = CheckboxesField(
        later("What it is about"),
        [Optional()],
        description=later("For a fee it is the transcript alone, whatever is ticked."),
    )


class ElsewhereForm(KeyedForm):
    """Another district."""

    district = SelectField(later("District"), [InputRequired()])


class ReleaseForm(ConsoleForm):
    """Which sections leave: those that the agreement's rule may release, and those on which a person decides.

    What was *shown* of them, its preview says by a tag: without that nothing is released.
    """

    key = HiddenField(default=new_key)
    shown = HiddenField()

    by_rule = CheckboxesField(
        later("The agreement's rule may release these"),
        [Optional()],
        description=later("Take out what should stay here."),
    )
    by_person = CheckboxesField(
        later("You decide on these"),
        [Optional()],
        description=later(
            "They leave only if you tick them. Addresses, parents, health and discipline never leave by a rule."
        ),
    )

    def offer(
        self, every: Iterable[RecordSection], rule: Collection[RecordSection], ticked: Collection[RecordSection]
    ) -> None:
        """Offer *every* section, as those of the *rule* and the others; some are *ticked* to begin with."""
        listed = tuple(every)
        for field, offered in (
            (self.by_rule, [one for one in listed if one in rule]),
            (self.by_person, [one for one in listed if one not in rule]),
        ):
            field.choices = section_choices(offered)
            if field.data is None or not self.is_submitted():
                field.data = [one.value for one in offered if one in ticked]

    def chosen(self) -> tuple[str, ...]:
        """Return the sections that leave."""
        return (*(self.by_rule.data or ()), *(self.by_person.data or ()))


class DocumentForm(KeyedForm):
    """A document that goes along with a record."""

    file = FileField(later("Document"), [FileRequired(later("Choose a file that is not empty."))])


class NoteForm(KeyedForm):
    """A note to the registrar of the receiving district."""

    text = TextAreaField(
        later("Note"),
        [Optional(), Length(max=2 * MAX_NOTE_CHARACTERS)],
        description=later("At most 2,000 characters, for the registrar alone. It replaces the note before."),
        render_kw={"rows": "5"},
    )


class FilingForm(KeyedForm):
    """What became of a section."""

    section = HiddenField()
    how = HiddenField()


class KeyForm(ConsoleForm):
    """A public key that a district publishes."""

    jwk = TextAreaField(
        later("Public key"),
        [InputRequired(), Length(max=MAX_KEY_CHARACTERS)],
        description=later("The JWK that your program printed. It begins with { and has no private part."),
        render_kw={**QUIET, "rows": "6"},
    )
    reason = StringField(
        later("Reason"),
        [Optional(), Length(max=MAX_TEXT)],
        description=later("One line. It stays on record, so name nobody."),
    )


class PeriodForm(ConsoleForm):
    """The days of a report."""

    begin = DateField(later("From"), [OneOfSeveral()])
    end = DateField(later("Until"), [OneOfSeveral()])


def section_choices(sections: Iterable[RecordSection]) -> list[Any]:
    """Return the choices of a field that are *sections*."""
    return choices([(one.value, SECTIONS[one]) for one in sections])


def closed_list(reasons: type[StrEnum], text: str | None) -> Any:
    """Return the reason of a closed list that a form has, which it has checked."""
    return reasons(text or "")
