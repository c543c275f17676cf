"""Sampling of many similar cases: the slow suite tries the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DESCRIPTORS_SKIPPED = 10
"""The quick suite tries one of so many descriptors: they differ in name alone, and one function makes them all."""


def is_sampled(names: Sequence[str], name: str) -> bool:
    """Tell whether the quick suite tries a resource: any that is no descriptor, and one of ten that are."""
    alike = [one for one in names if one.endswith("Descriptors")]
    return not name.endswith("Descriptors") or alike.index(name) % DESCRIPTORS_SKIPPED == 0


def sampled(names: Iterable[str]) -> list[object]:
    """Return the resources *names* as parameters, marking those that are not sampled as slow."""
    every = tuple(names)
    return [name if is_sampled(every, name) else pytest.param(name, marks=pytest.mark.slow) for name in every]
