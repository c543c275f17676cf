"""Organisations: districts of the settings, and others that people added, agreements name or clients belong to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from gateway.admin.look_alikes import looks_like, skeleton
from gateway.every_agreement import read_every
from gateway.one_line import is_one_line
from gateway.people.actor import REGION, NotPermitted
from gateway.storage.acts import Act, write_act
from gateway.storage.database import transaction
from gateway.storage.people.kinds import DISTRICT
from gateway.storage.people.tables import (
    invitations,
    memberships,
    organisation_settings,
    organisations,
    written_agreements,
)
from gateway.storage.people.written_districts import written_names
from gateway.storage.tables import clients
from gateway.translations.phrases import Phrase
from standards.errors import CallerError, Conflict, NotFound, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor

KINDS: Final = ("vendor", "cbo", "researcher", "sea")
"""The kinds of organisations that people add; a district begins with its connection being written."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
MAX_TITLE_CHARACTERS: Final = 200
NOWHERE: Final = "There is no such organisation."
CHANGED: Final = "The organisation has changed since you read it: read it again."
LOOKS_LIKE: Final = "This may be taken for another organisation, %(name)s: choose another name or title."
HAS_SOMETHING: Final = "It has people, clients or agreements: an organisation is retired once it has nothing."
UNKNOWN: Final = "Nobody knows this organisation: add it first, so that a slip of the pen is not one."


