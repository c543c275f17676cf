"""The inbox: what waits for somebody, its closing with an outcome, and what should be looked at."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from os import SEEK_END
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.inbox.gathering import gather, known_agreements
from gateway.admin.organisations import parties_of
from gateway.admin.shortage import INVITING
from gateway.audit.chain import list_segments, read_line
from gateway.people.active import ActivePeople
from gateway.people.actor import NotPermitted
from gateway.tasks.store import Tasks
from gateway.tasks.task import BY_ITSELF, SECOND_PERSON
from gateway.translations.phrases import Phrase
from policies.agreement import current
from standards.errors import CallerError, Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from gateway.admin.administration import Administration
    from gateway.admin.inbox.gathering import Gathered
    from gateway.people.actor import Actor
    from gateway.storage.registry import Client
    from gateway.tasks.task import PersonTask
    from policies.agreement import Agreement

ENDING_DAYS: Final = 30
UNUSED_DAYS: Final = 60
RECENT_BYTES: Final = 8 * 2**20
"""So much of the end of the record is looked at while somebody waits for a page."""

MAX_OUTCOME_CHARACTERS: Final = 500
STAYS: Final = "This task closes by itself, once what it waits for has been done or taken back."


@dataclass(frozen=True, slots=True)
class Overview:
    """What somebody should look at: states of districts, agreements that end, clients that nobody uses."""

    districts: dict[str, int]
    ending: tuple[tuple[str, int], ...]
    unused: tuple[str, ...]


class Inbox:
    """The tasks of a region, for whom they wait."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def gathered(self, actor: Actor, compared: Collection[str] = ()) -> Gathered:
        """Gather the tasks that an *actor* may see; see `gather` for *compared*.

        Of the days of a student's life, such as a birthday, only the organisation's own people are told.
        """
        actor.require("task.read", next(iter(actor.orgs("task.read")), ""))
        found = gather(self._region, compared)
        return type(found)(tuple(one for one in found.tasks if _seen(actor, one)), found.unasked)

    def unmanned(self, actor: Actor, tasks: Iterable[PersonTask]) -> frozenset[str]:
        """Return the ids of the *tasks* whose role nobody has, as far as the *actor* may invite somebody for it.

        What waits for a second person waits in several roles, and says itself who is missing.
        """
        active = ActivePeople(self._region.store, self._region.clock, self._region.kinds).list()
        held = {(one.org, one.role) for each in active for one in each.actor.memberships}
        own = {one.org for one in actor.memberships if actor.allows(INVITING, one.org)}
        waiting = (one for one in tasks if one.closed is None and one.kind != SECOND_PERSON and one.org in own)
        return frozenset(one.id for one in waiting if (one.org, one.role) not in held)

    def close(self, actor: Actor, name: str, outcome: str, compared: Collection[str] = ()) -> PersonTask:
        """Close a task with an *outcome*; one that was computed does not come back.

        Raises:
            NotFound: there is none of that id that the *actor* may see.
            NotPermitted: it waits for somebody in another role.
            Conflict: it was closed already, or closes by itself once it is done.
        """
        task = next((one for one in self.gathered(actor, compared).tasks if one.id == name), None)
        if task is None:
            raise NotFound(Phrase("There is no task %(task)s today.", task=repr(name[:40])))
        actor.require("task.close", task.org)
        if not mine(actor, task):
            raise NotPermitted("This task waits for somebody in another role.")
        if task.kind in BY_ITSELF and actor.kind != "operator":
            raise Conflict(Phrase(STAYS))
        if not outcome.strip() or len(outcome) > MAX_OUTCOME_CHARACTERS:
            raise CallerError(Phrase("Say what was done, in at most %(most)s characters.", most=MAX_OUTCOME_CHARACTERS))
        Tasks(self._region.store, self._region.clock).close(task, outcome.strip(), actor.name)
        return task

    def open(self, actor: Actor, org: str, role: str, text: str, due: datetime | None) -> PersonTask:
        """Open a task of a person's own: *text* says what is to be done, and names nobody."""
        actor.require("task.close", org)
        return Tasks(self._region.store, self._region.clock).open(org, role, text, due, actor.name)

    def overview(self, actor: Actor) -> Overview:
        """Count what an *actor* should look at."""
        now = self._region.clock()
        return Overview(self._districts(actor), self._ending(actor, now), self._unused(actor, now))

    def refused(self, actor: Actor, days: int = 7) -> dict[str, tuple[int, int]]:
        """Return of each client the requests that were answered and those that were refused, in the last days."""
        since = (self._region.clock() - timedelta(days=days)).isoformat()
        known = {one.client_id: one for one in self._region.store.list_clients()}
        found: dict[str, tuple[int, int]] = {}
        for event in recent_events(self._region.settings().audit.folder):
            name = str(event.get("client") or "")
            if str(event.get("at", "")) < since:
                break
            if name not in known or event.get("operation") == "act":
                continue
            one = known[name]
            if actor.allows("client.read", one.steward, _parties(self._region, one)):
                good, bad = found.get(name, (0, 0))
                count = int(event.get("rows", 1)) if event.get("operation") == "refused" else 0
                found[name] = (good + (count == 0), bad + count)
        return found

    def _districts(self, actor: Actor) -> dict[str, int]:
        """Count the districts that the actor may see the freshness of, by their state."""
        running, counts = self._region.running, dict[str, int]()
        for name, district in running.gateway.districts.items() if running else ():
            parties = {
                party
                for one in known_agreements(self._region)
                if one.district == name
                for party in parties_of(name, one.org, one.kind, self._region.settings().districts)
            }
            if actor.allows("district.freshness", name, parties):
                state = district.status().state
                counts[state] = counts.get(state, 0) + 1
        return counts

    def _ending(self, actor: Actor, now: datetime) -> tuple[tuple[str, int], ...]:
        """Return the agreements that end soon and that no later version goes on from, with the days that are left."""
        agreements = known_agreements(self._region)
        found = dict[str, int]()
        for one in agreements:
            today = one.today(now)
            left = (one.end - today).days
            parties = parties_of(one.district, one.org, one.kind, self._region.settings().districts)
            seen = actor.allows("agreement.read", one.district, parties)
            if (
                seen
                and one in current(agreements, today)
                and 0 <= left <= ENDING_DAYS
                and not _goes_on(one, agreements)
            ):
                found[one.id] = left
        return tuple(sorted(found.items(), key=lambda item: item[1]))

    def _unused(self, actor: Actor, now: datetime) -> tuple[str, ...]:
        """Return the enabled clients that have not been used for long, or never."""
        found = []
        for one in self._region.store.list_clients():
            last = one.last_used or one.created
            seen = actor.allows("client.read", one.steward, _parties(self._region, one))
            if seen and one.status == "enabled" and now - last >= timedelta(days=UNUSED_DAYS):
                found.append(one.client_id)
        return tuple(found)


