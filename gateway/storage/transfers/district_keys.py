"""The public keys of districts for transfers, as each publishes them: to sign, and to seal for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from gateway.storage.acts import write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.written import hold
from gateway.storage.transfers.tables import district_keys
from standards.errors import Conflict, InvalidBody

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from gateway.storage.acts import Act, SqlRegistry

USES: Final = frozenset({"sig", "enc"})
ACTIVE, RETIRING, REVOKED = "active", "retiring", "revoked"
STATUSES: Final = frozenset({ACTIVE, RETIRING, REVOKED})
PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
"""The members of a JWK that only a private key has, or a shared secret."""

MAX_IN_USE: Final = 2
"""The keys of one use that are not revoked: two, so that one follows the other."""


@dataclass(frozen=True, slots=True)
class DistrictKey:
    """A public key of a district, named by its thumbprint; *key* is the JWK as it is published, with its times."""

    district: str
    kid: str
    use: str
    status: str
    key: Mapping[str, Any] = field(repr=False)
    changed: datetime | None = None
    changed_by: str = ""


class DistrictKeys:
    """The public keys of districts in the registry; that a key is well made, whoever adds one has checked."""

    def __init__(self, store: SqlRegistry, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def of(self, district: str) -> tuple[DistrictKey, ...]:
        """List the keys of a district, revoked ones too, in the order in which they were added."""
        with transaction(self._engine) as connection:
            return _keys(connection, district)

    @timely
    def put(self, key: DistrictKey, act: Act) -> None:
        """Add a key of a district, or change what may be done with it, with the *act* of doing so.

        Raises:
            InvalidBody: it is no public key, or of no known use or status.
            Conflict: it was revoked, is known for another use, or would be the third of its use.
        """
        _check(key)
        at = self._clock()
        with transaction(self._engine, write=True) as connection:
            hold(connection, f"district keys {key.district}")
            known = _keys(connection, key.district)
            _check_beside(key, known)
            values = {"status": key.status, "key": dict(key.key), "changed": at, "changed_by": act.actor}
            if any(one.kid == key.kid for one in known):
                mine = district_keys.c.district == key.district, district_keys.c.kid == key.kid
                connection.execute(update(district_keys).where(*mine).values(values))
            else:
                named = {"district": key.district, "kid": key.kid, "use": key.use, "added": at, "added_by": act.actor}
                connection.execute(insert(district_keys).values(named | values))
            write_act(connection, act, at)


def _check(key: DistrictKey) -> None:
    """Refuse what is no public key of a known use and status."""
    if key.use not in USES or key.status not in STATUSES:
        raise InvalidBody("A key is for 'sig' or 'enc', and active, retiring or revoked.")
    if PRIVATE & set(key.key) or not key.kid:
        raise InvalidBody("This is no public key: a private one must stay with the district.")


def _check_beside(key: DistrictKey, known: tuple[DistrictKey, ...]) -> None:
    """Refuse a key that the *known* ones of its district forbid."""
    same = next((one for one in known if one.kid == key.kid), None)
    if same is not None and (same.status == REVOKED != key.status or same.use != key.use):
        raise Conflict("A key stays revoked, and stays for the use for which it was added.")
    others = [one for one in known if one.use == key.use and one.status != REVOKED and one.kid != key.kid]
    if key.status != REVOKED and len(others) >= MAX_IN_USE:
        raise Conflict("A district has two keys of a use at most: revoke one first.")


def _keys(connection: Connection, district: str) -> tuple[DistrictKey, ...]:
    mine = select(district_keys).where(district_keys.c.district == district)
    rows = connection.execute(mine.order_by(district_keys.c.added, district_keys.c.kid)).all()
    return tuple(map(_key, rows))


def _key(row: Row[Any]) -> DistrictKey:
    return DistrictKey(row.district, row.kid, row.use, row.status, row.key, row.changed, row.changed_by)
