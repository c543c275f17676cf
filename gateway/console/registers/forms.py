"""Forms of the registers: who the student is, what a consent or restriction says, and files of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from gateway.console.forms import ConsoleForm, choices
from gateway.console.wording import later, retold, say
from gateway.registers.entries import ADDRESS
from gateway.registers.events import CONSENTS
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.console.wording import Later
    from gateway.registers.stating import ConsentTerms, WrongPart

MAX_TEXT: Final = 200
MAX_FORM_CHARACTERS: Final = 100_000
FIELDS: Final = {
    "studentId": "student_id",
    "stateId": "state_id",
    "familyName": "family_name",
    "givenName": "given_name",
    "birthDate": "birth_date",
    "from": "begin",
    "element": "elements",
    "recipient": "recipients",
    "formHash": "form_hash",
    "form": "form_name",
    "postalCode": "postal_code",
}
"""The field of each part of an entry that is not called like it."""


class StudentForm(ConsoleForm):
    """Who a student is: by the id of the district's system, of the state, or by name and date of birth."""

    student_id = StringField(later("The student's id in the district's system"), [Optional(), Length(max=MAX_TEXT)])
    state_id = StringField(later("Or: the state's id"), [Optional(), Length(max=MAX_TEXT)])
    family_name = StringField(later("Or: family name"), [Optional(), Length(max=MAX_TEXT)])
    given_name = StringField(later("with given name"), [Optional(), Length(max=MAX_TEXT)])
    birth_date = DateField(later("and date of birth"), [Optional()])

    def student(self) -> dict[str, str]:
        """Return what was typed of the student, by the words of the registers."""
        typed = {
            "studentId": self.student_id.data, "stateId": self.state_id.data, "familyName": self.family_name.data,
            "givenName": self.given_name.data, "birthDate": _day(self.birth_date),
        }  # fmt: skip
        return {name: text.strip() for name, text in typed.items() if text and text.strip()}


class EndingForm(ConsoleForm):
    """Why something is done."""

    reason = StringField(
        later("Reason"),
        [InputRequired(), Length(max=MAX_TEXT)],
        description=later("One line. It stays on record, so name nobody."),
    )


class EntryForm(StudentForm):
    """What every entry may say: its days, its reason, and that it is made though nobody matches."""

    begin = DateField(later("First day"), [Optional()], description=later("Today if you leave it empty."))
    until = DateField(later("Last day"), [Optional()], description=later("Without an end if you leave it empty."))
    reason = StringField(
        later("Reason"),
        [Optional(), Length(max=MAX_TEXT)],
        description=later("One line. It stays on record, so name nobody."),
    )
    anyway = BooleanField(later("Enter it though nobody, or several students, match: a task says so"))


class ConsentForm(EntryForm):
    """A consent (34 CFR 99.30)."""

    agreement = SelectField(later("Agreement"), [InputRequired()])
    form_name = StringField(
        later("Name of the form"), [Optional(), Length(max=MAX_TEXT)], description=later("The agreement's if empty.")
    )
    text = TextAreaField(
        later("Text of the form as it was signed"),
        [Optional(), Length(max=MAX_FORM_CHARACTERS)],
        description=later("It is kept, sealed. Write nobody's name into it."),
    )
    form_hash = StringField(later("Or: the SHA-256 of that text"), [Optional(), Length(max=64)])
    signer = RadioField(
        later("Who signed"),
        [InputRequired()],
        choices=choices([("parent", later("a parent")), ("eligible-student", later("the student, of age"))]),
    )
    method = RadioField(
        later("How it was signed"),
        [InputRequired()],
        choices=choices([("paper", later("on paper")), ("electronic", later("electronically"))]),
    )
    signed = DateField(later("Day of the signature"), [InputRequired()])
    elements = StringField(
        later("Only these facts"),
        [Optional(), Length(max=2000)],
        description=later("Names as student.birthDate, with spaces between. Empty: all that the agreement releases."),
    )

    def offer(self, terms: Mapping[str, ConsentTerms]) -> None:
        """Offer the agreements of the district."""
        self.agreement.choices = choices([(name, name) for name in sorted(terms)])

    def form_text(self) -> str:
        """Return the text of the form, with the line ends that files have."""
        return (self.text.data or "").replace("\r\n", "\n")

    def given(self) -> dict[str, str]:
        """Return the parts of the consent, by the words of the registers."""
        parts = {
            "agreement": self.agreement.data, "form": self.form_name.data, "formHash": self.form_hash.data,
            "signer": self.signer.data, "method": self.method.data, "signed": _day(self.signed),
            "from": _day(self.begin), "until": _day(self.until), "elements": self.elements.data,
        }  # fmt: skip
        return {name: text.strip() for name, text in parts.items() if text and text.strip()}


