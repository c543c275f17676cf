"""Explanations of why an element is released or not, step by step, for providers and recipients of data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from policies import combining, elements
from policies.agreement import current
from policies.canonical import capped
from policies.elements import Line
from policies.transfers.terms import is_transfer
from policies.transfers.words import words
from policies.transforms import meet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from policies.agreement import Agreement
    from policies.elements import Element, Settled

Audience = Literal["custodian", "recipient"]

SAID = {
    "allow": "released as it is",
    "year": "released as the first day of its year",
    "month": "released as the first day of its month",
    "zip3": "released as its first three digits",
    "last4": "released as its last four characters",
    "initial": "released as its first letter",
    "hash": "released as a keyed hash that means something only inside this agreement",
    "pseudonym": "released as a pseudonym that means something only to this recipient",
}
HIDDEN = "not in agreement"
NO_API = "a transfer opens no API of data: what its elements cover leaves in a student's sealed package alone"


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One check, whether the element passed it, in words, and where it is written."""

    about: str
    passed: bool
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """The reasons *element* is released to *client* under *agreement*, or not; *action* is ``deny`` where it is not."""

    client: str
    agreement: str
    element: str
    action: str
    steps: tuple[TraceStep, ...]

    @property
    def released(self) -> bool:
        """Whether something of the element leaves."""
        return self.action != "deny"

    def text(self, audience: Audience = "custodian") -> str:
        """Write the trace as lines to read; a recipient learns only what it gets, never why it does not."""
        verdict = SAID[self.action] if self.released else HIDDEN
        if audience == "recipient":
            return f"{self.element}: {verdict}"
        return self.lines(self.element)

    def lines(self, names: str) -> str:
        """Write the trace for the custodian, of all elements whose *names* it holds for."""
        lines = [f"{names} for {self.client}{f' under {self.agreement}' if self.agreement else ''}"]
        for step in self.steps:
            place = f"  [{step.place}]" if step.place else ""
            lines.append(f"  {'yes' if step.passed else 'no '}  {step.about}: {step.text}{place}")
        lines.append(f"  =>   {SAID[self.action] if self.released else HIDDEN}")
        return "\n".join(lines)


def told(traces: Iterable[Trace], audience: Audience = "custodian") -> Iterator[str]:
    """Write *traces* to read, once what is alike; to a recipient, of what leaves by one agreement no more than that."""
    every = tuple(traces)
    if audience == "recipient":
        leaves = {one.element for one in every if one.released}
        shown = (one for one in every if one.released or one.element not in leaves)
        yield from dict.fromkeys(one.text(audience) for one in shown)
        return
    alike: dict[Trace, list[str]] = {}
    for one in every:
        alike.setdefault(replace(one, element=""), []).append(one.element)
    for one, names in alike.items():
        yield one.lines(", ".join(names))


def explain(
    agreements: Iterable[Agreement],
    client: str,
    path: str,
    now: datetime,
    names: Mapping[str, str] | None = None,
    before: Callable[[Agreement, str], Iterable[TraceStep]] = lambda _agreement, _name: (),
) -> tuple[Trace, ...]:
    """Make a trace for every element under *path* and every agreement that names *client*.

    *names* are schools' names by their identifiers, for the population in words. The steps *before* those of the
    agreement itself, of a request for an element, must all be passed too.
    """
    every = tuple(agreements)
    own = [one for one in every if client in one.clients]
    about = [one.name for one in elements.under(Line(path, "allow")) if not one.container]
    if not about:
        step = TraceStep("element", False, f"no element is called {path!r}{elements.guess(path)}")
        return (Trace(client, "", path, "deny", (step,)),)
    if not own:
        step = TraceStep("agreement", False, f"no agreement names the client {client}")
        return tuple(Trace(client, "", name, "deny", (step,)) for name in about)
    return tuple(
        _trace((*before(one, name), *_terms(every, one, now), *_people(one, names or {})), one, client, name, others)
        for one in own
        for others in [_combined(every, one, client, now)]
        for name in about
    )


def _combined(every: tuple[Agreement, ...], one: Agreement, client: str, now: datetime) -> tuple[Agreement, ...]:
    """Return the agreements that are combined with *one* today, itself included; none where it stands alone."""
    there = [
        other
        for other in current(every, one.today(now))
        if client in other.clients
        and not is_transfer(other.operations)
        and (other.district, other.org, other.purpose) == (one.district, one.org, one.purpose)
    ]
    return tuple(there) if len(there) > 1 and one in there else ()


