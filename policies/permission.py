"""Permissions: which of a client's grants cover a request, or why none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.errors import Forbidden, OperationMissing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from policies.grant import Grant

READ = frozenset({"read"})


def covering(grants: Collection[Grant], operations: frozenset[str] = READ) -> tuple[Grant, ...]:
    """Return those of the *grants* that have any of *operations*.

    Raises:
        OperationMissing: there are grants, and none has one.
        Forbidden: there are no grants.
    """
    found = tuple(one for one in grants if operations & one.operations)
    if found:
        return found
    if grants:
        raise OperationMissing(operations)
    raise Forbidden("No active agreement covers this client here.")


def received(grants: Iterable[Grant], org: str) -> tuple[Grant, ...]:
    """Return those of the *grants* whose agreement has *org*, the client's own organisation, as its recipient."""
    return tuple(one for one in grants if one.org == org)