class RestrictionForm(EntryForm):
    """A restriction on what leaves about a student."""

    kind = RadioField(later("Kind"), [InputRequired()])
    recipients = StringField(
        later("Only for these organisations"),
        [Optional(), Length(max=2000)],
        description=later("With a court order or an objection. With spaces between; empty: for all."),
    )
    elements = StringField(
        later("Only these facts"),
        [Optional(), Length(max=2000)],
        description=later("With an objection. Names as student.birthDate, with spaces between; empty: all."),
    )
    contact = StringField(
        later("Id of the contact to hide"),
        [Optional(), Length(max=MAX_TEXT)],
        description=later("With a court order."),
    )
    street = StringField(
        later("Substitute address: street"),
        [Optional(), Length(max=MAX_TEXT)],
        description=later("With a protected address. Every recipient gets it in the place of the real one."),
    )
    unit = StringField(later("Substitute address: unit"), [Optional(), Length(max=MAX_TEXT)])
    city = StringField(later("Substitute address: city"), [Optional(), Length(max=MAX_TEXT)])
    state = StringField(later("Substitute address: state"), [Optional(), Length(max=2)])
    postal_code = StringField(later("Substitute address: postal code"), [Optional(), Length(max=20)])
    county = StringField(later("Substitute address: county"), [Optional(), Length(max=MAX_TEXT)])
    without = BooleanField(
        later("No substitute address: recipients get nothing of the address"),
        description=later("With a protected address for which you have no substitute."),
    )

    def offer(self, kinds: Mapping[str, Later]) -> None:
        """Offer the kinds of restrictions."""
        self.kind.choices = choices(kinds.items())

    def given(self) -> dict[str, str]:
        """Return the parts of the restriction, by the words of the registers."""
        parts = {
            "kind": self.kind.data, "recipient": self.recipients.data, "element": self.elements.data,
            "from": _day(self.begin), "until": _day(self.until),
            **{name: getattr(self, FIELDS.get(name, name)).data for name in ADDRESS},
        }  # fmt: skip
        return {name: text.strip() for name, text in parts.items() if text and text.strip()}


class ImportForm(ConsoleForm):
    """A file of entries."""

    file = FileField(
        later("CSV file"), [FileRequired()], description=later("UTF-8, with the headings of the template.")
    )
    agreement = SelectField(later("Agreement of lines that name none"), [Optional()])
    form_hash = StringField(later("SHA-256 of the form's text, of lines that have none"), [Optional(), Length(max=64)])
    reason = StringField(later("Reason"), [Optional(), Length(max=MAX_TEXT)])
    without = BooleanField(later("Protected addresses without a substitute: recipients get nothing of the address"))
    anyway = BooleanField(later("Enter lines though nobody, or several students, match: a task says so"))
    dry = BooleanField(later("Only try it: say what it would do, and write nothing"), default=True)

    def offer(self, register: str, terms: Mapping[str, ConsentTerms]) -> None:
        """Offer what the register's lines may leave out."""
        if register != CONSENTS:
            del self.agreement, self.form_hash
            return
        del self.without
        self.agreement.choices = choices([("", "–"), *((name, name) for name in sorted(terms))])

    def rest(self) -> dict[str, str]:
        """Return the parts that lines may leave out."""
        given = {"agreement": getattr(self, "agreement", None), "formHash": getattr(self, "form_hash", None)}
        return {name: field.data for name, field in given.items() if field is not None and field.data}


def blame(form: Any, wrong: WrongPart) -> None:
    """Tell of a wrong part at its field; of one without a field, above the form."""
    field = getattr(form, FIELDS.get(wrong.part, wrong.part), None)
    if field is None or not hasattr(field, "errors"):
        form.form_errors = [f"{wrong.part}: {retold(wrong.message)}"]
    else:
        field.errors = [*field.errors, retold(wrong.message)]


def _day(field: Any) -> str:
    return field.data.isoformat() if field.data else ""


def message_of(error: Exception) -> str:
    """Say why something was refused."""
    if isinstance(error, CallerError):
        return retold(error.message)
    return say("The district's system cannot be asked now.")
