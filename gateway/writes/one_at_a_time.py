"""Writes of one record, one after the other: each judged, merged and made on the very state that it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from gateway.writes.context import admit_write, desk_over, written_entity
from standards.errors import ConcurrentChange
from standards.view import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from gateway.reads.pipeline import PageRequest
    from gateway.writes.context import Desk
    from policies.grant import Grant

T = TypeVar("T")

MOST_TRIES: Final = 5
"""How often a write is judged and made again because others than the gateway have changed the record meanwhile."""


def write_alone(
    gateway: Gateway,
    authorization: Authorization,
    request: PageRequest,
    identifier: str,
    write: Callable[[Desk], T],
    *,
    seen: str | None = None,
    named: dict[str, Any] | None = None,
) -> T:
    """What *write* comes to at a desk for the record with an *identifier*, which nobody else here writes meanwhile.

    The desk is opened (lean where it may be, over what is *seen* and *named*) once nobody does, and again where
    somebody else has changed the record in the district's system before it was written.

    Raises:
        RecordBusy: others write the record for too long.
    """
    grant, view = admit_write(gateway, authorization, request)
    entity, district = written_entity(gateway, grant, view), grant.district
    with gateway.record_locks.hold(district, entity, _block(gateway, grant, view.api, entity, identifier)):
        return tried(lambda: write(desk_over(gateway, authorization, request, seen, named)))


def tried(write: Callable[[], T]) -> T:
    """What *write* comes to, which is begun anew while somebody else was faster, for a few times."""
    for left in reversed(range(MOST_TRIES)):
        try:
            return write()
        except ConcurrentChange:
            if not left:
                raise
    raise AssertionError


def _block(gateway: Gateway, grant: Grant, api: str, entity: str, identifier: str) -> str:
    """What stands for a record, by whatever *identifier* a consumer knows it."""
    rule = grant.rule(fields_of(entity)["id"].release)
    if rule is not None and rule.action == "pseudonym":
        return gateway.keyring.invert(grant.client, identifier) or identifier
    return identifier if api == "edfi" else gateway.keyring.blocks(grant.district, entity, [identifier]).hex()