class UnknownOrganisation(CallerError):
    """A client is registered for an organisation that nobody knows."""

    code = "unknown-organisation"

    def __init__(self) -> None:
        super().__init__(UNKNOWN)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of one *kind*; its *steward* is the district that added it. *source* says where it is from."""

    name: str
    kind: str
    title: str
    steward: str
    source: str


class Organisations:
    """The organisations that a region knows."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def known(self) -> dict[str, Organisation]:
        """Return every organisation by its name; what people added counts before what is only named somewhere."""
        found = {REGION: Organisation(REGION, REGION, REGION, "", "settings")}
        settings = self._region.settings()
        for one in (
            *(Organisation(name, DISTRICT, name, "", "settings") for name in settings.districts),
            *(Organisation(name, DISTRICT, name, "", "people") for name in self._drafted()),
            *self._added(),
            *self._of_agreements(),
            *(Organisation(one.org, one.kind, one.org, "", "clients") for one in self._region.store.list_clients()),
        ):
            found.setdefault(one.name, one)
        return found

    def titles(self, names: Iterable[str]) -> dict[str, str]:
        """Return what some organisations are called: the titles that people gave them, else their names."""
        found = {one.name: one.title for one in self._added()}
        return {name: found.get(name, name) for name in names}

    def find(self, name: str) -> Organisation:
        """Find an organisation.

        Raises:
            NotFound: there is none of that name.
        """
        found = self.known().get(name)
        if found is None:
            raise NotFound(NOWHERE)
        return found

    def require_known(self, name: str) -> None:
        """Refuse an organisation that nobody knows.

        Raises:
            UnknownOrganisation: no people added it, and no agreement and no client names it.
        """
        if name not in self.known():
            raise UnknownOrganisation

    def overview(self, actor: Actor) -> tuple[Organisation, ...]:
        """List the organisations that an actor may know of, by name."""
        seen = [
            one for one in self.known().values() if one.kind != REGION and actor.allows("organisation.read", one.name)
        ]
        return tuple(sorted(seen, key=lambda one: one.name))

    def add(self, actor: Actor, name: str, kind: str, title: str, steward: str = "") -> Organisation:
        """Add an organisation that is no district, for the district *steward*, or for the region.

        Raises:
            CallerError: its name, kind or title cannot be used.
            Conflict: there is one of that name.
        """
        actor.require("organisation.add", steward)
        if steward and (steward not in self._region.settings().districts):
            raise NotFound(NOWHERE)
        if not steward and not actor.everywhere("organisation.add"):
            raise NotPermitted("Say for which district you add it.")
        added = Organisation(name, kind, _checked(name, kind, title), steward, "people")
        if name in self.known() or name == REGION:
            raise Conflict("There is an organisation of that name already.")
        self._require_distinct(added)
        self._insert(actor, added)
        return added

    def rename(self, actor: Actor, name: str, title: str, reason: str, unchanged: str | None = None) -> Organisation:
        """Give an organisation that people added another title; its name, which agreements use, stays.

        Raises:
            NotFound, NotPermitted: it is not the *actor*'s to change.
            CallerError: the title cannot be used, or nobody says why.
            PreconditionFailed: its title is not *unchanged* any more.
        """
        before = self._changed(actor, name, reason)
        after = replace(before, title=_checked(name, before.kind, title))
        if unchanged not in {None, before.title}:
            raise PreconditionFailed(CHANGED)
        self._require_distinct(after)

        def change(connection: Connection) -> None:
            same = organisations.c.name == name, organisations.c.title == before.title
            if connection.execute(update(organisations).where(*same).values(title=after.title)).rowcount != 1:
                raise PreconditionFailed(CHANGED)

        self._write(actor, "organisation renamed", before, {"title": after.title, "was": before.title}, reason, change)
        return after

    def retire(self, actor: Actor, name: str, reason: str) -> None:
        """Retire an organisation that people added and that has nothing; its name is free again.

        Raises:
            NotFound, NotPermitted: it is not the *actor*'s to change.
            CallerError: nobody says why.
            Conflict: it has people, clients or agreements.
        """
        one = self._changed(actor, name, reason)
        named = any(each.org == name for each in self._region.agreements())

        def change(connection: Connection) -> None:
            now = self._region.clock()
            held = memberships.c.org == name, or_(memberships.c.ends.is_(None), memberships.c.ends > now)
            has = {
                "people": select(memberships.c.number).where(*held),
                "clients": select(clients.c.client_id).where(clients.c.org == name),
                "agreements": select(written_agreements.c.number).where(written_agreements.c.recipient == name),
            }
            found = [what for what, wanted in has.items() if connection.execute(wanted.limit(1)).first()]
            if found or named:
                raise Conflict(HAS_SOMETHING)
            connection.execute(delete(organisations).where(organisations.c.name == name))
            connection.execute(delete(organisation_settings).where(organisation_settings.c.org == name))
            waiting = invitations.c.org == name, invitations.c.used.is_(None), invitations.c.withdrawn.is_(None)
            connection.execute(update(invitations).where(*waiting).values(withdrawn=now))

        self._write(actor, "organisation retired", one, {"kind": one.kind, "title": one.title}, reason, change)

    def require_distinct(self, name: str) -> None:
        """Refuse a name that nobody knows and that may be taken for one that is known.

        Raises:
            CallerError: it may.
        """
        known = self.known()
        if name not in known and (other := looks_like(name, known)):
            raise CallerError(Phrase(LOOKS_LIKE, name=other))

    def _require_distinct(self, asked: Organisation) -> None:
        others = [one for one in self.known().values() if one.name != asked.name]
        taken = {skeleton(text): one.name for one in others for text in (one.name, one.title)}
        for text in (asked.name, asked.title):
            if (other := taken.get(skeleton(text))) is not None:
                raise Conflict(Phrase(LOOKS_LIKE, name=other))

    def _changed(self, actor: Actor, name: str, reason: str) -> Organisation:
        """Find an organisation that the actor may change, and that people added."""
        found = self.known().get(name)
        if found is None or found.kind == REGION or not actor.allows("organisation.read", name):
            raise NotFound(NOWHERE)
        actor.require("organisation.change")
        if not reason.strip():
            raise CallerError("Say why, in one line: it stays on record.")
        if found.source != "people" or found.kind == DISTRICT:
            raise Conflict("Nobody added this organisation here: it is named by the settings, agreements or clients.")
        return found

    def _write(
        self,
        actor: Actor,
        what: str,
        one: Organisation,
        content: Mapping[str, Any],
        reason: str,
        change: Callable[[Connection], None],
    ) -> None:
        """Change an organisation in one transaction with the act of it, which its steward's record shows, too."""
        now, store = self._region.clock(), self._region.store
        act = Act(actor.name, what, one.steward, {"org": one.name, "steward": one.steward, **content}, reason)

        def write() -> None:
            with transaction(store.engine, write=True) as connection:
                change(connection)
                write_act(connection, act, now)

        store.calls.run(write)

    def _insert(self, actor: Actor, added: Organisation) -> None:
        now, store = self._region.clock(), self._region.store
        content = {"org": added.name, "kind": added.kind, "title": added.title, "steward": added.steward}
        values = {"name": added.name, "kind": added.kind, "title": added.title, "steward": added.steward}

        def write() -> None:
            with transaction(store.engine, write=True) as connection:
                connection.execute(insert(organisations).values(created=now, created_by=actor.name, **values))
                write_act(connection, Act(actor.name, "organisation added", added.steward, content), now)

        try:
            store.calls.run(write)
        except IntegrityError:
            raise Conflict("There is an organisation of that name already.") from None

    def _drafted(self) -> tuple[str, ...]:
        """Return the districts that people wrote down, also those that wait for their own people to be connected."""
        store = self._region.store

        def read() -> tuple[str, ...]:
            with transaction(store.engine) as connection:
                return written_names(connection)

        return store.calls.run(read)

    def _added(self) -> Iterable[Organisation]:
        store = self._region.store

        def read() -> list[Organisation]:
            with transaction(store.engine) as connection:
                rows = connection.execute(select(organisations).order_by(organisations.c.name)).all()
            return [Organisation(row.name, row.kind, row.title, row.steward, "people") for row in rows]

        return store.calls.run(read)

    def _of_agreements(self) -> Iterable[Organisation]:
        """Yield the recipients of agreements: the served ones, or those of the folder where nothing is served."""
        running = self._region.running
        served = running.standing if running is not None else None
        found = (*served.agreements, *served.withheld) if served is not None else read_every(self._region.settings())[0]
        for one in found:
            yield Organisation(one.org, one.kind, one.org, "", "agreements")


def parties_of(district: str, recipient: str, kind: str, districts: Collection[str]) -> frozenset[str]:
    """Return the parties of an agreement; a recipient that has the name of a district and is none is no party."""
    ambiguous = kind != DISTRICT and recipient in districts
    return frozenset({district} if ambiguous else {district, recipient})


def _checked(name: str, kind: str, title: str) -> str:
    """Return the title of an organisation that may be added."""
    if not NAME.fullmatch(name):
        raise CallerError("Use small letters, digits and hyphens for its name.")
    if kind not in KINDS:
        raise CallerError(f"Its kind must be one of: {', '.join(KINDS)}.")
    shown = " ".join(title.split()) or name
    if len(shown) > MAX_TITLE_CHARACTERS or not is_one_line(shown):
        raise CallerError("Its title must be one line.")
    return shown
