"""A small school, and what it takes to ask about it without a gateway around."""

from __future__ import annotations

from gateway.cache.snapshot import build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from policies.grant import Grant, Rule
from standards import registry, vocabulary
from standards.fields import fields_of
from standards.keys import Keyring
from standards.pruning import prune

KEYRING = Keyring(b"a key for tests, of thirty-two b")
TODAY = "2026-10-01"


def grant(*dropped, rows=None, client="tutor", epoch="epoch", **actions) -> Grant:
    """Everything but what is *dropped*; *actions* by name with two underscores for the dot."""
    rules = {
        field.release: Rule("allow")
        for entity in vocabulary.entities()
        for field in fields_of(entity).values()
        if field.release not in dropped and field.sensitivity != "never"
    }
    rules |= {name.replace("__", "."): Rule(action) for name, action in actions.items()}
    operations = frozenset({"read", "search"})
    return Grant(client, "org", "reading", 1, "tutoring", "b", "maple", operations, rules, rows or {}, epoch)


def students(*names, **more):
    """Students with an enrollment each, by their given names."""
    found = [("organization", {"key": ("101",), "id": "101", "name": "Maple", "kind": "school"})]
    for name in names:
        found.append(("student", {"key": (name,), "id": name.lower(), "name.given": name, **more}))
        enrollment = {"key": ("e", name), "student": (name,), "school": ("101",), "entry": "2026-09-01"}
        found.append(("enrollment", enrollment))
    return found


def shown(records, view="users", api="oneroster", of=None, ledger=None, **more):
    """The branches of a view over *records*."""
    of, snapshot = of or grant(), build_snapshot(records, "maple", KEYRING, **{"loaded": 1_000.0} | more)
    visibility = Visibility(snapshot, of, KEYRING, TODAY)
    pruned = prune(registry.views(api)[view], of)
    assert pruned is not None
    return tuple(ViewRows(branch, pruned, visibility, ledger or Ledger(b"key")) for branch in pruned.branches)
