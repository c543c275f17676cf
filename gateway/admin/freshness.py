"""Freshness: how fresh each district is, for whoever is concerned: its own people, and those who receive its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.organisations import parties_of
from gateway.districts.status import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor

ACTION: Final = "district.freshness"


@dataclass(frozen=True, slots=True)
class Fresh:
    """How fresh the district *name* is: its *state*, since when, the next try, whether it waits for a person."""

    name: str
    state: str
    since: float | None
    next_try: float | None
    waits: bool

    def shown(self) -> dict[str, Any]:
        """Return it as JSON."""
        since, following = (None if one is None else moment(one) for one in (self.since, self.next_try))
        return {
            "name": self.name, "state": self.state, "since": since, "nextTry": following,
            "waitsForApproval": self.waits,
        }  # fmt: skip


class Freshness:
    """The freshness of the districts that the running gateway serves."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def list(self, actor: Actor) -> tuple[Fresh, ...]:
        """List each district that concerns the actor, by name."""
        running = self._region.running
        if running is None:
            return ()
        recipients = self._recipients()
        found = []
        for name, district in sorted(running.gateway.districts.items()):
            if actor.allows(ACTION, name, recipients.get(name, ())):
                status = district.status()
                found.append(Fresh(name, status.state, status.since, status.next_try, bool(status.waiting)))
        return tuple(found)

    def _recipients(self) -> Mapping[str, set[str]]:
        """Return the recipients of each district's agreements."""
        found: dict[str, set[str]] = {}
        if self._region.running is not None:
            for one in self._region.running.standing.agreements:
                parties = parties_of(one.district, one.org, one.kind, self._region.settings().districts)
                found.setdefault(one.district, set()).update(parties)
        return found
