"""Errors of the machine: an event that its transfer does not take, or a history that cannot be true."""

from __future__ import annotations

from standards.errors import Conflict, InvalidBody, NotFound, StoreUnavailable


class NotAllowed(Conflict):
    """The transfer is in a state in which this cannot happen, or not yet, or no more."""

    code = "transfer-state"


class TransferKeyReused(Conflict):
    """The idempotency key came before, with another event."""

    code = "idempotency-key-reused"


class WrongContent(InvalidBody):
    """An event lacks a member, has one too many, or one that is not what its kind says; no value is repeated."""

    code = "transfer-content"


class NotPartyTo(NotFound):
    """The transfer is none of the actor's district, to whom it does not exist."""

    code = "transfer-not-found"

    def __init__(self) -> None:
        super().__init__("There is no such transfer.")


class HistoryBroken(StoreUnavailable):
    """The stored events of a transfer are not what was once appended."""

    code = "transfer-history"
