"""The difference between two agreements, on their compiled form: in words for people, and as JSON."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from policies import elements
from policies.compiler import compile as compiled
from policies.reasoning.differences import DENY, AgreementDifference, action_of, class_of, denials, facts, named, people
from policies.reasoning.terms import terms
from policies.reasoning.ways import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policies.agreement import Agreement
    from policies.grant import Grant

PROTECTED = frozenset({"sensitive", "special"})
"""The classes of facts of which every new recipient is told."""
MAX_LINES_OF_ONE_KIND = 12
HEADINGS = {
    "students": "Students", "fact": "Facts", "window": "Facts", "denial": "Facts", "client": "Clients",
    "operation": "Operations", "validity": "Validity", "basis": "Basis and purpose", "party": "Parties",
    "subprocessor": "Parties", "limit": "Limits", "redisclosure": "Redisclosure", "retention": "Retention",
    "obligation": "Obligations", "transfer": "Transfers", "directory": "Opt-outs from directory information",
    "view": "Resources",
}  # fmt: skip
SIGNS = {"wider": "+", "narrower": "-", "both": "!", "neutral": "="}


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """A client that would receive facts of a protected class that it does not receive now."""

    client: str
    org: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences of the agreement *after* from the one *before*, and the new recipients of protected facts."""

    before: Agreement
    after: Agreement
    differences: tuple[AgreementDifference, ...]
    recipients: tuple[NewRecipient, ...]

    @property
    def widening(self) -> tuple[AgreementDifference, ...]:
        """The differences for which both parties have to approve again."""
        return tuple(one for one in self.differences if one.widens)

    @property
    def widens(self) -> bool:
        """Whether anything is wider than before."""
        return bool(self.widening)

    def document(self) -> dict[str, Any]:
        """Return all of it as a document of plain values."""
        sides = {
            name: {"id": one.id, "version": one.version, "hash": one.digest}
            for name, one in (("before", self.before), ("after", self.after))
        }
        found = [{**asdict(one), "widens": one.widens} for one in self.differences]
        recipients = [asdict(one) for one in self.recipients]
        return {**sides, "widens": self.widens, "differences": found, "recipients": recipients}

    def lines(self) -> Iterator[str]:
        """Write all of it for people, what the agreement is about first."""
        yield f"{_name(self.before)} -> {_name(self.after)}"
        if not self.differences:
            yield "Nothing differs."
            return
        yield self._verdict()
        order = list(dict.fromkeys(HEADINGS.values()))
        parts: dict[str, list[AgreementDifference]] = defaultdict(list)
        for one in self.differences:
            parts[HEADINGS.get(one.part, "Other parts")].append(one)
        for heading in sorted(parts, key=lambda name: order.index(name) if name in order else len(order)):
            yield f"\n{heading}"
            yield from _told(parts[heading])
        if self.recipients:
            yield "\nNew recipients of sensitive facts"
            yield from (f"  ! {one.client} of {one.org}: {shortened(one.facts)}" for one in self.recipients)

    def _verdict(self) -> str:
        if self.widens:
            return f"This widens the agreement in {_counted(len(self.widening), 'respect')}."
        narrower = any(one.direction == "narrower" for one in self.differences)
        return "This narrows the agreement." if narrower else "This changes nothing of what is released or demanded."


def diff(before: Agreement, after: Agreement) -> Diff:
    """Compare two agreements by the grants that they compile to, their populations and their terms."""
    was, now = compiled(before, before.clients[0]), compiled(after, after.clients[0])
    found = (
        *people(before.population, after.population),
        *facts(was, now),
        *_beside(denials(before, after), was, now),
        *terms(before, after),
        *_views(was, now),
    )
    return Diff(before, after, found, tuple(_recipients(before, after, was, now)))


def _beside(some: Iterable[AgreementDifference], was: Grant, now: Grant) -> Iterator[AgreementDifference]:
    """Leave out the denials of facts of which it is told already that they leave, or no longer do."""
    return (one for one in some if action_of(was, one.name) == action_of(now, one.name))


def protected(grant: Grant) -> tuple[str, ...]:
    """Return the elements of a protected class that a grant releases."""
    return tuple(name for name in named(grant) if class_of(name) in PROTECTED and action_of(grant, name) != DENY)


def _recipients(before: Agreement, after: Agreement, was: Grant, now: Grant) -> Iterator[NewRecipient]:
    """Yield each client of the agreement *after* with the protected facts that it did not receive *before*."""
    mine = protected(now)
    fresh = tuple(name for name in mine if action_of(was, name) == DENY)
    for client in after.clients:
        same = client in before.clients and before.district == after.district
        if found := fresh if same else mine:
            yield NewRecipient(client, after.org, found)


def _views(was: Grant, now: Grant) -> Iterator[AgreementDifference]:
    first, then = set(opened(was)), set(opened(now))
    for told in sorted(then - first):
        yield AgreementDifference("view", told, "wider", "closed", "open", f"{told} opens")
    for told in sorted(first - then):
        yield AgreementDifference("view", told, "narrower", "open", "closed", f"{told} closes")


def _told(some: Sequence[AgreementDifference]) -> Iterator[str]:
    """Write the differences of one part; many facts of one kind of record that change alike are counted."""
    groups: dict[tuple[str, ...], list[AgreementDifference]] = defaultdict(list)
    for one in some:
        groups[_alike(one)].append(one)
    for alike in groups.values():
        if len(alike) > MAX_LINES_OF_ONE_KIND:
            yield _summed(alike)
        else:
            yield from map(_line, alike)


def _alike(one: AgreementDifference) -> tuple[str, ...]:
    if one.part in {"fact", "denial"}:
        return one.part, _kind(one.name), one.before, one.after
    return (one.part, one.direction) if one.part == "view" else (one.part, one.name, one.direction)


def _kind(name: str) -> str:
    """Return the kind of record that an element is of, or the one standard that knows it."""
    return name.partition(".")[0]


def _summed(alike: Sequence[AgreementDifference]) -> str:
    first, sign = alike[0], SIGNS[alike[0].direction]
    if first.part == "view":
        done = "open" if first.direction == "wider" else "close"
        return f"  {sign} {len(alike)} {done}: {shortened([one.name for one in alike])}"
    said = first.text.removeprefix(first.name).strip()
    return f"  {sign} {_kind(first.name)}: {len(alike)} facts: each {said}{_classes(alike)}"


def shortened(names: Sequence[str]) -> str:
    """List the first of some names, and how many more there are."""
    more = len(names) - MAX_LINES_OF_ONE_KIND
    return ", ".join([*names[:MAX_LINES_OF_ONE_KIND], *([f"and {more} more"] if more > 0 else [])])


def _line(one: AgreementDifference) -> str:
    about = _meaning(one.name) if one.part == "fact" else ""
    return f"  {SIGNS[one.direction]} {one.text}{_classes([one])}{f': {about}' if about else ''}"


def _classes(some: Iterable[AgreementDifference]) -> str:
    found = sorted({one.sensitivity for one in some} - {""})
    return f" ({', '.join(found)})" if found else ""


def _meaning(name: str) -> str:
    one = elements.element(name)
    return one.fields[0].about if one and not one.member else ""


def _name(one: Agreement) -> str:
    return f"{one.id} version {one.version}"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
