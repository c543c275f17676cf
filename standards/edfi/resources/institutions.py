"""Education organizations: the pairs that the Ed-Fi model has in common for every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.edfi.resources.people import ADDRESSES
from standards.lenses.lens import each, read_only, same

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from standards.lenses.lens import Pair


def institution(identifier: str, kind: str) -> tuple[Pair, ...]:
    """Return the pairs of an organization of one *kind*, whose number is the member *identifier*."""
    return (
        same(identifier, "identifier", "integer_text"),
        read_only((), "kind", lambda _document: kind),
        same("nameOfInstitution", "name"),
        same("shortNameOfInstitution", "shortName"),
        same("webSite", "website"),
        ADDRESSES,
        each("institutionTelephones", "phone", (
            same("institutionTelephoneNumberTypeDescriptor", "kind"),
            same("telephoneNumber", "number"),
        )),
        each("identificationCodes", "identifiers", (
            same("educationOrganizationIdentificationSystemDescriptor", "system"),
            same("identificationCode", "code"),
        )),
    )  # fmt: skip


def parent(*paths: str) -> Pair:
    """Return the pair for the parent organization: the first that the document names at one of *paths*."""

    def above(document: Mapping[str, Any]) -> tuple[str, ...] | None:
        for path in paths:
            reference, _, member = path.partition(".")
            inner = document.get(reference)
            if isinstance(inner, dict) and inner.get(member) is not None:
                return (str(inner[member]),)
        return None

    return read_only((), "parent", above)


def of_kind(kind: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the condition for rows of one *kind* of organization."""
    return (("kind", frozenset({kind})),)
