"""People: the pairs that the Ed-Fi model has in common for students, staff and contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.codes import inward
from standards.lenses.lens import coded, each, read_only, same
from standards.view import Value, value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from standards.lenses.lens import Pair

OTHER_MAIL = "uri://ed-fi.org/ElectronicMailTypeDescriptor#Other"
OTHER_PHONE = "uri://ed-fi.org/TelephoneNumberTypeDescriptor#Other"

NAMES: tuple[Pair, ...] = (
    same("firstName", "name.given"),
    same("lastSurname", "name.family"),
    same("middleName", "name.middle"),
    same("personalTitlePrefix", "name.prefix"),
    same("generationCodeSuffix", "name.suffix"),
    same("maidenName", "name.maiden"),
    same("preferredFirstName", "name.preferredGiven"),
    same("preferredLastSurname", "name.preferredFamily"),
)
ADDRESSES: Pair = each("addresses", "address", (
    coded("addressTypeDescriptor", "kind", "addressType"),
    same("streetNumberName", "street"),
    same("apartmentRoomSuiteNumber", "unit"),
    same("city", "city"),
    coded("stateAbbreviationDescriptor", "state", "state"),
    same("postalCode", "postalCode"),
    same("nameOfCounty", "county"),
))  # fmt: skip
EMAILS: Pair = each("electronicMails", "emails", (
    coded("electronicMailTypeDescriptor", "kind", "emailType"),
    same("electronicMailAddress", "address"),
    same("primaryEmailAddressIndicator", "primary", "boolean"),
    same("doNotPublishIndicator", "doNotPublish", "boolean"),
))  # fmt: skip
PHONES: Pair = each("telephones", "phones", (
    coded("telephoneNumberTypeDescriptor", "kind", "phoneType"),
    same("telephoneNumber", "number"),
    same("orderOfPriority", "priority", "integer"),
    same("textMessageCapabilityIndicator", "textMessage", "boolean"),
    same("doNotPublishIndicator", "doNotPublish", "boolean"),
))  # fmt: skip


def chosen(*kinds: str) -> tuple[Pair, ...]:
    """Map the one e-mail address, telephone number and text-message number to use, by preferred *kinds* of address.

    One that is not to be published is never chosen.
    """
    return (
        read_only("electronicMails", "email", _email(kinds)),
        read_only("telephones", "phone", _phone),
        read_only("telephones", "sms", _sms),
    )


def alone_mail(source: str = "email") -> Value:
    """Show the e-mail address of a source that states one without its kind."""
    return value("electronicMails", source, form=lambda address: [
        {"electronicMailTypeDescriptor": OTHER_MAIL, "electronicMailAddress": address}
    ])  # fmt: skip


def alone_phone(source: str = "phone") -> Value:
    """Show the telephone number of a source that states one without its kind."""
    return value("telephones", source, form=lambda number: [
        {"telephoneNumberTypeDescriptor": OTHER_PHONE, "telephoneNumber": number}
    ])  # fmt: skip


def _items(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = document.get(name)
    items = found if isinstance(found, list) else []
    return [item for item in items if isinstance(item, dict) and item.get("doNotPublishIndicator") is not True]


def _email(kinds: tuple[str, ...]) -> Callable[[Mapping[str, Any]], str | None]:
    def best(document: Mapping[str, Any]) -> str | None:
        known = inward("emailType", "edfi")

        def rank(item: Mapping[str, Any]) -> tuple[int, bool, str]:
            kind = known(str(item.get("electronicMailTypeDescriptor", "")))
            place = kinds.index(kind) if kind in kinds else len(kinds)
            return place, item.get("primaryEmailAddressIndicator") is not True, str(item["electronicMailAddress"])

        found = [item for item in _items(document, "electronicMails") if item.get("electronicMailAddress")]
        return str(min(found, key=rank)["electronicMailAddress"]) if found else None

    return best


def _phone(document: Mapping[str, Any]) -> str | None:
    return _number(_items(document, "telephones"))


def _sms(document: Mapping[str, Any]) -> str | None:
    able = [item for item in _items(document, "telephones") if item.get("textMessageCapabilityIndicator") is True]
    return _number(able)


def _number(found: list[Mapping[str, Any]]) -> str | None:
    ranked = [
        (item.get("orderOfPriority") or 1 << 31, str(number))
        for item in found
        if (number := item.get("telephoneNumber"))
    ]
    return min(ranked)[1] if ranked else None
