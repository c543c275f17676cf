"""Declared facts: entries of the registers that a district's own system keeps in a field of its students."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from policies import elements

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSENT: Final = "consent"
DECLARABLE: Final = ("directory", "acp", "parent-objection", "do-not-transfer-discipline", CONSENT)
STUDENTS: Final = frozenset({"student", "profile"})
WHOLE: Final = frozenset({"group", "json", "id", "ref"})
RESTRICTING, CONSENTING = ("restricted", "free"), ("granted", "agreement", "form")
"""The settings that a restriction has and a consent has not, and the other way round."""


@dataclass(frozen=True, slots=True)
class DeclaredFact:
    """A *kind* of restriction, or a consent, that the values of one *element* of a student state.

    Of a restriction, a value in *free* frees and any other word restricts; of a consent to the *agreement* by a *form*,
    a value in *granted* grants and any other word does not. *empty* says what a student without a value is.
    """

    kind: str
    element: str
    restricted: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    granted: frozenset[str] = frozenset()
    empty: Literal["free", "restricted"] = "restricted"
    agreement: str = ""
    form: str = ""

    def frees(self, words: tuple[str, ...] | None) -> bool:
        """Tell whether what the field of a student has (None: it is not there) lets the student's data leave.

        Words are compared without case. Of several, each must free.
        """
        if words is None:
            return False
        said = [word.strip().casefold() for word in words if word.strip()]
        freeing = {word.casefold() for word in (self.granted if self.kind == CONSENT else self.free)}
        return all(word in freeing for word in said) if said else self.empty == "free" and self.kind != CONSENT


def _check_element(name: str) -> None:
    one = elements.element(name)
    if one is None:
        raise ValidationError(f"there is no element of this name{elements.guess(name)}")
    about = [field for field in one.fields if field.entity in STUDENTS]
    if not about:
        raise ValidationError("this is no fact of a student")
    if one.types & WHOLE or (one.open and not one.member):
        raise ValidationError("a fact has one value, and this holds others, or is an id")


def _words(about: str) -> fields.List[str]:
    word = fields.String(validate=validate.Length(1, 200, error="write a word; `empty` is for no value"))
    return fields.List(word, load_default=list, metadata={"about": about, "item": "text"})


class DeclaredFactSchema(Schema):
    """A restriction or a consent that the district's system keeps itself, in a field of its students."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(DECLARABLE, error=f"must be one of: {', '.join(DECLARABLE)}"),
        metadata={"about": f"What it states: {', '.join(f'`{kind}`' for kind in DECLARABLE)}."},
    )
    element = fields.String(
        required=True,
        validate=_check_element,
        metadata={
            "about": "The name by which the field is released, such as `oneroster.users.metadata.directoryOptOut`;"
            " it need not be released to anybody."
        },
    )
    restricted = _words("Of a restriction, the words that restrict, in any case. A word in no list restricts too.")
    free = _words("Of a restriction, the words that do not restrict.")
    granted = _words("Of a consent, the words that grant it. Any other word does not.")
    empty = fields.String(
        required=True,
        validate=validate.OneOf(("free", "restricted"), error="must be free or restricted"),
        metadata={
            "about": "What a student without a value is: `free` or `restricted`. A column or member that the source"
            " does not have, and a student set aside, count as `restricted` all the same; no value is never a consent."
        },
    )
    agreement = fields.String(
        load_default="", metadata={"about": "Of a consent, the agreement that it is a consent to; required there."}
    )
    form = fields.String(load_default="", metadata={"about": "Of a consent, the name of the form; required there."})

    @validates_schema(skip_on_field_errors=True)
    def check_whole(self, data: Mapping[str, Any], **_told: object) -> None:
        """Refuse settings of the other kind, words that say both, and an empty value that consents."""
        consents = data["kind"] == CONSENT
        for name in RESTRICTING if consents else CONSENTING:
            if data[name]:
                raise ValidationError(f"{'a consent' if consents else 'a restriction'} has no such setting", name)
        for name in CONSENTING if consents else ():
            if not data[name]:
                raise ValidationError("a consent needs this", name)
        if consents and data["empty"] == "free":
            raise ValidationError("no value is no consent: write restricted", "empty")
        if not consents and not (data["restricted"] or data["free"]):
            raise ValidationError("say which words restrict, or which do not", "restricted")
        if both := sorted({one.casefold() for one in data["restricted"]} & {one.casefold() for one in data["free"]}):
            raise ValidationError(f"{both[0]!r} is in both lists", "free")

    @post_load
    def make(self, data: dict[str, Any], **_told: object) -> DeclaredFact:
        """Make the fact of settings without a mistake."""
        sets = {name: frozenset(data[name]) for name in ("restricted", "free", "granted")}
        return DeclaredFact(**{**data, **sets})
