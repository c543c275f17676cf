"""Rate limits: how many requests a client or district may have; a client above one gets 429 with Retry-After."""

from __future__ import annotations

import hashlib
import math
import time
from typing import TYPE_CHECKING, Any

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter

from gateway.request_slots import once
from gateway.storage.shared_memory import REDIS_TIMEOUT_SECONDS
from standards.errors import StoreUnavailable, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.config import settings


SIGN_IN_RATES = {"person": "10/15 minutes", "network": "300/hour", "anywhere": "100/day"}
"""Failed sign-ins of people: for one address from one network, from one network, for one address from strange ones."""

RELOAD_RATES = {"organisation": "12/minute", "region": "60/minute"}
"""Changes that let the gateway read what people wrote: by the people of one organisation, by one of the region."""


class RateLimits:
    """Every limit of the region, counted in the shared memory that has its tokens."""

    def __init__(self, rates: settings.LimitSettings, memory_url: str, storage: Any = None) -> None:
        storage = storage or _counts(memory_url)
        self._storage = storage
        steady, exact = SlidingWindowCounterRateLimiter(storage), MovingWindowRateLimiter(storage)
        self._client = _Rate("client", rates.client, steady)
        self._district = _Rate("district", rates.district, steady)
        self._failures = _Rate("failures", rates.failures, exact)
        self._address = _Rate("address", rates.address_failures, exact)
        self._person, self._network, self._anywhere = (
            _Rate(f"sign-in-{name}", rate, exact) for name, rate in SIGN_IN_RATES.items()
        )
        self._reloads = {name: _Rate(f"reload-{name}", rate, exact) for name, rate in RELOAD_RATES.items()}

    def at(self, rates: settings.LimitSettings) -> RateLimits:
        """Return the same counts under other *rates*."""
        return RateLimits(rates, "", self._storage)

    def spend_client(self, client: str) -> None:
        """Count one data request of a client, or refuse it."""
        self._client.spend(client)

    def spend_districts(self, districts: Iterable[str]) -> None:
        """Count one authorized data request for each district it asks, or refuse it."""
        for district in sorted(set(districts)):
            self._district.spend(district)

    def client_has_room(self, client: str) -> bool:
        """Tell whether a client may have another data request now; it is not counted."""
        return self._client.has_room(client)

    def district_has_room(self, district: str) -> bool:
        """Tell whether a district may be asked once more now; it is not counted."""
        return self._district.has_room(district)

    def check_failures(self, client: str, address: str) -> None:
        """Refuse to check credentials after too many failures; a stranger elsewhere cannot lock a client out."""
        self._failures.check(client, address)

    def crowded(self, address: str) -> bool:
        """Tell whether so much has failed from an address that what cannot be right is not worth a hash or a count."""
        return not self._address.has_room(address)

    def count_failure(self, client: str, address: str) -> None:
        """Count a request for a token, or with a signature, whose credentials were wrong; both kinds together."""
        self._failures.count(client, address)
        self._address.count(address)

    def check_sign_in(self, mail: str, network: str, *, familiar: bool) -> None:
        """Refuse to check a sign-in after too many failures; where the person is at home, strangers' do not count."""
        self._network.check(network)
        self._person.check(mail, network)
        if not familiar:
            self._anywhere.check(mail)

    def spend_reload(self, name: str, *, region: bool, count: bool = True) -> None:
        """Count a change of the organisation *name*, or of somebody of the *region*, that the gateway reads for."""
        rate = self._reloads["region" if region else "organisation"]
        (rate.spend if count else rate.check)(name)

    def count_sign_in(self, mail: str, network: str) -> None:
        """Count a failed sign-in."""
        self._network.count(network)
        self._person.count(mail, network)
        self._anywhere.count(mail)


class _Rate:
    """One rate, counted for each of many names."""

    def __init__(self, name: str, rate: str, limiter: RateLimiter) -> None:
        self._name, self._limiter = name, limiter
        self._item: RateLimitItem | None = parse(rate) if rate else None

    def spend(self, *names: str) -> None:
        if self._item and not once((self._name, *names), lambda: self._ask(self._limiter.hit, names)):
            raise self._refusal(names)

    def has_room(self, *names: str) -> bool:
        return self._item is None or self._ask(self._limiter.test, names)

    def check(self, *names: str) -> None:
        if not self.has_room(*names):
            raise self._refusal(names)

    def count(self, *names: str) -> None:
        if self._item:
            self._ask(self._limiter.hit, names)

    def _ask(self, question: object, names: tuple[str, ...]) -> bool:
        try:
            return bool(question(self._item, self._name, *map(_short, names)))  # type: ignore[operator]
        except StorageError:
            raise StoreUnavailable("The shared memory cannot be reached.") from None

    def _refusal(self, names: tuple[str, ...]) -> TooManyRequests:
        try:
            reset = self._limiter.get_window_stats(self._item, self._name, *map(_short, names)).reset_time  # type: ignore[arg-type]
        except StorageError:
            raise StoreUnavailable("The shared memory cannot be reached.") from None
        return TooManyRequests("Too many requests; wait before the next one.", max(1, math.ceil(reset - time.time())))


def _counts(memory_url: str) -> Any:
    """Return where requests are counted: the shared memory, waited for as long as everywhere else, or this process."""
    bounds = (
        {"socket_timeout": REDIS_TIMEOUT_SECONDS, "socket_connect_timeout": REDIS_TIMEOUT_SECONDS} if memory_url else {}
    )
    return storage_from_string(memory_url or "memory://", wrap_exceptions=True, **bounds)


def _short(name: str) -> str:
    """Return a name of fixed length: part of it is whatever a stranger sent."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
