"""Released keys: whether a client sees the natural keys of a branch's records so that no two are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from standards.edfi.api.change_feeds import key_members
from standards.fields import trail
from standards.view import Id, Object, Reference, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.engine.view_rows import ViewRows
    from standards.view import Node

PLAIN = frozenset({"allow", "pseudonym"})


def releases_key(shown: ViewRows) -> bool:
    """Tell whether the natural key is released unchanged or by pseudonyms: only then no two records share it."""
    paths = [path for _, path in key_members(shown.view.name)]
    return all(path in shown.chains and _exact(shown, shown.chains[path]) for path in paths)


def is_complete(collection: str, key: bytes) -> bool:
    """Tell whether a *key*, as JSON, has every member: an incomplete one may fit several records."""
    return len(orjson.loads(key)) == len({name for name, _ in key_members(collection)})


def _exact(shown: ViewRows, chain: Sequence[Node]) -> bool:
    """Tell whether the value at the end of *chain* is released unchanged, or by a pseudonym."""
    entity, grant = shown.branch.entity, shown.visibility.grant
    for node in chain:
        if isinstance(node, Reference):
            entity = shown.visibility.entity_of(entity, node.ref)
        elif isinstance(node, Value):
            rules = [grant.rule(field.release) for source in node.sources for field in trail(entity, source)]
            return all(rule is not None and rule.action in PLAIN for rule in rules)
        elif not isinstance(node, Object | Id):
            return False
    return True
