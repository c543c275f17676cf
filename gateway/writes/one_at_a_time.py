"""Serialised writes of one record: each judged, merged and made on the very state that it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from gateway.writes.context import context_of, permit_write, written_entity
from standards.errors import ConcurrentChange
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from gateway.request import PageRequest
    from gateway.writes.context import WriteContext
    from policies.grant import Grant

T = TypeVar("T")

MAX_ATTEMPTS: Final = 5
"""The times a write is judged and made again because others than the gateway have changed the record meanwhile."""


def write_alone(
    gateway: Gateway,
    authorization: Authorization,
    request: PageRequest,
    identifier: str,
    write: Callable[[WriteContext], T],
    *,
    seen: str | None = None,
    named: dict[str, Any] | None = None,
) -> T:
    """Write the record with an *identifier* under its lock.

    The context is made (lean where it may be, over what is *seen* and *named*) once the lock is held, and again where
    somebody else has changed the record in the district's source before it was written.

    Raises:
        RecordBusy: others write the record for too long.
    """
    permitted = permit_write(gateway, authorization, request)
    (able,) = permitted.views
    entity = written_entity(gateway, able)
    block = _block(gateway, able.grant, request.view.api, entity, identifier)
    with gateway.record_locks.hold(able.grant.district, entity, block):
        return tried(lambda: write(context_of(gateway, permitted, request, seen, named)))


def tried(write: Callable[[], T]) -> T:
    """Try a *write*, and begin it anew after a concurrent change, up to a few times."""
    for left in reversed(range(MAX_ATTEMPTS)):
        try:
            return write()
        except ConcurrentChange:
            if not left:
                raise
    raise AssertionError


def _block(gateway: Gateway, grant: Grant, api: str, entity: str, identifier: str) -> str:
    """Return the lock name of a record, by whatever *identifier* a consumer knows it."""
    rule = grant.rule(fields_of(entity)["id"].release)
    if rule is not None and rule.action == "pseudonym":
        return gateway.keyring.invert(grant.client, identifier) or identifier
    return identifier if api == "edfi" else gateway.keyring.blocks(grant.district, entity, [identifier]).hex()
