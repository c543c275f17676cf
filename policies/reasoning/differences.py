"""Differences between two agreements in what they release: facts, windows, and the students they are about."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from policies import elements
from policies.explain import SAID
from policies.records.windows import DateWindow
from policies.transforms import below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.agreement import Agreement
    from policies.grant import Grant
    from policies.population import Population

Direction = Literal["wider", "narrower", "both", "neutral"]
WIDENING: frozenset[Direction] = frozenset({"wider", "both"})
DENY = "deny"
CHOICES = {"schools": "school", "grades": "grade", "programs": "program"}
"""The selectors that list what they admit, as the fields of a population and in words."""
WORDS = {
    **CHOICES,
    "active": "an active enrollment",
    "ages": "an age",
    "form": "a consent",
    "assigned": "an assignment",
}
UNSET: tuple[object, ...] = (None, False, "", (), frozenset())
"""The values of a selector that an agreement does not have; an empty list of schools or grades admits nobody."""


@dataclass(frozen=True, slots=True)
class AgreementDifference:
    """One difference: its *part* and *name* in an agreement, what was *before* and is *after*, and in words.

    It is ``wider`` where more is released or less is demanded than before, ``narrower`` where less, ``both`` where
    neither holds of all of it, and ``neutral`` where the gateway and the recipient do the same as before.
    """

    part: str
    name: str
    direction: Direction
    before: str
    after: str
    text: str
    sensitivity: str = ""

    @property
    def widens(self) -> bool:
        """Whether anything of it is wider than before."""
        return self.direction in WIDENING


def direction_of(*, up: bool, down: bool) -> Direction:
    """Return the direction of a change that lets more through (*up*), less (*down*), or both."""
    return "both" if up and down else "wider" if up else "narrower" if down else "neutral"


def action_of(grant: Grant, name: str) -> str:
    """Return the action on the element *name* under a grant; ``deny`` where it is not released."""
    one = elements.element(name)
    if one is not None and one.open:
        found = grant.rules.get(f"{name}.*")  # its own name is there for the sake of single members too
        return found.action if found else DENY
    rule = grant.rule(name)
    return rule.action if rule else DENY


def named(*grants: Grant) -> tuple[str, ...]:
    """Return every element that any of the *grants* has a rule for, without those that only hold others."""
    names = {name.removesuffix(".*") for grant in grants for name in grant.rules}
    return tuple(name for name in sorted(names) if (one := elements.element(name)) and not one.container)


def released(grant: Grant) -> Mapping[str, str]:
    """Return the action on every element that a grant releases."""
    return {name: action for name in named(grant) if (action := action_of(grant, name)) != DENY}


def facts(before: Grant, after: Grant) -> Iterator[AgreementDifference]:
    """Yield each element of which the grant *after* releases more, less or something else than the one *before*."""
    for name in named(before, after):
        was, now = action_of(before, name), action_of(after, name)
        if was != now:
            yield _fact(name, was, now, after.windows.get(name))
        elif now != DENY and before.windows.get(name) != after.windows.get(name):
            yield _window(name, before.windows.get(name), after.windows.get(name))


def denials(before: Agreement, after: Agreement) -> Iterator[AgreementDifference]:
    """Yield each element that is denied in so many words in one of them alone: a denial also caps other agreements."""
    was, now = (_denied(one) for one in (before, after))
    for name in sorted(was - now):
        text = f"{name} is no longer denied, so that another agreement may release it"
        yield AgreementDifference("denial", name, "wider", "denied", "not named", text, class_of(name))
    for name in sorted(now - was):
        text = f"{name} is denied, also where another agreement releases it"
        yield AgreementDifference("denial", name, "narrower", "not named", "denied", text, class_of(name))


def _denied(one: Agreement) -> frozenset[str]:
    return frozenset(
        name
        for name, settled in elements.settle(one.lines).items()
        if settled.action == DENY and not settled.cap and not _holds_others(name)
    )


def _holds_others(name: str) -> bool:
    one = elements.element(name)
    return one is not None and one.container


def class_of(name: str) -> str:
    """Return the class of an element's sensitivity."""
    one = elements.element(name)
    return one.fields[0].sensitivity if one else ""


