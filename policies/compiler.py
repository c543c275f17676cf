"""The compiler of agreements: from one agreement to the grant of one client, and from all to today's grants."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from policies import combining, elements
from policies.agreement import current
from policies.documents.terms import CONSENT, rests_on
from policies.grant import Grant, Limits, Registered, Rule
from policies.population import ANYBODY, AnyOf
from policies.records.windows import DateWindow
from policies.transfers.terms import is_transfer
from standards.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from policies.agreement import Agreement
    from policies.elements import Line, Settled
    from policies.population import Clause

    Compiled = tuple[str, tuple[tuple[str, int], ...]]

AMBIGUOUS = (
    "dsa_ambiguous: agreements for different purposes are active for this client; the token must name one of them."
)
NO_TRANSFER = "No agreement about transfers between these districts is in force."


class Grants:
    """The grants of every client at the time of *clock*.

    What was compiled *before* of the same agreements need not be compiled again.
    """

    def __init__(
        self, agreements: Iterable[Agreement], clock: Callable[[], datetime], before: Grants | None = None
    ) -> None:
        self._agreements = tuple(agreements)
        self._clock = clock
        self._compiled: dict[Compiled, Grant] = before.still(self._agreements) if before else {}

    def still(self, agreements: Iterable[Agreement]) -> dict[Compiled, Grant]:
        """Return the compiled grants of those *agreements* that are here too."""
        same = {(one.id, one.version) for one in agreements if one in self._agreements}
        return {key: grant for key, grant in self._compiled.items() if same.issuperset(key[1])}

    def active(self, client: str) -> tuple[Agreement, ...]:
        """Return the agreements in force today that name *client*, by district."""
        now = self._clock()
        by_zone = {one.timezone: one.today(now) for one in self._agreements}
        found = [
            one
            for zone, day in by_zone.items()
            for one in current(self._agreements, day)
            if one.timezone == zone and client in one.clients
        ]
        return tuple(sorted(found, key=lambda one: (one.district, one.id)))

    def serving(self, client: str) -> tuple[Agreement, ...]:
        """Return those of the client's active agreements that open APIs of data: none about transfers does."""
        return tuple(one for one in self.active(client) if not is_transfer(one.operations))

    def of(self, client: str, agreement: str = "", purpose: str = "") -> tuple[Grant, ...]:
        """Return the client's grants today for one *purpose*, in each district one; or that of one *agreement* alone.

        Several agreements for the purpose are combined.

        Raises:
            Forbidden: its active agreements serve different purposes, and none is named.
        """
        active = [one for one in self.serving(client) if agreement in {"", one.id} and purpose in {"", one.purpose}]
        if len({one.purpose for one in active}) > 1:
            raise Forbidden(AMBIGUOUS)
        return tuple(self._combined(several, client) for several in _released_together(active))

    def of_person(self, client: str, person: str, purpose: str) -> tuple[Grant, ...]:
        """Return today's grants of a *person* who asks through a client for one purpose, in each district one.

        They are those of the client, but where students must be assigned to who asks: there the client, which is no
        person, gets nobody, and the person those assigned to it.
        """
        active = [one for one in self.serving(client) if one.purpose == purpose]
        return tuple(
            compile(several[0], client, person) if len(several) == 1 else combine(several, client, person)
            for several in _released_together(active)
        )

    def purposes(self, client: str) -> frozenset[str]:
        """Return the purposes of the client's agreements in force today that open APIs of data."""
        return frozenset(one.purpose for one in self.serving(client))

    def transfer(self, sender: str, receiver: str) -> tuple[Agreement, Grant]:
        """Return the agreement in force today about transfers from one district to another, with its grant.

        The grant is of its first client, and the same for all: it opens nothing to a client, and is the ceiling of what
        is packed for the receiver.

        Raises:
            Forbidden: there is none, or more than one.
        """
        found = [
            one
            for one in self._agreements
            if is_transfer(one.operations) and (one.district, one.org) == (sender, receiver)
        ]
        now = self._clock()
        there = [one for one in found if one in current(found, one.today(now))]
        if len(there) != 1:
            raise Forbidden(NO_TRANSFER)
        return there[0], next(iter(self._alone(there[0])))

    def every(self, district: str) -> tuple[Grant, ...]:
        """Return the grants of all agreements of *district*, in force or not, and of those combined today.

        This is all that its source may ever be asked for.
        """
        theirs = [one for one in self._agreements if one.district == district]
        alone = [grant for one in theirs for grant in self._alone(one)]
        return (*alone, *self._combinations(district, {client for one in theirs for client in one.clients}))

    def _combinations(self, district: str, clients: Iterable[str]) -> Iterator[Grant]:
        for client in sorted(clients):
            here = [one for one in self.serving(client) if one.district == district]
            for several in _released_together(here):
                if len(several) > 1:
                    yield self._combined(several, client)

    def in_force(self, grant: Grant) -> bool:
        """Tell whether the client of *grant* is served by its very agreements, and no others beside them, today.

        By one about transfers no client ever is.
        """
        now = {
            (one.id, one.version)
            for one in self.serving(grant.client)
            if (one.district, one.org, one.purpose) == (grant.district, grant.org, grant.purpose)
        }
        return now == {(one.agreement, one.version) for one in grant.each}

    def _alone(self, agreement: Agreement) -> Iterator[Grant]:
        """Yield the grant of each client under an *agreement* by itself."""
        keys = {client: (client, ((agreement.id, agreement.version),)) for client in agreement.clients}
        missing = [client for client, key in keys.items() if key not in self._compiled]
        if missing:
            self._compiled |= {keys[grant.client]: grant for grant in compile_each(agreement, missing)}
        return (self._compiled[key] for key in keys.values())

    def _combined(self, several: tuple[Agreement, ...], client: str) -> Grant:
        key = client, tuple((one.id, one.version) for one in several)
        if key not in self._compiled:
            self._compiled[key] = compile(several[0], client) if len(several) == 1 else combine(several, client)
        return self._compiled[key]


