"""Authorized views: what of a view exists for a caller, by each agreement that grants it, and the query they allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.auth.authorization import AuthorizedView
from gateway.auth.request_steps import DISTRICT_PACE, FACTS, OPERATION, QUERY, SCOPE, SYSTEM, begin
from gateway.reads.nesting import entities, find, nothing
from standards.errors import ActionForbidden, Forbidden, NotFound, Unsupported

if TYPE_CHECKING:
    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from gateway.request import PageRequest
    from policies.grant import Grant
    from standards.query import Query
    from standards.view import View


def permit(gateway: Gateway, authorization: Authorization, request: PageRequest) -> Authorization:
    """Authorize a read in each district that an agreement grants, within the districts' limits.

    Raises:
        ActionForbidden, Forbidden: no scope of the caller, or no agreement of it, covers the view.
        Unsupported: no source of a district here has anything of the view.
        TooManyRequests: a district is asked too often.
    """
    begin(SCOPE, authorization, request.scopes)
    if not request.scopes & authorization.scopes:
        needed = " or ".join(sorted(request.scopes))
        raise ActionForbidden(f"Reading {request.view.name} needs the scope {needed}, which the token has not.")
    grants = authorization.of()
    begin(FACTS, authorization, request)
    views = [(grant, view) for grant in grants if (view := gateway.views.pruned(grant, request.view)) is not None]
    shown = [AuthorizedView(grant, view, way) for grant, view in views
             if (way := _way(gateway, grant, view, request)) is not None]  # fmt: skip
    if not shown:
        raise Forbidden(f"No active agreement releases {request.view.name} to this client.")
    begin(SYSTEM)
    edfi = request.view.api == "edfi"  # whose addresses all exist, whatever a district has
    able = [one for one in shown if edfi or gateway.districts[one.grant.district].has(one.view)]
    if not able:
        raise Unsupported("No district's system here has this resource.")
    begin(DISTRICT_PACE)
    gateway.limits.spend_districts(one.grant.district for one in able)
    return authorization.over(able)


def read_query(authorization: Authorization, request: PageRequest) -> Query:
    """Read the query, as far as every agreement allows it.

    Raises:
        MalformedQuery, UnknownName: it cannot be parsed, or names what does not exist for the caller.
    """
    begin(QUERY, authorization, request)
    query = request.read(tuple(one.view for one in authorization.views))
    begin(OPERATION, authorization, query)
    for one in authorization.views:
        query = one.grant.narrow(query)
    return query


def refuse_unseen(gateway: Gateway, authorization: Authorization, request: PageRequest) -> None:
    """Refuse an address that names a cached record which the caller cannot see, before anything is read for it.

    Whether what belongs to such a record could be read would tell that it exists.

    Raises:
        NotFound: no agreement shows the record.
    """
    for one in request.within:
        held = [
            gateway.views.held(shown.grant)
            for shown in authorization.views
            if all(
                branch.entity in gateway.districts[shown.grant.district].cached_entities for branch in one.view.branches
            )
        ]
        if len(held) == len(authorization.views) and all(find(gateway, visibility, one) is None for visibility in held):
            raise NotFound(nothing(one.view))


def _way(gateway: Gateway, grant: Grant, view: View, request: PageRequest) -> frozenset[str] | None:
    """Return the entities to read beside the view to follow the address; None where the agreement does not allow it."""
    parents = [gateway.views.pruned(grant, one.view) for one in request.within]
    if None in parents:
        return None
    outer = [one for one in parents if one is not None]
    found = entities([*outer, view], grant)
    return found if found is None else found.union(*(gateway.views.entities(grant, one) for one in outer))
