"""Kinds of organisations: what each is now, and whether a role that was given in it still counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from gateway.storage.people.tables import organisations
from gateway.storage.people.written_districts import written_names
from gateway.storage.tables import clients
from policies.roles import roles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

DISTRICT: Final = "district"
RECIPIENT: Final = "recipient"
RECIPIENTS: Final = frozenset({"vendor", "researcher", "sea", RECIPIENT})

Kinds = Callable[[Collection[str]], Mapping[str, frozenset[str]]]
"""What tells the kinds that organisations are of now; none where nothing says so."""


def kinds_of(
    connection: Connection, orgs: Collection[str], districts: Collection[str], named: Iterable[tuple[str, str]]
) -> dict[str, frozenset[str]]:
    """Return of which kinds *orgs* are: the region, a district, what people added, or as they are only *named*.

    A name is that of a district alone where there is one, whatever else bears it, and of what people added before what
    agreements and clients say.
    """
    taken = {*districts, *written_names(connection)}
    added = select(organisations.c.name, organisations.c.kind).where(organisations.c.name.in_(orgs))
    certain = {row.name: row.kind for row in connection.execute(added)} | dict.fromkeys(taken, DISTRICT)
    certain["region"] = "region"
    said: dict[str, set[str]] = defaultdict(set)
    registered = select(clients.c.org, clients.c.kind).where(clients.c.org.in_(orgs)).distinct()
    for org, kind in (*named, *map(tuple, connection.execute(registered))):
        said[org].add(kind)
    return {org: frozenset({certain[org]} if org in certain else said[org]) for org in orgs}


def family(kind: str) -> str:
    """Return the kind of organisation as roles know it: every recipient that is no community organisation is one."""
    return RECIPIENT if kind in RECIPIENTS else kind


def fits(role: str, kind: str) -> bool:
    """Tell whether people have a *role* in an organisation of a *kind*."""
    known = roles().get(role)
    return known is not None and known.org in {"any", family(kind)}


def counts(role: str, granted: str, present: Collection[str]) -> bool:
    """Tell whether a *role* that was *granted* in an organisation of one kind counts in what it is at *present*.

    It never does where its name belongs to something of another kind now: who acts for a vendor does not act for a
    district that is called alike. An organisation of which nothing is said any more is what it was.
    """
    return fits(role, granted) and (not present or family(granted) in {family(one) for one in present})


def fitting(asked: Iterable[str], org: str, kinds: Kinds) -> frozenset[str]:
    """Return those of some roles that a program has in an organisation as it is now."""
    present = kinds([org])[org]
    return frozenset(one for one in asked if any(fits(one, kind) for kind in present))


def counting(rows: Collection[Any], kinds: Kinds) -> tuple[Any, ...]:
    """Return the *rows* of memberships, each with its org, role and kind, that count now."""
    present = kinds({row.org for row in rows}) if rows else {}
    return tuple(row for row in rows if counts(row.role, row.kind, present.get(row.org, ())))
