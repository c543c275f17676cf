"""Words of the terms of a transfer, for people who ask why something leaves and what another version changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policies.transfers.terms import (
    ANNUAL_NOTICE,
    BEGUN_BY_PARENT,
    BIRTH_DATE,
    CONDITIONS,
    FULL,
    INFO,
    LETTER,
    NO_HOLD,
    NO_RESTRICTION,
    STATE_ID,
    TRACKS,
    SectionDecision,
    by_rule,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.transfers.terms import TransferTerms

SAID: Final[Mapping[str, str]] = {
    STATE_ID: "the state id is equal",
    BIRTH_DATE: "the birth date is equal",
    NO_RESTRICTION: "no restriction lies on the student",
    NO_HOLD: "no hold lies on the record",
    INFO: "the information that is due at once",
    FULL: "the whole record",
    ANNUAL_NOTICE: "the district's annual notice tells parents",
    LETTER: "a letter tells the parents",
    BEGUN_BY_PARENT: "the parents have begun it themselves",
    SectionDecision.RULE: "leaves by rule",
    SectionDecision.ASK: "leaves as a person decides",
    SectionDecision.NEVER: "does not leave",
}
"""What each word of the terms says; a test finds every one of them here."""


def words(terms: TransferTerms) -> Iterator[str]:
    """Yield what leaves by rule and when, how parents know of it, and who confirms."""
    for track in TRACKS:
        sections = by_rule(terms, track)
        if terms.rule is not None and sections:
            conditions = ", ".join(SAID[one] for one in CONDITIONS if one in terms.rule.conditions)
            yield f"{SAID[track]}: by rule, where {conditions}: {', '.join(sections)}; a person decides on the rest"
        else:
            yield f"{SAID[track]}: a person decides"
    yield SAID[terms.notify]
    if terms.two_persons:
        yield "a second person confirms what the first releases"
