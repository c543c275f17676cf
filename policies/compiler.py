"""The compiler of agreements: from one agreement to the grant of one client, and from all to today's grants."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from policies import elements
from policies.agreement import current
from policies.canonical import capped
from policies.checks import CONSENT, rests_on
from policies.grant import Grant, Rule
from standards.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from policies.agreement import Agreement
    from policies.elements import Settled

AMBIGUOUS = (
    "dsa_ambiguous: agreements for different purposes are active for this client; the token must name one of them."
)


class Grants:
    """The grants of every client at the time of *clock*.

    What was compiled *before* of the same agreements need not be compiled again.
    """

    def __init__(
        self, agreements: Iterable[Agreement], clock: Callable[[], datetime], before: Grants | None = None
    ) -> None:
        self._agreements = tuple(agreements)
        self._clock = clock
        self._compiled: dict[tuple[str, int, str], Grant] = before.still(self._agreements) if before else {}

    def still(self, agreements: Iterable[Agreement]) -> dict[tuple[str, int, str], Grant]:
        """Return the compiled grants of those *agreements* that are here too."""
        same = {(one.id, one.version) for one in agreements if one in self._agreements}
        return {key: grant for key, grant in self._compiled.items() if key[:2] in same}

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

    def of(self, client: str, agreement: str = "") -> tuple[Grant, ...]:
        """Return the client's grants today, one per district; only that of one *agreement* where it is named.

        Raises:
            Forbidden: its active agreements serve different purposes, and none is named.
        """
        active = [one for one in self.active(client) if agreement in {"", one.id}]
        if len({one.purpose for one in active}) > 1:
            raise Forbidden(AMBIGUOUS)
        return tuple(self._compile(one, client) for one in active)

    def every(self, district: str) -> tuple[Grant, ...]:
        """Return the grants of all agreements of *district*, in force or not: all its source may ever be asked for."""
        theirs = [one for one in self._agreements if one.district == district]
        return tuple(self._compile(one, client) for one in theirs for client in one.clients)

    def _compile(self, agreement: Agreement, client: str) -> Grant:
        key = (agreement.id, agreement.version, client)
        if key not in self._compiled:
            self._compiled[key] = compile(agreement, client)
        return self._compiled[key]


def compile(agreement: Agreement, client: str) -> Grant:  # noqa: A001  the word for it
    """Compile the grant of *client* under *agreement* while it is in force.

    Raises:
        Forbidden: the agreement does not name the client, or rests on consent, which nothing can look up yet.
    """
    if client not in agreement.clients:
        raise Forbidden("No agreement names this client.")
    if rests_on(agreement.ferpa, CONSENT):
        raise Forbidden("The agreement rests on consent, which cannot be looked up yet.")
    content: dict[str, Any] = {
        "client": client,
        "org": agreement.org,
        "agreement": agreement.id,
        "version": agreement.version,
        "purpose": agreement.purpose,
        "basis": agreement.ferpa,
        "district": agreement.district,
        "operations": agreement.operations,
        "rules": MappingProxyType(rules(capped(elements.settle(agreement.lines), agreement.expansion))),
        "rows": MappingProxyType(dict(agreement.population.rows())),
    }
    elements_name = agreement.expansion.name if agreement.expansion else ""
    return Grant(**content, epoch=fingerprint(content), text=agreement.digest, elements=elements_name)


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


def _canonical(value: Any) -> Any:
    if is_dataclass(value):
        return [type(value).__name__, *(_canonical(getattr(value, one.name)) for one in fields(value))]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_canonical(one) for one in value]
    if isinstance(value, dict | MappingProxyType):
        return {name: _canonical(one) for name, one in value.items()}
    return value
