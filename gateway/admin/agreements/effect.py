"""The live effect of an agreement: how many students and facts it releases, for the provider district's own people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.admin.agreements.reading import KnownAgreements
from gateway.audit.agreement_texts import recorded
from gateway.cache.needed_fields import programs_of, wanted_by
from gateway.documents.released import released
from gateway.every_agreement import read_every
from gateway.reasoning import source_reading
from gateway.reasoning.loaded_shares import loaded_share
from gateway.reasoning.simulation import Scene, grants_of, simulate
from gateway.registers.effects.state import RegisterWatch
from gateway.registers.store import Registers
from gateway.registers.tags import PURPOSE, RegisterKeys
from gateway.storage.acts import Act, write_acts
from policies.agreement import current
from policies.reasoning.diff import diff
from standards.errors import CallerError
from standards.keys import KEY_BYTES, Keyring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.admin.administration import Administration
    from gateway.cache.snapshot import Snapshot
    from gateway.people.actor import Actor
    from gateway.reasoning.simulation import Simulation
    from policies.agreement import Agreement
    from policies.grant import Grant
    from policies.reasoning.diff import Diff
    from policies.reasoning.small_cells import Movement

EFFECT: Final = "agreement.effect"
NOT_NOW: Final = "This version has mistakes, or is withdrawn: it has no effect."


@dataclass(frozen=True, slots=True)
class LiveEffect:
    """What a version would release today: the *students* of its clients, its *facts*, and those *new* to them.

    Small numbers of students are left out, as in a simulation.
    """

    students: tuple[tuple[str, Movement], ...]
    facts: int
    new: int
    simulation: Simulation


class EffectOfAgreements:
    """Counts of what agreements release; each look is on record."""

    def __init__(self, region: Administration) -> None:
        self._region, self._known = region, KnownAgreements(region)

    def may(self, actor: Actor, district: str) -> bool:
        """Tell whether the *actor* may see counts of a district's students."""
        return actor.kind == "person" and actor.allows(EFFECT, district)

    def coverage(self, actor: Actor, district: str, names: Iterable[str]) -> Mapping[str, str | None] | None:
        """Return which share of the records of the district's last load has each fact; None of one that was not read.

        Nothing is read for it. Of a district that is not the *actor*'s own the answer is None.
        """
        running = self._region.running
        if not self.may(actor, district) or running is None or district not in running.gateway.districts:
            return None
        snapshot = running.gateway.districts[district].latest
        return {name: loaded_share(snapshot, name) if snapshot is not None else None for name in names}

    def see(self, actor: Actor, name: str, version: int) -> LiveEffect:
        """Simulate a version on the district's present data, as if it were in force today.

        Raises:
            NotFound: the *actor* may not know of it.
            NotPermitted: the actor is not of the provider district; whether it could be counted is not told.
            SourceError: the district's system cannot be read.
        """
        one = self._known.find(actor, name, version)
        actor.require(EFFECT, one.district)
        if one.found is None:
            raise CallerError(NOT_NOW)
        about = one.found
        content = {"agreement": name, "version": version, "text": about.digest}
        looked = Act(actor.name, "agreement effect seen", one.district, content)
        write_acts(self._region.store, (looked,), self._region.clock())
        present = self._present(about)
        found = simulate(about, present, self._scene(about, present), about.warnings)
        before = next((other for other in present if other.id == about.id), None)
        facts = {(fact.name, fact.action) for fact in released(about)}
        known = {(fact.name, fact.action) for fact in released(before)} if before else set()
        students = tuple((each.client, each.students) for each in found.clients)
        return LiveEffect(students, len(facts), len(facts - known), found)

    def affected(self, actor: Actor, name: str, before: int, after: int) -> tuple[tuple[str, Movement], ...]:
        """Count for each client the students whom one version shows and another one would, on the present data.

        Raises:
            NotFound: the *actor* may not know of one.
            NotPermitted: the actor is not of the provider district.
            SourceError: the district's system cannot be read.
        """
        first, second = self._both(actor, name, before, after)
        actor.require(EFFECT, second.district)
        content = {"agreement": name, "version": after, "against": before, "text": second.digest}
        looked = Act(actor.name, "agreement effect seen", second.district, content)
        write_acts(self._region.store, (looked,), self._region.clock())
        present = (*(one for one in self._present(second) if one.id != second.id), first)
        found = simulate(second, present, self._scene(second, present))
        return tuple((each.client, each.students) for each in found.clients)

    def compare(self, actor: Actor, name: str, before: int, after: int) -> Diff:
        """Tell in words what one version changes against another; no number of students is in it.

        Raises:
            NotFound: the *actor* may not know of one.
        """
        return diff(*self._both(actor, name, before, after))

    def _both(self, actor: Actor, name: str, before: int, after: int) -> tuple[Agreement, Agreement]:
        """Return two versions that can be compared."""
        two = [self._known.find(actor, name, version) for version in (before, after)]
        first, second = (one.found for one in two)
        if first is None or second is None:
            raise CallerError("One of the two versions has mistakes, or is withdrawn: they cannot be compared.")
        return first, second

    def _present(self, about: Agreement) -> tuple[Agreement, ...]:
        """Return the agreements of the district that are in force today, as they are used."""
        region, now = self._region, self._region.clock()
        if region.running is not None:
            every = region.running.standing.agreements
        else:
            every = tuple(map(recorded(region.settings()).held_to, read_every(region.settings(), region.store)[0]))
        mine = [one for one in every if one.district == about.district]
        return tuple(one for one in mine if one in current(mine, one.today(now)))

    def _scene(self, about: Agreement, present: tuple[Agreement, ...]) -> Scene:
        region, every = self._region, (*present, about)
        grants = grants_of(every, {client for one in every for client in one.clients})
        keyring = Keyring(bytes(KEY_BYTES))  # of ids that nobody sees
        today = region.clock().astimezone(region.settings().zones[about.district]).date().isoformat()
        snapshot, there = self._data(about.district, grants, keyring)
        return Scene(snapshot, keyring, today, there)

    def _data(self, district: str, grants: tuple[Grant, ...], keyring: Keyring) -> tuple[Snapshot, frozenset[str]]:
        """Return the snapshot that is served where it has all that is asked about, or what the source has now."""
        region = self._region
        served = region.running.gateway.districts[district] if region.running else None
        if served is not None and served.cached_entities and served.covers(wanted_by(grants), programs_of(grants)):
            return served.cached_snapshot(), served.adapter.manifest.entities
        settings = region.settings()
        keys = RegisterKeys(region.keys.derive(PURPOSE))
        registers = Registers(region.store, keys)
        now = RegisterWatch(registers, keys, district, settings.districts[district].registers).now()
        return source_reading.read(settings, district, grants, keyring, now)
