"""Changes passed through: those of uncached resources as the source reports them, where nothing of it is hidden.

Such records may not be kept, so there is no log of them. The source's own change versions count every write, hidden
ones too: only a client that sees a whole resource may learn its changes. The client gets change versions of the
gateway; *marks* (checkpoints) pair each of these with the source's version that it covered when it was reported.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from adapters.contract import Hint
from gateway.change_versions.journal import ID_BYTES, RemovedEntry
from gateway.registers.effects.departed import was_shown
from standards.edfi.api.change_feeds import key_members
from standards.errors import SourceError
from standards.fields import fields_of, trail
from standards.view import Container, Follow, Id, Items, List, Reference, Value, paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from adapters.contract import Departure, Hints
    from gateway.engine.view_rows import ViewRows
    from gateway.gateway import Gateway
    from policies.grant import Grant
    from standards.query import Window
    from standards.view import Branch, Node, View

    Mark = tuple[int, int]

MAX_VERSION = 2**63 - 1


def is_uncached(gateway: Gateway, grant: Grant, view: View) -> bool:
    """Tell whether anything of a pruned *view* is read from the source on each request."""
    district = gateway.districts[grant.district]
    return not gateway.views.entities(grant, view) & district.adapter.manifest.entities <= district.cached_entities


def can_report(gateway: Gateway, grant: Grant, view: View, whole: View) -> bool:
    """Tell whether the source reports changes of a resource of which *grant* shows all: *view* is *whole*."""
    delta = gateway.districts[grant.district].adapter.manifest.delta
    return (
        not grant.rows
        and not grant.windows
        and len(view.branches) == len(whole.branches) == 1
        and all(branch.entity in delta and _open(grant, branch) for branch in whole.branches)
    )


def _open(grant: Grant, branch: Branch) -> bool:
    """Tell whether a branch shows everything without a mask or pseudonym."""
    own = (one for one in fields_of(branch.entity).values() if one.sensitivity != "never")
    return all(grant.plain(one.release) for one in own) and all(
        _shows(grant, branch.entity, chain) for _, chain in paths(branch.nodes)
    )


def _shows(grant: Grant, entity: str, chain: Sequence[Node]) -> bool:
    for node in chain:
        if ref := _onward(node):
            entity = fields_of(entity)[ref].to
            if not grant.plain(fields_of(entity)["id"].release):
                return False
        elif isinstance(node, List):
            return all(isinstance(step, Items) for step in node.steps)  # items are fields of the entity itself
        elif isinstance(node, Value):
            return all(grant.plain(one.release) for source in node.sources for one in trail(entity, source))
        elif isinstance(node, Id):
            return grant.plain(fields_of(entity)["id"].release)
        elif not isinstance(node, Container):
            return True
    return True


def _onward(node: Node) -> str:
    """Return the reference by which a node leads to one other record; "" where it does not."""
    match node:
        case Reference(ref=ref) | List(steps=(Follow(ref=ref),), nodes=(_,)):
            return ref
        case _:
            return ""


def newest_version(gateway: Gateway, grant: Grant) -> int | None:
    """Return the source's own newest change version; None where it has none."""
    district = gateway.districts[grant.district]
    if district.adapter.manifest.delta:
        with suppress(SourceError):
            return district.adapter.newest()
    return None


def pushed_conditions(gateway: Gateway, grant: Grant, view: View, window: Window) -> Hints:
    """Return the conditions for the source: rows of a *view* in the *window*, and no rows for a feed."""
    first, last = _ends(gateway.client_logs.checkpoints(grant.client, grant.district, grant.purpose), window)
    ends = (Hint("changeVersion", ">=", str(first + 1)), Hint("changeVersion", "<=", str(last)))
    nothing = (Hint("changeVersion", ">=", "1"), Hint("changeVersion", "<=", "0"))
    return {view.branches[0].entity: nothing if window.feed else ends}


def _ends(marks: Sequence[Mark], window: Window) -> Mark:
    """Return the source's versions that a *window* stands for: after the first, up to the last."""
    since = [own for told, own in marks if window.since is not None and told < window.since]
    until = [own for told, own in marks if window.until is None or told <= window.until]
    return max(since, default=0), MAX_VERSION if window.until is None else max(until, default=0)


def entries(
    gateway: Gateway, shown: ViewRows, window: Window, tag: Callable[[Any], Iterable[bytes]]
) -> list[tuple[RemovedEntry, bytes, bytes]]:
    """Read deletions or key changes from the source; *tag* returns the tags of the student in a key."""
    grant, entity = shown.visibility.grant, shown.branch.entity
    marks = gateway.client_logs.checkpoints(grant.client, grant.district, grant.purpose)
    first, last = _ends(marks, window)
    district = gateway.districts[grant.district]
    if first >= last:
        return []
    told = was_shown(shown.visibility.judged, grant, entity, shown.visibility.today)
    departed = district.adapter.departures(entity, first, last, rekeyed=window.feed == "keyChanges")
    found = [one for one in departed if told(one.key) and told(one.new_key or {})]
    ids = shown.visibility.keyring.blocks(grant.district, entity, [one.id for one in found])
    line, coming = _Lines(shown.view.name, tag), gateway.client_logs.next(grant.client, grant.district, grant.purpose)
    made = [
        RemovedEntry(ids[ID_BYTES * at : ID_BYTES * at + ID_BYTES], _told(marks, one, coming), 0, b"")
        for at, one in enumerate(found)
    ]
    return [(entry, line(one.key), line(one.new_key or {})) for entry, one in zip(made, found, strict=True)]


def _told(marks: Sequence[Mark], one: Departure, coming: int) -> int:
    """Return the gateway's version of a deletion: the first reported one that covers it, else the *coming* one."""
    return min((told for told, own in marks if own >= one.version), default=coming)


class _Lines:
    """A writer of key lines as resource logs have them: the members in the standard's order, and the student's tag."""

    def __init__(self, collection: str, tag: Callable[[Any], Iterable[bytes]]) -> None:
        self._names, self._tag = [name for name, _ in key_members(collection)], tag

    def __call__(self, key: Mapping[str, Any]) -> bytes:
        known = {name: key[name] for name in self._names if name in key}
        return orjson.dumps(known) + b"\t" + b"".join(self._tag(key.get("studentUniqueId"))).hex().encode()
