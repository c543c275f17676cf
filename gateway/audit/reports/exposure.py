"""Exposure: what a breach at one recipient may have laid open, by district, with what its letters have to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.audit.reports.reading import EVERY_DISTRICT
from gateway.audit.students.subject_keys import school_year
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.audit.reports.reading import AuditReader
    from gateway.audit.reports.uses import DisclosureWalk

    Event = Mapping[str, Any]


@dataclass(slots=True)
class Exposed:
    """What one *client* has of one *district*: facts, when, under which agreements, and children by school year.

    *district* is ``*`` where one request was about several: whose child a tag is, only the district's key tells.
    """

    district: str
    client: str
    orgs: set[str] = field(default_factory=set)
    first: str = ""
    last: str = ""
    times: int = 0
    facts: set[tuple[str, str]] = field(default_factory=set)
    agreements: dict[str, list[str]] = field(default_factory=dict)
    students: dict[int, set[bytes]] = field(default_factory=dict)

    def counts(self) -> dict[int, int]:
        """Return the number of children by school year: a child of two years counts in both."""
        return {year: len(tags) for year, tags in sorted(self.students.items())}


def exposure(reader: AuditReader, walk: DisclosureWalk, client: str) -> list[Exposed]:
    """Collect what a *client* was sent within the days of the *walk*, by district."""
    found: dict[str, Exposed] = {}
    for event in walk.events():
        if event["client"] == client:
            district = reader.district(event)
            _add(reader, walk, found.setdefault(district, Exposed(district, client)), event)
    return [found[name] for name in sorted(found)]


def exposed_children(reader: AuditReader, found: Iterable[Exposed], district: str, ids: Iterable[str]) -> list[str]:
    """Return those of a district's students, by the *ids* in its own system, who are among the exposed.

    Raises:
        CallerError: a year's key was destroyed, so that nobody can tell who they were.
    """
    here = [one for one in found if one.district in {district, EVERY_DISTRICT}]
    years = {year for one in here for year in one.students}
    taggers = reader.tags.taggers(district)
    if lost := years & reader.tags.destroyed(district):
        raise CallerError(f"The key of {district} for {', '.join(map(str, sorted(lost)))} was destroyed.")
    tags = frozenset[bytes]().union(*(some for one in here for some in one.students.values()))
    return sorted(own for own in ids if any(tag(own) in tags for tag in taggers.values()))


def as_data(reader: AuditReader, one: Exposed) -> dict[str, Any]:
    """Return an exposure as plain data, for the letters that the obligations of its agreements ask for."""
    return {
        "district": one.district,
        "client": one.client,
        "organisations": sorted(one.orgs),
        "first": one.first,
        "last": one.last,
        "disclosures": one.times,
        "childrenBySchoolYear": one.counts(),
        "facts": [{"name": name, "action": action} for name, action in sorted(one.facts)],
        "agreements": [{"agreement": name, "obligations": told} for name, told in one.agreements.items()],
        "timeZone": str(reader.zone(one.district)),
    }


def _add(reader: AuditReader, walk: DisclosureWalk, one: Exposed, event: Event) -> None:
    one.orgs.add(event.get("org") or "")
    one.first, one.last = min(one.first or event["at"], event["at"]), max(one.last, event["at"])
    one.times += 1
    one.facts |= reader.actions(event.get("fields"))
    one.agreements |= {name: one.agreements.get(name, []) for name in event.get("agreements", ())}
    for text in reader.agreements(event):
        one.agreements[f"{text['id']}@{text['version']}"] = list(text.get("obligations", ()))
    if students := walk.students(event):
        one.students.setdefault(school_year(walk.day(event).isoformat()), set()).update(students)