def _together(one: Agreement, others: tuple[Agreement, ...], name: str, action: str) -> tuple[TraceStep | None, str]:
    """Return what the agreements that *one* is combined with make of the *action* of an element, and why."""
    if not others:
        return None, action
    whole = combining.action_for(combining.together(others), name)
    named, limited = ", ".join(other.id for other in others if other is not one), meet((action, whole))
    if limited != action:
        return TraceStep("combined", limited != "deny", f"{named}, for the same purpose, limits it: {limited}"), limited
    more = "" if whole == action else f", which may release it as {whole} of their own students"
    return TraceStep("combined", True, f"with {named}{more}"), action


def _trace(
    first: tuple[TraceStep, ...], one: Agreement, client: str, name: str, others: tuple[Agreement, ...]
) -> Trace:
    lines, alone = _lines(one, name)
    step, action = _together(one, others, name, alone)
    lines = (*lines, step) if step else lines
    passed = all(step.passed for step in first)
    return Trace(client, f"{one.id} version {one.version}", name, action if passed else "deny", (*first, *lines))


def _terms(every: tuple[Agreement, ...], one: Agreement, now: datetime) -> Iterator[TraceStep]:
    said = f"{one.ferpa}, for {one.purpose}: {one.interest}"
    yield TraceStep("basis", True, said, one.file)
    day = one.today(now)
    stretch = f"valid from {one.begin} to {one.end}, today is {day} in {one.timezone.key}"
    yield TraceStep("validity", one.active(day), stretch, one.file)
    if one.active(day) and one not in current(every, day):
        yield TraceStep("validity", False, "a later version has replaced this one", one.file)
    yield TraceStep("operations", True, ", ".join(sorted(one.operations)), one.file)
    if one.transfer:
        yield TraceStep("API", False, NO_API, one.file)
        yield from (TraceStep("transfer", True, said, one.file) for said in words(one.transfer))


def _people(one: Agreement, names: Mapping[str, str]) -> Iterator[TraceStep]:
    if one.transfer:
        yield TraceStep("population", True, "the one student whose record is asked for", one.file)
        return
    yield TraceStep("population", True, one.population.words(names), one.file)
    for text in one.population.steps(names):
        yield TraceStep("a student is in it who", True, text)


def _lines(one: Agreement, name: str) -> tuple[tuple[TraceStep, ...], str]:
    settled = elements.settle(one.lines).get(name)
    if settled is None:
        found = elements.element(name)
        opened = [line for line in one.lines if line.covers(name)]
        if found is None or not found.member or not opened:
            return (TraceStep("element", False, "no line of the agreement names it", one.file),), "deny"
        settled = _capped(one, found, opened) or elements.settle((*one.lines, Line(name, "allow")))[name]
    settled = capped({name: settled}, one.expansion)[name]
    steps = [
        TraceStep("element", line.action != "deny", _said(line), line.place) for line in settled.lines if line.file
    ]
    days = [line for line in settled.lines if line.window is not None]
    steps += [TraceStep("window", True, _days(*line.window), line.place) for line in days if line.window]
    if settled.cap:
        steps.append(TraceStep("cap", settled.action != "deny", settled.cap))
    elif len(settled.lines) > 1:
        steps.append(TraceStep("together", settled.action != "deny", f"the lowest of them counts: {settled.action}"))
    return tuple(steps), settled.action


def _capped(one: Agreement, member: Element, opened: list[Line]) -> Settled | None:
    """Return the action for a whole dictionary, where it is less than its lines say and none names *member*."""
    name = member.fields[0].release
    whole = elements.settle(one.lines).get(name)
    return whole if whole and whole.cap and all(line.covers(name) for line in opened) else None


def _days(since: str | None, until: str | None) -> str:
    """Write a window in words."""
    bounds = (f"from {since} on" if since else "", f"until {until}" if until else "")
    return f"of records dated {' '.join(filter(None, bounds))}"


def _said(line: Line) -> str:
    bundle = f" of the set {line.bundle}" if line.bundle else ""
    return f"the line {line.path}: {line.action}{bundle}"
