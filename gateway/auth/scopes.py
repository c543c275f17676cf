"""Scopes: what a token allows at most, in the standards' own names."""

from __future__ import annotations

ONEROSTER_1_1 = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
ONEROSTER_1_2 = "https://purl.imsglobal.org/spec/or/v1p2/scope/"

_ONEROSTER_1_1 = (
    "gradebook.createput",
    "gradebook.delete",
    "gradebook.readonly",
    "resource.readonly",
    "roster-core.readonly",
    "roster-demographics.readonly",
    "roster.readonly",
)
_ONEROSTER_1_2 = (
    "assessment.createput",
    "assessment.delete",
    "assessment.readonly",
    "gradebook-core.readonly",
    "gradebook.createpost",
    "gradebook.createput",
    "gradebook.delete",
    "gradebook.readonly",
    "resource-core.readonly",
    "resource.readonly",
    "roster-core.readonly",
    "roster-demographics.readonly",
    "roster.readonly",
)
EDFI = ("edfi:create", "edfi:delete", "edfi:read", "edfi:readchanges", "edfi:update")


def known_scopes() -> frozenset[str]:
    """Return every scope that exists."""
    older = {ONEROSTER_1_1 + name for name in _ONEROSTER_1_1}
    newer = {ONEROSTER_1_2 + name for name in _ONEROSTER_1_2}
    return frozenset(older | newer | set(EDFI))
