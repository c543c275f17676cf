"""The verification of the whole audit log: its chain, its heads and keys, and all that its events name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.audit import keys as audit_keys
from gateway.audit.chain import read_entries
from gateway.audit.keys import STATE, PresentKey
from gateway.audit.opening import digest_of
from gateway.audit.subjects import Subjects
from gateway.audit.tail import REOPEN, ChainWalk, anchors, put_back
from gateway.storage import signed_heads
from gateway.storage.content_store import Contents
from gateway.storage.signed_heads import HEAD, NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gateway.storage.signed_heads import Registry

SUBJECTS, FIELDS, AGREEMENTS = FOLDERS = ("subjects", "fields", "agreements")


def field_sets(folder: Path) -> Contents:
    """Return the sets of fields that events name."""
    return Contents(folder / FIELDS, ".txt")


def texts(folder: Path) -> Contents:
    """Return the texts of agreements that events name, and what goes with them."""
    return Contents(folder / AGREEMENTS, ".json")


def verify(
    folder: Path, key: bytes, registry: Registry | None = None, keys: Mapping[int, bytes] | None = None
) -> list[str]:
    """Yield every edit, deletion, reordering and truncation that *folder* shows; nothing when the log is whole.

    The *registry* tells whether all of it was put back to an earlier state. With the first *keys* every entry's MAC
    is checked too: only they show what was done by somebody who had the region's keys. A break after which the log
    was continued is reported for ever.
    """
    held = registry.read_checkpoint(NAME) if registry else None
    head, present = signed_heads.read_head(folder, key), PresentKey(folder, key).read()
    problems = [] if head else [f"{HEAD}: is missing, or was not signed by this gateway"]
    if not (head and not head.checkpoint and present is None):  # a log of an older version has no keys yet
        problems += audit_keys.problems(folder, key)
    if registry and head and head.in_registry and held is None:
        problems.append("the registry: holds no head of this record")
    problems += put_back(head, present, held)
    walk = ChainWalk(anchors(head, present, held), head.checkpoint if head else 0, keys)
    named = _Named(folder)
    unchecked = 0
    for place, line, seq in read_entries(folder):
        problems += (f"{place}: {problem}" for problem in walk.step(line, seq))
        if line is not None:
            unchecked += bool(keys and line.mac and not audit_keys.covers(keys, seq))
            problems += (f"{place}: {problem}" for problem in named.faults(line.event))
            if line.event.get("operation") == REOPEN:
                problems += (f"{place}: {problem}" for problem in _break(folder, place, line.event))
    problems += walk.missing()
    if keys and present and audit_keys.covers(keys, present.seq) and audit_keys.at(keys, present.seq) != present.key:
        problems.append(f"{STATE}: does not come from the first key")
    if unchecked:
        problems.append(f"the MACs of {unchecked} entries were not checked: their first key is not among those given")
    return problems + list(named.changed())


def _break(folder: Path, place: str, event: Mapping[str, Any]) -> Iterator[str]:
    yield f"{event.get('actor')} went on over a record that did not verify, at {event.get('at')}: {event.get('reason')}"
    if digest_of(folder, place.partition(":")[0]) != event.get("break"):
        yield "what was before this break has been changed since"


class _Named:
    """The names in events: sets, fields and texts, each checked once."""

    def __init__(self, folder: Path) -> None:
        self._subjects = Subjects(folder / SUBJECTS)
        self._stores = {SUBJECTS: self._subjects.contents, FIELDS: field_sets(folder), AGREEMENTS: texts(folder)}
        self._looked: dict[tuple[str, str], str] = {}

    def faults(self, event: Mapping[str, Any]) -> Iterator[str]:
        """Return what is wrong with what an event names."""
        named = str(event.get("set") or "")
        fault = self._fault(SUBJECTS, named) if named and not named.startswith("=") else ""
        if named and (fault := fault or self._subjects.fault(named, int(event.get("to", 0)))):
            yield f"the set of students {named[:12]} {fault}"
        agreements = (*event.get("texts", ()), *event.get("elements", ()))
        for kind, names in ((FIELDS, (event.get("fields"),)), (AGREEMENTS, agreements)):
            for name in names:
                if name and len(name) == DIGITS and (fault := self._fault(kind, name)):
                    yield f"the {WORDS[kind]} {name[:12]} {fault}"

    def changed(self) -> Iterator[str]:
        """Return the contents that were changed since an event named them."""
        for kind, store in self._stores.items():
            for name in store.names():
                if (kind, name) not in self._looked and (fault := self._fault(kind, name)):
                    yield f"{kind}/{name[:2]}/{name[2:]}: {fault}"

    def _fault(self, kind: str, name: str) -> str:
        if (kind, name) not in self._looked:
            self._looked[kind, name] = self._stores[kind].fault(name)
        return self._looked[kind, name]


DIGITS = 64
"""The length of a name; a shorter one, of an older program, names a set of fields that was kept nowhere."""
WORDS = {FIELDS: "set of fields", AGREEMENTS: "text of an agreement"}
