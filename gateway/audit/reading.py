"""The audit log read for people: an event in words, by the texts and sets that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from gateway.audit import acts
from gateway.audit.chain import read_entries, read_events
from gateway.audit.subjects import Subjects
from gateway.audit.tail import REOPEN
from gateway.audit.verification import SUBJECTS, field_sets, texts
from standards import vocabulary
from standards.keys import Keyring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.config.settings import Settings

    Event = Mapping[str, Any]

UNKNOWN = "not on record: an older version of the program kept no texts and no fields"
DONE = {
    "read": "was shown",
    "bulk": "was given in files",
    "create": "created",
    "update": "changed",
    "delete": "deleted",
}
PLAIN = frozenset({"approve", "refused", REOPEN})
"""The operations that are about no student: listed member by member."""


class AuditReader:
    """The audit log of a region, and the texts and sets stored beside it."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.audit.folder
        self._keyring = Keyring(settings.open_keys().derive("ids"))
        self._subjects = Subjects(self._folder / SUBJECTS)
        self._fields, self._texts = field_sets(self._folder), texts(self._folder)

    def event(self, seq: int) -> Event | None:
        """Return the event of that number."""
        found = (line.event for _, line, number in read_entries(self._folder, seq) if line and number == seq)
        return next(found, None)

    def acts(self) -> Iterator[Event]:
        """Return every act of an administrator, oldest first, each once."""
        return acts.read_acts(self._folder)

    def about(self, district: str, identifier: str) -> Iterator[Event]:
        """Return every event about the student with the source's id *identifier*, oldest first."""
        tag = self._keyring.student_tag(district, identifier)
        for event in read_events(self._folder):
            here = event.get("set") and event["district"] in {district, "*"}
            if here and self._subjects.holds(event["set"], tag, event["from"], event["to"]):
                yield event

    def words(self, event: Event) -> str:
        """Return who asked, when, for what purpose, by which text, and which facts: what 34 CFR 99.32 asks for."""
        if event["operation"] == acts.OPERATION:
            return acts.words(event)
        if event["operation"] in PLAIN:
            told = (f"{name}: {value}" for name, value in event.items() if name not in {"hash", "mac", "at", "seq"})
            return "\n".join([f"event {event['seq']}, {event.get('at', '')}", *(f"  {one}" for one in told)])
        asked = f", asked by {event['shape']}" if event.get("shape") else ""
        done = DONE.get(event["operation"], event["operation"])
        of = f"{event.get('view', '-')} of {event.get('district', '-')} ({event.get('api', '-')})"
        interests = [one["basis"]["legitimateInterest"] for one in self._agreements(event)]
        lines = [
            f"event {event['seq']}, {event.get('at', '')}",
            f"  who: {event['client']} of {event.get('org') or '-'} {done}",
            f"  what: {event.get('rows', 0)} of {of}{asked}",
            f"  why: {event.get('purpose') or '-'}, on the basis of {event.get('basis') or '-'}",
            *(f"  legitimate interest: {interest}" for interest in interests),
            *(f"  under: {name}" for name in event.get("agreements", ())),
            f"  facts: {', '.join(self._facts(event)) or UNKNOWN}",
        ]
        return "\n".join(lines)

    def details(self, event: Event) -> str:
        """List each fact with the sentence that the vocabulary has for it, and each agreement's text."""
        lines = [f"  {name}, {action}: {_sentence(name)}".rstrip(": ") for name, action in sorted(self._actions(event))]
        for agreement in self._agreements(event):
            lines += ["", orjson.dumps(agreement, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()]
        return "\n".join(["", *lines])

    def _facts(self, event: Event) -> list[str]:
        return [name if action == "allow" else f"{name} ({action})" for name, action in sorted(self._actions(event))]

    def _actions(self, event: Event) -> set[tuple[str, str]]:
        """Return the vocabulary's name of each fact, and what was done to it."""
        try:
            text = self._fields.read(event.get("fields", "")).decode()
        except OSError:
            return set()
        return {(name, action) for line in text.splitlines() for _, _, name, action in [line.split("\t")]}

    def _agreements(self, event: Event) -> Iterator[dict[str, Any]]:
        for name in event.get("texts", ()):
            try:
                yield orjson.loads(self._texts.read(name))
            except OSError:
                continue


def _sentence(name: str) -> str:
    """Return the vocabulary's description of a fact."""
    found = vocabulary.names().get(name)
    return found.about if found else ""
