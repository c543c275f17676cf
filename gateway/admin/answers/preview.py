"""Preview: one student of the actor's own district as a client gets it, beside the source and the deciding lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.answers.answer import ReasonDetail
from gateway.admin.answers.details import short
from gateway.admin.answers.previewed import OF_A_STUDENT, StudentRead, previewing
from gateway.admin.registers.entries import holders_of
from gateway.auth.callers import Caller
from gateway.reasoning.children import ChildView, child_view
from gateway.reasoning.coverage import reader
from gateway.storage.acts import Act, write_acts
from policies import elements
from policies.compiler import compile as compiled
from policies.explain import SAID, explain
from policies.permission import received
from standards.errors import CallerError, Forbidden, NotFound, StoreUnavailable
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.admin.administration import Administration, Running
    from gateway.admin.answers.previewed import GottenMember, GottenRecord
    from gateway.cache.snapshot import Snapshot
    from gateway.people.actor import Actor
    from policies.agreement import Agreement
    from policies.grant import Grant

PREVIEW: Final = "agreement.preview"
NO_LINE: Final = "no line"
NOTHING: Final = "There is no such client, agreement or student here."
NO_PERSON: Final = "The recipient has nobody with this address who may have students assigned."
WHICH_PURPOSE: Final = "Agreements for several purposes are in force for the client: name one."
SCOPES: Final = frozenset({"preview"})


@dataclass(frozen=True, slots=True)
class FactShown:
    """One fact of the student: as the source has it, as the client gets it, and the lines that decide."""

    name: str
    source: tuple[str, ...]
    gets: tuple[GottenMember, ...]
    action: str
    lines: tuple[ReasonDetail, ...]


@dataclass(frozen=True, slots=True)
class StudentPreview:
    """What a client gets of one student; *visible* is whether it gets anything, by the *steps*.

    *shown* of *every* student of the district exist for the client.
    """

    district: str
    client: str
    agreements: tuple[str, ...]
    visible: bool
    steps: tuple[ReasonDetail, ...]
    facts: tuple[FactShown, ...]
    records: tuple[GottenRecord, ...]
    shown: int
    every: int


class Previews:
    """The previews of the people of provider districts; each is written down before anything is shown."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def clients(self, actor: Actor) -> tuple[tuple[str, str], ...]:
        """List the districts of *actor* with the clients that its agreements in force or to come name."""
        found = {
            (one.district, client)
            for one in self._running().standing.agreements
            if actor.allows(PREVIEW, one.district)
            for client in one.clients
        }
        return tuple(sorted(found))

    def of_student(
        self, actor: Actor, district: str, client: str, identifier: str, purpose: str = "", mail: str = ""
    ) -> StudentPreview:
        """Show the student with an *identifier* of the *district* as a *client* gets it by what is in force.

        With a *mail*, show what the person of the recipient who has it gets through the client, by its own token.

        Raises:
            NotFound: there is no such student, or nothing in force, or it is not for this actor.
            StoreUnavailable: the preview cannot be written down, so nothing is shown.
        """
        actor.require_seen(PREVIEW, district, what=NOTHING)
        gateway, found = self._running().gateway, self._region.store.find_client(client)
        purposes = {one.purpose for one in gateway.grants.serving(client) if one.district == district}
        if found is None or not purposes:
            raise NotFound(NOTHING)  # before a person of its organisation is looked for: that would tell of others
        if len(purposes) > 1 and purpose not in purposes:
            raise CallerError(WHICH_PURPOSE)
        wanted = purpose or next(iter(purposes))
        person = self._person(found.org, mail) if mail.strip() else ""
        asked = (
            gateway.grants.of_person(client, person, wanted) if person else gateway.grants.of(client, purpose=wanted)
        )
        grants = received(asked, found.org)
        grant = next((one for one in grants if one.district == district), None)
        if grant is None:
            raise NotFound(NOTHING)
        named = {(part.agreement, part.version) for part in grant.each}
        agreements = [one for one in gateway.grants.serving(client) if (one.id, one.version) in named]
        return self._preview(actor, grant, agreements, identifier, person)

    def of_agreement(self, actor: Actor, agreement: Agreement, client: str, identifier: str) -> StudentPreview:
        """Show a student as a *client* would get it by an *agreement* alone, whether it is in force or a draft.

        Raises:
            NotFound: there is no such student, or the agreement is not of a district of this actor.
            StoreUnavailable: the preview cannot be written down, so nothing is shown.
        """
        actor.require_seen(PREVIEW, agreement.district, what=NOTHING)
        try:
            grant = compiled(agreement, client)
        except Forbidden:
            raise NotFound(NOTHING) from None
        return self._preview(actor, grant, [agreement], identifier)

    def _person(self, org: str, mail: str) -> str:
        """Return the id of the person of *org* who has students assigned, by its address."""
        person = holders_of(self._region).get((org, mail.strip().lower()))
        if person is None:
            raise CallerError(NO_PERSON)
        return person

    def _preview(
        self, actor: Actor, grant: Grant, agreements: list[Agreement], identifier: str, person: str = ""
    ) -> StudentPreview:
        with self._running().visiting():
            fresh = previewing(self._running().gateway)
            try:
                seen = child_view(fresh, grant, identifier.strip(), _names())
            except NotFound:
                raise NotFound(NOTHING) from None
            self._record(actor, grant, agreements, seen, person)
            caller = Caller(grant.client, grant.org, SCOPES, 0)
            read = StudentRead(fresh, grant, caller, seen.row)
            records, members = read.all()
            facts = tuple(_facts(grant, agreements, seen, members, self._region.clock()))
            steps = tuple(
                ReasonDetail(f"{one.about}: {one.text}", one.place, one.passed) for one in seen.steps("student.id")
            )
            mask, every = seen.visibility.visible("student"), seen.visibility.snapshot.table("student").size
            named = tuple(f"{one.id}@{one.version}" for one in agreements)
            return StudentPreview(
                grant.district, grant.client, named, seen.visible, steps, facts, tuple(records),
                every if mask is None else sum(mask), every,
            )  # fmt: skip

    def _record(self, actor: Actor, grant: Grant, agreements: list[Agreement], seen: ChildView, person: str) -> None:
        """Write down who looked at which student, by its keyed tag, as which client and by which agreements."""
        snapshot = seen.visibility.snapshot
        tag = self._running().gateway.logs.tagger(seen.visibility)(snapshot.table("student").ids[seen.row])
        content = {
            "client": grant.client, "student": tag.hex(),
            "agreement": [f"{one.id}@{one.version}" for one in agreements],
            "text": [one.digest for one in agreements],
        } | ({"person": person} if person else {})  # fmt: skip
        write_acts(self._region.store, (Act(actor.name, PREVIEW, grant.district, content),), self._region.clock())

    def _running(self) -> Running:
        if self._region.running is None:
            raise StoreUnavailable("This needs the running gateway.")
        return self._region.running


