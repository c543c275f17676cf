"""Comparison of two versions of an agreement on their compiled form: whether the later one releases more, and what."""

from __future__ import annotations

from policies.comparison.widening import widens

__all__ = ["widens"]