def _fact(name: str, was: str, now: str, window: DateWindow | None) -> AgreementDifference:
    direction = direction_of(up=not below(now, was), down=not below(was, now))
    if now == DENY:
        text = "no longer leaves"
    else:
        text = f"leaves {_said(now)}{_of_records(window)}, " + ("and did not" if was == DENY else f"was {_said(was)}")
    return AgreementDifference("fact", name, direction, was, now, f"{name} {text}", class_of(name))


def _said(action: str) -> str:
    return SAID[action].removeprefix("released ")


def _of_records(window: DateWindow | None) -> str:
    return f" of records dated {span(window)}" if window else ""


def span(window: DateWindow | None) -> str:
    """Write a window of dates in words."""
    if window is None or (window.since is None and window.until is None):
        return "at any time"
    since = f"from {window.since}" if window.since else ""
    return " ".join(filter(None, (since, f"until {window.until}" if window.until else "")))


def _window(name: str, was: DateWindow | None, now: DateWindow | None) -> AgreementDifference:
    first, then = was or DateWindow(), now or DateWindow()
    low, high = "0000-00-00", "9999-99-99"
    begin, later = first.since or low, then.since or low
    end, earlier = first.until or high, then.until or high
    direction = direction_of(up=later < begin or earlier > end, down=later > begin or earlier < end)
    text = f"{name} leaves of records dated {span(now)}, was {span(was)}"
    return AgreementDifference("window", name, direction, span(was), span(now), text, class_of(name))


def people(before: Population, after: Population) -> Iterator[AgreementDifference]:
    """Yield the difference of two populations, in words and with what was added to and taken from each selector."""
    steps = [change for one in fields(after) if (change := _selector(one.name, before, after)) is not None]
    if not steps:
        return
    direction = direction_of(up=any(up for up, _, _ in steps), down=any(down for _, down, _ in steps))
    told = {
        "wider": "everyone who was in it still is, and others may be",
        "narrower": "everyone in it was in it before, and others may no longer be",
    }.get(direction, "it may hold students who were not in it before, and others may no longer be in it")
    text = f"{after.words()}, was {before.words()}: {told} ({'; '.join(said for _, _, said in steps)})"
    yield AgreementDifference("students", "population", direction, before.words(), after.words(), text)


def within(some: Population, others: Population) -> bool:
    """Tell whether every student that *some* population can hold is in the *others* too, whatever a district holds."""
    return not any(one.widens for one in people(others, some))


def _selector(name: str, before: Population, after: Population) -> tuple[bool, bool, str] | None:
    """Tell whether a selector admits more than before and whether less, and how; None where it is the same."""
    was, now = getattr(before, name), getattr(after, name)
    if was == now or (_unset(name, was) and _unset(name, now)):
        return None
    word = WORDS.get(name, name)
    if _unset(name, was):
        return False, True, f"asks now for {word}"
    if _unset(name, now):
        return True, False, f"asks no longer for {word}"
    if name not in CHOICES:
        return True, True, f"{word} is another"
    gained, lost = sorted(set(now) - set(was)), sorted(set(was) - set(now))
    if not gained and not lost:
        return None
    return bool(gained), bool(lost), _listed(word, gained, lost)


def _unset(name: str, value: object) -> bool:
    return value is None if name in CHOICES else any(value is one or value == one for one in UNSET)


def _listed(word: str, gained: list[Any], lost: list[Any]) -> str:
    told = [f"{sign} {word} {', '.join(some)}" for sign, some in (("+", gained), ("-", lost)) if some]
    return "; ".join(told)
