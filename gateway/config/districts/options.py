"""Options of a district beside the settings of its adapter, each with its words for file, page, program and command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class DistrictOption:
    """An option: its *label*, one sentence *about* what it means and its default, and *more* for the settings file.

    A *kind* is a number, a text, several of either, shares by the name of what they are of, or facts by their names.
    """

    name: str
    kind: Literal["number", "numbers", "text", "texts", "shares", "facts"]
    label: str
    about: str
    more: str = ""

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the schema of the settings file says of it."""
        return {"about": f"{self.about} {self.more}".rstrip(), **ITEMS.get(self.kind, {})}

    @property
    def plain(self) -> str:
        """The sentence about it without the marks of a document."""
        return self.about.replace("`", "")


ITEMS: Final = {"numbers": {"item": "number"}, "texts": {"item": "text"}}

OPTIONS: Final[Mapping[str, DistrictOption]] = {
    one.name: one
    for one in (
        DistrictOption(
            "school_years", "numbers", "School years",
            "The school years under which its Ed-Fi addresses may be asked for, each named by the calendar year it ends"
            " in; without any, the school year that is running.",
            "A year addresses the district (`/NAME/2027/data/v3`) and selects nothing in it; the running one begins in"
            " July.",
        ),
        DistrictOption(
            "loss", "shares", "Rows that a reading may drop",
            "Which share of the rows of an entity a reading may drop without anybody's approval, such as 0.5 for"
            " `enrollment`; `default` is for every other, and is 0.2 where it is not given.",
        ),
        DistrictOption(
            "set_aside", "shares", "Rows that may be set aside",
            "Which share of the rows of an entity may be set aside because they cannot be understood or have lost their"
            " owner, such as 0.001 for `placement`; `default` is for every other, and is 0.005 where it is not given.",
            "At least one row may, and at most 100; 0 is none. Organizations and sessions never may.",
        ),
        DistrictOption(
            "unresolved", "shares", "References that may lead nowhere",
            "Which share of the references of a field may lead nowhere, such as 0.1 for `section.terms`; `default` is"
            " for every other, and is 0.05 where it is not given.",
            "A field has its name, or that of file and column (`users.agentSourcedIds`). At least one may; 0 is none."
            " Beyond that the load is refused.",
        ),
        DistrictOption(
            "descriptors", "texts", "Descriptors of its own",
            "Ed-Fi descriptor values that its records have beside the standard ones, such as"
            " `uri://maple.example.org/SexDescriptor#X`; without any, the standard ones alone.",
            "A system that knows descriptors tells them itself.",
        ),
        DistrictOption(
            "default_category", "text", "Category of a line item without one",
            "The sourcedId, in its own system, of the category that a line item gets whose writer names none; without"
            " it such a line item is refused.",
            "The grade export of some platforms names none.",
        ),
        DistrictOption(
            "record_years", "number", "Years that records are kept",
            "How many years after the end of a school year the district keeps education records, and the record of"
            " their disclosures with them; without it, for ever.",
            "Then `crossing audit shred` may end it.",
        ),
        DistrictOption(
            "defaults", "facts", "Facts that its system does not say",
            "What Ed-Fi requires and a OneRoster system does not say, such as 90 for `session.instructionalDays`; a"
            " fact that is not given is as the gateway ships it, or absent.",
            "The facts that can be declared are in [across.md](across.md).",
        ),
    )
}  # fmt: skip
"""The options by their names, in the order in which people are asked for them."""
