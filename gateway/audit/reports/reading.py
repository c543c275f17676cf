"""The audit log read for people: an event in words, by the texts and sets that it names."""

from __future__ import annotations

from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from gateway.audit import acts
from gateway.audit.chain import read_entries
from gateway.audit.students.index import ACT, SubjectIndex
from gateway.audit.students.subject_keys import PURPOSE as SUBJECT_KEYS
from gateway.audit.students.subject_keys import SubjectKeys
from gateway.audit.students.tags import PossibleTags
from gateway.audit.tail import REOPEN
from gateway.audit.verification import field_sets, texts
from gateway.one_line import one_line
from gateway.registers.tags import PURPOSE as REGISTERS
from gateway.registers.tags import RegisterKeys
from standards import vocabulary
from standards.keys import Keyring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from gateway.config.settings import Settings
    from gateway.storage.registry import SqlStore

    Event = Mapping[str, Any]

UNKNOWN = "not on record: an older version of the program kept no texts and no fields"
EVERY_DISTRICT = "*"
DONE = {
    "read": "was shown",
    "bulk": "was given in files",
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "transfer": "was sent",
}
PLAIN = frozenset({"approve", "refused", REOPEN, ACT})
"""The operations that are about no student: listed member by member."""


class AuditReader:
    """The audit log of a region, and the texts and sets stored beside it.

    The registry has the keys of student tags.
    """

    def __init__(self, settings: Settings, registry: SqlStore) -> None:
        self.folder, keys, self._zones = settings.audit.folder, settings.open_keys(), settings.zones
        subject_keys = SubjectKeys(registry, keys.derive(SUBJECT_KEYS))
        self.tags = PossibleTags(subject_keys, Keyring(keys.derive("ids")))
        self.register_keys = RegisterKeys(keys.derive(REGISTERS))
        self._index = SubjectIndex(self.folder)
        self._fields, self._texts = field_sets(self.folder), texts(self.folder)
        self.actions, self._text = cache(self._read_actions), cache(self._read_text)

    def zone(self, district: str) -> tzinfo:
        """Return the time zone of a district; UTC for one that is no longer in the settings."""
        return self._zones.get(district, UTC)

    def acts(self) -> Iterator[Event]:
        """Return every act of an administrator, oldest first, each once."""
        return acts.once_each(self._index.acts())

    def event(self, seq: int) -> Event | None:
        """Return the event of that number."""
        found = (line.event for _, line, number in read_entries(self.folder, seq) if line and number == seq)
        return next(found, None)

    def about(self, district: str, identifier: str) -> Iterator[Event]:
        """Return every event about the student with the source's id *identifier*, oldest first."""
        for event in self._index.about(self.tags.of(district, identifier)):
            if event["district"] in {district, EVERY_DISTRICT}:
                yield event

    def district(self, event: Event) -> str:
        """Return the district that an event was about; ``*`` where the agreements of the response are with several."""
        found = self.districts(event)
        return next(iter(found)) if len(found) == 1 else EVERY_DISTRICT

    def districts(self, event: Event) -> frozenset[str]:
        """Return the districts that an event was about; none where it was of several and their agreements are lost."""
        told = str(event.get("district") or "")
        if told != EVERY_DISTRICT:
            return frozenset((told,))
        return frozenset(one["parties"]["provider"]["district"] for one in self.agreements(event))

    def words(self, event: Event) -> str:
        """Return who asked, when, for what purpose, by which text, and which facts: what 34 CFR 99.32 asks for."""
        if event["operation"] == acts.OPERATION:
            return acts.words(event)
        if event["operation"] in PLAIN:
            told = (f"{name}: {value}" for name, value in event.items() if name not in {"hash", "mac", "at", "seq"})
            lines = [f"event {event['seq']}, {event.get('at', '')}", *(f"  {one}" for one in told)]
            return "\n".join(map(one_line, lines))
        asked = f", asked by {event['shape']}" if event.get("shape") else ""
        done = DONE.get(event["operation"], event["operation"])
        of = f"{event.get('view', '-')} of {event.get('district', '-')} ({event.get('api', '-')})"
        interests = [one["basis"]["legitimateInterest"] for one in self.agreements(event)]
        lines = [
            f"event {event['seq']}, {event.get('at', '')}",
            f"  who: {event['client']} of {event.get('org') or '-'} {done}",
            f"  what: {event.get('rows', 0)} of {of}{asked}",
            f"  why: {event.get('purpose') or '-'}, on the basis of {event.get('basis') or '-'}",
            *(f"  legitimate interest: {interest}" for interest in interests),
            *(f"  under: {name}" for name in event.get("agreements", ())),
            f"  facts: {', '.join(self._facts(event)) or UNKNOWN}",
        ]
        return "\n".join(map(one_line, lines))

    def details(self, event: Event) -> str:
        """List each fact with the sentence that the vocabulary has for it, and each agreement's text."""
        lines = [f"  {name}, {action}: {_sentence(name)}".rstrip(": ") for name, action in sorted(self._actions(event))]
        lines = list(map(one_line, lines))
        for agreement in self.agreements(event):
            lines += ["", orjson.dumps(agreement, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()]
        return "\n".join(["", *lines])

    def _facts(self, event: Event) -> list[str]:
        return [name if action == "allow" else f"{name} ({action})" for name, action in sorted(self._actions(event))]

    def _actions(self, event: Event) -> frozenset[tuple[str, str]]:
        return self.actions(event.get("fields"))

    def _read_actions(self, name: str | None) -> frozenset[tuple[str, str]]:
        """Return the vocabulary's name of each fact in a stored set of fields, and what was done to it."""
        try:
            text = self._fields.read(name or "").decode()
        except OSError:
            return frozenset()
        rows = [line.split("\t") for line in text.split("\n") if line]
        return frozenset((fact, action) for _, _, fact, action in rows)

    def agreements(self, event: Event) -> Iterator[dict[str, Any]]:
        """Yield the texts of the agreements that an event was under, as they were."""
        return (found for name in event.get("texts", ()) if (found := self._text(name)) is not None)

    def _read_text(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = orjson.loads(self._texts.read(name))
        except OSError:
            return None
        return found


def _sentence(name: str) -> str:
    """Return the vocabulary's description of a fact."""
    found = vocabulary.names().get(name)
    return found.about if found else ""
