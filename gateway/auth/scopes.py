"""Scopes: what a token allows at most, in the standards' own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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
ADMIN = "admin:"
ADMIN_ROLES = ("auditor", "cbo-admin", "district-admin", "privacy-officer", "region-operator", "vendor-contact")
"""The roles of people that a machine client can act in, by a scope of its own."""

TRANSFER = "transfer:"
RECEIVE, REQUEST = "transfer:receive", "transfer:request"
TRANSFERS = (RECEIVE, REQUEST)
"""What a program of the receiving district does: ask for the record of a student who enrolls there, and receive it."""

EDFI = ("edfi:create", "edfi:delete", "edfi:read", "edfi:readchanges", "edfi:update")


def known_scopes() -> frozenset[str]:
    """Return every scope of data that exists."""
    older = {ONEROSTER_1_1 + name for name in _ONEROSTER_1_1}
    newer = {ONEROSTER_1_2 + name for name in _ONEROSTER_1_2}
    return frozenset(older | newer | set(EDFI))


def admin_scopes() -> frozenset[str]:
    """Return the scopes of machine clients of the administration API; none of them opens any data."""
    return frozenset(ADMIN + role for role in ADMIN_ROLES)


def transfer_scopes() -> frozenset[str]:
    """Return the scopes of a district's own programs about transfers of records; none of them opens any API of data."""
    return frozenset(TRANSFERS)


def about_transfers(scopes: Iterable[str]) -> bool:
    """Tell whether one of the *scopes* is of transfers, or meant to be."""
    return any(scope.startswith(TRANSFER) for scope in scopes)


def mixes_transfers(scopes: Iterable[str]) -> bool:
    """Tell whether scopes of transfers stand beside others: a client that has both is served by neither."""
    listed = tuple(scopes)
    return about_transfers(listed) and not transfer_scopes().issuperset(listed)


def administers(scopes: Iterable[str]) -> bool:
    """Tell whether one of the *scopes* is of the administration API, or meant to be."""
    return any(scope.startswith(ADMIN) for scope in scopes)


def admin_roles(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the roles that *scopes* give in the administration API: none where a data scope is among them."""
    listed = tuple(scopes)
    return tuple(one.removeprefix(ADMIN) for one in listed) if admin_scopes().issuperset(listed) else ()
