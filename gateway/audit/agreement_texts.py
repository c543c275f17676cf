"""Agreement texts: each version recorded when it was first used, and never changed afterwards.

The audit log keeps the text of every version and what its lines meant then. A version whose text differs now is
refused, and facts added to the product since are not released under an old line.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from gateway.audit.log import PURPOSE
from gateway.audit.verification import texts
from gateway.storage import signed_heads
from gateway.storage.content_store import Contents
from policies import canonical
from policies.agreement import bound
from policies.canonical import Expansion
from policies.documents.binding import bound_by
from standards.errors import SettingsError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.audit.log import Record
    from gateway.config.settings import Settings
    from policies.agreement import Agreement


@dataclass(frozen=True, slots=True)
class Recorded:
    """One version as it was recorded: the hash of its *text*, and the name of what its lines meant."""

    text: str
    elements: str


class Texts:
    """The recorded versions, read once."""

    def __init__(self, store: Contents, name: str) -> None:
        self._store = store
        listed = self._read(name) if name else {}
        self.known = {version: Recorded(*one) for version, one in listed.items()}

    @property
    def newest(self) -> Mapping[str, int]:
        """Return the highest version that was recorded of each agreement."""
        found: dict[str, int] = {}
        for version in self.known:
            name, _, number = version.rpartition("@")
            found[name] = max(int(number), found.get(name, 0))
        return found

    def differing(self, agreements: Iterable[Agreement]) -> Iterator[tuple[SettingsError, Agreement]]:
        """Return every agreement whose version was recorded with another text, and the mistake that this is."""
        for one in agreements:
            known = self.known.get(_version(one))
            if known is not None and known.text != one.digest:
                text = f"version {one.version} of {one.id} was used with another text; a change needs a new version"
                yield SettingsError(text, one.file, 1, 1), one

    def rebound(self, agreements: Iterable[Agreement]) -> Iterator[tuple[SettingsError, Agreement]]:
        """Return every agreement whose id is on record for others, or its form for another purpose, and the mistake."""
        recorded_texts = defaultdict[str, list[str]](list)
        for version, known in self.known.items():
            recorded_texts[version.rpartition("@")[0]].append(known.text)
        for one in agreements:
            there = (bound_by(self._read(text)) for text in recorded_texts.get(one.id, ()))
            if text := next(filter(None, map(bound(one).broken_by, there)), ""):
                yield SettingsError(text, one.file, 1, 1), one

    def held_to(self, one: Agreement) -> Agreement:
        """Return the agreement with the meaning of its lines as recorded, or as it is now where none is recorded."""
        known = self.known.get(_version(one))
        if known is None:
            now = canonical.expansion(one.lines)
            return replace(one, expansion=Expansion(Contents.name(_json(now)), now))
        return replace(one, expansion=Expansion(known.elements, self._read(known.elements)))

    def content(self, version: str) -> Any:
        """Return a recorded *version* (``id@number``) as a document in canonical form; None where there is none."""
        known = self.known.get(version)
        return None if known is None else self._read(known.text)

    def _read(self, name: str) -> Any:
        if self._store.fault(name):
            raise StoreUnavailable("The agreements on record cannot be read; `crossing audit verify` tells more.")
        return orjson.loads(self._store.read(name))


def recorded(settings: Settings) -> Texts:
    """Read what the region's audit log has of agreements; nothing where there is no log yet.

    Raises:
        StoreUnavailable: it cannot be read.
    """
    folder = settings.audit.folder
    head = signed_heads.read_head(folder, settings.open_keys().derive(PURPOSE)) if folder.is_dir() else None
    return Texts(texts(folder), head.agreements if head else "")


def held_to(settings: Settings, agreements: Iterable[Agreement]) -> tuple[Agreement, ...]:
    """Return the *agreements*, each with the meaning of its lines as recorded, as the gateway uses them."""
    return tuple(map(recorded(settings).held_to, agreements))


def record_all(record: Record, agreements: Iterable[Agreement]) -> None:
    """Record the text of every version that is not recorded yet, and what its lines mean."""
    known = Texts(*record.agreements).known
    fresh = {_version(one): _write_down(record, one) for one in agreements if _version(one) not in known}
    if fresh:
        listed = {version: [one.text, one.elements] for version, one in (known | fresh).items()}
        record.note_agreements(record.text(orjson.dumps(listed, option=orjson.OPT_SORT_KEYS)))


def _write_down(record: Record, one: Agreement) -> Recorded:
    """Store the text of an agreement and what it is compiled by: what its lines mean now."""
    elements = one.expansion.elements if one.expansion else canonical.expansion(one.lines)
    return Recorded(record.text(one.text.encode()), record.text(_json(elements)))


def _json(content: Mapping[str, str]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def _version(one: Agreement) -> str:
    return f"{one.id}@{one.version}"
