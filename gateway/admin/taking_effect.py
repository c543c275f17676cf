"""Taking effect: what people wrote is served at once by the process that wrote it, by the others within a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether a change is *served*, and what else changed or is wrong, in *lines*; None where no gateway runs here."""

    served: bool | None
    lines: tuple[str, ...] = ()


def take_effect(region: Administration, actor: Actor) -> Effect:
    """Serve what the registry says now, after the change is committed; one that is wrong changes nothing."""
    if region.running is None:
        return Effect(None)
    outcome = region.running.reload(actor.name)
    return Effect(outcome.ok, tuple(outcome.lines))
