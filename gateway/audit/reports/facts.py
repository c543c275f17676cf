"""The facts of an event in words: what the vocabulary says of each, and what was done to it before it left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.translations.catalogues import translator
from standards import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

    Action = tuple[str, str]

KIND: Final = "disclosures"
"""The kind of the texts of these reports among the translations."""
VOCABULARY: Final = "vocabulary"
DONE: Final = {
    "allow": "",
    "year": "only the year",
    "month": "only the year and the month",
    "zip3": "only the first three digits",
    "last4": "only the last four characters",
    "initial": "only the first letter",
    "hash": "only a code that tells equal values apart from others",
    "pseudonym": "only a number that nobody else knows",
}
"""What each action leaves of a fact."""
PEOPLE: Final = frozenset(
    {
        "student", "contact", "guardianship", "enrollment", "placement", "attendance", "grade", "transcriptEntry",
        "academicRecord", "assessmentResult", "incident", "action", "result", "healthRecord", "transportation",
        "programParticipation", "studentInvolvement", "profile",
    }
)  # fmt: skip
"""The kinds of records that tell something about a child; what schools, courses and staff are called does not."""


def about_a_child(name: str) -> bool:
    """Tell whether a fact is one about a child; one that nobody knows is."""
    field = vocabulary.names().get(name)
    return field is None or field.entity in PEOPLE


def in_words(actions: Iterable[Action], language: str) -> list[str]:
    """Describe each fact in *language*, those about a child, in the order of the vocabulary."""
    order = {name: at for at, name in enumerate(vocabulary.names())}
    chosen = [one for one in set(actions) if about_a_child(one[0])]
    return list(
        dict.fromkeys(_words(*one, language) for one in sorted(chosen, key=lambda one: (order.get(one[0], 1e6), one)))
    )


def _words(name: str, action: str, language: str) -> str:
    field = vocabulary.names().get(name)
    said = translator(VOCABULARY, language)(field.about).rstrip(".") if field else name
    done = DONE.get(action, action)
    return f"{said} ({translator(KIND, language)(done) if action in DONE else done})" if done else said
