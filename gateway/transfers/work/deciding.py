"""Deciding: whether the agreement's rule releases the record of a student who was found, or a person does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.transfers.districts.release import is_to_be_decided_anew
from gateway.transfers.machine.words import NEVER_BY_RULE, EventKind, RecordSection, TaskCause
from gateway.transfers.work.students import is_restricted, roll_of, student_of
from policies.transfers.terms import by_rule

if TYPE_CHECKING:
    from gateway.gateway import Gateway
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.work.desk import TransferDesk
    from policies.agreement import Agreement
    from policies.grant import Grant
    from policies.transfers.terms import TransferTerms


DECISIONS: Final = frozenset({EventKind.RELEASE, EventKind.APPROVE, EventKind.SUPPLEMENT})
"""The events by which something is released."""


def released_by_rule(terms: TransferTerms) -> tuple[RecordSection, ...]:
    """Return the sections that the rule of an agreement releases, in their order."""
    tracks = terms.rule.tracks if terms.rule is not None else ()
    named = {section for track in tracks for section in by_rule(terms, track)}
    return tuple(one for one in RecordSection if one.value in named and one not in NEVER_BY_RULE)


def causes_of(
    desk: TransferDesk, gateway: Gateway, transfer: Transfer, grant: Grant, terms: TransferTerms
) -> list[TaskCause]:
    """Return why a person must decide on the record of the student who was found; nothing where a rule releases it.

    Whom the search found by itself has the state id and the birth date that are stated; whom a person chose may not.

    Raises:
        SourceError: the source cannot be read whole.
    """
    roll = roll_of(desk, gateway, transfer)
    student = student_of(desk, roll, transfer)
    restricted = student is None or is_restricted(roll, student, gateway.views.today(grant))
    found = {
        TaskCause.NO_RULE: not released_by_rule(terms),
        TaskCause.RESTRICTION: restricted,
        TaskCause.HOLD: transfer.hold is not None,
        TaskCause.CHOSEN: transfer.chosen,
    }
    return [cause for cause in TaskCause if found.get(cause, False)]


def causes_anew(
    desk: TransferDesk, gateway: Gateway, transfer: Transfer, agreement: Agreement, grant: Grant
) -> list[TaskCause]:
    """Return why a person must decide on what was released and has not left: what was agreed or registered since.

    What the receiver asks for again is a later state of the record than the one that a person has released.

    Raises:
        SourceError: the source cannot be read whole.
    """
    decided = [event for event in desk.ledger.events(transfer.id) if event.kind in DECISIONS][-1]
    found = [TaskCause.AGREEMENT] if is_to_be_decided_anew(agreement, transfer, decided) else []
    if transfer.release is not None and (transfer.release.by_rule or transfer.resends):
        roll = roll_of(desk, gateway, transfer)
        student = student_of(desk, roll, transfer)
        restricted = student is not None and is_restricted(roll, student, gateway.views.today(grant))
        found += [TaskCause.RESTRICTION] if restricted else []
    return found


def ask_anew(desk: TransferDesk, transfer: Transfer, agreement: Agreement, causes: list[TaskCause]) -> Transfer:
    """Open the task of a person on what was released and has not left."""
    return desk.append(transfer, EventKind.TASK, {"causes": [one.value for one in causes]}, agreement.digest)


def decide(desk: TransferDesk, gateway: Gateway, transfer: Transfer, agreement: Agreement, grant: Grant) -> Transfer:
    """Release by rule what it lets go, or open the task of a person.

    Raises:
        SourceError: the source cannot be read whole.
    """
    terms = agreement.transfer
    assert terms is not None
    causes = causes_of(desk, gateway, transfer, grant, terms)
    if causes:
        return ask_anew(desk, transfer, agreement, causes)
    sections = [one.value for one in released_by_rule(terms)]
    return desk.append(transfer, EventKind.RELEASE, {"sections": sections}, agreement.digest)
