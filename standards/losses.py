"""Losses of a source: rows or references that a refresh would drop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """The number of *held* rows of an *entity* (or references of a field) that would be lost, or not be *used*."""

    entity: str
    gone: int
    held: int
    used: str = ""

    def __str__(self) -> str:
        return f"{self.entity}: {self.gone} of {self.held} {self.used}"
