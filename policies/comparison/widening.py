"""Widening: everything by which one version of an agreement releases more than another, in sentences.

What cannot be compared counts as wider, and so does whatever this module does not know.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Final

from policies import elements
from policies.comparison.terms import widened_terms
from policies.compiler import compile as compiled
from policies.grant import Grant
from policies.records.windows import DateWindow
from policies.transforms import below
from standards.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policies.agreement import Agreement
    from policies.population import Population

COMPARED: Final = frozenset(
    {
        "client", "org", "agreement", "version", "purpose", "basis", "district", "operations", "rules", "rows", "epoch",
        "text", "elements", "registered", "windows",
    }
)  # fmt: skip
"""The fields of a grant that are compared here, or follow from what is."""


def widens(before: Agreement, after: Agreement) -> tuple[str, ...]:
    """List in sentences all by which *after* releases more than *before*; nothing where it only narrows it."""
    return tuple(dict.fromkeys(_wider(before, after)))


def _wider(before: Agreement, after: Agreement) -> Iterator[str]:
    if (before.district, before.org, before.kind) != (after.district, after.org, after.kind):
        yield "the parties are others"
    yield from _changed("basis", before.ferpa, after.ferpa)
    yield from _changed("purpose", before.purpose, after.purpose)
    yield from _changed("legitimate interest", before.interest, after.interest)
    yield from _validity(before, after)
    yield from _added("client", before.clients, after.clients)
    yield from _added("operation", before.operations, after.operations)
    yield from widened_population(before.population, after.population)
    yield from _released(before, after)
    yield from widened_terms(json.loads(before.text), json.loads(after.text))


def _changed(name: str, before: str, after: str) -> Iterator[str]:
    if before != after:
        yield f"the {name} is another: {after}, was {before}"


def _added(kind: str, before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    yield from (f"the {kind} {one} is new" for one in sorted(frozenset(after).difference(before)))


def _validity(before: Agreement, after: Agreement) -> Iterator[str]:
    if after.begin < before.begin:
        yield f"it begins on {after.begin}, was {before.begin}"
    if after.end > before.end:
        yield f"it ends on {after.end}, was {before.end}"
    yield from _changed("time zone", str(before.timezone), str(after.timezone))


def widened_population(before: Population, after: Population) -> Iterator[str]:
    """List by which selectors somebody may be in *after* who is not in *before*."""
    for one in fields(before):
        was, now = getattr(before, one.name), getattr(after, one.name)
        nobody_left_out = one.default if one.default is not MISSING else None
        if was in (now, nobody_left_out):
            continue
        if now == nobody_left_out:
            yield f"the population is no longer limited by {SELECTORS.get(one.name, one.name)}"
        elif one.name in CHOICES:
            added = sorted(frozenset(now).difference(was))
            yield from (f"the population has {CHOICES[one.name]} {each} too" for each in added)
        else:
            yield f"the population is chosen by another {SELECTORS.get(one.name, one.name)}"


CHOICES: Final = {"schools": "school", "grades": "grade"}
SELECTORS: Final = {
    "schools": "school", "grades": "grade", "active": "enrollment", "assigned": "the assignment of staff",
}  # fmt: skip


def _released(before: Agreement, after: Agreement) -> Iterator[str]:
    """Compare what leaves, by the compiled grants."""
    try:
        was, now = (compiled(one, one.clients[0]) for one in (before, after))
    except Forbidden:
        yield "what leaves cannot be compared: one of the two cannot be compiled"
        return
    yield from _elements(was, now)
    yield from _denied(before, after)
    yield from _windows(was, now)
    yield from _registered(was, now)
    for one in fields(Grant):
        if one.name not in COMPARED and getattr(was, one.name) != getattr(now, one.name):
            yield f"{one.name}: not the same, and cannot be compared"


def _elements(before: Grant, after: Grant) -> Iterator[str]:
    for name in sorted(before.rules.keys() | after.rules.keys()):  # a free member of its own mask may only have lost it
        was, now = _action(before, name), _action(after, name)
        if was != now and not below(now, was):
            told = name.removesuffix(".*")
            yield f"{told}: {now}, was not released" if was == "deny" else f"{told}: {now}, was {was}"


def _action(grant: Grant, name: str) -> str:
    rule = grant.rule(name)
    return rule.action if rule else "deny"


def _denied(before: Agreement, after: Agreement) -> Iterator[str]:
    """List what was denied in so many words, which also holds against other agreements, and is not any more."""
    still = {name for name, one in elements.settle(after.lines).items() if one.action == "deny" and not one.cap}
    for name, one in sorted(elements.settle(before.lines).items()):
        if one.action == "deny" and not one.cap and name not in still:
            yield f"{name}: no longer denied"


def _windows(before: Grant, after: Grant) -> Iterator[str]:
    for name, was in sorted(before.windows.items()):
        if _action(after, name) != "deny" and not _within(after.windows.get(name, DateWindow()), was):
            yield f"{name}: of more days than before"


def _within(inner: DateWindow, outer: DateWindow) -> bool:
    since = outer.since is None or (inner.since is not None and inner.since >= outer.since)
    return since and (outer.until is None or (inner.until is not None and inner.until <= outer.until))


def _registered(before: Grant, after: Grant) -> Iterator[str]:
    """Compare what the registers decide; the kind of the recipient is one of the parties' facts."""
    for one in fields(before.registered):
        was, now = getattr(before.registered, one.name), getattr(after.registered, one.name)
        if was not in (now, one.default):
            yield f"what the registers decide ({one.name}) is no longer asked as before"