def _released_together(active: Iterable[Agreement]) -> Iterator[tuple[Agreement, ...]]:
    """Yield those of the *active* agreements of a client that release together."""
    found: dict[tuple[str, str, str], list[Agreement]] = {}
    for one in active:
        found.setdefault((one.district, one.org, one.purpose), []).append(one)
    return (tuple(sorted(several, key=lambda one: one.id)) for several in found.values())


def compile(agreement: Agreement, client: str, person: str = "") -> Grant:  # noqa: A001  the word for it
    """Compile the grant of *client*, or of a *person* who asks through it, under *agreement* while it is in force.

    Raises:
        Forbidden: the agreement does not name the client, or rests on consent without naming its form.
    """
    return next(compile_each(agreement, (client,), person))


def compile_each(agreement: Agreement, clients: Iterable[str], person: str = "") -> Iterator[Grant]:
    """Compile the grant of each of the *clients* under one agreement; what is the same for all is compiled once.

    Raises:
        Forbidden: as `compile`.
    """
    return _compiled(agreement, clients, combining.settled(agreement), person)


def combine(several: Sequence[Agreement], client: str, person: str = "") -> Grant:
    """Compile the one grant of *client*, or a *person*, under *several* agreements for one purpose in one district.

    Where two of them conflict, nothing of the element leaves: `policies.agreement.clashing` says so before.

    Raises:
        Forbidden: an agreement does not name the client.
    """
    ordered = sorted(several, key=lambda one: one.id)
    whole = combining.together(ordered)
    parts = tuple(
        next(_compiled(one, (client,), combining.under(combining.settled(one), whole), person)) for one in ordered
    )
    first = parts[0]
    content: dict[str, Any] = {
        "client": client,
        "org": first.org,
        "agreement": "+".join(one.agreement for one in parts),
        "version": 0,
        "purpose": first.purpose,
        "basis": ", ".join(sorted({one.basis for one in parts})),
        "district": first.district,
        "operations": frozenset.intersection(*(one.operations for one in parts)),
        "rules": MappingProxyType(rules(whole)),
        "rows": MappingProxyType(_any_rows(parts)),
    }
    return Grant(
        **content,
        epoch=fingerprint(content | {"parts": tuple(one.epoch for one in parts)}),
        registered=Registered(kind=_strictest(one.registered.kind for one in parts)),
        windows=MappingProxyType(_widest(parts)),
        parts=parts,
        limits=Limits(max(one.limits.small_cell for one in parts)),
    )


def _strictest(kinds: Iterable[str]) -> str:
    """Return of the *kinds* that agreements give one recipient the one that restrictions keep most from."""
    return min(kinds, key=lambda kind: kind != "district")


def _compiled(
    agreement: Agreement, clients: Iterable[str], settled: Mapping[str, Settled], person: str
) -> Iterator[Grant]:
    """Compile an agreement as it is *settled* for each of the *clients*.

    The *person* counts where students must be assigned to who asks.
    """
    if rests_on(agreement.ferpa, CONSENT) and not agreement.population.form:
        raise Forbidden("The agreement rests on consent, and names no form of it.")
    people, registered = agreement.population, _registered(agreement)
    asks = person if people.assigned else ""
    people = replace(people, assigned=people.assigned and not asks)
    left_out = bool(registered.form or registered.directory)
    content: dict[str, Any] = {
        "org": agreement.org,
        "agreement": agreement.id,
        "version": agreement.version,
        "purpose": agreement.purpose,
        "basis": agreement.ferpa,
        "district": agreement.district,
        "operations": agreement.operations,
        "rules": MappingProxyType(rules(settled)),
        "rows": MappingProxyType(dict(people.rows(registered=left_out or bool(asks)))),
    }
    # What an agreement of before could not say is hashed only where it is said, so that its epoch stays the same.
    more: dict[str, Any] = {"registered": registered} if left_out else {}
    if within := _windows(settled):
        more["windows"] = MappingProxyType(_in_dictionaries(within))
    if agreement.limits.small_cell or agreement.limits.rows_per_day:
        more["limits"] = agreement.limits
    if asks:
        more["person"] = asks
    name = agreement.expansion.name if agreement.expansion else ""
    kept: dict[str, Any] = {"registered": registered, "limits": agreement.limits} | more
    spelt = _spelt(content | more)
    for client in clients:
        if client not in agreement.clients:
            raise Forbidden("No agreement names this client.")
        epoch = _digest(spelt | _spelt({"client": client}))
        yield Grant(client=client, **content, **kept, epoch=epoch, text=agreement.digest, elements=name)


