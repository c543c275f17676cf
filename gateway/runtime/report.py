"""Reports to an operator in plain words: the differences between two states, and points in time."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.storage.acts import Act

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gateway.runtime.state import GatewayState
    from policies.agreement import Agreement
    from policies.comparison.review import Pending
    from policies.standing import Standing


def moment(seconds: float) -> str:
    """Write a moment in words."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def differences(before: GatewayState, after: GatewayState, read_again: Collection[str]) -> Iterator[str]:
    """List what another state serves, with the districts that were *read_again* for it."""
    yield from _changes("agreement", _terms(before), _terms(after))
    known = frozenset(map(pending_line, before.standing.pending))
    yield from (line for one in after.standing.pending if (line := pending_line(one)) not in known)
    old, new = before.settings, after.settings
    yield from _changes("district", old.districts, new.districts)
    yield from (f"district {name}: read again" for name in sorted(read_again) if name in old.districts)
    for table in ("limits", "tokens", "server"):
        one, other = getattr(old, table), getattr(new, table)
        yield from (f"{table}.{each.name}: changed" for each in fields(one) if _differ(one, other, each.name))
    if old.agreements != new.agreements:
        yield "agreements: changed"
    if old.approvals != new.approvals:
        yield f"approvals: {new.approvals}"


def pending_line(one: Pending) -> str:
    """Say that a version releases nothing, and who has not signed it."""
    found = one.agreement
    return f"in review: {found.id}@{found.version} of {found.district} releases nothing, {one.words()}"


def acts_of(before: Standing, after: Standing, actor: str) -> Iterator[Act]:
    """List as acts of *actor* which versions are served no longer, and which newly, by the hashes of their texts."""
    old, new = ({(one.id, one.version): one for one in state.agreements} for state in (before, after))
    for name, version in sorted(old.keys() ^ new.keys()):
        one = (new if (name, version) in new else old)[name, version]
        served = (name, version) in new
        content = {"agreement": name, "version": version, "before": "" if served else one.digest}
        content |= {"after": one.digest if served else ""}
        yield Act(actor, "agreement served" if served else "agreement no longer served", one.district, content)


def _differ(one: Any, other: Any, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _changes(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield f"{kind} {name}: added"
        elif name not in new:
            yield f"{kind} {name}: removed"
        elif old[name] != new[name]:
            yield f"{kind} {name}: changed"


def _terms(state: GatewayState) -> dict[str, tuple[Agreement, frozenset[str]]]:
    """Return what each agreement of a *state* says, wherever in its file it says it."""
    epochs: dict[str, set[str]] = {}
    for district in state.settings.districts:
        for grant in state.gateway.grants.every(district):
            epochs.setdefault(f"{grant.agreement}@{grant.version}", set()).add(grant.epoch)
    return {
        name: (replace(one, file="", lines=(), warnings=()), frozenset(epochs.get(name, ())))
        for one in state.standing.agreements
        if (name := f"{one.id}@{one.version}")
    }
