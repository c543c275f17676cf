"""Connecting a district: written down, tried, and then served; what the gateway's file declares is read-only here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from adapters import registry
from gateway.admin.districts.known import NOBODY, KnownDistricts, digest_of, trial
from gateway.admin.districts.option_lines import said_options
from gateway.admin.districts.steering import APPROVE
from gateway.admin.second_person import SecondPerson, TwoPersonAct
from gateway.admin.taking_effect import Effect, HeldCheck, permit_effect, take_effect
from gateway.cache.drop_limits import MAX_SHARE
from gateway.cache.needed_fields import wanted_by
from gateway.config.load_limits import DEFAULT
from gateway.config.schema import DISTRICT_NAME
from gateway.config.written_districts import OPTIONS, spec_of
from gateway.districts.refreshes.trials import try_connection
from gateway.every_agreement import read_every
from gateway.people.actor import REGION
from gateway.storage.acts import Act, write_act
from gateway.storage.database import transaction
from gateway.storage.people.district_orders import NAMES, end_order
from gateway.storage.people.kinds import DISTRICT
from gateway.storage.people.tables import memberships, organisations
from gateway.storage.people.uploads import forget_uploads
from gateway.storage.people.written import hold_written, require_changes
from gateway.storage.people.written_districts import (
    WrittenDistrict,
    connected_districts,
    find_written,
    remove_district,
    write_district,
)
from gateway.translations.phrases import Phrase
from standards.errors import Conflict, InvalidBody, NotFound, PreconditionFailed, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from marshmallow import Schema
    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.admin.second_person import TwoPersonRule, Waiting
    from gateway.districts.refreshes.trials import Trial
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal

CONNECT: Final = "district.connect"
MAX_CONTENT_CHARACTERS: Final = 65_536
NO_NAME: Final = "Use small letters, digits and hyphens, and begin with a letter."
CHANGED: Final = "This has changed since you read it: read it again."


@dataclass(frozen=True, slots=True)
class Connected:
    """A district that was connected: what its *trial* came to, and whether it is served now."""

    name: str
    trial: Trial
    effect: Effect

    @property
    def is_being_read(self) -> bool:
        """Whether it is connected, and served once its system has been read."""
        return self.effect.waits and not self.effect.failed


class Connections:
    """The connections of districts that people write."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._second = region, second or SecondPerson(region)
        self._known = KnownDistricts(region)

    def begin(self, actor: Actor, name: str) -> None:
        """Refuse a *name* by which no district can be connected, before its settings are asked for.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            Conflict: the file of the gateway declares the district, or an organisation has its name.
            InvalidBody: no district can be called that.
        """
        if not DISTRICT_NAME.fullmatch(name):
            raise InvalidBody(NO_NAME, {"name": [NO_NAME]})
        self._permit(actor, name)
        self._refuse_taken(name)

    def save(
        self, actor: Actor, name: str, given: Mapping[str, Any], reason: str = "", unchanged: str | None = None
    ) -> WrittenDistrict:
        """Write down how a district is to be connected; nothing is served by it yet.

        A credential that is not given stays as it was, while every address of its system does. *unchanged* is the
        version that is changed; empty for a district that is not there yet.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            Conflict: the file of the gateway declares the district.
            PreconditionFailed: it is not any more as it was in the version *unchanged*.
            InvalidBody: something in it is wrong; its places are those of the settings.
        """
        self._permit(actor, name)
        before = self._known.found(name)
        fresh = self._written(actor, name, given, before)
        if len(str(dict(fresh.content))) > MAX_CONTENT_CHARACTERS:
            raise InvalidBody("The connection is too long.", {"settings": ["is too long"]})
        spec_of(self._region.settings(), fresh, registry.find)
        self._write(actor, "district drafted", fresh, before, reason, unchanged)
        return fresh

    def attempt(self, actor: Actor, name: str) -> Trial:
        """Try the connection as it is written, without keeping or serving anything of what is read.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            InvalidBody: what is written is wrong.
        """
        self._known.require(actor, name, "district.try")
        found = self._found(name)
        return self._tried(found)

    def connect(self, actor: Actor, name: str, reason: str = "") -> Connected | Waiting:
        """Serve a district as it is written; it is tried first, and stays written and not connected if that fails.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            Conflict: the file declares it, or the gateway cannot serve it.
        """
        self._permit(actor, name)
        found = self._found(name)
        asked = TwoPersonAct(CONNECT, name, name, {"step": "connect"}, digest_of(found.content), reason)
        tried = self._tried(found)
        if not tried.ok:
            return Connected(name, tried, Effect(served=False))
        always = self._loosens(found) and APPROVE in SecondPerson(self._region).wanted(name)
        return self._second.either(actor, asked, lambda: self._connect(actor, found, tried, reason), always=always)

    def remove(self, actor: Actor, name: str, reason: str = "") -> Effect | Waiting:
        """Connect a district no longer: its credentials and its uploaded file are deleted.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            Conflict: the file declares it, or agreements name it.
        """
        self._permit(actor, name)
        found = self._found(name)
        check = HeldCheck(self._region, lambda: self._refuse_named(name))
        asked = TwoPersonAct(CONNECT, name, name, {"step": "remove"}, digest_of(found.content), reason)
        return self._second.either(actor, asked, lambda: self._remove(actor, found, reason, check))

    def _loosens(self, found: WrittenDistrict) -> bool:
        """Tell whether more rows may go unapproved than now: nobody approves their own large changes by that."""
        earlier = self._served(found.name)
        now, then = (one.content.get("loss") or {} if one is not None else {} for one in (earlier, found))
        return any(_share(then, name) > _share(now, name) for name in {*now, *then, DEFAULT})

    def _permit(self, actor: Actor, name: str) -> None:
        """Refuse whoever may not connect a district of that *name*, and every district of the file."""
        actor.require_seen("district.read", name, what=NOBODY)
        actor.require(CONNECT, name)
        if self._known.declared_in_file(name):
            file = self._region.settings().file.name
            raise Conflict(
                Phrase(
                    "%(name)s is declared in %(file)s of the gateway, where its operator changes it.",
                    name=name,
                    file=file,
                )
            )

    def _found(self, name: str) -> WrittenDistrict:
        found = self._known.found(name)
        if found is None:
            raise NotFound(NOBODY)
        return found

    def _written(
        self, actor: Actor, name: str, given: Mapping[str, Any], before: WrittenDistrict | None
    ) -> WrittenDistrict:
        """Return what is to be written, the credentials apart from all else."""
        unknown = given.keys() - set(OPTIONS)
        if unknown:
            raise InvalidBody("The connection is not complete.", {one: ["is the operator's"] for one in unknown})
        self._refuse_taken(name)
        schema = _schema(str(given.get("adapter", "")))
        settings = dict(given.get("settings") or {})
        secret = {one for one, kind in schema.fields.items() if kind.metadata.get("secret")}
        fresh = {one: str(settings[one]) for one in secret & settings.keys() if settings[one]}
        content = {one: value for one, value in given.items() if one != "settings"}
        content["settings"] = {one: value for one, value in settings.items() if one not in secret}
        kept = _kept(before, content, schema)
        now = self._region.clock()
        marks = dict((before.content.get("secrets") if before else None) or {})
        told = {one: marks[one] for one in kept if one in marks}
        told |= {one: {"at": now.isoformat(timespec="seconds"), "by": actor.name} for one in fresh}
        content |= {"connected": False, "secrets": told}
        return WrittenDistrict(name, content, {**kept, **fresh}, at=now, actor=actor.name)

    def _refuse_taken(self, name: str) -> None:
        """Refuse the name of an organisation that is no district: its people would act for the district, too."""

        def read() -> bool:
            with transaction(self._region.store.engine) as connection:
                mine = organisations.select().where(organisations.c.name == name)
                theirs = memberships.select().where(memberships.c.org == name, memberships.c.kind != DISTRICT)
                return any(connection.execute(one).first() is not None for one in (mine, theirs))

        if name == REGION or self._region.store.calls.run(read):
            raise Conflict("An organisation has this name already.")

    def _tried(self, found: WrittenDistrict) -> Trial:
        spec = spec_of(self._region.settings(), found, registry.find)
        running = self._region.running
        asked = wanted_by(running.gateway.grants.every(found.name)) if running else {}
        with trial():
            return try_connection(spec, asked, self._region.clock())

    def _connect(self, actor: Actor, found: WrittenDistrict, tried: Trial, reason: str) -> Connected:
        """Write that it is connected, and serve it; what cannot be served is written as it was before."""
        permit_effect(self._region, actor, found.name)
        earlier = self._served(found.name)
        now = self._region.clock()
        fresh = replace(found, content={**found.content, "connected": True}, at=now, actor=actor.name)
        mine = self._write(actor, "district connected", fresh, earlier, reason, str(found.number))
        effect = take_effect(self._region, actor, found.name)
        wrong = not effect.waits and any(f"districts.{found.name}" in line for line in effect.lines)
        if effect.failed or (effect.served is False and wrong):
            self._take_back(actor, replace(found, number=mine), earlier)
            take_effect(self._region, actor, found.name)
        return Connected(found.name, tried, effect)

    def _take_back(self, actor: Actor, found: WrittenDistrict, earlier: WrittenDistrict | None) -> None:
        """Write what was served before, and what was tried as a draft again, unless somebody has gone on meanwhile."""

        def write() -> None:
            now = self._region.clock()
            with transaction(self._region.store.engine, write=True) as connection:
                hold_written(connection)
                present = find_written(connection, self._known.key, found.name)
                if present is None or (present.connected and present.number != found.number):
                    return
                draft = found if present.connected else present
                if earlier is None:
                    remove_district(connection, found.name, now, actor.name)
                else:
                    write_district(connection, self._known.key, replace(earlier, at=now, actor=actor.name))
                write_district(connection, self._known.key, replace(draft, at=now, actor=actor.name))
                content = {"name": found.name, "before": digest_of(found.content)}
                write_act(connection, Act(actor.name, "district not served", found.name, content), now)

        self._region.store.calls.run(write)

    def _remove(self, actor: Actor, found: WrittenDistrict, reason: str, check: HeldCheck) -> Effect:
        def write(changes: int) -> None:
            now = self._region.clock()
            with transaction(self._region.store.engine, write=True) as connection:
                require_changes(connection, changes)
                present = find_written(connection, self._known.key, found.name)
                if present is None or present.number != found.number:
                    raise PreconditionFailed(CHANGED)
                remove_district(connection, found.name, now, actor.name)
                forget_uploads(connection, found.name)
                for one in NAMES:
                    end_order(connection, found.name, one)
                content = {"name": found.name, "before": digest_of(found.content), "after": ""}
                write_act(connection, Act(actor.name, "district removed", found.name, content, reason), now)

        check.hold(lambda changes: self._region.store.calls.run(lambda: write(changes)))
        return take_effect(self._region, actor, found.name)

    def _refuse_named(self, name: str) -> None:
        """Refuse to remove a district that an agreement names."""
        running = self._known.running()
        standing = running.standing
        every = (*standing.agreements, *standing.withheld, *(one.agreement for one in standing.pending))
        coming, now = read_every(self._region.settings(), self._region.store)[0], self._region.clock()
        every += tuple(one for one in coming if one.end >= one.today(now))  # published, and perhaps not served yet
        named = sorted({f"{one.id}@{one.version}" for one in every if one.district == name})
        if named:
            raise Conflict(
                Phrase(
                    "Agreements name %(name)s: %(agreements)s. They must end before it is removed.",
                    name=name,
                    agreements=", ".join(named[:10]),
                )
            )

    def _served(self, name: str) -> WrittenDistrict | None:
        """Return what is served of a district by the registry; None where it is not."""

        def read() -> WrittenDistrict | None:
            with transaction(self._region.store.engine) as connection:
                every = connected_districts(connection, self._known.key)
            return next((one for one in every if one.name == name), None)

        return self._region.store.calls.run(read)

    def _write(
        self,
        actor: Actor,
        what: str,
        fresh: WrittenDistrict,
        before: WrittenDistrict | None,
        reason: str,
        unchanged: str | None = None,
    ) -> int:
        """Write a district down with its act, unless it has been changed since the version *unchanged*.

        Return the number of what was written.
        """
        content = {
            "name": fresh.name, "adapter": str(fresh.content.get("adapter", "")),
            "before": digest_of(before.content if before else None), "after": digest_of(fresh.content),
            **_changed(before.content if before else {}, fresh.content),
        }  # fmt: skip
        act, now = Act(actor.name, what, fresh.name, content, reason), self._region.clock()

        def write(connection: Connection) -> int:
            hold_written(connection)
            if unchanged is not None:
                present = find_written(connection, self._known.key, fresh.name)
                if unchanged != (str(present.number) if present is not None else ""):
                    raise PreconditionFailed(CHANGED)
            number = write_district(connection, self._known.key, fresh)
            write_act(connection, act, now)
            return number

        def run() -> int:
            with transaction(self._region.store.engine, write=True) as connection:
                return write(connection)

        return self._region.store.calls.run(run)


