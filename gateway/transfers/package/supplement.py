"""Supplements: a further version of a package, which holds the sections that have changed, and names the others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.transfers.package.assembly import EDFI, NOTHING_ADDED, draft, finish
from gateway.transfers.package.cuts import cut
from gateway.transfers.package.manifest import NONE, UNCHANGED, VALIDATED
from gateway.transfers.package.plan import INCLUDE, WITHHOLD, PackagePlan
from gateway.transfers.package.sections import DOCUMENTS, RESTRICTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gateway.transfers.package.assembly import Additions, PackageDraft, TransferPackage
    from gateway.transfers.package.contents.record import RecordContents
    from gateway.transfers.package.header import PackageHeader
    from gateway.transfers.package.sections import SectionRule


@dataclass(frozen=True, slots=True)
class EarlierVersions:
    """What the receiver has by the versions before: the *traces* of the sections, and those of which it has records.

    *trace* says what a section, and what a package holds of it, is known by.
    """

    trace: Callable[[str, Any], str]
    traces: Mapping[str, str] = field(default_factory=dict)
    held: Collection[str] = ()


def supplement(
    header: PackageHeader,
    plan: PackagePlan,
    contents: RecordContents,
    before: EarlierVersions,
    added: Additions = NOTHING_ADDED,
) -> tuple[TransferPackage, dict[str, str]]:
    """Write the sections of a record that differ from the versions *before*; return the traces of all sections too.

    A section that the receiver has, and of which nothing was released now, is told as unchanged: what it has counts.
    So does what people attached before: it was deleted when it was read back, so that none now takes nothing back.
    Without a version before, all of the record is written.

    Raises:
        InvalidBody: a document that people added is no PDF.
    """
    made = draft(header, plan, contents, added)
    entries = {one["name"]: one for one in made.manifest["sections"]}
    fresh = {one.name: before.trace(one.name, _held(plan, one, contents, entries[one.name])) for one in plan.rules}
    deleted = {name for name in (DOCUMENTS, RESTRICTIONS) if name in entries and entries[name]["state"] == NONE}
    kept = {name for name in before.held if name not in plan.included or name in deleted}
    same = {name for name, trace in fresh.items() if name in kept or before.traces.get(name) == trace}
    same -= _touched(plan, same) & plan.included
    package = finish(header, _without(made, same))
    return package, fresh | {name: before.traces[name] for name in same}


def _without(made: PackageDraft, same: Collection[str]) -> PackageDraft:
    """Return a draft that says of the *same* sections that they are unchanged, and holds nothing of them."""
    sections = [
        {"name": one["name"], "state": UNCHANGED, "files": []} if one["name"] in same else one
        for one in made.manifest["sections"]
    ]
    return replace(made, manifest={**made.manifest, "sections": sections})


def _held(plan: PackagePlan, rule: SectionRule, contents: RecordContents, entry: Mapping[str, Any]) -> list[Any]:
    """Return what a section says by itself, whatever else is released: its state, the student's own records, and files.

    What it adds to the records of other sections is part of it. Records that it only refers to, as schools, and what
    says records again, as pages and transcripts, decide nothing.
    """
    alone = _alone(plan, rule)
    own = [list(cut(alone, rule, one, contents.documents.get(one, ()))) for one in rule.own]
    files = [one["sha256"] for one in entry["files"] if not one["path"].startswith(EDFI) and VALIDATED not in one]
    return [entry["state"], own, _added(plan, rule, contents), files]


def _alone(plan: PackagePlan, rule: SectionRule) -> PackagePlan:
    """Return the plan by which nothing but one section goes along, if it does."""
    if rule.name not in plan.included:
        return plan
    decisions = dict.fromkeys(plan.decisions, WITHHOLD) | {rule.name: INCLUDE}
    return PackagePlan(plan.track, decisions, frozenset({rule.name}))


def _added(plan: PackagePlan, rule: SectionRule, contents: RecordContents) -> list[Any]:
    """Return the members of other sections' records that go along since this one does."""
    if rule.name not in plan.whole:
        return []
    return [
        [some for one in contents.documents.get(resource, ()) if (some := _only(one, members))]
        for other in plan.rules
        for resource, members in sorted(other.beside.get(rule.name, {}).items())
    ]


def _only(document: Mapping[str, Any], members: Collection[str]) -> dict[str, Any]:
    return {name: document[name] for name in sorted(members) if name in document}


def _touched(plan: PackagePlan, same: Collection[str]) -> set[str]:
    """Return the sections whose records have members of a section that is not the *same*."""
    return {one.name for one in plan.rules if (one.beside.keys() & plan.whole) - set(same)}
