"""Losses of a source: rows or references of it that would go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """How many of the *held* rows of an *entity* (or references of a field) would go, or why they cannot be *used*."""

    entity: str
    gone: int
    held: int
    used: str = ""

    def __str__(self) -> str:
        return f"{self.entity}: {self.gone} of {self.held} {self.used}"