def confirmed(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Do what was confirmed about the connection of a district."""
    service = Connections(region, second)
    if proposal.content["step"] == "remove":
        return service.remove(actor, proposal.about, proposal.reason)
    done = service.connect(actor, proposal.about, proposal.reason)
    if isinstance(done, Connected) and not done.trial.ok:
        raise Conflict(
            Phrase("%(name)s is not connected: its trial failed. Try it, and propose it anew.", name=done.name)
        )
    return done


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the options that change, as they were and as they are; nothing where none does."""
    one, other = (
        [f"{name}: {line}" for name, lines in said_options(content).items() for line in lines]
        for content in (before, after)
    )
    gone, come = ([line for line in mine if line not in theirs] for mine, theirs in ((one, other), (other, one)))
    return {"optionsBefore": gone, "optionsAfter": come} if gone or come else {}


def _share(loss: Mapping[str, Any], name: str) -> float:
    """Return the share of the rows of an entity that may go without approval."""
    return float(loss.get(name, loss.get(DEFAULT, MAX_SHARE)))


def _schema(adapter: str) -> Schema:
    """Return the settings that an adapter declares.

    Raises:
        InvalidBody: there is none of that name.
    """
    try:
        found: Schema = registry.find(adapter).Settings()
    except SettingsError as error:
        raise InvalidBody("The connection is not complete.", {"adapter": [error.message]}) from None
    return found


def _kept(before: WrittenDistrict | None, content: Mapping[str, Any], schema: Schema) -> dict[str, str]:
    """Return the credentials that stay: none once anything says another address to send them to."""
    if before is None or before.content.get("adapter") != content.get("adapter"):
        return {}
    old, new = before.content.get("settings", {}), content["settings"]
    if any(old.get(name) != new.get(name) for name in schema.fields if name == "url" or name.endswith("_url")):
        return {}
    return {name: value for name, value in before.secrets.items() if name in schema.fields}
