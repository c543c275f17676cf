"""The verification of the whole audit log: its chain, its heads and keys, and all that its events name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.audit import keys as audit_keys
from gateway.audit.chain import read_behind
from gateway.audit.keys import STATE, PresentKey
from gateway.audit.opening import digest_of
from gateway.audit.subjects import Subjects
from gateway.audit.tail import REOPEN, ChainWalk, anchors, put_back
from gateway.audit.tree_heads import BEGUN, TREE, RootsWalk, TreeFile, deleted_before, end_of, examine
from gateway.storage import signed_heads
from gateway.storage.content_store import Contents
from gateway.storage.signed_heads import HEAD, NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway.audit.proofs.signing import TreeHead
    from gateway.audit.tree_heads import SignedTree
    from gateway.storage.signed_heads import Registry

SUBJECTS, FIELDS, AGREEMENTS = FOLDERS = ("subjects", "fields", "agreements")


def field_sets(folder: Path) -> Contents:
    """Return the sets of fields that events name."""
    return Contents(folder / FIELDS, ".txt")


def texts(folder: Path) -> Contents:
    """Return the texts of agreements that events name, and what goes with them."""
    return Contents(folder / AGREEMENTS, ".json")


def verify(
    folder: Path,
    key: bytes,
    registry: Registry | None = None,
    keys: Mapping[int, bytes] | None = None,
    witnessed: Sequence[TreeHead] = (),
) -> list[str]:
    """Yield every edit, deletion, reordering and truncation that *folder* shows; nothing when the log is whole.

    The *registry* tells whether all of it was put back to an earlier state, and the heads *witnessed* elsewhere do
    so too, whoever has the keys of this machine. With the first *keys* every entry's MAC is checked: only they show
    what was done by somebody who had the region's keys. A break after which the log was continued is reported for
    ever.
    """
    held = registry.read_checkpoint(NAME) if registry else None
    tree, problems = examine(TreeFile(folder, key), registry)
    head, present = signed_heads.read_head(folder, key), PresentKey(folder, key).read()
    if head is None:
        problems.append(f"{HEAD}: is missing, or was not signed by this gateway")
    if not (head and not head.checkpoint and present is None):  # a log of an older version has no keys yet
        problems += audit_keys.problems(folder, key)
    if registry and head and head.in_registry and held is None:
        problems.append("the registry: holds no head of this record")
    problems += put_back(head, present, held)
    try:
        begun = deleted_before(folder, key)
    except ValueError as error:
        begun, problems = None, [*problems, str(error)]
    walk = ChainWalk(anchors(head, present, held), head.checkpoint if head else 0, keys)
    if begun:
        first = begun.head.seq + 1
        walk.begin(first, end_of(begun), audit_keys.at(keys or {}, first))
    theirs = [(one.size, one.root, f"the witness of {one.at}") for one in witnessed]
    if RootsWalk(begun, theirs).unreachable():
        problems.append(f"{BEGUN}: stands for every line that the witness knows, so that none can be compared")
    problems += _walked(folder, walk, RootsWalk(begun, [*_known(tree), *theirs]), keys)
    if keys and present and audit_keys.covers(keys, present.seq) and audit_keys.at(keys, present.seq) != present.key:
        problems.append(f"{STATE}: does not come from the first key")
    return problems


def _known(tree: SignedTree | None) -> list[tuple[int, str, str]]:
    return [(tree.head.size, tree.head.root, TREE)] if tree else []


def _walked(folder: Path, walk: ChainWalk, roots: RootsWalk, keys: Mapping[int, bytes] | None) -> Iterator[str]:
    """Return what is wrong with each line, and with what the lines name."""
    named, unchecked = _Named(folder), 0
    yield from roots.differing()
    for place, text, line, seq in read_behind(folder, walk.expected - 1):
        yield from (f"{place}: {problem}" for problem in walk.step(line, seq))
        yield from (f"{place}: {problem}" for problem in roots.step(text, seq))
        if line is not None:
            unchecked += bool(keys and line.mac and not audit_keys.covers(keys, seq))
            yield from (f"{place}: {problem}" for problem in named.faults(line.event))
            if line.event.get("operation") == REOPEN:
                yield from (f"{place}: {problem}" for problem in _break(folder, place, line.event))
    yield from walk.missing()
    yield from roots.missing()
    if unchecked:
        yield f"the MACs of {unchecked} entries were not checked: their first key is not among those given"
    yield from named.changed()


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
        try:
            yield from self._faults(event)
        except (ValueError, TypeError):  # somebody has edited it: the walk goes on, and tells what else is wrong
            yield "names something in a form that no event has"

    def _faults(self, event: Mapping[str, Any]) -> Iterator[str]:
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
