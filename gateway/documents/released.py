"""Released facts of an agreement, as documents list them: by category, each with its sentence and what is sent."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from gateway.documents.words import message
from policies import canonical, elements
from standards import schedule, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.documents.words import Wording
    from policies.agreement import Agreement
    from policies.elements import Settled

NATIVE = ("edfi.", "oneroster.")
WHOLE = message(
    "Everything that the resource %(resource)s of the standard %(standard)s holds, but what is listed by itself."
)
PART = message("The element %(member)s of the resource %(resource)s of the standard %(standard)s.")
ACTIONS = {
    "allow": message("as it is"),
    "year": message("only the year"),
    "month": message("only the year and the month"),
    "zip3": message("only the first three digits"),
    "last4": message("only the last four characters"),
    "initial": message("only the first letter"),
    "hash": message("a code in its place, the same for equal values"),
    "pseudonym": message("a number made for this recipient alone"),
    "deny": message("nothing"),
}


@dataclass(frozen=True, slots=True)
class ReleasedFact:
    """A fact that leaves: its *name*, what *action* makes of it, and the *windows* of dates it is limited to.

    A name that ends with a star stands for every member of a native resource, all released alike.
    """

    name: str
    action: str
    windows: tuple[tuple[str, str], ...] = ()

    @property
    def category(self) -> str:
        """Its category in the schedule of data."""
        return schedule.category(self.name)

    @property
    def about(self) -> str:
        """What kind of record it is a fact of: an entity of the vocabulary, or a native resource."""
        parts = self.name.split(".")
        return ".".join(parts[:2]) if self.name.startswith(NATIVE) else parts[0]

    def sentence(self, words: Wording) -> str:
        """Say what it is, in words that a parent understands; a native fact is told by its name."""
        field = None if self.name.startswith(NATIVE) else schedule.known(self.name)
        if field is not None:
            return words.fact(field.about)
        standard, resource, *members = self.name.split(".")
        named = {"standard": {"edfi": "Ed-Fi", "oneroster": "OneRoster"}[standard], "resource": resource}
        if members == ["*"]:
            return words.say(WHOLE, **named)
        return words.say(PART, member=".".join(members), **named)

    def sent(self, words: Wording) -> str:
        """Say what is sent of it."""
        said = words.say(ACTIONS[self.action])
        return "; ".join([said, *(_window(window, words) for window in self.windows)])


def content(agreement: Agreement) -> dict[str, Any]:
    """Return the document of an agreement as it was written, in its canonical form."""
    found: dict[str, Any] = json.loads(agreement.text)
    return found


def released(agreement: Agreement) -> tuple[ReleasedFact, ...]:
    """Return every fact that an agreement releases, in the order of the schedule's categories and of the vocabulary."""
    windows = {line["path"]: _dates(line["window"]) for line in content(agreement)["elements"] if "window" in line}
    settled = canonical.capped(elements.settle(agreement.lines), agreement.expansion)
    facts = [_fact(name, one, windows) for name, one in settled.items() if one.action != "deny" and _tells(name)]
    order = {name: number for number, name in enumerate(schedule.categories())}
    return tuple(sorted(_gathered(facts), key=lambda fact: (order[fact.category], _place(fact.name))))


def denied(agreement: Agreement) -> tuple[str, ...]:
    """Return the paths that an agreement excludes by name, in its order."""
    return tuple(line.path for line in agreement.lines if line.action == "deny")


def by_category(facts: Iterable[ReleasedFact]) -> Iterator[tuple[str, tuple[ReleasedFact, ...]]]:
    """Yield the facts of each category that has any."""
    for name, some in groupby(facts, lambda fact: fact.category):
        yield name, tuple(some)


def told_by(facts: Iterable[ReleasedFact], words: Wording) -> Iterator[tuple[str, tuple[ReleasedFact, ...]]]:
    """Yield the facts about each kind of record, with the sentence that says what the record is."""
    for about, some in groupby(facts, lambda fact: fact.about):
        known = vocabulary.entities().get(about)
        native = words.say("Facts that only the standard knows: %(resource)s.", resource=about)
        yield words.fact(known.about) if known else native, tuple(some)


def _tells(name: str) -> bool:
    """Tell whether an element is a fact, and not just a group of facts."""
    one = elements.element(name)
    return one is not None and not one.container


def _fact(name: str, settled: Settled, windows: Mapping[str, tuple[str, str]]) -> ReleasedFact:
    about = [windows[line.path] for line in settled.lines if line.path in windows]
    return ReleasedFact(name, settled.action, tuple(dict.fromkeys(about)))


def _gathered(facts: Iterable[ReleasedFact]) -> Iterator[ReleasedFact]:
    """Put one fact in the place of all that are alike in a native resource that is released whole."""
    resources: dict[str, list[ReleasedFact]] = {}
    for fact in facts:
        if fact.name.startswith(NATIVE):
            resources.setdefault(fact.about, []).append(fact)
        else:
            yield fact
    for resource, some in resources.items():
        whole = len(some) == _size(resource) > 1 and len({fact.category for fact in some}) == 1
        usual = Counter((fact.action, fact.windows) for fact in some).most_common(1)[0][0]
        alike = [fact for fact in some if whole and (fact.action, fact.windows) == usual]
        if alike:
            yield ReleasedFact(f"{resource}.*", *usual)
        yield from (fact for fact in some if fact not in alike)


def _size(resource: str) -> int:
    return _sizes().get(resource, 0)


@cache
def _sizes() -> Mapping[str, int]:
    """Count the facts of each native resource."""
    found: dict[str, int] = {}
    for name, one in elements.dictionary().items():
        if name.startswith(NATIVE) and not one.container:
            resource = ".".join(name.split(".")[:2])
            found[resource] = found.get(resource, 0) + 1
    return found


@cache
def _places() -> Mapping[str, int]:
    return {name: place for place, name in enumerate(vocabulary.names())}


def _place(name: str) -> tuple[int, str]:
    """Return where a fact stands: in the order of the vocabulary, native ones by name after them."""
    field = None if name.startswith(NATIVE) else schedule.known(name)
    return (_places()[field.release], name) if field else (len(_places()), name)


def _dates(window: Mapping[str, str]) -> tuple[str, str]:
    return window.get("since", ""), window.get("until", "")


def _window(window: tuple[str, str], words: Wording) -> str:
    since, until = (words.date(day) if day else "" for day in window)
    if since and until:
        return words.say("records dated from %(since)s to %(until)s", since=since, until=until)
    if since:
        return words.say("records dated from %(since)s on", since=since)
    return words.say("records dated until %(until)s", until=until)
