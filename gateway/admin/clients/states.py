"""Client states: draft, ready, enabled, suspended, ended; and the scopes that a client's agreements need."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from gateway.auth.scopes import (
    EDFI,
    ONEROSTER_1_1,
    ONEROSTER_1_2,
    TRANSFER,
    about_transfers,
    administers,
    known_scopes,
    mixes_transfers,
    transfer_scopes,
)
from gateway.storage.registry import DRAFT, digest_of
from gateway.translations.phrases import Phrase
from policies.compiler import compile as compiled
from policies.reasoning.ways import ways
from policies.transfers.terms import is_transfer
from standards.errors import CallerError, suggestion
from standards.pruning import prune

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from gateway.admin.clients.rights import NamingAgreements
    from gateway.people.actor import Actor
    from gateway.storage.registry import Client
    from policies.agreement import Agreement

READY: Final = "ready"
NO_AGREEMENT: Final = "No agreement in force names it."
OTHER_ORG: Final = "An agreement names it whose recipient is another organisation."
NO_SCOPE: Final = "It has no scope."
ADMIN_ASKED: Final = "Scopes of administration are given by the operator's command alone."
MIXED: Final = "Scopes of transfers stand alone: register another client for them."
DISTRICTS_ALONE: Final = "Only a client of a district has scopes of transfers."
APIS: Final = (
    ("Ed-Fi", "edfi:"),
    ("OneRoster 1.2", ONEROSTER_1_2),
    ("OneRoster 1.1", ONEROSTER_1_1),
    ("Crossing Guard", TRANSFER),
)
EDFI_OPERATIONS: Final = {
    "create": "edfi:create", "update": "edfi:update", "delete": "edfi:delete", "changes": "edfi:readchanges",
}  # fmt: skip
GRADEBOOK: Final = {
    "create": ("gradebook.createput", "gradebook.createpost"), "update": ("gradebook.createput",),
    "delete": ("gradebook.delete",),
}  # fmt: skip
LESS: Final = "-core."
"""In the name of a scope that covers less than the one without it."""


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """A client as people may know it: its *state*, what it *lacks* to be ready, the *agreements* that name it."""

    client: Client
    state: str
    lacks: tuple[str, ...]
    agreements: tuple[str, ...]

    @property
    def version(self) -> str:
        """What changes with everything that is registered of it."""
        return digest_of(self.client)

    def shown(self) -> dict[str, Any]:
        """Return it as JSON, in the words of Ed-Fi's administration API where they fit; never a hash of a secret."""
        one = self.client
        return {
            "id": one.client_id, "key": one.client_id, "name": one.client_id, "isApproved": self.state == "enabled",
            "vendorId": one.org, "kind": one.kind, "state": self.state, "lacks": list(self.lacks),
            "scopes": list(one.scopes), "applicationIds": list(self.agreements), "steward": one.steward,
            "unknownMembers": one.unknown_members, "created": one.created.isoformat(), "createdBy": one.created_by,
            "secrets": [{"slot": slot, "endsAt": _iso(kept.not_after)} for slot, kept in enumerate(one.secrets, 1)],
            "oauth1EndsAt": _iso(one.oauth1.not_after) if one.oauth1 else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScopeSuggestion:
    """The fewest and narrowest *scopes* of one API that a client needs for all that its agreements release."""

    api: str
    scopes: tuple[str, ...]


def facts(client: Client, agreements: NamingAgreements, actor: Actor | None) -> ClientFacts:
    """Return a client as an *actor* may know it, with those of its agreements of which the actor may know."""
    named = agreements.of(client.client_id) if actor is not None else ()
    seen = {
        one.id for one in named if actor and actor.allows("agreement.read", one.district, agreements.parties_of(one))
    }
    ids = tuple(sorted(seen))
    missing = lacks(client, agreements) if client.status == DRAFT else ()
    state = READY if client.status == DRAFT and not missing else client.status
    return ClientFacts(client, state, missing, ids)


def lacks(client: Client, agreements: NamingAgreements) -> tuple[str, ...]:
    """List what a client lacks to get a secret."""
    found = [NO_AGREEMENT] if not agreements.in_force(client.client_id) else []
    if any(one.org != client.org for one in agreements.of(client.client_id)):
        found.append(OTHER_ORG)
    return (*found, *(() if client.scopes else (NO_SCOPE,)))


def check_scopes(asked: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes of data, or of transfers, that are asked for, each once.

    Raises:
        CallerError: one is neither, or there are both.
    """
    listed = tuple(dict.fromkeys(asked))
    if administers(listed):
        raise CallerError(ADMIN_ASKED)
    known = known_scopes() | transfer_scopes()
    for one in listed:
        if one not in known:
            raise CallerError(
                Phrase("there is no scope %(scope)s%(hint)s", scope=repr(one[:100]), hint=suggestion(one, known))
            )
    if mixes_transfers(listed):
        raise CallerError(MIXED)
    return listed


def check_kind(scopes: Iterable[str], kind: str) -> None:
    """Refuse scopes of transfers for an organisation of a *kind* to which no record is transferred.

    Raises:
        CallerError: it is no district.
    """
    if about_transfers(scopes) and kind != "district":
        raise CallerError(DISTRICTS_ALONE)


def suggested(agreements: Collection[Agreement], client_id: str) -> tuple[ScopeSuggestion, ...]:
    """Suggest the scopes that a client needs for its *agreements*, for each API by itself."""
    needed = [one for agreement in agreements for one in _needs(agreement, client_id)]
    found = []
    for api, prefix in APIS:
        here = [frozenset(name for name in one if name.startswith(prefix)) for one in needed]
        if chosen := _fewest([one for one in here if one]):
            found.append(ScopeSuggestion(api, tuple(sorted(chosen))))
    return tuple(found)


def _needs(agreement: Agreement, client_id: str) -> list[frozenset[str]]:
    """Return, for each way that an agreement opens, the scopes of which it needs one."""
    if is_transfer(agreement.operations):
        return [frozenset({one}) for one in sorted(transfer_scopes())]
    grant = compiled(agreement, client_id)
    found = [one.scopes for one in ways() if one.operation in grant.operations and prune(one.view, grant) is not None]
    edfi = any(scope in EDFI for one in found for scope in one)
    found += [frozenset({name}) for word, name in EDFI_OPERATIONS.items() if edfi and word in grant.operations]
    if any("gradebook" in scope for one in found for scope in one):
        for word, names in GRADEBOOK.items():
            for prefix in (ONEROSTER_1_1, ONEROSTER_1_2) if word in grant.operations else ():
                known = {prefix + name for name in names} & _known()
                found += [frozenset({name}) for name in sorted(known)]
    return found


@cache
def _known() -> frozenset[str]:
    return known_scopes()


def _fewest(needed: list[frozenset[str]]) -> set[str]:
    """Choose scopes so that each need is met by one: first those without a choice, then what meets most needs."""
    chosen = {next(iter(one)) for one in needed if len(one) == 1}
    waiting = [one for one in needed if not one & chosen]
    while waiting:
        counts = Counter(name for one in waiting for name in one)
        best = min(counts, key=lambda name: (-counts[name], LESS not in name, name))
        chosen.add(best)
        waiting = [one for one in waiting if best not in one]
    return chosen


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
