"""Keys of districts for transfers: published, retired and revoked by people, and pinned by agreements."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.second_person import SecondPerson, TwoPersonAct, Waiting
from gateway.admin.transfers.office import FOLLOW, KEYS, NO_DISTRICT, TransferOffice
from gateway.storage.acts import Act
from gateway.storage.transfers.district_keys import DistrictKey, DistrictKeys
from gateway.transfers.machine.words import PACKAGE_LIFE
from gateway.transfers.sealing.errors import KeySetRefused
from gateway.transfers.sealing.key_set import KeySet, KeyStatus, read_key_set
from gateway.transfers.work.gateway_key import OWNER as GATEWAY
from gateway.transfers.work.gateway_key import gateway_keys
from policies.agreement import current
from policies.transfers.terms import is_transfer
from standards.errors import CallerError, Conflict, InvalidBody, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.second_person import TwoPersonRule
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal
    from policies.agreement import Agreement

NO_KEY: Final = "The district has published no such key."
PUBLISH: Final = "publish"
REVOKED_TOLD: Final = 2 * PACKAGE_LIFE
"""For so long a revoked key is published as one: longer than a package that was sealed to it is there."""


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A key of a district, and the ids of the agreements in force that pin it."""

    key: DistrictKey
    pinned_by: tuple[str, ...] = ()


class TransferKeys(TransferOffice):
    """The public keys of a district; private ones never come here."""

    def __init__(
        self, region: Administration, actor: Actor, org: str, scopes: Collection[str] = frozenset(),
        second: TwoPersonRule | None = None,
    ) -> None:  # fmt: skip
        super().__init__(region, actor, org, scopes)
        self._second = second or SecondPerson(region)
        self._keys = DistrictKeys(region.store, region.clock)

    def listed(self) -> tuple[PinnedKey, ...]:
        """List the keys of the district, revoked ones too."""
        self.need(FOLLOW)
        agreements = self._in_force()
        return tuple(_pinned(one, agreements) for one in self._keys.of(self.org))

    def one(self, kid: str) -> PinnedKey:
        """Return a key of the district, for somebody who may change it.

        Raises:
            NotFound: the district has no such key.
        """
        self.need(KEYS)
        found = next((one for one in self.listed() if one.key.kid == kid), None)
        if found is None:
            raise NotFound(NO_KEY)
        return found

    def publish(self, jwk: bytes, reason: str = "") -> PinnedKey | Waiting:
        """Publish one more public key, as a JWK with its use, times and thumbprint.

        Raises:
            KeySetRefused: it is none that a district may publish, or one too many.
            Conflict: the district has published it already.
        """
        self.need(KEYS)
        fresh = _read(jwk, self.org)
        known = self._set(self.org)
        if any(one.kid == fresh.keys[0].kid for one in self._keys.of(self.org)):
            raise Conflict("The district has published this key already.")
        known.with_key(fresh.keys[0])
        told = fresh.keys[0].as_jwk()
        key = DistrictKey(self.org, fresh.keys[0].kid, told["use"], told["status"], told)
        return self._change(key, {"do": PUBLISH, "jwk": told}, reason)

    def retire(self, kid: str, reason: str = "") -> PinnedKey | Waiting:
        """Let a key open and verify what there is, and nothing new.

        Raises:
            NotFound: the district has no such key.
        """
        return self._mark(kid, KeyStatus.RETIRING, reason)

    def revoke(self, kid: str, reason: str = "") -> PinnedKey:
        """Revoke a key for ever, at once: what protects records waits for nobody.

        Raises:
            NotFound: the district has no such key.
        """
        self.need(KEYS)
        if not reason.strip():
            raise CallerError("Say why, in one line: it stays on record.")
        return self._put(self._marked(kid, KeyStatus.REVOKED), reason)

    def key_set(self, district: str) -> KeySet:
        """Return what a district publishes; that of the `GATEWAY` for the gateway's own. Everybody may know it.

        Raises:
            NotFound: there is no such district here, or it has published nothing.
        """
        if district == GATEWAY:
            return gateway_keys(self.region.keys)
        if district not in self.region.settings().transfers.districts:
            raise NotFound(NO_DISTRICT)
        found = self._set(district)
        if not found.keys:
            raise NotFound(NO_DISTRICT)
        return found

    def _mark(self, kid: str, status: KeyStatus, reason: str) -> PinnedKey | Waiting:
        self.need(KEYS)
        return self._change(self._marked(kid, status), {"do": status.value, "kid": kid}, reason)

    def _marked(self, kid: str, status: KeyStatus) -> DistrictKey:
        """Return a key of the district with another *status*."""
        found = next((one for one in self._keys.of(self.org) if one.kid == kid), None)
        if found is None:
            raise NotFound(NO_KEY)
        return replace(found, status=status.value, key={**found.key, "status": status.value})

    def _change(self, key: DistrictKey, content: Mapping[str, Any], reason: str) -> PinnedKey | Waiting:
        """Write a key, or let that wait for a second person."""
        known = next((one.status for one in self._keys.of(self.org) if one.kid == key.kid), "")
        asked = TwoPersonAct(KEYS, self.org, key.kid, content, known, reason)
        return self._second.either(self.actor, asked, lambda: self._put(key, reason))

    def _put(self, key: DistrictKey, reason: str) -> PinnedKey:
        act = Act(self.actor.name, f"transfer key {key.status}", self.org, {"kid": key.kid, "use": key.use}, reason)
        self._keys.put(key, act)
        return _pinned(key, self._in_force())

    def _set(self, district: str) -> KeySet:
        """Return the keys of a district as a set: a revoked one leaves once nothing that was sealed to it is there."""
        rows = [one for one in self._keys.of(district) if not self._is_past(one)]
        if not rows:
            return KeySet(district, ())
        told = json.dumps({"keys": [dict(one.key) | {"status": one.status} for one in rows]}).encode()
        return read_key_set(told, district)

    def _is_past(self, key: DistrictKey) -> bool:
        """Tell whether a key was revoked so long ago that nobody needs to know; it stays in the record."""
        changed = key.changed
        return key.status == KeyStatus.REVOKED and changed is not None and changed + REVOKED_TOLD < self.region.clock()

    def _in_force(self) -> tuple[Agreement, ...]:
        now = self.region.clock()
        found = [one for one in self.region.agreements() if is_transfer(one.operations)]
        there = [one for one in found if one in current(found, one.today(now))]
        return tuple(one for one in there if self.org in {one.district, one.org})


