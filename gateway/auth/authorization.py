"""The authorization of a request: the caller and its agreements in force, found once and handed on to the audit log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.auth.request_steps import AGREEMENT, OPERATION, begin
from policies.permission import READ, covering, received

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.auth.callers import Caller
    from policies.compiler import Grants
    from policies.grant import Grant
    from standards.view import View


@dataclass(frozen=True, slots=True)
class AuthorizedView:
    """A requested view as one grant shows it: the pruned *view*, and the entities that must be read *beside* it."""

    grant: Grant
    view: View
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Authorization:
    """A caller and its active grants for what is addressed: one *district*, or all (None).

    Each grant names its agreement with version and hash. They are those of the moment the request arrived: whatever
    changes meanwhile, the audit log names the ones that the response was made by. Once the requested view is known,
    *views* are what each grant shows of it.
    """

    caller: Caller
    grants: tuple[Grant, ...]
    district: str | None = None
    views: tuple[AuthorizedView, ...] = ()

    @property
    def client(self) -> str:
        """The client that sends the request."""
        return self.caller.client

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of its token."""
        return self.caller.scopes

    def of(self, operations: frozenset[str] = READ) -> tuple[Grant, ...]:
        """Return the grants for any of *operations*.

        Raises:
            OperationMissing: there are grants, but none has one of them.
            Forbidden: there are no grants.
        """
        begin(AGREEMENT, self)
        if self.grants:
            begin(OPERATION, self, operations)
        return covering(self.grants, operations)

    def over(self, views: Iterable[AuthorizedView]) -> Authorization:
        """Return the same authorization for a request: with the grants of those *views* alone."""
        shown = tuple(views)
        return replace(self, grants=tuple(one.grant for one in shown), views=shown)

    def by(self, grants: Iterable[Grant]) -> Authorization:
        """Return the same authorization with those of its *grants* that are used."""
        return replace(self, grants=tuple(grants))


def authorize(grants: Grants, caller: Caller, district: str | None) -> Authorization:
    """Return what *caller* may do in the addressed district, by the agreements in force now.

    Raises:
        Forbidden: its active agreements have different purposes, and its token names none.
    """
    active = received(grants.of(caller.client, purpose=caller.purpose), caller.org)
    return Authorization(caller, tuple(one for one in active if district in {None, one.district}), district)