def _registered(agreement: Agreement) -> Registered:
    return Registered(agreement.population.form, agreement.directory, agreement.kind)


def _any_rows(parts: Iterable[Grant]) -> dict[str, Clause]:
    """Return a row rule for each entity for which any part has one; a part without one lets everybody's exist.

    It tells what is read and what decides. Whether a row exists is judged part by part, with the owners of each.
    """
    every = tuple(parts)
    ruled = sorted({entity for one in every for entity in one.rows})
    return {entity: _any(tuple(dict.fromkeys(one.rows.get(entity, ANYBODY) for one in every))) for entity in ruled}


def _any(clauses: tuple[Clause, ...]) -> Clause:
    return clauses[0] if len(clauses) == 1 else AnyOf(clauses)


def _widest(parts: Iterable[Grant]) -> dict[str, DateWindow]:
    """Return the window within which any part lets an element leave, of those that leave of dated records alone."""
    every = tuple(parts)
    found: dict[str, DateWindow] = {}
    for name in sorted({name for one in every for name in one.windows}):
        theirs = [one.windows.get(name) for one in every if one.releases(name)]
        bounds = [one for one in theirs if one is not None]
        if bounds and len(bounds) == len(theirs):
            first = [one.since for one in bounds if one.since is not None]
            last = [one.until for one in bounds if one.until is not None]
            found[name] = DateWindow(
                min(first) if len(first) == len(bounds) else None, max(last) if len(last) == len(bounds) else None
            )
    return found


def _windows(settled: Mapping[str, Settled]) -> dict[str, DateWindow]:
    """Return the window of each released element that has one."""
    return {
        name: window
        for name, one in settled.items()
        if one.action != "deny" and (window := together(one.lines)) is not None
    }


def together(lines: Iterable[Line]) -> DateWindow | None:
    """Return the days that every window of the *lines* about one element has; None where no line has a window."""
    bounds = [line.window for line in lines if line.window is not None]
    if not bounds:
        return None
    since = max((first for first, _ in bounds if first is not None), default=None)
    return DateWindow(since, min((last for _, last in bounds if last is not None), default=None))


def _in_dictionaries(within: Mapping[str, DateWindow]) -> dict[str, DateWindow]:
    """Add to the windows of open dictionaries, and of members of one, those of all that is below them."""
    found = dict(within)
    for name, window in within.items():
        about = elements.element(name)
        if about is not None and (about.open or about.member):
            found[f"{name}.*"] = window
    return found


def rules(settled: Mapping[str, Settled]) -> dict[str, Rule]:
    """Make one rule for every released element; denied ones have none, except members of an open dictionary."""
    found: dict[str, Rule] = {}
    for name, one in settled.items():
        about = elements.element(name)
        assert about is not None
        if about.member:
            found[name] = found[f"{name}.*"] = Rule(one.action)
            if one.action != "deny":
                _open_up(found, about)
        elif one.action != "deny":
            found[name] = Rule(one.action)
            if about.open:
                _open_up(found, about)
                found[f"{name}.*"] = Rule(one.action)
    return found


def _open_up(found: dict[str, Rule], about: elements.Element) -> None:
    """Release the dictionary itself, so that released members of it can show."""
    for field in about.fields:
        found.setdefault(field.release, Rule("allow"))


def fingerprint(content: Any) -> str:
    """Hash content to a text that is the same in every process and version of Python."""
    return hashlib.sha256(json.dumps(_canonical(content), sort_keys=True).encode()).hexdigest()


def _spelt(content: Mapping[str, Any]) -> dict[str, str]:
    """Write each member of *content* by itself, as `fingerprint` does."""
    return {name: json.dumps(_canonical(one), sort_keys=True) for name, one in content.items()}


def _digest(spelt: Mapping[str, str]) -> str:
    """Return the `fingerprint` of content whose members are written already."""
    members = ", ".join(f"{json.dumps(name)}: {spelt[name]}" for name in sorted(spelt))
    return hashlib.sha256(f"{{{members}}}".encode()).hexdigest()


@cache
def _members(kind: type) -> tuple[str, ...] | None:
    """Return the names of the members of a dataclass; None of another type."""
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else None


def _canonical(value: Any) -> Any:
    if (members := _members(value.__class__)) is not None:
        return [type(value).__name__, *(_canonical(getattr(value, name)) for name in members)]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_canonical(one) for one in value]
    if isinstance(value, dict | MappingProxyType):
        return {name: _canonical(one) for name, one in value.items()}
    return value
