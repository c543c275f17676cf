"""The reason of a district's failure, for its operator: the kind of error and its place, and never a value.

The message of a source, or of an adapter, is not among them: it may quote what was read. What stands here is a text of
the gateway's own, and a place of which only words of the standards, names of files and numbers are left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from standards import errors, registry, vocabulary
from standards.edfi.model import model as edfi
from standards.errors import (
    ChangesLost,
    GatewayError,
    Incomplete,
    LossRefused,
    MappingError,
    SettingsError,
    SourceBroken,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnavailable,
    StoreUnavailable,
)
from standards.oneroster import model
from standards.oneroster.csv import specification

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standards.edfi.model.model import Property
    from standards.losses import Loss

HIDDEN: Final = "?"
FILE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}\.(csv|xml|zip|json)", re.ASCII)
PARTS: Final = re.compile(r"[^\[\]:/.]+|[\[\]:/.]")
SEPARATORS: Final = frozenset("[]:/.")
MAX_PLACE_CHARACTERS: Final = 200
OWN_WORDS: Final = frozenset({"districts", "token", "metadata", "discovery", "changeQueries", "availableChangeVersions",
                              "ed-fi", "sourcedId", "id", "oneroster", "edfi"})  # fmt: skip
TEXTS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (Incomplete, "more of the source cannot be used than may be set aside; crossing check tells where"),
    (LossRefused, "more rows would be dropped than may be without approval"),
    (ChangesLost, "the source no longer knows what has changed"),
    (MappingError, "a record cannot be expressed in the standard model"),
    (SourceBroken, "the source's data cannot be understood; crossing check tells what is wrong there"),
    (SourceRefused, "the source refuses what it was asked; crossing check tells more"),
    (SourceTimeout, "the source does not answer in time"),
    (SourceUnavailable, "the source cannot be reached now"),
    (SourceError, "the source did not give what was asked of it"),
    (SettingsError, "the district's settings are wrong; crossing check tells where"),
    (StoreUnavailable, "the registry, the shared memory or the record cannot be used"),
    (GatewayError, "the gateway refused"),
    (BaseException, "the adapter failed"),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason for which a *district* failed: the *kind* of error, its *place*, and which rows would be lost or lack.

    *raised* is the module and line of the code that gave up, for whoever mends an adapter.
    """

    district: str
    kind: str
    place: str
    raised: str
    told: str
    losses: tuple[Loss, ...] = ()
    lacks: tuple[Loss, ...] = ()

    def __str__(self) -> str:
        lost = ", ".join(f"{one.gone} of {one.held} rows of {one.entity}" for one in self.losses)
        lacks = "; ".join(map(str, self.lacks))
        return ": ".join(part for part in (f"districts.{self.district}", self.place, self.told, lost, lacks) if part)


def reason(district: str, error: BaseException) -> Reason:
    """Return the reason for which *district* failed, as far as *error* may be repeated."""
    told = next(text for kind, text in TEXTS if isinstance(error, kind))
    place = plain_place(error.place) if isinstance(error, SourceError) else ""
    lost = error.losses if isinstance(error, LossRefused) else ()
    losses = tuple(replace(one, entity=plain_place(one.entity)) for one in lost)
    lacking = error.lacks if isinstance(error, Incomplete) else ()
    lacks = tuple(replace(one, entity=plain_place(one.entity)) for one in lacking)
    return Reason(district, kind_of(error), place, raised(error), told, losses, lacks)


def kind_of(error: BaseException) -> str:
    """Return the code of one of our errors, or the name of one of Python's; of any other the nearest of these."""
    ours = next((one for one in type(error).__mro__ if one.__module__ in {errors.__name__, "builtins"}), Exception)
    return ours.code if issubclass(ours, GatewayError) else ours.__name__


def raised(error: BaseException) -> str:
    """Return the module and line in which *error* was raised."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    return f"{Path(frame.tb_frame.f_code.co_filename).stem}:{frame.tb_lineno}" if frame else "unknown"


def plain_place(place: str) -> str:
    """Return *place* with a question mark for every part that is no number, no file and no word of the standards."""
    if len(place) > MAX_PLACE_CHARACTERS:
        return HIDDEN
    file, colon, rest = place.partition(":")
    if FILE.fullmatch(file):
        return f"{file}{colon}{_parts(rest)}"
    return _parts(place)


def _parts(text: str) -> str:
    return "".join(part if part in SEPARATORS or _is_plain(part) else HIDDEN for part in PARTS.findall(text))


def _is_plain(part: str) -> bool:
    return (part.isascii() and part.isdigit()) or part in known_words()


@cache
def known_words() -> frozenset[str]:
    """Return every name that the vocabulary and the two published standards have."""
    found = set(OWN_WORDS)
    for entity in vocabulary.entities().values():
        found.add(entity.name)
        found.update(part for name in entity.fields for part in name.split("."))
    for resource in edfi.own().values():
        found.update((resource.name, resource.collection, *_members(resource.properties)))
    for version in model.VERSIONS:
        for name, members in model.classes(version).items():
            found.update((name, *members))
        found.update(name.removesuffix(".csv") for name in specification.files(version))
        found.update(column for file in specification.files(version).values() for column in file.columns)
    found.update(registry.views("oneroster"))
    return frozenset(found)


def _members(properties: Mapping[str, Property]) -> Iterator[str]:
    for name, one in properties.items():
        yield name
        yield from _members(one.properties)
