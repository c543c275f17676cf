"""Delivery of a notice: what is sent, and a failure of it, without a word of what a foreign server said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """A text to one person, or to a witness: its *id* is the same when it is sent again."""

    id: str
    to: str
    subject: str
    text: str
    language: str


class NotDelivered(Exception):
    """A notice was not taken; *reason* is a word of ours, *final* says that trying again will not help."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.final = reason, final
