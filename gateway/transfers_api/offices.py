"""Offices: the service of the one district for which the present request acts, and the key under which it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from flask import request

from gateway.admin_api.frame.bodies import Filters, TextLine
from gateway.admin_api.frame.idempotency import HEADER, read_key
from gateway.people.actor import NotPermitted
from standards.errors import MalformedQuery

if TYPE_CHECKING:
    from gateway.admin.transfers.office import TransferOffice
    from gateway.admin_api.frame.operations import AdminRequest
    from gateway.people.actor import Actor

Office = TypeVar("Office", bound="TransferOffice")
WHICH = "You have this role in several districts: say in org for which one you ask."


class OfficeFilters(Filters):
    """For which district a person asks who has roles in several."""

    org = TextLine(100, metadata={"description": "The district that is asked for, for people of several."})


def district_of(actor: Actor, action: str, named: str = "") -> str:
    """Return the district for which an *actor* asks: the program's own, or the one in which the person has a role.

    Raises:
        NotPermitted: there is none, or it is not the one *named*.
        MalformedQuery: there are several, and none is named.
    """
    found = {one.org for one in actor.memberships} if actor.kind == "machine" else actor.orgs(action)
    wanted = found & {named} if named else found
    if not wanted:
        raise NotPermitted("You have no role that may do this for that district.")
    if len(wanted) > 1:
        raise MalformedQuery("org", WHICH)
    return next(iter(wanted))


def office(asked: AdminRequest, service: type[Office], action: str) -> Office:
    """Return the *service* of the district for which the present request asks."""
    org = district_of(asked.actor, action, asked.filters.get("org", ""))
    return service(asked.region, asked.actor, org, asked.actor.scopes)


def act_key(actor: Actor) -> str:
    """Return the key under which the present write is one act for the ledger: the keys of others are others."""
    return f"{actor.person or actor.name} {read_key(request.headers[HEADER])}"
