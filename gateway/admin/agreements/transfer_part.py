"""The part of the form about transfers: what leaves by rule, on what a person decides, and whose keys count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.agreements.form import content_of
from gateway.storage.transfers.district_keys import DistrictKeys
from gateway.translations.phrases import Phrase
from policies.transfers.terms import BY_PERSON_ALONE, INDISPENSABLE, LETTER, OPERATION, PART, SECTIONS, TRACKS
from standards.errors import CallerError, InvalidBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.admin.administration import Administration
    from gateway.storage.transfers.district_keys import DistrictKey

MAX_KEYS: Final = 2
THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
BY_RULE: Final = tuple(one for one in SECTIONS if one not in BY_PERSON_ALONE)
"""The sections that a rule may release, in their order."""

NO_TRACK: Final = "Choose what the rule releases, or take its sections away."
LACKS_CONDITION: Final = "No rule releases anything without state id, birth date and no restriction."
BOTH_WAYS: Final = "The same section is named for the rule and for a person: choose one of them."
ON_NO_TRACK: Final = "The information that is due at once does not carry this section: %(section)s."
NO_OFFICE: Final = "The letter names the office that parents turn to for a copy and a hearing."
OFFICE_WITHOUT_LETTER: Final = "The office is printed in a letter alone: leave it empty."
NO_THUMBPRINT: Final = "A thumbprint has 43 letters, digits, dashes and underscores."
TOO_MANY_KEYS: Final = "Two keys of a district at most, so that one can follow the other."
KEY_TWICE: Final = "The same key is named twice."
SAME_KEY: Final = "This is a key of the receiver: each district has its own."


def is_of_transfer(text: str) -> bool:
    """Tell whether the text of an agreement is about transfers; False where it cannot be read."""
    try:
        content = content_of(text)
    except CallerError:
        return False
    operations = content.get("operations")
    return PART in content or (isinstance(operations, list) and OPERATION in operations)


def check_transfer_part(values: Mapping[str, Any]) -> None:
    """Check the *values* of the part; empty ones are left to be filled in.

    Raises:
        InvalidBody: one is none, or they contradict each other.
    """
    found: dict[str, list[str]] = {}
    for name, fault in _faults(values):
        found.setdefault(f"/{name}", []).append(fault)
    if found:
        raise InvalidBody(next(iter(found.values()))[0], found)


def published_keys(region: Administration, district: str) -> tuple[DistrictKey, ...]:
    """Return the keys that a district has published and not revoked: everybody may know them."""
    known = DistrictKeys(region.store, region.clock).of(district)
    return tuple(one for one in known if one.status != "revoked")


def _faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _rule_faults(values)
    if values["notify"] == LETTER and not values["office"]:
        yield "office", NO_OFFICE
    if values["notify"] != LETTER and values["office"]:
        yield "office", OFFICE_WITHOUT_LETTER
    for name in ("receiverKeys", "senderKeys"):
        yield from ((name, fault) for fault in _key_faults(values[name]))
    if set(values["senderKeys"]) & set(values["receiverKeys"]):
        yield "senderKeys", SAME_KEY


def _rule_faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    tracks, sections = values["tracks"], values["sections"]
    if sections and not tracks:
        yield "tracks", NO_TRACK
    if tracks and not set(INDISPENSABLE) <= set(values["when"]):
        yield "when", LACKS_CONDITION
    if set(sections) & set(values["ask"]):
        yield "sections", BOTH_WAYS
    for section in sections if tracks else ():
        if not any(section in TRACKS.get(track, ()) for track in tracks):
            yield "sections", Phrase(ON_NO_TRACK, section=section)


def _key_faults(keys: list[str]) -> Iterator[str]:
    if any(THUMBPRINT.fullmatch(one) is None for one in keys):
        yield NO_THUMBPRINT
    if len(keys) > MAX_KEYS:
        yield TOO_MANY_KEYS
    if len(set(keys)) < len(keys):
        yield KEY_TWICE
