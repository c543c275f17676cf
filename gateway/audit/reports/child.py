"""The record of disclosures of one child: each party once, with what it got, when, how often, why, and by which law."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from gateway.audit.reports.law import Duty, duty
from gateway.registers.tags import ID, TAG_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from gateway.audit.reports.reading import AuditReader

    Event = Mapping[str, Any]


TAG = re.compile(rf"\b[0-9a-f]{{{2 * TAG_BYTES}}}\b")
"""A register tag, as it stands in the content of an act."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an agreement said when it was used: its name, the *recipient*, its kind, the purpose and the interest.

    *further* are the parties to which the recipient may disclose it on the district's behalf (34 CFR 99.32(b)(1)).
    """

    agreement: str
    recipient: str
    kind: str
    purpose: str
    interest: str
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disclosures:
    """What one program of one organisation did under the same agreements: from *first* to *last*, so many *times*."""

    org: str
    client: str
    operation: str
    purpose: str
    basis: str
    terms: tuple[Terms, ...]
    first: datetime
    last: datetime
    times: int
    facts: frozenset[tuple[str, str]]
    known: bool
    events: tuple[int, ...]

    @property
    def duty(self) -> Duty:
        """What the law asks of it."""
        return duty(self.basis, [name for name, _ in self.facts])


@dataclass(frozen=True, slots=True)
class ChildReport:
    """The record of one child of a *district*, between two days: disclosures by party, and *acts* about the child."""

    district: str
    made: datetime
    begin: date | None
    end: date | None
    rows: tuple[Disclosures, ...]
    acts: tuple[Event, ...]

    @property
    def events(self) -> tuple[int, ...]:
        """The numbers of all events of the report, oldest first."""
        return tuple(sorted({seq for row in self.rows for seq in row.events} | {one["seq"] for one in self.acts}))


def report(
    reader: AuditReader, district: str, identifier: str, begin: date | None, end: date | None, now: datetime
) -> ChildReport:
    """Collect the report of the student with the source's id *identifier*."""
    zone = reader.zone(district)
    wanted = _Days(begin, end, zone)
    groups: dict[tuple[Any, ...], list[Event]] = {}
    for event in filter(wanted.holds, reader.about(district, identifier)):
        groups.setdefault(_group(event), []).append(event)
    rows = sorted((_row(reader, district, zone, some) for some in groups.values()), key=lambda one: one.first)
    acts = tuple(filter(wanted.holds, _acts(reader, district, identifier)))
    return ChildReport(district, now.astimezone(zone), begin, end, tuple(rows), acts)


@dataclass(frozen=True, slots=True)
class _Days:
    begin: date | None
    end: date | None
    zone: tzinfo

    def holds(self, event: Event) -> bool:
        if self.begin is None and self.end is None:
            return True
        day = datetime.fromisoformat(event["at"]).astimezone(self.zone).date()
        return (self.begin is None or day >= self.begin) and (self.end is None or day <= self.end)


def _group(event: Event) -> tuple[Any, ...]:
    names = ("org", "client", "operation", "purpose", "basis")
    return (*(event.get(name, "") for name in names), tuple(event.get("texts") or event.get("agreements", ())))


def _row(reader: AuditReader, district: str, zone: tzinfo, some: list[Event]) -> Disclosures:
    moments = [event["at"] for event in some]
    facts = frozenset[tuple[str, str]]().union(*(reader.actions(name) for name in {one.get("fields") for one in some}))
    first = some[0]
    return Disclosures(
        org=first.get("org") or "",
        client=first["client"],
        operation=first["operation"],
        purpose=first.get("purpose", ""),
        basis=first.get("basis", ""),
        terms=tuple(_terms(reader, district, first)),
        first=datetime.fromisoformat(min(moments)).astimezone(zone),
        last=datetime.fromisoformat(max(moments)).astimezone(zone),
        times=len(some),
        facts=facts,
        known=bool(facts),
        events=tuple(event["seq"] for event in some),
    )


def _terms(reader: AuditReader, district: str, event: Event) -> Iterator[Terms]:
    """Return what the agreements of an event with this *district* said; all that are known where none is named."""
    for text in reader.agreements(event):
        parties, basis = text["parties"], text["basis"]
        if parties["provider"]["district"] == district:
            name, whom = f"{text['id']}@{text['version']}", parties["recipient"]
            yield Terms(name, whom["org"], whom["kind"], basis["purpose"], basis["legitimateInterest"], _further(text))


def _further(text: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the further parties that the text of an agreement names: recipients of its recipient, subcontractors."""
    redisclosure = text.get("redisclosure", "prohibited")
    named = () if redisclosure == "prohibited" else redisclosure["named"]
    return (*named, *text["parties"].get("subprocessors", ()))


def _acts(reader: AuditReader, district: str, identifier: str) -> Iterator[Event]:
    """Return the acts about the student: those whose content has the tag of its id in the registers."""
    tag, known = reader.register_keys.tag(district, ID, identifier), set[object]()
    for event in reader.acts():
        number = event.get("act", event["seq"])
        if event.get("district") == district and tag in _tags(event) and number not in known:
            known.add(number)  # an act may be on record twice, after a failure between registry and record
            yield event


def _tags(event: Event) -> set[str]:
    """Return the register tags that an act names, whether as a list, by their kind, or written out."""
    content = event.get("content")
    return set(TAG.findall(str(content.get("tags", "")))) if isinstance(content, dict) else set()
