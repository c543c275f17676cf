"""Steering a district: read it now, pause its refreshes, resume them, let it drop rows it was refused for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.admin.districts.known import KnownDistricts, trial
from gateway.admin.second_person import SecondPerson, TwoPersonAct
from gateway.cache import district_log
from gateway.districts.refreshes.readings import Overtaken
from gateway.districts.status import told
from gateway.failure_reasons import plain_place, reason
from gateway.storage.acts import Act, write_act
from gateway.storage.database import transaction
from gateway.storage.people.district_orders import APPROVED, NONE, PAUSE, end_order, give_order, orders_of
from gateway.storage.people.written_districts import stays_connected
from gateway.translations.phrases import Phrase
from standards.errors import Conflict, InvalidBody, NotFound, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.admin.second_person import TwoPersonRule, Waiting
    from gateway.districts.district import District
    from gateway.districts.status import DistrictStatus
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal
    from standards.losses import Loss

APPROVE: Final = "district.approve-change"
LOSSES: Final = "losses"
"""The purpose of the key of the digests of lost rows, which is that of the running gateway."""

LONGEST_PAUSE: Final = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Steered:
    """What an act came to: the district's status after it, and why its system was not read, if it was not."""

    status: DistrictStatus
    failed: str = ""


@dataclass(frozen=True, slots=True)
class LargeChange:
    """A large change that waits for approval: the *losses*, and the *digest* by which the very rows are approved."""

    losses: tuple[Loss, ...]
    digest: str

    def words(self) -> str:
        """Say it in words."""
        return told(self.losses)


class Steering:
    """What people order about districts that are served."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._second = region, second or SecondPerson(region)
        self._known = KnownDistricts(region)

    def read_now(self, actor: Actor, name: str) -> Steered:
        """Read a district's system now, and wait for it.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            Conflict: its refreshes are paused.
        """
        self._known.require(actor, name, "district.try")
        district = self._known.served(name)
        if district.pause.on:
            raise Conflict(Phrase("The refreshes of %(name)s are paused. Resume them first.", name=name))
        self._order(name, lambda _connection: None, Act(actor.name, "district read now", name, {"name": name}))
        return self._refreshed(district)

    def pause(self, actor: Actor, name: str, until: datetime, reason: str = "") -> DistrictStatus:
        """Begin no refresh until then, in every process; what there is serves until it expires.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            InvalidBody: the end is not in the coming days.
        """
        self._known.require(actor, name, "district.pause")
        district, now = self._known.served(name), self._region.clock()
        if not now < until <= now + LONGEST_PAUSE:
            most = Phrase("Choose an end in the future, %(days)s days from now at most.", days=LONGEST_PAUSE.days)
            raise InvalidBody(most, {"until": [most]})
        moment = until.isoformat(timespec="seconds")
        act = Act(actor.name, "district paused", name, {"name": name, "until": moment}, reason)
        self._order(name, lambda one: give_order(one, name, PAUSE, {"until": moment}, now, actor.name), act)
        district.pause.until = until.timestamp()
        return district.status()

    def resume(self, actor: Actor, name: str, reason: str = "") -> DistrictStatus:
        """End a pause at once.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            Conflict: there is none.
        """
        self._known.require(actor, name, "district.pause")
        district = self._known.served(name)
        act = Act(actor.name, "district resumed", name, {"name": name}, reason)

        def end(connection: Connection) -> None:
            if not end_order(connection, name, PAUSE):
                raise Conflict(Phrase("The refreshes of %(name)s are not paused.", name=name))

        self._order(name, end, act)
        district.pause.until = None
        district.look_again()
        return district.status()

    def change(self, actor: Actor, name: str) -> LargeChange | None:
        """Return the large change of a district that waits for approval; None where none does.

        Raises:
            NotFound: no role of the *actor* may know of the district.
        """
        self._known.require(actor, name)
        return self._change(self._known.served(name))

    def approve(self, actor: Actor, name: str, digest: str, reason: str = "") -> Steered | Waiting:
        """Let a district drop just the rows of that *digest*, in every process, and read it anew.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so, or nothing waits.
            Conflict: other rows are at stake by now.
        """
        self._known.require(actor, name, APPROVE)
        district = self._known.served(name)
        change = self._change(district)
        if change is None:
            raise NotFound(Phrase("Nothing of %(name)s waits for approval.", name=name))
        if change.digest != digest:
            raise Conflict(Phrase("What would be dropped has changed: %(change)s. Look again.", change=change.words()))
        asked = TwoPersonAct(APPROVE, name, name, {"digest": digest}, digest, reason)
        return self._second.either(actor, asked, lambda: self._approve(actor, district, change, reason))

    def _approve(self, actor: Actor, district: District, change: LargeChange, reason: str) -> Steered:
        name, now, status = district.name, self._region.clock(), district.status()
        loss = [f"{plain_place(one.entity)}: {one.gone} of {one.held}" for one in change.losses]
        act = Act(actor.name, "large change approved", name, {"name": name, "loss": loss}, reason)

        def approve(connection: Connection) -> None:
            if orders_of(connection).get(name, NONE).approved == change.digest:
                raise Conflict("This was approved a moment ago. Look again.")
            give_order(connection, name, APPROVED, {"digest": change.digest}, now, actor.name)

        self._order(name, approve, act)
        district.approve(status.ticket)  # unless this process has followed the order already
        district_log.tell_approval(name, sum(one.gone for one in change.losses))
        return self._refreshed(district)

    def _change(self, district: District) -> LargeChange | None:
        waiting = district.status().waiting
        return LargeChange(waiting, district.loss_digest(self._region.keys.derive(LOSSES))) if waiting else None

    def _refreshed(self, district: District) -> Steered:
        try:
            with trial():
                district.refresh_now()
        except Overtaken:
            return Steered(self._known.served(district.name).status())
        except SourceError as error:
            return Steered(district.status(), str(reason(district.name, error)))
        return Steered(district.status())

    def _order(self, name: str, order: Callable[[Connection], Any], act: Act) -> None:
        """Give an order about a district with its act, in one transaction, unless somebody has removed it."""
        is_written = not self._known.declared_in_file(name)

        def write() -> None:
            with transaction(self._region.store.engine, write=True) as connection:
                if is_written and not stays_connected(connection, name):
                    raise NotFound(Phrase("%(name)s is not connected any more.", name=name))
                order(connection)
                write_act(connection, act, self._region.clock())

        self._region.store.calls.run(write)


def confirmed(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Approve the large change that was confirmed."""
    content: Mapping[str, Any] = proposal.content
    return Steering(region, second).approve(actor, proposal.about, str(content["digest"]), proposal.reason)
