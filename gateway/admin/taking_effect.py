"""Taking effect: what people wrote is served at once by the process that wrote it, by the others within a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.people.actor import REGION
from gateway.storage.people.written import OthersChanged, written_changes
from gateway.translations.phrases import Phrase
from standards.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor


PATIENCE_SECONDS: Final = 10.0
"""How long somebody who has written something waits for the district's source to be read for it."""


MAX_CHECKS: Final = 8
"""How often something is checked while others write between the check and the writing."""

TOO_OFTEN: Final = (
    "The people of %(org)s have changed much within a minute. Wait %(seconds)s seconds, then send it again."
)


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether a change is *served*; None where no gateway runs here.

    The *lines* say what is wrong, or what else changed of the district. One that *waits* is served once the district's
    system has been read for it, which has *failed* once.
    """

    served: bool | None
    lines: tuple[str, ...] = ()
    waits: bool = False
    failed: bool = False


class HeldCheck:
    """A *check* against all that people wrote, which must still hold in the moment of writing something else."""

    def __init__(self, region: Administration, check: Callable[[], None]) -> None:
        self._store, self._check = region.store, check
        self._changes = self._checked()

    def _checked(self) -> int:
        changes = written_changes(self._store)
        self._check()
        return changes

    def hold(self, write: Callable[[int], object]) -> None:
        """Let *write* take place on as many changes as there were; check anew where others were quicker.

        Raises:
            OthersChanged: they were each time.
        """
        for _ in range(MAX_CHECKS - 1):
            try:
                write(self._changes)
            except OthersChanged:
                self._changes = self._checked()
            else:
                return
        write(self._changes)


def permit_effect(region: Administration, actor: Actor, org: str, *, count: bool = True) -> None:
    """Count a change of *org* that is to take effect, before it is written; what only takes away is not counted.

    Without *count* it is only seen whether there is room for one.

    Raises:
        TooManyRequests: the people of the organisation, or somebody of the region, has made many within a minute.
    """
    if region.running is None:
        return
    of_region = actor.kind == "operator" or any(one.org == REGION for one in actor.memberships)
    name = (actor.person or actor.name) if of_region else org
    try:
        region.running.gateway.limits.spend_reload(name, region=of_region, count=count)
    except TooManyRequests as refusal:
        told = Phrase(TOO_OFTEN, org=org or REGION, seconds=refusal.retry_after)
        raise TooManyRequests(told, refusal.retry_after) from None


def take_effect(region: Administration, actor: Actor, district: str, *, only_takes: bool = False) -> Effect:
    """Serve what the registry says now of a *district*, after the change is committed.

    What is wrong changes nothing. What the district must be read for is served as soon as it is; a change that *only
    takes* away waits for no reading.
    """
    if region.running is None:
        return Effect(None)
    outcome = region.running.reload(actor.name, 0.0 if only_takes else PATIENCE_SECONDS, district)
    if not outcome.ok:
        return Effect(served=False, lines=tuple(outcome.lines))
    waits = district in outcome.unread
    mine = tuple(line for line in outcome.lines if f"districts.{district}: " in line)
    return Effect(not waits, mine, waits, district in outcome.failed)
