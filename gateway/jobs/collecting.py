"""Collecting what is new: for each person, once a day or at once where it is red; for webhooks at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, time
from typing import TYPE_CHECKING, Final

from gateway.people.active import ActivePeople
from gateway.storage.database import transaction
from gateway.storage.people.choices import OrganisationChoices, choices_of
from gateway.storage.people.notices import Notice, NoticeChoices, Notices
from gateway.tasks.task import SECOND_PERSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from gateway.config.settings import Settings
    from gateway.people.active import ActivePerson
    from gateway.storage.people.kinds import Kinds
    from gateway.storage.registry import SqlStore
    from gateway.storage.secrets import Keys
    from gateway.tasks.task import PersonTask

DIGEST, URGENT, HEAD, READY = "digest", "urgent", "head", "ready"
MAIL, WEBHOOK = "mail", "webhook"
ORG_PREFIX: Final = "org:"
"""What recipients that are organisations begin with; the ids of people are hexadecimal."""


@dataclass(frozen=True, slots=True)
class NoticeRegion:
    """What notices are made of: the registry, the settings, the *tasks* that there are now, what organisations are."""

    store: SqlStore
    keys: Keys
    clock: Callable[[], datetime]
    settings: Callable[[], Settings]
    tasks: Callable[[], Iterable[PersonTask]]
    kinds: Kinds

    def choices(self, orgs: Iterable[str]) -> Mapping[str, OrganisationChoices]:
        """Return what each organisation has chosen."""
        with transaction(self.store.engine) as connection:
            return {org: choices_of(connection, org) for org in sorted(set(orgs))}

    def zone(self, orgs: Sequence[str]) -> tzinfo:
        """Return the time zone of people of these organisations: that of their district, or of the first one."""
        zones = self.settings().zones
        mine = [zones[org] for org in orgs if org in zones]
        return next(iter([*mine, *(zones[name] for name in sorted(zones))]), UTC)

    def link(self) -> str:
        """Return the address of the console; empty where nobody has said how people reach the gateway."""
        public = self.settings().server.public_url
        return f"{public}/console" if public else ""


def wants(person: ActivePerson, task: PersonTask) -> bool:
    """Tell whether a task waits for a person, who does not confirm what he or she has proposed."""
    held = any((one.org, one.role) == (task.org, task.role) for one in person.actor.memberships)
    return held and not (task.kind == SECOND_PERSON and task.content.get("by") == person.mail)


def wants_mail(person: ActivePerson, task: PersonTask, choices: Mapping[str, OrganisationChoices]) -> bool:
    """Tell whether a person is sent mail about a task: unless the organisation sends none to that role."""
    return wants(person, task) and task.role not in choices.get(task.org, OrganisationChoices()).mail_off


def items_of(task: PersonTask, now: datetime) -> tuple[str, ...]:
    """Return what somebody who is told of a task is told: that it waits, and that it is due."""
    waits = f"{task.id}:open"
    return (waits, f"{task.id}:red") if task.state(now) == "red" else (waits,)


class NoticeCollector:
    """What writes down which notices are to be sent."""

    def __init__(self, region: NoticeRegion) -> None:
        self._region, self._notices = region, Notices(region.store, region.clock)

    def collect(self) -> int:
        """Write down a notice for everything that is new; return how many that were."""
        region, now = self._region, self._region.clock()
        tasks = [one for one in region.tasks() if one.closed is None]
        if not tasks:
            return 0
        people = ActivePeople(region.store, region.clock, region.kinds).list()
        orgs = {one.org for one in tasks} | {held.org for one in people for held in one.actor.memberships}
        choices = region.choices(orgs)
        found = [*self._hooks(tasks, choices, now)]
        if region.settings().notices.mail is not None:
            without = NoticeChoices(region.store, region.clock).without_mail()
            for person in people:
                if person.actor.person not in without:
                    mine = [one for one in tasks if wants_mail(person, one, choices)]
                    found += self._letters(person, mine, choices, now)
        return sum(self._notices.add(notice, items) for notice, items in found)

    def _letters(
        self,
        person: ActivePerson,
        tasks: Sequence[PersonTask],
        choices: Mapping[str, OrganisationChoices],
        now: datetime,
    ) -> Iterator[tuple[Notice, list[str]]]:
        """Yield the letters to a person: one about what has become red, and one a day about the rest that is new."""
        to = person.actor.person
        told = self._notices.told(to) if tasks else frozenset()
        red = _new((one for one in tasks if one.state(now) == "red"), told, now)
        rest = _new((one for one in tasks if one.state(now) != "red"), told, now)
        if red:
            yield _notice(URGENT, MAIL, to, tasks[0].org, red, now), red
        if rest and self._is_time(person, choices, now):
            yield _notice(DIGEST, MAIL, to, tasks[0].org, rest, now), rest

    def _is_time(self, person: ActivePerson, choices: Mapping[str, OrganisationChoices], now: datetime) -> bool:
        """Tell whether a person's digest of today is due and not made yet, by the clocks of the district."""
        orgs = sorted(one.org for one in person.actor.memberships)
        local = now.astimezone(self._region.zone(orgs))
        chosen = choices.get(orgs[0], OrganisationChoices()) if orgs else OrganisationChoices()
        last = self._notices.last(person.actor.person, DIGEST)
        fresh = last is None or last.astimezone(local.tzinfo).date() < local.date()
        return fresh and local.time() >= time.fromisoformat(chosen.digest_at)

    def _hooks(
        self, tasks: Sequence[PersonTask], choices: Mapping[str, OrganisationChoices], now: datetime
    ) -> Iterator[tuple[Notice, list[str]]]:
        """Yield what the webhook of each organisation is told."""
        for org, chosen in choices.items():
            mine = [one for one in tasks if one.org == org]
            if mine and chosen.webhook and chosen.signed:
                fresh = _new(mine, self._notices.told(ORG_PREFIX + org), now)
                if fresh:
                    yield _notice(URGENT, WEBHOOK, ORG_PREFIX + org, org, fresh, now), fresh


def _new(tasks: Iterable[PersonTask], told: frozenset[str], now: datetime) -> list[str]:
    """Return the items of tasks that nobody was told of, with what they say besides."""
    return sorted({item for one in tasks for item in items_of(one, now)} - told)


def _notice(kind: str, channel: str, to: str, org: str, items: Sequence[str], now: datetime) -> Notice:
    """Make a notice whose id is that of what it tells, and to whom: two processes make the same one."""
    name = hashlib.sha256("\n".join((kind, channel, to, *items)).encode()).hexdigest()[:40]
    return Notice(name, kind, org, channel, to, now, now)
