"""Writing: which events a command comes to, given what the registers state already, and the act that tells of them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.registers import events
from gateway.registers.entries import AllReleased, Consent, Expanded, StaffAssignment
from gateway.registers.events import RegisterEntry, RegisterEvent, register_of, stating
from gateway.registers.fold import same
from gateway.storage.acts import Act
from standards.errors import CallerError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from gateway.registers.events import Stated
    from gateway.registers.fold import Fold

MAX_NAMED_ENTRIES: Final = 20
"""The entries that an act names one by one; of more it has their number."""

ENTRY_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Written:
    """What a command changed: the ids of entries that were *made* or *changed*, and of those that stay *the_same*."""

    made: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    the_same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The *events* to write, what is *written* by them, and what the entries stated *before* and state *after*."""

    events: tuple[RegisterEvent, ...] = ()
    written: Written = Written()
    before: tuple[Stated, ...] = ()
    after: tuple[Stated, ...] = ()

    def act(self, district: str, actor: str, reason: str) -> Act:
        """Return the act of it: which entries, and hashes of what they stated before and state now."""
        told = [one for one in self.events if one.register != events.TEXTS]
        register, names = told[0].register, [one.entry for one in told]
        content: dict[str, Any] = {"register": register, "count": len(names)}
        content |= {"before": events.digest(self.before), "after": events.digest(self.after)}
        content |= {"entries": names} if len(names) <= MAX_NAMED_ENTRIES else {}
        about = {one.agreement for one in (*self.before, *self.after) if isinstance(one, Consent | StaffAssignment)}
        content |= {"agreements": sorted(about)} if about else {}
        kinds = sorted({one.event for one in told})
        return Act(actor, f"{register} {' and '.join(kinds)}", district, content, reason)


def adding(fold: Fold, states: Iterable[Stated], forms: Iterable[str], actor: str, at: datetime) -> Plan:
    """Plan to write what *states* say that is not known yet, and to keep the texts of *forms*.

    What the registers say of the same student already stays as it is, or is changed where it differs.
    """
    made: list[RegisterEvent] = []
    ids: dict[str, list[str]] = {"made": [], "changed": [], "the_same": []}
    before: list[Stated] = []
    after: list[Stated] = []
    for one in states:
        known = fold.like(one)
        fresh = _kept(known, one) if known else replace(one, entry=secrets.token_hex(ENTRY_BYTES))
        if known and (known.ended or (same(known.states, fresh) and known.states.begin <= fresh.begin)):
            ids["the_same"].append(fresh.entry)
            continue
        register = register_of(fresh)
        made.append(stating(fresh, events.CHANGED if known else events.MADE[register], fold.cipher))
        ids["changed" if known else "made"].append(fresh.entry)
        before += [known.states] if known else []
        after.append(fresh)
        fold.noted(RegisterEntry(register, fresh, at, actor))
    texts = _texts(fold, after, forms) if made else ()
    written = Written(**{name: tuple(found) for name, found in ids.items()})
    return Plan((*texts, *made), written, tuple(before), tuple(after))


def _kept(known: RegisterEntry, one: Stated) -> Stated:
    """Return what an entry states once it is stated anew, and still knows its student by all it did before.

    A restriction that holds goes on to hold, whatever day the new one begins, and so does an assignment. A consent
    covers what it did as it did, and besides what is now named by its own name alone.
    """
    fresh = replace(one, entry=known.entry, tags={**known.states.tags, **one.tags})
    if not isinstance(fresh, Consent):
        return replace(fresh, begin=min(known.states.begin, fresh.begin))
    before: frozenset[str] = getattr(known.states, "elements", frozenset())
    return replace(fresh, elements=_covered(before, fresh.elements))


def _covered(before: frozenset[str], now: frozenset[str]) -> frozenset[str]:
    """Return the elements of a consent that covered others *before*, by the same form."""
    if isinstance(now, AllReleased):
        return before
    known = {one.partition(" ")[0]: one for one in before}
    named = ((one.partition(" ")[0], one) for one in now)
    return frozenset(known.get(name, one) for name, one in named if name in known or not isinstance(now, Expanded))


def _texts(fold: Fold, states: Sequence[Stated], forms: Iterable[str]) -> Iterator[RegisterEvent]:
    """Yield the events that keep the sets of elements and the texts of forms that are not kept yet."""
    sets = {one.elements for one in states if isinstance(one, Consent) and one.elements}
    yield from (events.naming(one) for one in sets if events.names_hash(one) not in fold.names)
    for text in dict.fromkeys(forms):
        if events.text_hash(text)[: events.HASH_CHARACTERS] not in fold.forms:
            yield events.keeping_form(fold.district, text, fold.cipher)


def ending(fold: Fold, register: str, entries: Iterable[str]) -> Plan:
    """Plan to end entries; those that have ended stay as they are.

    Raises:
        NotFound: there is no such entry in the register.
    """
    there = [entry_of(fold, register, name) for name in dict.fromkeys(entries)]
    going = [one for one in there if one.ended is None]
    made = tuple(RegisterEvent(register, one.entry, events.ENDED[register], {}) for one in going)
    written = Written(
        changed=tuple(one.entry for one in going), the_same=tuple(one.entry for one in there if one.ended)
    )
    return Plan(made, written, tuple(one.states for one in going))


def changing(fold: Fold, register: str, entry: str, anew: Stated) -> Plan:
    """Plan to let an entry state *anew*.

    Raises:
        NotFound: there is no such entry in the register.
        CallerError: it has ended.
    """
    known = entry_of(fold, register, entry)
    if known.ended is not None:
        raise CallerError(f"The entry {entry} has ended: make another one.")
    fresh = replace(anew, entry=entry)
    if known.states == fresh:
        return Plan(written=Written(the_same=(entry,)))
    event = stating(fresh, events.CHANGED, fold.cipher)
    return Plan((event,), Written(changed=(entry,)), (known.states,), (fresh,))


def entry_of(fold: Fold, register: str, name: str) -> RegisterEntry:
    """Find an entry of a *register* by its id.

    Raises:
        NotFound: there is none.
    """
    found = fold.entries.get(name)
    if found is None or found.register != register:
        raise NotFound(f"There is no entry {name[:40]!r} in the register of {register} of {fold.district}.")
    return found
