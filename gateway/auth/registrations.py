"""Registrations: mismatches between the registered clients and the agreements that name them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from policies import combining
from policies.agreement import combined, current
from policies.transfers.terms import is_transfer
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from gateway.storage.registry import Client
    from policies.agreement import Agreement

REPORTED_DAYS = 30
"""The days before its end at which an agreement is first reported to end."""


def warnings(agreements: Iterable[Agreement], clients: Iterable[Client], now: datetime) -> tuple[str, ...]:
    """List what of the *agreements* in force an operator should look at, though the gateway serves."""
    every, known = tuple(agreements), tuple(clients)
    return (
        *unregistered(every, known, now),
        *map(str, misdirected(every, known, now)),
        *registered_elsewhere(every, known, now),
        *several_purposes(every, now),
        *lost_operations(every),
        *ending(every, now),
    )


def unregistered(agreements: Iterable[Agreement], clients: Iterable[Client], now: datetime) -> Iterator[str]:
    """List each client that an agreement in force, or to come, names and nobody has registered."""
    known = frozenset(client.client_id for client in clients)
    for one in _standing(agreements, now):
        for name in one.clients:
            if name not in known:
                hint = suggestion(name, known) or f": `crossing clients add {name} --org {one.org} --kind {one.kind}`"
                yield f"{one.place(name)}: the client {name} is not registered{hint}"


def misdirected(agreements: Iterable[Agreement], clients: Iterable[Client], now: datetime) -> Iterator[SettingsError]:
    """List each agreement in force, or to come, that names a client of another organisation than its recipient."""
    orgs = {client.client_id: client.org for client in clients}
    for one in _standing(agreements, now):
        for name in one.clients:
            if orgs.get(name, one.org) != one.org:
                yield SettingsError(
                    f"the client {name} is registered for {orgs[name]}, and the recipient is {one.org}", one.place(name)
                )


def registered_elsewhere(agreements: Iterable[Agreement], clients: Iterable[Client], now: datetime) -> Iterator[str]:
    """List each client that another district registered than the one of an agreement, and that may have its secret."""
    known = {client.client_id: client for client in clients}
    for one in _standing(agreements, now):
        for name in one.clients:
            client = known.get(name)
            if client is not None and client.org == one.org and client.steward not in {"", one.district}:
                yield f"{one.place(name)}: the client {name} was registered by {client.steward} for {client.org}"


def several_purposes(agreements: Iterable[Agreement], now: datetime) -> Iterator[str]:
    """List each client with agreements for several purposes, whose tokens must name the one they are for."""
    purposes: dict[str, set[str]] = {}
    every = tuple(agreements)
    for one in every:
        if one in current(every, one.today(now)) and not is_transfer(one.operations):
            for name in one.clients:
                purposes.setdefault(name, set()).add(one.purpose)
    for name, found in sorted(purposes.items()):
        if len(found) > 1:
            yield (
                f"the client {name} has agreements for {', '.join(sorted(found))}: its token requests must name one of "
                "them (purpose), and requests without such a token are refused, as are all that are signed (OAuth 1.0a)"
            )


def lost_operations(agreements: Iterable[Agreement]) -> Iterator[str]:
    """List each operation that an agreement loses as long as it is combined with another one that has it not."""
    told: set[tuple[str, ...]] = set()
    for day, several in combined(agreements):
        for operation, having in combining.lost_operations(several).items():
            ids = tuple(one.id for one in several)
            if (*ids, operation) not in told:
                told.add((*ids, operation))
                yield (
                    f"{having[0].file}: {' and '.join(ids)} are combined from {day} on, and {operation}, which "
                    f"{' and '.join(one.id for one in having)} alone allows, is lost as long as they are"
                )


def ending(agreements: Iterable[Agreement], now: datetime) -> Iterator[str]:
    """List each agreement that has ended, or ends within a month without a version that takes its place."""
    versions: dict[str, list[Agreement]] = {}
    for one in agreements:
        versions.setdefault(one.id, []).append(one)
    for name, several in sorted(versions.items()):
        newest = max(several, key=lambda one: one.version)
        today = newest.today(now)
        without = next((day for day in _days(today) if not current(several, day)), None)
        if without == today and all(one.begin <= today for one in several):
            yield f"{newest.file}: {name} has ended"
        elif without is not None and without > today:
            yield f"{newest.file}: {name} ends on {without - timedelta(days=1)}, and no version follows it"


def _days(first: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(REPORTED_DAYS + 2))


def _standing(agreements: Iterable[Agreement], now: datetime) -> Iterator[Agreement]:
    """Return the agreements that release something today or may do so later."""
    every = tuple(agreements)
    for one in every:
        day = one.today(now)
        if one.begin > day or one in current(every, day):
            yield one
