"""Elements and references of Ed-Fi interchange files, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from datetime import date

    from gateway.demo.data.records import Address, Name, Section

GRADE_LEVELS = {
    "PK": "Prekindergarten",
    "KG": "Kindergarten",
    "01": "First grade",
    "02": "Second grade",
    "03": "Third grade",
    "04": "Fourth grade",
    "05": "Fifth grade",
    "06": "Sixth grade",
    "07": "Seventh grade",
    "08": "Eighth grade",
    "09": "Ninth grade",
    "10": "Tenth grade",
    "11": "Eleventh grade",
    "12": "Twelfth grade",
}
SEXES = {"female": "Female", "male": "Male", "other": "Non-binary"}


def element(name: str, *parts: str) -> str:
    """Build an element around *parts*; nothing when they are all empty."""
    content = "".join(parts)
    return f"<{name}>{content}</{name}>" if content else ""


def text(name: str, value: str | int) -> str:
    """Build an element with *value*; nothing when it is blank."""
    return f"<{name}>{escape(str(value))}</{name}>" if value != "" else ""


def day(name: str, value: date | None) -> str:
    """Build an element with a date; nothing when there is none."""
    return f"<{name}>{value.isoformat()}</{name}>" if value else ""


def truth(name: str, value: bool) -> str:
    """Build an element with true or false."""
    return f"<{name}>{'true' if value else 'false'}</{name}>"


def code(name: str, descriptor: str, value: str) -> str:
    """Build an element with a descriptor of the standard's own set; nothing when there is none."""
    return f"<{name}>uri://ed-fi.org/{descriptor}Descriptor#{escape(value)}</{name}>" if value else ""


def grade(name: str, value: str) -> str:
    """Build an element with a grade level."""
    return code(name, "GradeLevel", GRADE_LEVELS[value])


def years(school_year: int) -> str:
    """Write a school year as the interchange does."""
    return text("SchoolYear", f"{school_year - 1}-{school_year}")


def reference(name: str, kind: str, *identity: str) -> str:
    """Build a reference by natural key to a *kind* of record."""
    return element(name, element(f"{kind}Identity", *identity))


def school(ident: str, name: str = "SchoolReference") -> str:
    """Build a reference to a school."""
    return reference(name, "School", text("SchoolId", ident))


def organization(ident: str) -> str:
    """Build a reference to any education organization."""
    return reference("EducationOrganizationReference", "EducationOrganization", text("EducationOrganizationId", ident))


def student(state_id: str) -> str:
    """Build a reference to a student."""
    return reference("StudentReference", "Student", text("StudentUniqueId", state_id))


def staff(ident: str) -> str:
    """Build a reference to a member of staff."""
    return reference("StaffReference", "Staff", text("StaffUniqueId", ident))


def session(title: str, school_year: int, at: str) -> str:
    """Build a reference to a session of one school."""
    return reference("SessionReference", "Session", text("SessionName", title), years(school_year), school(at))


def offering(course: str, title: str, school_year: int, at: str) -> str:
    """Build a reference to a course offering of one school in one session."""
    return reference(
        "CourseOfferingReference",
        "CourseOffering",
        text("LocalCourseCode", course),
        school(at),
        session(title, school_year, at),
    )


def section(one: Section, title: str, school_year: int) -> str:
    """Build a reference to a section that meets in the session called *title*."""
    return reference(
        "SectionReference",
        "Section",
        text("SectionIdentifier", one.id),
        offering(one.course, title, school_year, one.school),
    )


def person(name: Name, prefix: str = "") -> str:
    """Build the name of a person."""
    return element(
        "Name",
        text("PersonalTitlePrefix", prefix),
        text("FirstName", name.given),
        text("MiddleName", name.middle),
        text("LastSurname", name.family),
        text("GenerationCodeSuffix", name.suffix),
        text("PreferredFirstName", name.preferred_given),
        text("PreferredLastSurname", name.preferred_family),
    )


def address(place: Address, kind: str, *, unlisted: bool = False) -> str:
    """Build a postal address."""
    return element(
        "Address",
        text("StreetNumberName", place.street),
        text("ApartmentRoomSuiteNumber", place.unit),
        text("City", place.city),
        code("StateAbbreviation", "StateAbbreviation", place.state),
        text("PostalCode", place.postal_code),
        code("AddressType", "AddressType", kind),
        truth("DoNotPublishIndicator", unlisted) if unlisted else "",
    )


def telephone(number: str, kind: str, priority: int, *, unlisted: bool = False) -> str:
    """Build a telephone number."""
    return element(
        "Telephone",
        text("TelephoneNumber", number),
        code("TelephoneNumberType", "TelephoneNumberType", kind),
        text("OrderOfPriority", priority),
        truth("DoNotPublishIndicator", unlisted) if unlisted else "",
    )


def mail(address: str, kind: str) -> str:
    """Build an e-mail address; nothing when there is none."""
    if not address:
        return ""
    return element(
        "ElectronicMail",
        text("ElectronicMailAddress", address),
        code("ElectronicMailType", "ElectronicMailType", kind),
        truth("PrimaryEmailAddressIndicator", True),
    )


def language(ident: str) -> str:
    """Build the language spoken at home."""
    return element("Language", code("Language", "Language", ident), code("LanguageUse", "LanguageUse", "Home language"))