def mine(actor: Actor, task: PersonTask) -> bool:
    """Tell whether a task waits for this actor: in a role that it has in that organisation."""
    return actor.kind == "operator" or any(one.org == task.org and one.role == task.role for one in actor.memberships)


def _seen(actor: Actor, task: PersonTask) -> bool:
    if task.private and not mine(actor, task):
        return False
    return actor.allows("task.read", task.org)


def _parties(region: Administration, client: Client) -> frozenset[str]:
    """Return who a client concerns: its organisation, unless a district has its name, and districts that name it."""
    named = {one.district for one in known_agreements(region) if client.client_id in one.clients}
    own = parties_of("", client.org, client.kind, region.settings().districts) - {""}
    return frozenset(named | own)


def _goes_on(one: Agreement, agreements: Collection[Agreement]) -> bool:
    return any(
        other.id == one.id and other.version > one.version and other.begin <= one.end + timedelta(days=1) <= other.end
        for other in agreements
    )


def recent_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the events at the end of the record, the newest first; what is no event is left out."""
    left = RECENT_BYTES
    for path in reversed(list_segments(folder)):
        with path.open("rb") as file:
            size = file.seek(0, SEEK_END)
            file.seek(max(0, size - left))
            lines = file.read(left).split(b"\n")
        for line in reversed(lines[1:] if size > left else lines):
            with suppress(ValueError, KeyError, TypeError):
                yield read_line(line).event
        left -= size
        if left <= 0:
            return
