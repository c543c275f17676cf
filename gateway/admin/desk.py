"""The privacy desk: who saw what, who can see what, whether the record is whole, and what is due."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.inbox.gathering import gather, known_agreements
from gateway.admin.registers.entries import names_student, today_in
from gateway.audit.chain import list_segments
from gateway.audit.log import PURPOSE as RECORD
from gateway.audit.log import verify
from gateway.audit.reports import uses
from gateway.audit.reports.child import report
from gateway.audit.reports.exposure import exposed_children, exposure
from gateway.audit.reports.reading import EVERY_DISTRICT, AuditReader
from gateway.audit.students.index import SubjectIndex
from gateway.one_line import one_line
from gateway.reasoning.who_can_see import viewers
from gateway.registers.tags import ID
from gateway.storage.acts import Act, write_acts
from gateway.tasks.store import Tasks
from gateway.tasks.task import INSPECTION, INSPECTION_DAYS, PRIVACY_OFFICER, TOPICS, after, midnight
from gateway.translations.phrases import Phrase
from policies import elements
from policies.agreement import current
from standards.errors import CallerError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from gateway.admin.administration import Administration
    from gateway.audit.reports.child import ChildReport
    from gateway.audit.reports.exposure import Exposed
    from gateway.audit.reports.uses import Use
    from gateway.people.actor import Actor
    from gateway.reasoning.who_can_see import Viewer
    from gateway.tasks.task import PersonTask
    from policies.agreement import Agreement

READ: Final = "disclosure.read"
CHILD: Final = "disclosure.child"
VERIFY: Final = "disclosure.verify"
WALK_SECONDS: Final = 20.0
"""So long somebody who waits for a page lets the record be walked along; what takes longer is for a command."""

MAX_VERIFIED_BYTES: Final = 256 * 2**20

TOO_LONG: Final = (
    "The record is too long to be read while you wait: ask for fewer days, or let the operator run the command"
    " `crossing audit`."
)
NO_DISTRICT: Final = "There is no such district here."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: every problem in words; without any the record is whole."""

    problems: tuple[str, ...]


class OwnWalk(uses.DisclosureWalk):
    """A walk over the disclosures of an actor's districts, no longer than somebody waits for a page.

    What was of several districts at once is told to each of them, and to no other.
    """

    def __init__(self, reader: AuditReader, actor: Actor, begin: date | None, end: date | None) -> None:
        super().__init__(reader, begin, end)
        self._every, self._actor = reader, actor

    def events(self) -> Iterator[Any]:
        """Yield the disclosures, oldest first.

        Raises:
            CallerError: it takes too long.
        """
        until = time.monotonic() + WALK_SECONDS
        for event in super().events():
            if time.monotonic() > until:
                raise CallerError(TOO_LONG)
            if any(self._actor.allows(READ, one) for one in self._every.districts(event)):
                yield event