def _names() -> list[str]:
    """Return elements whose records are all that is shown of a student."""
    return sorted({next(iter(fields_of(entity).values())).release for entity in OF_A_STUDENT})


def _facts(
    grant: Grant, agreements: list[Agreement], seen: ChildView, members: Iterable[GottenMember], now: Any
) -> Iterator[FactShown]:
    """Yield every fact that the source has of the student, or that the client gets, by name."""
    source = _source(seen.raw.judged, seen.row)
    gotten: dict[str, list[GottenMember]] = {}
    for one in members:
        gotten.setdefault(one.fact, []).append(one)
    for name in sorted({*source, *gotten}):
        lines = tuple(_lines(grant, agreements, name, now))
        rule = grant.rule(name)
        action = SAID[rule.action] if rule is not None else NO_LINE
        yield FactShown(name, source.get(name, ()), tuple(gotten.get(name, ())), action, lines)


def _lines(grant: Grant, agreements: list[Agreement], name: str, now: Any) -> Iterator[ReasonDetail]:
    if elements.element(name) is None:
        return
    for one in agreements:
        for trace in explain((one,), grant.client, name, now):
            if trace.element == name:
                for step in trace.steps:
                    if step.about in {"element", "cap", "together", "window"} and step.place != one.file:
                        yield ReasonDetail(f"{one.id}@{one.version}: {step.text}", short(step.place), step.passed)


def _source(snapshot: Snapshot, row: int) -> dict[str, tuple[str, ...]]:
    """Return the values of the student's records as the district's system has them, by the names of the facts."""
    found: dict[str, list[str]] = {}
    for entity in sorted(OF_A_STUDENT & snapshot.tables.keys()):
        table = snapshot.table(entity)
        refs = table.refs.get("student", ())
        rows = [row] if entity == "student" else [at for at, to in enumerate(refs) if to == row]
        for field in fields_of(entity).values():
            if field.to:
                values = [_named(snapshot, field.to, to) for at in rows for to in _referred(table, field.name, at)]
            else:
                values = [str(value) for at in rows for value in reader(table, field)(at)]
            if values:
                found.setdefault(field.release, []).extend(
                    one for one in values if one not in found.get(field.release, ())
                )
    return {name: tuple(values) for name, values in found.items() if values}


def _referred(table: Any, name: str, row: int) -> tuple[int, ...]:
    refs = table.refs.get(name)
    return (refs[row],) if refs is not None and refs[row] >= 0 else ()


def _named(snapshot: Snapshot, entity: str, row: int) -> str:
    """Name a record that is referred to by its id in the district's system."""
    return snapshot.table(entity).ids[row]
