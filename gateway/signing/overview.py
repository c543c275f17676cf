"""The state of every version of an agreement: draft, in review, signed, in force, ending, ended; and who signed it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.audit.agreement_texts import recorded
from gateway.every_agreement import read_every
from gateway.signing.approval_book import ApprovalBook
from gateway.signing.sealed_approvals import PURPOSE
from gateway.storage.approvals import ASSERTED, SIGNED_IN, Approvals
from gateway.storage.people.agreements import OPEN, WrittenAgreements
from gateway.storage.people.agreements import REVIEW as WRITTEN_REVIEW
from policies.agreement import SETS, read_drafts, read_written
from policies.comparison.review import parties, review

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from gateway.config.settings import Settings
    from gateway.storage.acts import SqlRegistry
    from gateway.storage.approvals import Approval
    from policies.agreement import Agreement
    from policies.comparison.review import Pending

DRAFT, REVIEW, COMING, AGREED = "draft", "in review", "not begun", "signed"
FORCE, ENDING, REPLACED, ENDED = "in force", "ending", "replaced", "ended"
ENDING_DAYS = 30
"""The days before the end of an agreement at which it is said to be ending."""


@dataclass(frozen=True, slots=True)
class VersionState:
    """One version, its *state* today, how each party has approved it, and why it does not count where it does not.

    *pending* is there also where nothing must be signed: it is what would stop the version if it had to be.
    """

    agreement: Agreement
    state: str
    approved: tuple[tuple[str, str], ...]
    approvals: tuple[Approval, ...]
    pending: Pending | None = None


def overview(settings: Settings, store: SqlRegistry | None, now: datetime) -> tuple[VersionState, ...]:
    """Return the state of every correct version in the folder of agreements, in the registry and among the drafts.

    Nothing is recorded: a signature that nobody has recorded yet counts if it would count today.
    """
    found, drafts = read_every(settings, store)[0], read_drafts(settings.agreements)[0]
    written = _open_versions(settings, store)
    words = (*[DRAFT] * len(drafts), *(word for _, word in written))
    texts = recorded(settings)
    held, drawn = tuple(map(texts.held_to, found)), tuple(map(texts.held_to, (*drafts, *(one for one, _ in written))))
    book = _book(settings, store, (*held, *drawn), now)
    waiting = {(one.agreement.id, one.agreement.version): one for one in review(held, book.signers, texts.newest)}
    stops = settings.must_be_signed
    counted = [one for one in held if not stops or (one.id, one.version) not in waiting]
    states = [_state(one, book, waiting.get((one.id, one.version)), counted, now) for one in held]
    states += [replace(_state(one, book, None, (), now), state=word) for one, word in zip(drawn, words, strict=True)]
    return tuple(sorted(states, key=lambda one: (one.agreement.id, one.agreement.version)))


def _open_versions(settings: Settings, store: SqlRegistry | None) -> list[tuple[Agreement, str]]:
    """Return the correct versions that people are writing, each with the word for its state."""
    every = WrittenAgreements(store).newest() if store else ()
    found = []
    for row in every:
        one = read_written(row.document, settings.agreements / SETS)[0] if row.state in OPEN else None
        if one is not None:
            found.append((one, REVIEW if row.state == WRITTEN_REVIEW else DRAFT))
    return found


def would_stop(states: Iterable[VersionState]) -> tuple[VersionState, ...]:
    """Return the versions in force that would release nothing if both parties had to sign."""
    return tuple(one for one in states if one.state in {FORCE, ENDING} and one.pending is not None)


def in_review(states: Iterable[VersionState]) -> tuple[VersionState, ...]:
    """Return the versions that release nothing for want of signatures."""
    return tuple(one for one in states if one.state == REVIEW)


def _book(
    settings: Settings, store: SqlRegistry | None, agreements: tuple[Agreement, ...], now: datetime
) -> ApprovalBook:
    registry = Approvals(store) if store else None
    keys, known = (registry.keys(), registry.every()) if registry else ((), ())
    by_people = any(one.method == SIGNED_IN for one in known)
    seal = settings.open_keys().derive(PURPOSE) if by_people else b""
    book = ApprovalBook(keys, known, agreements, settings.districts.keys(), seal)
    fresh = [approval for one in agreements for approval in book.fresh(one, now)]
    return ApprovalBook(keys, (*known, *fresh), agreements, settings.districts.keys(), seal) if fresh else book


def _state(
    one: Agreement, book: ApprovalBook, pending: Pending | None, counted: Iterable[Agreement], now: datetime
) -> VersionState:
    signed = book.signers(one).parties
    state = _word(one, one.today(now), tuple(counted), signed=frozenset(parties(one)) <= signed)
    approvals = book.approvals(one)
    said = {found.party: "asserted by the operator" for found in approvals if found.method == ASSERTED}
    how = said | dict.fromkeys(signed, "signed")
    return VersionState(
        one, state, tuple((party, how.get(party, "not approved")) for party in parties(one)), approvals, pending
    )


def _word(one: Agreement, today: date, counted: tuple[Agreement, ...], *, signed: bool) -> str:
    if one.end < today:
        return ENDED
    if one not in counted:
        return REVIEW
    if one.begin > today:
        return AGREED if signed else COMING
    later = [other for other in counted if other.id == one.id and other.version > one.version]
    if any(other.begin <= today for other in later):
        return REPLACED
    followed = any(other.begin <= one.end + timedelta(days=1) <= other.end for other in later)
    return ENDING if one.end - today <= timedelta(days=ENDING_DAYS) and not followed else FORCE
