"""Forms of agreements: one for each part of the editor, and for what is done with a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from gateway.admin.agreements.form import ENDS, MEMBERS, OPERATIONS
from gateway.admin.agreements.templates import OF_TRANSFER
from gateway.admin.agreements.transfer_part import BY_RULE
from gateway.console.forms import CheckboxesField, ConsoleForm, SuggestedField, choices
from gateway.console.parts.facts import read_period, said_period
from gateway.console.transfers.words import SECTIONS, TRACKS
from gateway.console.wording import later
from policies.transfers.terms import (
    ANNUAL_NOTICE,
    BEGUN_BY_PARENT,
    BIRTH_DATE,
    CONDITIONS,
    LETTER,
    NO_HOLD,
    NO_RESTRICTION,
    STATE_ID,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.console.wording import Later

KINDS: Final = (
    ("vendor", later("vendor")), ("cbo", later("community organization")), ("district", later("school district")),
    ("researcher", later("researcher")), ("sea", later("state agency")),
)  # fmt: skip
TEMPLATE_NAMES: Final = {
    "blank": later("Nothing but the student's number"), "tutoring": later("Tutoring"),
    "roster": later("Class lists for a learning product"), "research": later("Research"),
    OF_TRANSFER: later("Records of students who move to the recipient"),
}  # fmt: skip
BASES: Final = (
    ("99.31(a)(1)", later("99.31(a)(1): school officials, and services under the district's control")),
    ("99.31(a)(2)", later("99.31(a)(2): another school in which the student enrolls")),
    ("99.31(a)(3)", later("99.31(a)(3): state and federal authorities")),
    ("99.31(a)(6)", later("99.31(a)(6): studies for the district")),
    ("99.31(a)(11)", later("99.31(a)(11): directory information")),
    ("99.30", later("99.30: consent of the parent or eligible student")),
)
OPERATION_NAMES: Final = {
    "read": later("read pages and single records"), "search": later("search with a filter"),
    "create": later("add records"), "update": later("change records"), "delete": later("delete records"),
    "bulk": later("fetch files"), "changes": later("ask what has changed"),
    "transfer": later("receive the record of a student who moves there, and nothing else"),
}  # fmt: skip
END_NAMES: Final = {
    "expiry": later("the agreement ends"), "revocation": later("an approval is taken back"),
    "withdrawal": later("a family withdraws its consent"),
}  # fmt: skip
CONDITION_NAMES: Final = {
    STATE_ID: later("the state id is equal"), BIRTH_DATE: later("the birth date is equal"),
    NO_RESTRICTION: later("no restriction lies on the student"), NO_HOLD: later("nothing holds the record back"),
}  # fmt: skip
NOTICE_NAMES: Final = (
    (ANNUAL_NOTICE, later("the annual notice says that records are sent on")),
    (LETTER, later("a letter is written to them")),
    (BEGUN_BY_PARENT, later("they have asked for it themselves")),
)
PERIOD: Final = "deleteWithin"
"""The field that people fill in with a period in words."""

THUMBPRINTS: Final = frozenset({"receiverKeys", "senderKeys"})
CHECKED: Final = frozenset({"operations", "after", "tracks", "when", "sections", "ask"})
"""The members of several texts that are check boxes; of all others each text has a line."""
ONE_A_LINE: Final = later("One on each line.")
UNSAID: Final = ("", later("not said"))


class SavedForm(ConsoleForm):
    """A form about one save of a version."""

    number = HiddenField()

    @property
    def expected(self) -> int:
        """The number of the save that the person saw."""
        given = str(self.number.data or "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1  # noqa: PLR2004


class PartiesForm(SavedForm):
    """Who, why, how long: the first part of an agreement."""

    kind = SelectField(later("Kind of recipient"), choices=choices(KINDS))
    nces = StringField(later("NCES number of the district"), [Optional(), Length(max=7)])
    purpose = StringField(later("Purpose"), description=later("One word for what the data are used for."))
    interest = TextAreaField(
        later("Legitimate interest"), description=later("A sentence; it stands in the record of disclosures.")
    )
    ferpa = SelectField(later("Legal basis under FERPA"))
    state = TextAreaField(later("Basis in state law"), description=ONE_A_LINE)
    begin = StringField(later("First day"), render_kw={"type": "date"})
    end = StringField(later("Last day"), render_kw={"type": "date"})
    timezone = StringField(later("Time zone of both days"))
    clients = TextAreaField(later("Clients that act under it"), description=ONE_A_LINE)
    operations = CheckboxesField(later("What the clients may do"))
    subprocessors = TextAreaField(later("Subcontractors of the recipient"), description=ONE_A_LINE)


class StudentsForm(SavedForm):
    """Whom it is about: the selectors of a population."""

    enrollment = SelectField(
        later("Enrollment"), choices=choices([("", later("today or before")), ("active", later("enrolled today"))])
    )
    schools = TextAreaField(later("Only these schools"), description=ONE_A_LINE)
    grades = TextAreaField(later("Only these grades"), description=later("One on each line, such as KG or 03."))
    programs = TextAreaField(later("Only who takes part in one of these programs"), description=ONE_A_LINE)
    ageFrom = IntegerField(later("From so many years old"), [Optional()])  # noqa: N815 -- as in the form
    ageTo = IntegerField(later("To so many years old"), [Optional()])  # noqa: N815
    form = StringField(
        later("Only with written consent by this form"), description=later("The name of the form; empty for none.")
    )
    optOut = SelectField(  # noqa: N815
        later("Who opted out of directory information"),
        choices=choices([UNSAID, ("honour", later("is left out")), ("n/a", later("does not matter here"))]),
    )
    notice = TextAreaField(later("Facts that the district's public notice names"), description=ONE_A_LINE)


class DutiesForm(SavedForm):
    """What the recipient undertakes."""

    redisclosure = SelectField(
        later("Passing data on"),
        choices=choices(
            [UNSAID, ("prohibited", later("is prohibited")), ("named", later("is allowed to those named below"))]
        ),
    )
    named = TextAreaField(later("Whom data may be passed on to"), description=ONE_A_LINE)
    deleteWithin = StringField(  # noqa: N815
        later("Delete within"), description=later("A number of days, or with a word: 60 days, 2 months, 1 year.")
    )
    after = CheckboxesField(later("After"))
    certificate = SelectField(
        later("Certificate of deletion"),
        choices=choices([UNSAID, ("required", later("is required")), ("none", later("is not required"))]),
    )
    obligations = TextAreaField(later("Further obligations"), description=ONE_A_LINE)
    smallCell = IntegerField(later("Do not tell totals below"), [Optional()])  # noqa: N815
    maxRowsPerDay = IntegerField(later("Most records in a day"), [Optional()])  # noqa: N815


class TransferTermsForm(SavedForm):
    """How the record of a student who moves leaves."""

    tracks = CheckboxesField(
        later("Leaves by rule, without a person"),
        description=later(
            "Information is what is due in two school days. Choose nothing to let a person decide on every release."
        ),
    )
    when = CheckboxesField(
        later("The rule holds where"), description=later("Without the first three no rule releases anything.")
    )
    sections = CheckboxesField(
        later("Only these sections leave by rule"),
        description=later("Choose nothing for all that a rule may release; the others are for a person in any case."),
    )
    ask = CheckboxesField(later("A person decides on"), description=later("Even where the rule holds."))
    twoPersons = BooleanField(later("A second person confirms each release"))  # noqa: N815 -- as in the form
    notify = SelectField(later("How parents know of it"), choices=choices([UNSAID, *NOTICE_NAMES]))
    office = StringField(
        later("Office that parents turn to"),
        [Length(max=500)],
        description=later("With a letter alone: for a copy and a hearing, with address and telephone."),
    )
    receiverKeys = TextAreaField(  # noqa: N815
        later("Keys that open the record"),
        description=later("Thumbprints of the receiving district, read by telephone. One on each line, two at most."),
    )
    senderKeys = TextAreaField(  # noqa: N815
        later("Keys that sign it"), description=later("Thumbprints of the sending district, in the same way.")
    )


class AgreementTextForm(SavedForm):
    """The whole text."""

    text = TextAreaField(later("Text (YAML)"), render_kw={"rows": 40, "spellcheck": "false", "class": "code"})


class NewAgreementForm(ConsoleForm):
    """Between whom a new agreement is, and what it begins with."""

    district = SelectField(later("District that provides the data"))
    recipient = SuggestedField(
        later("Recipient"),
        [InputRequired(), Length(max=100)],
        description=later("One of the known organisations, by its name; or the name of a new one."),
    )
    kind = SelectField(
        later("Kind of recipient"), choices=choices([("", later("as the organisation is known")), *KINDS])
    )
    purpose = StringField(later("Purpose"), [Length(max=100)], description=later("One word, such as tutoring."))
    template = SelectField(later("Begin with"), choices=choices(TEMPLATE_NAMES.items()))
    interest = TextAreaField(
        later("Legitimate interest"), description=later("A sentence; it stands in the record of disclosures.")
    )
    known_clients = CheckboxesField(
        later("Registered clients that act under it"), description=later("Those of the recipient.")
    )
    clients = TextAreaField(
        later("Clients to be registered yet"), [Optional()], description=later("Their ids, one on each line.")
    )
    begin = StringField(later("First day"), render_kw={"type": "date"})
    end = StringField(later("Last day"), render_kw={"type": "date"})
    schedule = FileField(
        later("Schedule of data (CSV)"),
        [Optional()],
        description=later("Instead of a template: columns category, element, checked."),
    )


class ReadInForm(ConsoleForm):
    """The text of an agreement to begin a draft with."""

    text = TextAreaField(later("Text (YAML)"), [InputRequired()], render_kw={"rows": 12, "spellcheck": "false"})


class ReasonedForm(SavedForm):
    """Why something is done; it stays on record."""

    reason = StringField(later("Reason"), [Length(max=500)], description=later("It stays on record."))


class ContinueForm(ConsoleForm):
    """The next version, to another last day if one is given."""

    end = StringField(
        later("New last day"), render_kw={"type": "date"}, description=later("Empty to keep the last day.")
    )


class SignForm(ConsoleForm):
    """The party to sign for, and the digest of the text that is shown."""

    shown = HiddenField()
    party = RadioField(later("I sign for"), [InputRequired()])


def part_form(part: str, values: Mapping[str, Any], number: int) -> SavedForm:
    """Return the form of a *part*, filled with its *values*; with what was sent instead, where it was."""
    lines = {one.name for one in MEMBERS[part] if one.kind == "texts"} - CHECKED
    filled = {name: "\n".join(value) if name in lines else value for name, value in values.items()}
    filled = {name: None if value == "" else value for name, value in filled.items()}
    if filled.get(PERIOD):
        filled[PERIOD] = said_period(str(filled[PERIOD]))
    form = FORMS[part](data={**filled, "number": number})
    if isinstance(form, PartiesForm):
        known = [*BASES, *([(values["ferpa"], values["ferpa"])] if values["ferpa"] not in dict(BASES) else [])]
        form.ferpa.choices = choices([one for one in known if one[0]])
        form.operations.choices = choices([(one, OPERATION_NAMES[one]) for one in OPERATIONS])
    if isinstance(form, DutiesForm):
        form.after.choices = choices([(one, END_NAMES[one]) for one in ENDS])
    if isinstance(form, TransferTermsForm):
        sections = [(one.value, name) for one, name in SECTIONS.items()]
        form.tracks.choices = _offered(((one.value, name) for one, name in TRACKS.items()), values["tracks"])
        form.when.choices = _offered(((one, CONDITION_NAMES[one]) for one in CONDITIONS), values["when"])
        form.sections.choices = _offered((one for one in sections if one[0] in BY_RULE), values["sections"])
        form.ask.choices = _offered(sections, values["ask"])
        if not values["tracks"] and not form.is_submitted():
            form.when.data = list(CONDITIONS)  # what a rule begins with
    return form


def _offered(known: Iterable[tuple[str, str | Later]], chosen: Iterable[str]) -> list[Any]:
    """Return the *known* choices, and what the text has *chosen* beside, so that it does not vanish unseen."""
    found = list(known)
    return choices([*found, *((one, one) for one in chosen if one not in dict(found))])


def part_values(part: str, form: SavedForm) -> dict[str, Any]:
    """Return the values of a part as its form has them."""
    found: dict[str, Any] = {}
    for one in MEMBERS[part]:
        given = form[one.name].data
        if one.kind == "number":
            found[one.name] = "" if given is None else given
        elif one.name in THUMBPRINTS:
            found[one.name] = ["".join(line.split()) for line in str(given or "").splitlines() if line.strip()]
        elif one.kind == "texts" and not isinstance(given, list):
            found[one.name] = [line.strip() for line in str(given or "").splitlines() if line.strip()]
        elif one.kind == "texts":
            found[one.name] = given
        elif one.kind == "flag":
            found[one.name] = bool(given)
        else:
            said = " ".join(str(given or "").split())
            found[one.name] = read_period(said) if one.name == PERIOD else said
    if part == "transfer" and not (found["tracks"] or found["sections"]):
        found["when"] = []  # without a rule there is nothing that may hold
    return found


FORMS: Final[Mapping[str, type[SavedForm]]] = {
    "parties": PartiesForm, "who": StudentsForm, "transfer": TransferTermsForm, "duties": DutiesForm,
}  # fmt: skip
