"""Applications: agreements with their clients, in the words of Ed-Fi's administration API; and named sets of scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.organisations import parties_of
from gateway.auth.scopes import EDFI, ONEROSTER_1_1, ONEROSTER_1_2, known_scopes
from standards.errors import NotFound

if TYPE_CHECKING:
    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor
    from policies.agreement import Agreement

READING: Final = ".readonly"


@dataclass(frozen=True, slots=True)
class ClaimSet:
    """A named set of scopes that clients are often given together; nobody edits one."""

    name: str
    scopes: tuple[str, ...]

    def shown(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"id": self.name, "name": self.name, "_isSystemReserved": True, "scopes": list(self.scopes)}


def claim_sets() -> tuple[ClaimSet, ...]:
    """List the sets of scopes that have a name."""

    def of(prefix: str, ending: str = "") -> tuple[str, ...]:
        return tuple(sorted(one for one in known_scopes() if one.startswith(prefix) and one.endswith(ending)))

    return (
        ClaimSet("edfi-read", ("edfi:read", "edfi:readchanges")),
        ClaimSet("edfi-read-write", tuple(sorted(EDFI))),
        ClaimSet("oneroster-1.1-read", of(ONEROSTER_1_1, READING)),
        ClaimSet("oneroster-1.1-read-write", of(ONEROSTER_1_1)),
        ClaimSet("oneroster-1.2-read", of(ONEROSTER_1_2, READING)),
        ClaimSet("oneroster-1.2-read-write", of(ONEROSTER_1_2)),
    )


class Applications:
    """The agreements that are served, each with its recipient and the clients it names."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def list(self, actor: Actor) -> tuple[dict[str, Any], ...]:
        """List the applications that concern an actor, by id; of several versions the newest."""
        newest: dict[str, Agreement] = {}
        running, districts = self._region.running, self._region.settings().districts
        for one in running.standing.agreements if running is not None else ():
            parties = parties_of(one.district, one.org, one.kind, districts)
            if actor.allows("agreement.read", one.district, parties):
                kept = newest.get(one.id)
                newest[one.id] = one if kept is None or kept.version < one.version else kept
        return tuple(_shown(one) for _, one in sorted(newest.items()))

    def find(self, actor: Actor, name: str) -> dict[str, Any]:
        """Find an application.

        Raises:
            NotFound: there is none of that id that concerns the actor.
        """
        found = next((one for one in self.list(actor) if one["id"] == name), None)
        if found is None:
            raise NotFound("There is no such application here.")
        return found


def _shown(one: Agreement) -> dict[str, Any]:
    return {
        "id": one.id, "applicationName": one.id, "vendorId": one.org, "district": one.district,
        "version": one.version, "purpose": one.purpose, "operations": sorted(one.operations),
        "from": one.begin.isoformat(), "to": one.end.isoformat(), "apiClientIds": list(one.clients),
    }  # fmt: skip