def again(region: Administration, rule: TwoPersonRule, actor: Actor, proposal: Proposal) -> Any:
    """Do what was proposed about a key once more, as both persons."""
    service, content = TransferKeys(region, actor, proposal.org, second=rule), proposal.content
    if content["do"] == PUBLISH:
        return service.publish(json.dumps(content["jwk"]).encode(), proposal.reason)
    if content["do"] == KeyStatus.RETIRING:
        return service.retire(content["kid"], proposal.reason)
    raise CallerError("This cannot be done by a confirmation.")


def _read(jwk: bytes, owner: str) -> KeySet:
    """Read one key, as a JWK or as a set of one.

    Raises:
        KeySetRefused: it is none that a district may publish.
    """
    try:
        told = json.loads(jwk)
    except ValueError:
        raise InvalidBody("A key is published as a JWK, in JSON.") from None
    one = told if isinstance(told, dict) and "keys" in told else {"keys": [told]}
    found = read_key_set(json.dumps(one).encode(), owner)
    if len(found.keys) != 1 or found.keys[0].status is not KeyStatus.ACTIVE:
        raise KeySetRefused("One active key is published at a time.")
    return found


def _pinned(key: DistrictKey, agreements: Collection[Agreement]) -> PinnedKey:
    """Return a key with the agreements that pin it."""
    found = {
        one.id
        for one in agreements
        if one.transfer is not None and key.kid in (*one.transfer.receiver_keys, *one.transfer.sender_keys)
    }
    return PinnedKey(key, tuple(sorted(found)))
