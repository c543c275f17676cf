"""Which OneRoster 1.2 scopes open which collection; one of them is enough."""

from __future__ import annotations

PREFIX = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ROSTER = frozenset({f"{PREFIX}roster-core.readonly", f"{PREFIX}roster.readonly"})
DEMOGRAPHICS = frozenset({f"{PREFIX}roster-demographics.readonly"})
RESOURCES = frozenset({f"{PREFIX}resource-core.readonly", f"{PREFIX}resource.readonly"})


def scopes_of(collection: str) -> frozenset[str]:
    """The scopes of which a caller needs one to read *collection*."""
    return {"demographics": DEMOGRAPHICS, "resources": RESOURCES}.get(collection, ROSTER)
