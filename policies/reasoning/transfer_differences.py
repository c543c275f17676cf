"""Differences between two agreements in the transfer of records: what leaves by rule, how parents know, which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.reasoning.differences import AgreementDifference
from policies.transfers.terms import PART, SECTIONS, TRACKS, SectionDecision, transfer_terms
from policies.transfers.words import SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policies.reasoning.differences import Direction
    from policies.transfers.terms import TransferTerms

NONE = "no transfers"


def of_transfers(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[AgreementDifference]:
    """Yield each difference in what the contents of two agreements say of transfers."""
    before, after = transfer_terms(was), transfer_terms(now)
    if before is None or after is None:
        if before is not after:
            first, then = (NONE if one is None else "transfers of records" for one in (before, after))
            yield AgreementDifference(PART, "", "both", first, then, f"{then}, was {first}")
        return
    yield from _sections(before, after)
    yield from _conditions(before, after)
    yield from _notice(before, after)
    yield from _keys("receiver", before.receiver_keys, after.receiver_keys, "the receiver's key")
    yield from _keys("sender", before.sender_keys, after.sender_keys, "the sender's key")
    if before.two_persons != after.two_persons:
        direction: Direction = "narrower" if after.two_persons else "wider"
        first, then = (
            "a second person confirms" if one.two_persons else "one person releases" for one in (before, after)
        )
        yield AgreementDifference(PART, "twoPersons", direction, first, then, f"{then}, was: {first}")


def _sections(before: TransferTerms, after: TransferTerms) -> Iterator[AgreementDifference]:
    for track in TRACKS:
        for section in SECTIONS:
            first, then = before.decision(track, section), after.decision(track, section)
            if first != then:
                direction: Direction = "wider" if then is SectionDecision.RULE else "narrower"
                text = f"{section} ({SAID[track]}) {SAID[then]}, was: {SAID[first]}"
                yield AgreementDifference(PART, f"{track} {section}", direction, first, then, text)


def _conditions(before: TransferTerms, after: TransferTerms) -> Iterator[AgreementDifference]:
    if before.rule is None or after.rule is None:
        return
    was, now = before.rule.conditions, after.rule.conditions
    yield from _each("when", now - was, "narrower", "by rule only where")
    yield from _each("when", was - now, "wider", "by rule no longer only where")


def _each(name: str, words: Iterable[str], direction: Direction, said: str) -> Iterator[AgreementDifference]:
    for one in sorted(words):
        sides = ("", one) if direction == "narrower" else (one, "")
        yield AgreementDifference(PART, name, direction, *sides, f"{said} {SAID[one]}")


def _notice(before: TransferTerms, after: TransferTerms) -> Iterator[AgreementDifference]:
    if before.notify != after.notify:
        text = f"{SAID[after.notify]}, was: {SAID[before.notify]}"
        yield AgreementDifference(PART, "notify", "both", before.notify, after.notify, text)
    elif before.office != after.office:
        text = f"the letter names {after.office}, was {before.office}"
        yield AgreementDifference(PART, "office", "both", before.office, after.office, text)


def _keys(side: str, was: Iterable[str], now: Iterable[str], said: str) -> Iterator[AgreementDifference]:
    for one in sorted(set(now) - set(was)):
        yield AgreementDifference(PART, side, "wider", "", one, f"{said} {one} is new")
    for one in sorted(set(was) - set(now)):
        yield AgreementDifference(PART, side, "narrower", one, "", f"{said} {one} is gone")
