"""The elements of an agreement as a tree: each kind of record, its facts, their class, and what is sent of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from gateway.admin.agreements.form import content_of, read_actions
from gateway.documents.released import ACTIONS as ACTION_WORDS
from gateway.documents.words import Wording
from policies.elements import Line, dictionary, misfit
from policies.transforms import ACTIONS
from standards import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_FOUND: Final = 100
"""The most facts that a search shows."""


@dataclass(frozen=True, slots=True)
class ShownElement:
    """A fact that can be chosen: sentence, class, the actions that fit, the one chosen, other lines."""

    name: str
    about: str
    sensitivity: str
    choices: tuple[tuple[str, str], ...]
    chosen: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownEntity:
    """A kind of record: how many facts it has, and how many of them lines name."""

    name: str
    about: str
    facts: int
    chosen: int


def entities(text: str, language: str) -> tuple[ShownEntity, ...]:
    """List the kinds of records of the vocabulary."""
    chosen, others, words = read_actions(text), _other_lines(text), Wording(language)
    found = []
    for entity, known in vocabulary.entities().items():
        names = _of(entity)
        named = sum(1 for name in names if name in chosen or any(line.covers(name) for line in others))
        if names:
            found.append(ShownEntity(entity, words.fact(known.about), len(names), named))
    return tuple(found)


def facts(text: str, language: str, entity: str = "", search: str = "") -> tuple[ShownElement, ...]:
    """List the facts of one *entity*, or those whose name or sentence has every word of a *search*."""
    chosen, others, words = read_actions(text), _other_lines(text), Wording(language)
    if entity:
        return tuple(_shown(name, chosen, others, words) for name in _of(entity))
    asked, found = search.casefold().split(), []
    for name in dictionary() if asked else ():
        one = _shown(name, chosen, others, words) if _can(name) else None
        if one and all(word in f"{name} {one.about}".casefold() for word in asked):
            found.append(one)
    return tuple(found[:MAX_FOUND])


def known_action(name: str, action: str) -> bool:
    """Tell whether an *action*, or none, can be chosen for a fact."""
    return not action or (_can(name) and action in _fitting(name))


def _of(entity: str) -> tuple[str, ...]:
    return tuple(name for name in dictionary() if name.partition(".")[0] == entity and _can(name))


def _can(name: str) -> bool:
    one = dictionary().get(name)
    return one is not None and not one.never and not one.container


@cache
def _fitting(name: str) -> tuple[str, ...]:
    return tuple(action for action in ACTIONS if not misfit(action, dictionary()[name]))


def _other_lines(text: str) -> tuple[Line, ...]:
    """Return the lines of paths that stand for several facts, which the tree shows and does not change."""
    lines = content_of(text).get("elements")
    found = [line for line in lines or () if isinstance(line, dict) and isinstance(line.get("path"), str)]
    wider = [line for line in found if line["path"] not in dictionary() or line.keys() != {"path", "action"}]
    return tuple(Line(line["path"], str(line.get("action"))) for line in wider)


def _shown(name: str, chosen: Mapping[str, str], others: tuple[Line, ...], words: Wording) -> ShownElement:
    one = dictionary()[name]
    first = one.fields[0]
    about = words.fact(first.about) if not name.startswith(("edfi.", "oneroster.")) and first.about else name
    pairs = tuple((action, words.say(ACTION_WORDS[action])) for action in _fitting(name))
    return ShownElement(name, about, first.sensitivity, pairs, chosen.get(name, ""), tuple(_told(name, others)))


def _told(name: str, others: tuple[Line, ...]) -> Iterator[str]:
    return (f"{line.path}: {line.action}" for line in others if line.covers(name))