class PrivacyDesk:
    """The questions of a privacy officer, each answered for the districts where somebody has the role."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def districts(self, actor: Actor, action: str = READ) -> tuple[str, ...]:
        """Return the districts about which an *actor* may ask."""
        return tuple(name for name in self._region.settings().districts if actor.allows(action, name))

    def child(
        self, actor: Actor, district: str, identifier: str, begin: date | None = None, end: date | None = None
    ) -> ChildReport:
        """Tell who saw what of one student (34 CFR 99.32); that it was asked is on record, by a keyed tag alone."""
        self._see(actor, district, CHILD)
        reader = self._reader()
        found = report(reader, district, identifier, begin, end, self._region.clock())
        tag = reader.register_keys.tag(district, ID, identifier)
        act = Act(actor.name, CHILD, district, {"rows": len(found.rows), "tags": [tag]})
        write_acts(self._region.store, [act], self._region.clock())
        return found

    def open_inspection(
        self, actor: Actor, district: str, identifier: str, text: str, received: date | None
    ) -> PersonTask:
        """Open the task of a parent's inspection: at most 45 days after it was asked for (34 CFR 99.10(b))."""
        self._see(actor, district, CHILD)
        if names_student({"student": identifier}, text):
            raise CallerError("The number says who the student is, and stays on record: give another one.")
        asked = received or today_in(self._region, district)
        due = midnight(after(asked, f"P{INSPECTION_DAYS}D"))
        tasks = Tasks(self._region.store, self._region.clock)
        return tasks.open(district, PRIVACY_OFFICER, text, due, actor.name, INSPECTION)

    def recipient(self, actor: Actor, name: str, begin: date | None = None, end: date | None = None) -> list[Use]:
        """Tell what an organisation or program got of the actor's districts."""
        actor.require(READ, next(iter(actor.orgs(READ)), ""))
        return uses.to_recipient(OwnWalk(self._reader(), actor, begin, end), name)

    def element(self, actor: Actor, path: str, begin: date | None = None, end: date | None = None) -> list[Use]:
        """Tell who was shown a fact of the actor's districts.

        Raises:
            NotFound: there is no such element.
        """
        actor.require(READ, next(iter(actor.orgs(READ)), ""))
        self._known_element(path)
        return uses.of_element(OwnWalk(self._reader(), actor, begin, end), path)

    def who_can_see(self, actor: Actor, path: str) -> tuple[Viewer, ...]:
        """Tell who can see a fact now under the agreements that are served with the actor's districts.

        Raises:
            NotFound: there is no such element.
        """
        actor.require(READ, next(iter(actor.orgs(READ)), ""))
        self._known_element(path)
        served = [one for one in self._in_force() if actor.allows(READ, one.district)]
        clients, folder = self._region.store.list_clients(), self._region.settings().audit.folder
        return tuple(one for one, _ in viewers(served, path, clients, folder))

    def exposed(
        self, actor: Actor, client: str, begin: date | None = None, end: date | None = None
    ) -> tuple[AuditReader, list[Exposed]]:
        """Tell what a breach at a *client* may have laid open of the actor's districts.

        How many children requests about several districts showed is told to nobody who does not answer for all of
        them: nobody can tell whose children they are but by each district's key.
        """
        reader, found = self._exposed(actor, client, begin, end)
        if not all(actor.allows(READ, name) for name in self._region.settings().districts):
            for one in found:
                if one.district == EVERY_DISTRICT:
                    one.students.clear()
        return reader, found

    def _exposed(
        self, actor: Actor, client: str, begin: date | None, end: date | None
    ) -> tuple[AuditReader, list[Exposed]]:
        """Collect what a *client* was sent, and the marks of whose it was, which only a district's key reads."""
        actor.require(READ, next(iter(actor.orgs(READ)), ""))
        reader = self._reader()
        return reader, exposure(reader, OwnWalk(reader, actor, begin, end), client)

    def recipients(self, actor: Actor) -> tuple[str, ...]:
        """Return the organisations and clients that agreements of the actor's districts name, of any day."""
        found = [one for one in known_agreements(self._region) if actor.allows(READ, one.district)]
        return tuple(sorted({name for one in found for name in (one.org, *one.clients)}))

    def exposed_children(
        self,
        actor: Actor,
        client: str,
        district: str,
        ids: Iterable[str],
        begin: date | None = None,
        end: date | None = None,
    ) -> list[str]:
        """List the students of one *district*, by the *ids* of its own system, who are among the exposed."""
        self._see(actor, district, CHILD)
        reader, found = self._exposed(actor, client, begin, end)
        return exposed_children(reader, found, district, ids)

    def obligations(self, actor: Actor) -> tuple[PersonTask, ...]:
        """List the duties that follow from the end of things: what to destroy and certify, entries and keys.

        What a recipient must destroy is told to the district whose students it was about, too.
        """
        return self._topic(actor, "retention")

    def year(self, actor: Actor) -> tuple[PersonTask, ...]:
        """List the duties of the school year."""
        return self._topic(actor, "year")

    def verify(self, actor: Actor) -> Verdict:
        """Check the record as far as this machine can tell: its chain, heads, sets and texts."""
        actor.require(VERIFY, next(iter(actor.orgs(VERIFY)), ""))
        settings = self._region.settings()
        folder = settings.audit.folder
        if sum(one.stat().st_size for one in list_segments(folder)) > MAX_VERIFIED_BYTES:
            raise CallerError(TOO_LONG)
        problems = verify(folder, self._region.keys.derive(RECORD), self._region.store, None, ())
        return Verdict(tuple(map(one_line, (*problems, *SubjectIndex(folder).faults()))))

    def _topic(self, actor: Actor, topic: str) -> tuple[PersonTask, ...]:
        actor.require(READ, next(iter(actor.orgs(READ)), ""))
        found = (one for one in gather(self._region).tasks if one.kind in TOPICS[topic])
        return tuple(one for one in found if _concerns(actor, one))

    def _in_force(self) -> tuple[Agreement, ...]:
        running = self._region.running
        every = running.standing.agreements if running else tuple(known_agreements(self._region))
        return tuple(one for one in every if one in current(every, one.today(self._region.clock())))

    def _known_element(self, path: str) -> None:
        if not elements.under(elements.Line(path, "allow")):
            raise NotFound(
                Phrase("No element is called %(path)s%(hint)s.", path=repr(path[:80]), hint=elements.guess(path))
            )

    def _see(self, actor: Actor, district: str, action: str) -> None:
        actor.require_seen(action, district, what=NO_DISTRICT)
        if district not in self._region.settings().districts:
            raise NotFound(NO_DISTRICT)

    def _reader(self) -> AuditReader:
        return AuditReader(self._region.settings(), self._region.store)


def _concerns(actor: Actor, task: PersonTask) -> bool:
    """Tell whether a task waits for an organisation of the actor's, or is about a district of the actor's."""
    district = str(task.content.get("district") or "")
    return actor.allows(READ, task.org) or (bool(district) and actor.allows(READ, district))
