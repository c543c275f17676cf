"""The authorization of one request: who asks, and by which agreements; made once, and handed on to the record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.permission import READ, covering, received

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.auth.callers import Caller
    from policies.compiler import Grants
    from policies.grant import Grant


@dataclass(frozen=True, slots=True)
class Authorization:
    """A caller and its active grants for what is addressed: one *district*, or all (None).

    Each grant names its agreement with version and hash. They are those of the moment the request came in: whatever
    is changed meanwhile, the record names the ones that the answer was made by.
    """

    caller: Caller
    grants: tuple[Grant, ...]
    district: str | None = None

    @property
    def client(self) -> str:
        """The client that asks."""
        return self.caller.client

    @property
    def scopes(self) -> frozenset[str]:
        """What the token lets it do at most."""
        return self.caller.scopes

    def of(self, operations: frozenset[str] = READ) -> tuple[Grant, ...]:
        """The grants for any of *operations*.

        Raises:
            OperationMissing: there are grants, and none has one.
            Forbidden: there are no grants.
        """
        return covering(self.grants, operations)

    def by(self, grants: Iterable[Grant]) -> Authorization:
        """The same, as far as it is used: by those of its *grants*."""
        return replace(self, grants=tuple(grants))


def authorize(grants: Grants, caller: Caller, district: str | None) -> Authorization:
    """What *caller* may do with what is addressed, as far as agreements in force say so now.

    Raises:
        Forbidden: its active agreements serve different purposes.
    """
    active = received(grants.of(caller.client), caller.org)
    return Authorization(caller, tuple(one for one in active if district in {None, one.district}), district)
