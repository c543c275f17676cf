"""Publishing and withdrawing versions: what people wrote takes effect, or ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.admin.agreements.checking import Checking
from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.agreements.writing import HAS_MISTAKES, READ_ONLY, SAY_WHY, change
from gateway.admin.second_person import SecondPerson, TwoPersonAct, Waiting
from gateway.admin.taking_effect import permit_effect, take_effect
from gateway.signing.overview import ENDED, ENDING, FORCE, REPLACED
from gateway.storage.people.agreements import CHANGED, OPEN, PUBLISHED, RECALLED, WITHDRAWN, WrittenAgreements
from gateway.storage.people.written import written_changes
from standards.errors import CallerError, Conflict, PreconditionFailed

if TYPE_CHECKING:
    from gateway.admin.administration import Administration
    from gateway.admin.agreements.reading import KnownVersion
    from gateway.admin.second_person import TwoPersonRule
    from gateway.admin.taking_effect import Effect
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
            PreconditionFailed: somebody has changed it, or published something else at this very moment.
        """
        row = self._row(actor, name, version, expected)
        if row.state not in OPEN:
            raise Conflict("This version was published or withdrawn before.")
        changes = written_changes(self._region.store)
        if not self._checking.check(actor, row.document).ok:
            raise CallerError(HAS_MISTAKES)
        asked = self._asked(row, PUBLISHED, reason)
        return self._second.either(
            actor, asked, lambda: self._do(actor, row, PUBLISHED, "agreement published", reason, changes)
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
        changes = written_changes(self._region.store)
        state = WITHDRAWN if self._known.find(actor, name, version).state in COUNTED else RECALLED
        if state == RECALLED and self._checking.conflict_without(row.document):
            raise Conflict(WOULD_CONFLICT)
        asked = self._asked(row, state, reason)
        held = changes if state == RECALLED else None
        return self._second.either(
            actor, asked, lambda: self._do(actor, row, state, "agreement withdrawn", reason, held)
        )

    def _row(self, actor: Actor, name: str, version: int, expected: int) -> WrittenVersion:
        one = self._known.find(actor, name, version)
        actor.require(PUBLISH, one.district)
        if one.written is None:
            raise CallerError(READ_ONLY)
        if one.written.number != expected:
            raise PreconditionFailed(CHANGED)
        return one.written

    def _asked(self, row: WrittenVersion, state: str, reason: str) -> TwoPersonAct:
        content = {"agreement": row.agreement, "version": row.version, "state": state, "number": row.number}
        about = f"{row.agreement}@{row.version}"
        return TwoPersonAct(PUBLISH, row.district, about, content, row.digest, reason)

    def _do(
        self, actor: Actor, row: WrittenVersion, state: str, what: str, reason: str, changes: int | None = None
    ) -> Published:
        if state == PUBLISHED:
            permit_effect(self._region, actor, row.district)
        saved, act = change(self._region, actor, row, state, row.text, what, reason)
        self._written.save(saved, act, row.number, changes)
        effect = take_effect(self._region, actor, row.district)
        return Published(self._known.find(actor, row.agreement, row.version), effect)


def confirmed(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Publish or withdraw what was confirmed."""
    service, content = Publishing(region, second), proposal.content
    about = content["agreement"], content["version"], content["number"]
    if content["state"] == PUBLISHED:
        return service.publish(actor, *about, reason=proposal.reason)
    return service.withdraw(actor, *about, reason=proposal.reason)
