"""Publishing and withdrawing versions: what people wrote takes effect, or ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.admin.agreements.checking import Checking
from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.agreements.writing import HAS_MISTAKES, READ_ONLY, SAY_WHY, change
from gateway.admin.second_person import SecondPerson, TwoPersonAct, Waiting
from gateway.admin.taking_effect import Effect, HeldCheck, permit_effect, take_effect
from gateway.signing.overview import ENDED, ENDING, FORCE, REPLACED
from gateway.storage.people.agreements import CHANGED, OPEN, PUBLISHED, RECALLED, WITHDRAWN, WrittenAgreements
from standards.errors import CallerError, Conflict, PreconditionFailed

if TYPE_CHECKING:
    from gateway.admin.administration import Administration
    from gateway.admin.agreements.reading import KnownVersion
    from gateway.admin.second_person import TwoPersonRule
    from gateway.people.actor import Actor
    from gateway.storage.people.agreements import WrittenVersion
    from gateway.storage.people.proposals import Proposal

PUBLISH: Final = "agreement.publish"
WOULD_CONFLICT: Final = (
    "Without it an earlier version would count again and conflict with another agreement: withdraw that one first."
)
COUNTED: Final = frozenset({FORCE, ENDING, REPLACED, ENDED})
"""The states of a version that has begun to count: those before it do not come back when it is withdrawn."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version that was published or withdrawn, and whether that is served."""

    version: KnownVersion
    effect: Effect


class Publishing:
    """Lets versions take effect, for the people of the provider district."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._second = region, second or SecondPerson(region)
        self._known, self._checking = KnownAgreements(region), Checking(region)
        self._written = WrittenAgreements(region.store)

    def publish(self, actor: Actor, name: str, version: int, expected: int, reason: str = "") -> Published | Waiting:
        """Let a version take effect at once, as far as its days and the signatures that it needs let it.

        Raises:
            NotFound: the *actor* may not know of it.
            NotPermitted: the actor does not publish for the district.
            CallerError: it has mistakes, alone or among the others.
            PreconditionFailed: somebody has changed it; or others publish each time between its check and its saving.
        """
        row = self._row(actor, name, version, expected)
        if row.state not in OPEN:
            raise Conflict("This version was published or withdrawn before.")
        check = HeldCheck(self._region, lambda: self._check(actor, row))
        asked = self._asked(row, PUBLISHED, reason)
        return self._second.either(
            actor, asked, lambda: self._do(actor, row, PUBLISHED, "agreement published", reason, check)
        )

    def withdraw(self, actor: Actor, name: str, version: int, expected: int, reason: str) -> Published | Waiting:
        """Withdraw a published version: it releases nothing from the next request on, nor does what it has replaced.

        Raises:
            CallerError: it is not published here, or nobody says why.
        """
        row = self._row(actor, name, version, expected)
        if not reason.strip():
            raise CallerError(SAY_WHY)
        if row.state != PUBLISHED:
            raise Conflict("Only what is published can be withdrawn.")
        state = WITHDRAWN if self._known.find(actor, name, version).state in COUNTED else RECALLED
        check = HeldCheck(self._region, lambda: self._check_recall(row)) if state == RECALLED else None
        asked = self._asked(row, state, reason)
        return self._second.either(
            actor, asked, lambda: self._do(actor, row, state, "agreement withdrawn", reason, check)
        )

    def _row(self, actor: Actor, name: str, version: int, expected: int) -> WrittenVersion:
        one = self._known.find(actor, name, version)
        actor.require(PUBLISH, one.district)
        if one.written is None:
            raise CallerError(READ_ONLY)
        if one.written.number != expected:
            raise PreconditionFailed(CHANGED)
        return one.written

    def _check(self, actor: Actor, row: WrittenVersion) -> None:
        if not self._checking.check(actor, row.document).ok:
            raise CallerError(HAS_MISTAKES)

    def _check_recall(self, row: WrittenVersion) -> None:
        if self._checking.conflict_without(row.document):
            raise Conflict(WOULD_CONFLICT)

    def _asked(self, row: WrittenVersion, state: str, reason: str) -> TwoPersonAct:
        content = {"agreement": row.agreement, "version": row.version, "state": state, "number": row.number}
        about = f"{row.agreement}@{row.version}"
        return TwoPersonAct(PUBLISH, row.district, about, content, row.digest, reason)

    def _do(
        self, actor: Actor, row: WrittenVersion, state: str, what: str, reason: str, check: HeldCheck | None
    ) -> Published:
        if state == PUBLISHED:
            permit_effect(self._region, actor, row.district)
        saved, act = change(self._region, actor, row, state, row.text, what, reason)
        if check is None:
            self._written.save(saved, act, row.number)
        else:
            check.hold(lambda changes: self._written.save(saved, act, row.number, changes))
        effect = take_effect(self._region, actor, row.district, only_takes=state != PUBLISHED)
        return Published(self._known.find(actor, row.agreement, row.version), self._of_this(effect, row, state))

    def _of_this(self, effect: Effect, row: WrittenVersion, state: str) -> Effect:
        """Return the effect of this change alone: that another one of the district waits does not hold it up."""
        running = self._region.running
        if running is None or not effect.waits:
            return effect
        served = {(one.id, one.version) for one in running.standing.agreements}
        done = ((row.agreement, row.version) in served) == (state == PUBLISHED)
        return Effect(served=True, lines=()) if done else effect


def confirmed(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Publish or withdraw what was confirmed."""
    service, content = Publishing(region, second), proposal.content
    about = content["agreement"], content["version"], content["number"]
    if content["state"] == PUBLISHED:
        return service.publish(actor, *about, reason=proposal.reason)
    return service.withdraw(actor, *about, reason=proposal.reason)
